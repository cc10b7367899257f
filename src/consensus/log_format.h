// The bytes of a LogStore's files, drawn in section 6 of docs/PROTOCOL.md. Pure functions, for
// this module alone.
//
// What a Decode function refuses it names as "offset N: reason", kInvalid.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "consensus/log.h"
#include "consensus/log_store.h"

namespace aegis::consensus {

inline constexpr std::uint32_t kLogFormatVersion = 1;
inline constexpr std::size_t kIdentityFileSize = 48;
inline constexpr std::size_t kTermFileSize = 64;
inline constexpr std::size_t kSegmentHeadSize = 40;
inline constexpr std::size_t kRecordHeadSize = 40;

// What was durable when the term file was written: the log must not be shorter than that.
struct LogMark {
  Index segment = 0;       // The first index of the newest segment. 0: there may be none.
  std::uint64_t size = 0;  // Of its file.

  friend bool operator==(const LogMark&, const LogMark&) = default;
};

struct TermFile {
  HardState state;
  LogMark mark;
};

Bytes EncodeIdentity(const LogIdentity& identity);
Result<LogIdentity> DecodeIdentity(ByteView file);

Bytes EncodeTerm(ServerId server, const TermFile& term);
Result<TermFile> DecodeTerm(ServerId server, ByteView file);

Bytes EncodeSnapshot(ServerId server, const Snapshot& snapshot);
Result<Snapshot> DecodeSnapshot(ServerId server, ByteView file);

// A segment: its head, then records. `before` is the last position of the log when it began.
Bytes EncodeSegmentHead(ServerId server, LogPosition before);
Result<LogPosition> DecodeSegmentHead(ServerId server, ByteView file);

// "From `first` on, the log is these entries": appended entries if there are any, else the log
// ends before `first`. A record belongs to its server and its place in the file; elsewhere it is
// garbage, so that data which happens to hold a record is never taken for one.
struct RecordHead {
  std::uint32_t entries = 0;
  Index first = 0;
  std::uint64_t body_size = 0;
  std::uint64_t body_checksum = 0;
};

Bytes EncodeRecord(ServerId server, std::uint64_t offset, Index first,
                   const std::vector<Entry>& entries);
// Nothing unless a whole and undamaged head stands at `offset`.
std::optional<RecordHead> FindRecordHead(ServerId server, ByteView file, std::uint64_t offset);
// The first head at `offset` or behind it.
std::optional<std::uint64_t> FindNextRecord(ServerId server, ByteView file, std::uint64_t offset);
// The body of a record with this head stands at the beginning of `rest`, whole and undamaged.
bool BeginsWithBody(const RecordHead& head, ByteView rest);
// The entries of a record with this head. REQUIRES: BeginsWithBody(). Errors: kInvalid, a reason
// without an offset; nobody but a faulty program writes such a record.
Result<std::vector<Entry>> DecodeRecordBody(const RecordHead& head, ByteView rest);

// What one more entry adds to the body of a record.
std::size_t EncodedSize(const Entry& entry);

}  // namespace aegis::consensus
