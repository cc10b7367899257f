#include "wal/manifest.h"

#include <algorithm>

#include "model/limits.h"
#include "wal/file_head.h"
#include "wal/hash.h"
#include "wal/little_endian.h"

namespace aegis::wal {
namespace {

constexpr std::size_t kFixedSize = kFileHeadSize + 4 + 4 + 8;
constexpr std::size_t kOriginSize = 4 + 4 + 8 + 8 + 8;
constexpr std::size_t kChecksumSize = 8;
static_assert(kFixedSize + kOriginSize * limits::kShardsMax + kChecksumSize <= kManifestSizeMax);

Result<Ok> TakeOrigin(Fields& fields, Manifest& manifest) {
  const auto refuse = [](const char* why) { return RefuseAt(kFixedSize, why); };
  const ShardId shard(fields.Take<std::uint32_t>());
  const auto has_snapshot = fields.Take<std::uint32_t>();
  const Lsn begun(fields.Take<std::uint64_t>());
  Origin origin;
  if (has_snapshot != 0) origin.snapshot = begun;
  origin.start = Lsn{fields.Take<std::uint64_t>()};
  origin.end = Lsn{fields.Take<std::uint64_t>()};
  if (fields.failed()) return refuse("fewer origins than it says");
  if (shard.value() >= manifest.identity.num_shards)
    return refuse("a shard that the cluster does not have");
  if (has_snapshot > 1 || origin.start > origin.end || (origin.snapshot && begun > origin.start)) {
    return refuse("an origin that cannot be");
  }
  if (!manifest.origins.empty() && shard <= manifest.origins.rbegin()->first) {
    return refuse("shards out of order");
  }
  manifest.origins.emplace(shard, origin);
  return Ok{};
}

}  // namespace

Lsn Manifest::Needed() const {
  if (origins.size() < identity.num_shards) return Lsn{};
  return std::ranges::min_element(origins, {}, [](const auto& entry) { return entry.second.start; })
      ->second.start;
}

Lsn Manifest::Covered() const {
  Lsn covered;
  for (const auto& [shard, origin] : origins) covered = std::max(covered, origin.end);
  return covered;
}

Bytes EncodeManifest(const Manifest& manifest) {
  Bytes file;
  AppendFileHead(kManifestMagic, manifest.identity, file);
  AppendLittleEndian(static_cast<std::uint32_t>(manifest.origins.size()), file);
  AppendLittleEndian(std::uint32_t{manifest.repaired ? 1U : 0U}, file);
  AppendLittleEndian(manifest.repaired.value_or(Lsn{}).value(), file);
  for (const auto& [shard, origin] : manifest.origins) {
    AppendLittleEndian(shard.value(), file);
    AppendLittleEndian(std::uint32_t{origin.snapshot ? 1U : 0U}, file);
    AppendLittleEndian(origin.snapshot.value_or(Lsn{}).value(), file);
    AppendLittleEndian(origin.start.value(), file);
    AppendLittleEndian(origin.end.value(), file);
  }
  AppendLittleEndian(Hash(file), file);
  return file;
}

Result<Manifest> DecodeManifest(ByteView file) {
  const auto identity = ReadFileHead(kManifestMagic, file);
  if (!identity.ok()) return identity.error();
  if (file.size() < kFixedSize + kChecksumSize) return RefuseAt(file.size(), "ends too early");
  const ByteView covered = file.substr(0, file.size() - kChecksumSize);
  if (LoadLittleEndian<std::uint64_t>(file.data() + covered.size()) != Hash(covered)) {
    return RefuseAt(0, "its bytes do not have the checksum behind them");
  }
  Fields fields(covered.substr(kFileHeadSize));
  Manifest manifest;
  manifest.identity = identity.value();
  const auto origins = fields.Take<std::uint32_t>();
  const auto was_repaired = fields.Take<std::uint32_t>();
  const Lsn repaired(fields.Take<std::uint64_t>());
  if (was_repaired != 0) manifest.repaired = repaired;
  if (was_repaired > 1) return RefuseAt(kFileHeadSize, "a manifest of another kind");
  for (std::uint32_t i = 0; i < origins; ++i) {
    if (const auto taken = TakeOrigin(fields, manifest); !taken.ok()) return taken.error();
  }
  if (!fields.Finished()) return RefuseAt(kFixedSize, "more origins than it says");
  return manifest;
}

}  // namespace aegis::wal
