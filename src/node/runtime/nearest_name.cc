#include "node/runtime/nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace aegis::node {

namespace {

// Levenshtein's distance, one row of his table at a time.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string DidYouMean(std::string_view written, const std::vector<std::string>& names) {
  constexpr std::size_t kWrittenMax = 64;  // Nothing of ours is that long.
  // Of a short word little would be left.
  const std::size_t distance_max = std::min<std::size_t>(2, written.size() / 3);
  if (written.size() > kWrittenMax || names.empty()) return "";
  const auto nearest = std::ranges::min_element(
      names, {}, [&](const std::string& name) { return Distance(written, name); });
  if (Distance(written, *nearest) > distance_max) return "";
  return "; did you mean " + *nearest + "?";
}

}  // namespace aegis::node
