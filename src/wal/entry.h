// Entry: one thing that happened to one shard of this node, or to the log itself, as it lies in a
// segment:
//
//     | size u32 | checksum u32 | type u8 | 0 u8 | head check u16 | shard u32 | payload |
//                                                                           all little-endian
//
// `size` counts all of it, so it is never 0: a size of 0 is where the entries of a segment end.
//
// head check: 16 bits of the hash of size, type and shard. A size is believed before what it counts
//     is read, and a byte where no entry begins is found to be one at once.
// checksum: 32 bits of the hash of the head and of the payload's own hash.
//
// Both begin with the log's random number plus the entry's Lsn as their seed: an entry that lies
// anywhere but in its place, as in a segment that is used again or in a value, is none.
//
//     type            payload                                             replayed as
//     records         records of the shard's history, see                 the next ones, on its
//                     replication/record.h                                replica
//     copy begun      -                                                   an empty copy, which
//     takes
//                                                                         the place of another
//     copied          records, of items or of the history meanwhile       absorbed by the copy
//     copy adopted    history and vanished version, see payloads.h        the copy is the replica
//     range replaced  range of hashes, records of items                   all that is in the range
//     released        -                                                   the replica is gone
//     opened          session, boot id, durability                        what was unfinished ends
//     synced          an Lsn                                              -
//     sealed          -                                                   -
//
// "opened" is the first entry of every run of the node. "synced" says up to where the log was
// durable when it was written, "opened" that it was durable up to itself. "sealed" says that
// another segment goes on; it takes no room: the first entry of that segment has its Lsn.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "model/ids.h"
#include "model/limits.h"
#include "wal/identity.h"
#include "wal/lsn.h"

namespace aegis::wal {

enum class EntryType : std::uint8_t {
  kRecords = 1,
  kCopyBegun = 2,
  kCopied = 3,
  kCopyAdopted = 4,
  kRangeReplaced = 5,
  kReleased = 6,
  kOpened = 7,
  kSynced = 8,
  kSealed = 9,
};

// For people. "unknown type" if it is none.
const char* NameOf(EntryType type);

// What an entry is about that is about no shard.
inline constexpr ShardId kNoShard{0xffff'ffff};

inline constexpr std::size_t kEntryHeadSize = 16;
// Room for one message between nodes, and so for any record. REQUIRED of every payload.
inline constexpr std::size_t kPayloadSizeMax = limits::kPeerFrameSizeMax;
static_assert(kEntryHeadSize + kPayloadSizeMax < UINT32_MAX, "sizes are u32");

// Views borrow from where it was read.
struct Entry {
  Lsn lsn;
  EntryType type = EntryType::kRecords;
  ShardId shard;
  ByteView payload;

  std::size_t size() const { return kEntryHeadSize + payload.size(); }
  // Where the next one begins.
  Lsn end() const { return type == EntryType::kSealed ? lsn : Behind(lsn, size()); }
};

std::uint64_t PayloadHash(ByteView payload);
// Of a payload in two pieces.
std::uint64_t PayloadHash(ByteView payload, ByteView tail);

// Writes the head of an entry to `to`, kEntryHeadSize bytes.
void WriteEntryHead(LogId log, const Entry& entry, std::size_t payload_size,
                    std::uint64_t payload_hash, char* to);
// A whole entry.
void AppendEntry(LogId log, const Entry& entry, Bytes& out);

struct EntryHead {
  std::uint32_t size = 0;
  std::uint32_t checksum = 0;
  EntryType type = EntryType::kRecords;
  ShardId shard;

  std::size_t payload_size() const { return size - kEntryHeadSize; }
};

// Nothing: no entry of this log begins at `lsn` with these kEntryHeadSize bytes.
std::optional<EntryHead> ReadEntryHead(LogId log, Lsn lsn, const char* from);
// The same, for where entries are looked for byte by byte: true for all that have a head, and
// hardly any others.
inline bool MayBeEntryHead(const char* from) {
  std::uint32_t size = 0;
  __builtin_memcpy(&size, from, sizeof size);
  return size >= kEntryHeadSize && size <= kEntryHeadSize + kPayloadSizeMax && from[9] == 0;
}
// The payload is the one that the head was written for. REQUIRES: ReadEntryHead() gave `head`.
bool IsPayloadOf(LogId log, Lsn lsn, const EntryHead& head, ByteView payload);

}  // namespace aegis::wal
