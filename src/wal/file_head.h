// File heads: how every file of a log begins, and what a segment's head says besides.
//
//     | magic 4 | format version u32 | cluster u64 | node u64 | log u64 | shards of the cluster u32
//     | | 0 u32 |                                                                little-endian a
//     segment: | ... | Lsn of its first entry u64 | checksum of all before it u64 |
//
// What is refused is named as "offset N: reason", kInvalid.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "wal/identity.h"
#include "wal/little_endian.h"
#include "wal/lsn.h"

namespace aegis::wal {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::size_t kFileHeadSize = 40;
inline constexpr std::size_t kSegmentHeadSize = kFileHeadSize + 16;

inline constexpr ByteView kSegmentMagic = "AGWL";
inline constexpr ByteView kManifestMagic = "AGWM";
inline constexpr ByteView kSnapshotMagic = "AGWS";

Error RefuseAt(std::uint64_t offset, std::string_view reason);

void AppendFileHead(ByteView magic, const LogIdentity& identity, Bytes& out);
// Errors: another magic, another format version, cut short. `file` is its beginning, at least.
Result<LogIdentity> ReadFileHead(ByteView magic, ByteView file);
// True: a program with another format wrote it; this one must leave it alone.
bool HasOtherVersion(ByteView file);
// Errors: it is another log's; what of it differs, and how.
Result<Ok> RequireIdentity(const LogIdentity& expected, const LogIdentity& found);

Bytes EncodeSegmentHead(const LogIdentity& identity, Lsn first);
struct SegmentHead {
  LogIdentity identity;
  Lsn first;
};
Result<SegmentHead> DecodeSegmentHead(ByteView file);

}  // namespace aegis::wal
