#include "wal/file_head.h"

#include <fmt/format.h>

#include "model/limits.h"
#include "wal/hash.h"

namespace aegis::wal {
namespace {

constexpr std::uint64_t kVersionAt = 4;
constexpr std::uint64_t kClusterAt = 8;
constexpr std::uint64_t kNodeAt = 16;
constexpr std::uint64_t kLogAt = 24;
constexpr std::uint64_t kShardsAt = 32;

}  // namespace

Error RefuseAt(std::uint64_t offset, std::string_view reason) {
  return {ErrorCode::kInvalid, fmt::format("offset {}: {}", offset, reason)};
}

void AppendFileHead(ByteView magic, const LogIdentity& identity, Bytes& out) {
  out.append(magic);
  AppendLittleEndian(kFormatVersion, out);
  AppendLittleEndian(identity.cluster.value(), out);
  AppendLittleEndian(identity.node.value(), out);
  AppendLittleEndian(identity.log.value(), out);
  AppendLittleEndian(identity.num_shards, out);
  AppendLittleEndian(std::uint32_t{0}, out);
}

Result<LogIdentity> ReadFileHead(ByteView magic, ByteView file) {
  if (!file.starts_with(magic)) return RefuseAt(0, fmt::format("does not begin with {}", magic));
  Fields fields(file.substr(magic.size()));
  const auto version = fields.Take<std::uint32_t>();
  LogIdentity identity;
  identity.cluster = ClusterId{fields.Take<std::uint64_t>()};
  identity.node = NodeId{fields.Take<std::uint64_t>()};
  identity.log = LogId{fields.Take<std::uint64_t>()};
  identity.num_shards = fields.Take<std::uint32_t>();
  const auto zero = fields.Take<std::uint32_t>();
  if (fields.failed()) return RefuseAt(file.size(), "ends within its head");
  if (version != kFormatVersion) {
    return RefuseAt(kVersionAt, fmt::format("format version {}, this program reads {}", version,
                                            kFormatVersion));
  }
  if (zero != 0 || identity.num_shards < limits::kShardsMin ||
      identity.num_shards > limits::kShardsMax) {
    return RefuseAt(kShardsAt, "of a number of shards that no cluster has");
  }
  return identity;
}

bool HasOtherVersion(ByteView file) {
  const ByteView magic = file.substr(0, kVersionAt);
  if (magic != kSegmentMagic && magic != kManifestMagic && magic != kSnapshotMagic) return false;
  if (file.size() < kVersionAt + sizeof kFormatVersion) return false;
  return LoadLittleEndian<std::uint32_t>(file.data() + kVersionAt) != kFormatVersion;
}

Result<Ok> RequireIdentity(const LogIdentity& expected, const LogIdentity& found) {
  const auto refuse = [](std::uint64_t offset, const char* what, std::uint64_t is,
                         std::uint64_t wanted) {
    return RefuseAt(offset, fmt::format("of {} {:016x}, not {:016x}", what, is, wanted));
  };
  if (found.cluster != expected.cluster) {
    return refuse(kClusterAt, "cluster", found.cluster.value(), expected.cluster.value());
  }
  if (found.node != expected.node) {
    return refuse(kNodeAt, "node", found.node.value(), expected.node.value());
  }
  if (found.log != expected.log) {
    return refuse(kLogAt, "log", found.log.value(), expected.log.value());
  }
  if (found.num_shards != expected.num_shards) {
    return RefuseAt(kShardsAt, fmt::format("of a cluster of {} shards, not {}", found.num_shards,
                                           expected.num_shards));
  }
  return Ok{};
}

Bytes EncodeSegmentHead(const LogIdentity& identity, Lsn first) {
  Bytes head;
  AppendFileHead(kSegmentMagic, identity, head);
  AppendLittleEndian(first.value(), head);
  AppendLittleEndian(Hash(head), head);
  return head;
}
static_assert(kSegmentHeadSize == kFileHeadSize + sizeof(Lsn) + sizeof(std::uint64_t));

Result<SegmentHead> DecodeSegmentHead(ByteView file) {
  const auto identity = ReadFileHead(kSegmentMagic, file);
  if (!identity.ok()) return identity.error();
  if (file.size() < kSegmentHeadSize) return RefuseAt(file.size(), "ends within its head");
  Fields fields(file.substr(kFileHeadSize));
  const Lsn first(fields.Take<std::uint64_t>());
  const auto checksum = fields.Take<std::uint64_t>();
  if (checksum != Hash(file.substr(0, kSegmentHeadSize - sizeof checksum))) {
    return RefuseAt(0, "the head does not have the checksum behind it");
  }
  return SegmentHead{identity.value(), first};
}

}  // namespace aegis::wal
