#include "consensus/log_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace aegis::consensus {
namespace {

constexpr std::string_view kSegmentPrefix = "log-";
constexpr std::string_view kSnapshotPrefix = "snapshot-";
constexpr std::size_t kDigits = 20;
constexpr Index kIndexMax = Index{1} << 62U;  // No log gets there; whatever says so is no log.

std::string NumberedName(std::string_view prefix, Index index) {
  return fmt::format("{}{:020}", prefix, index);
}

// The number in a name of this form; nothing if it has another.
std::optional<Index> NumberOf(std::string_view prefix, std::string_view name) {
  const std::string_view digits = name.substr(prefix.size());
  Index index = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), index);
  if (error != std::errc() || end != digits.end() || digits.size() != kDigits) return std::nullopt;
  if (index == 0 || index > kIndexMax) return std::nullopt;
  return index;
}

}  // namespace

std::string SegmentName(Index first) { return NumberedName(kSegmentPrefix, first); }
std::string SnapshotName(Index last) { return NumberedName(kSnapshotPrefix, last); }

bool LogNames::IsLog() const {
  if (identity) return true;
  if (creating) return false;
  return term || !segments.empty() || !snapshots.empty() || !unknown.empty();
}

LogNames SortNames(const std::vector<std::string>& names) {
  LogNames sorted;
  const auto take = [&](std::string_view prefix, const std::string& name, auto& numbers) {
    if (!name.starts_with(prefix)) return;
    if (const auto number = NumberOf(prefix, name)) {
      numbers.push_back(*number);
    } else {
      sorted.unknown.push_back(name);
    }
  };
  for (const std::string& name : names) {
    sorted.identity |= name == kIdentityName;
    sorted.term |= name == kTermName;
    sorted.creating |= name == kCreatingName;
    take(kSegmentPrefix, name, sorted.segments);
    take(kSnapshotPrefix, name, sorted.snapshots);
  }
  std::ranges::sort(sorted.segments);
  std::ranges::sort(sorted.snapshots);
  return sorted;
}

}  // namespace aegis::consensus
