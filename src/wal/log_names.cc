#include "wal/log_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "model/limits.h"

namespace aegis::wal {
namespace {

constexpr std::string_view kSegmentSuffix = ".log";
constexpr std::string_view kSnapshotSuffix = ".snap";
constexpr std::string_view kDraftSuffix = ".new";

// Exactly what was written: a number in `digits` digits of the base.
std::optional<std::uint64_t> NumberOf(std::string_view text, std::size_t digits, unsigned base) {
  if (text.size() != digits) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : text) {
    const bool decimal = c >= '0' && c <= '9';
    if (!decimal && !(base == 16 && c >= 'a' && c <= 'f')) return std::nullopt;
    number = number * base + static_cast<std::uint64_t>(decimal ? c - '0' : c - 'a' + 10);
  }
  return number;
}

std::optional<Lsn> LsnOf(std::string_view digits) {
  const auto number = NumberOf(digits, 16, 16);
  return number ? std::optional(Lsn{*number}) : std::nullopt;
}

std::optional<SnapshotId> SnapshotOf(std::string_view name) {
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto shard = NumberOf(name.substr(0, dash), 5, 10);
  const auto begun = LsnOf(name.substr(dash + 1));
  if (!shard || !begun || *shard >= limits::kShardsMax) return std::nullopt;
  return SnapshotId{ShardId{static_cast<std::uint32_t>(*shard)}, *begun};
}

}  // namespace

std::string SegmentName(Lsn first) {
  return fmt::format("{:016x}{}", first.value(), kSegmentSuffix);
}

std::string SnapshotName(const SnapshotId& snapshot) {
  return fmt::format("{:05}-{:016x}{}", snapshot.shard.value(), snapshot.begun.value(),
                     kSnapshotSuffix);
}

std::string DraftName(std::string_view name) { return fmt::format("{}{}", name, kDraftSuffix); }

LogNames SortNames(const std::vector<FileInfo>& files) {
  LogNames sorted;
  for (const FileInfo& file : files) {
    const std::string_view name = file.name;
    if (name == kManifestName) sorted.manifest = true;
    if (name.ends_with(kDraftSuffix)) sorted.drafts.push_back(file.name);
    if (name.ends_with(kSegmentSuffix)) {
      const auto first = LsnOf(name.substr(0, name.size() - kSegmentSuffix.size()));
      if (first) sorted.segments.push_back({*first, file.size});
      if (!first) sorted.unknown.push_back(file.name);
    }
    if (name.ends_with(kSnapshotSuffix)) {
      const auto id = SnapshotOf(name.substr(0, name.size() - kSnapshotSuffix.size()));
      if (id) sorted.snapshots.push_back(*id);
      if (!id) sorted.unknown.push_back(file.name);
    }
  }
  std::ranges::sort(sorted.segments, {}, &SegmentFile::first);
  std::ranges::sort(sorted.snapshots);
  return sorted;
}

}  // namespace aegis::wal
