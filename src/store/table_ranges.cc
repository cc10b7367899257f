// What a Table does with ranges of hashes: anti-entropy's looks at them, and its repairs.

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "store/table.h"

namespace aegis::store {

template <class Visit>
std::uint64_t Table::WalkRange(HashRange range, std::size_t bytes_max, const Visit& visit) const {
  AEGIS_CHECK(range.IsSound(), "a range of hashes is not empty");
  if (directory_.empty()) return range.end;
  if (bytes_max == 0) return range.begin;
  std::size_t bytes = 0;
  const std::uint64_t next =
      directory_.Walk(range.begin, range.end, [&](SegmentRef segment, std::size_t home) {
        bytes += sizeof(Bucket);
        segment.Search(home, [&](Place place) {
          const Item& item = *ItemOf(segment.slot(place));
          if (segment.HomeOf(item.hash) == home && range.Holds(item.hash)) {
            bytes += item.size() + (item.shared != 0 ? item.value_size : 0);
            visit(item);
          }
          return false;
        });
        return bytes < bytes_max;
      });
  return std::min(range.end, next);
}

std::uint64_t Table::VisitRange(HashRange range, std::size_t bytes_max,
                                const std::function<void(const ItemView&)>& visit) const {
  return WalkRange(range, bytes_max, [&](const Item& item) { visit(ViewOf(item)); });
}

std::uint64_t Table::ContentSum(HashRange range) const {
  std::uint64_t sum = 0;
  WalkRange(range, kEverything, [&](const Item& item) {
    const std::array<std::uint64_t, 3> content = {HeaderHash(item), Hash(item.key()),
                                                  Hash(item.value())};
    sum += XXH3_64bits_withSeed(content.data(), sizeof(content), hash_seed_);
  });
  return sum;
}

template <class Condition>
void Table::EraseIf(HashRange range, const Condition& condition) {
  AEGIS_CHECK(range.IsSound(), "a range of hashes is not empty");
  if (directory_.empty()) return;
  directory_.Walk(range.begin, range.end, [&](SegmentRef segment, std::size_t home) {
    segment.Search(home, [&](Place place) {
      const Item& item = *ItemOf(segment.slot(place));
      if (segment.HomeOf(item.hash) == home && range.Holds(item.hash) && condition(item)) {
        RemoveAt({segment, place});
      }
      return false;
    });
    return true;
  });
  for (std::uint64_t at = range.begin; at < range.end;) {
    directory_.ShrinkAround(static_cast<std::uint32_t>(at));
    const unsigned width = 32 - directory_.At(at).depth();
    at = ((at >> width) + 1) << width;
  }
  Compact();
  Account();
}

void Table::EraseRange(HashRange range) {
  EraseIf(range, [](const Item&) { return true; });
}

void Table::EraseMisplaced(HashRange range) {
  EraseIf(range, [this](const Item& item) {
    return item.hash != static_cast<std::uint32_t>(Hash(item.key()));
  });
}

bool Table::Recount(std::uint32_t bucket) {
  if (directory_.empty()) return true;
  std::uint64_t sum = 0;
  WalkRange(digest_.RangeOf(bucket), kEverything,
            [&](const Item& item) { sum += HeaderHash(item); });
  return !digest_.Replace(bucket, sum);
}

}  // namespace aegis::store
