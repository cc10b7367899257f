#include "bench/trace/bound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/rng.h"

namespace aegis::bench {
namespace {

// The sizes are those of the numbers given, which need not all come.
Trace Of(const std::vector<ObjectId>& numbers, const std::vector<std::uint32_t>& sizes = {}) {
  Trace trace;
  std::vector<ObjectId> named;
  for (const ObjectId number : numbers) {
    const auto at = static_cast<ObjectId>(std::ranges::find(named, number) - named.begin());
    if (at == named.size()) {
      named.push_back(number);
      if (!sizes.empty()) trace.sizes.push_back(sizes[number]);
    }
    trace.accesses.push_back(at);
  }
  trace.objects = static_cast<ObjectId>(named.size());
  return trace;
}

// The most hits, or bytes of hits, of any sequence of decisions, by trying all: best[set] is what
// can be had from an access on if the cache holds that set before it.
std::uint64_t BruteForce(const Trace& trace, std::uint64_t capacity, bool bytes) {
  const std::size_t sets = std::size_t{1} << trace.objects;
  std::vector<std::uint8_t> fits(sets);
  for (std::size_t set = 0; set < sets; ++set) {
    std::uint64_t size = 0;
    for (ObjectId o = 0; o < trace.objects; ++o) size += (set >> o & 1U) * trace.SizeOf(o);
    fits[set] = size <= capacity ? 1 : 0;
  }
  std::vector<std::uint64_t> best(sets);
  for (std::size_t i = trace.accesses.size(); i-- > 0;) {
    const ObjectId object = trace.accesses[i];
    std::vector<std::uint64_t> before(sets);
    for (std::size_t set = 0; set < sets; ++set) {
      const bool hit = (set >> object & 1U) != 0;
      const std::size_t most = set | std::size_t{1} << object;
      for (std::size_t after = most;; after = (after - 1) & most) {
        if (fits[after] != 0) before[set] = std::max(before[set], best[after]);
        if (after == 0) break;
      }
      if (hit) before[set] += bytes ? trace.SizeOf(object) : 1;
    }
    best = before;
  }
  return best[0];
}

std::vector<ObjectId> RandomAccesses(Rng& rng, std::size_t length, std::uint64_t objects) {
  std::vector<ObjectId> accesses(length);
  for (ObjectId& object : accesses) object = static_cast<ObjectId>(rng.Below(objects));
  return accesses;
}

TEST(OptimalBoundTest, OfObjectsAlikeItIsTheBestOfAllDecisions) {
  Rng rng(1);
  for (int round = 0; round < 300; ++round) {
    const Trace trace = Of(RandomAccesses(rng, 2 + rng.Below(14), 6));
    const OptimalBound bound(trace);
    ASSERT_TRUE(bound.exact());
    for (std::uint64_t capacity = 1; capacity <= 6; ++capacity) {
      const std::uint64_t best = BruteForce(trace, capacity, false);
      ASSERT_EQ(bound.At(capacity), (Hits{.objects = best, .bytes = best})) << capacity;
    }
  }
}

TEST(OptimalBoundTest, OfSizesThatVaryNothingIsBetter) {
  Rng rng(2);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint32_t> sizes(6);
    for (std::uint32_t& size : sizes) size = static_cast<std::uint32_t>(1 + rng.Below(5));
    const Trace trace = Of(RandomAccesses(rng, 2 + rng.Below(14), 6), sizes);
    const OptimalBound bound(trace);
    ASSERT_FALSE(bound.exact());
    const Hits limitless = HitsWithoutLimit(trace);
    for (std::uint64_t capacity = 1; capacity <= 20; capacity += 3) {
      const Hits hits = bound.At(capacity);
      ASSERT_GE(hits.objects, BruteForce(trace, capacity, false)) << capacity;
      ASSERT_GE(hits.bytes, BruteForce(trace, capacity, true)) << capacity;
      ASSERT_LE(hits.objects, limitless.objects);
    }
  }
}

TEST(OptimalBoundTest, PfooTakesTheCheapestIntervalsUntilTheRoomIsSpent) {
  // A B A B C C C: room for A is 1 x 2, for B 3 x 2, for each of C 2 x 1.
  const Trace trace = Of({0, 1, 0, 1, 2, 2, 2}, {1, 3, 2});
  const OptimalBound bound(trace);
  // Of room 7 nothing that is larger than 1: A.
  EXPECT_EQ(bound.At(1), (Hits{.objects = 1, .bytes = 1}));
  // Of room 14, A and both of C take 6, and B is larger than 2.
  EXPECT_EQ(bound.At(2), (Hits{.objects = 3, .bytes = 5}));
  // Of room 21 all take 12.
  EXPECT_EQ(bound.At(3), (Hits{.objects = 4, .bytes = 8}));
}

TEST(OptimalBoundTest, PfooCountsThePartOfTheLastIntervalInBytesOnly) {
  // A B C D x y A B C D: from each of A to D to its next are 6 accesses.
  const Trace trace = Of({0, 1, 2, 3, 4, 5, 0, 1, 2, 3}, {4, 4, 4, 4, 1, 1});
  const OptimalBound bound(trace);
  // Room 40: one interval of length 6 and size 4 takes 24, of the next there is room for 16 / 6.
  EXPECT_EQ(bound.At(4), (Hits{.objects = 1, .bytes = 4 + 16 / 6}));
}

TEST(OptimalBoundTest, RoomForAllIsAllThatCanBeHit) {
  const Trace varied = Of({0, 1, 0, 1, 2, 2, 2}, {1, 3, 2});
  EXPECT_EQ(OptimalBound(varied).At(6), HitsWithoutLimit(varied));
  EXPECT_EQ(HitsWithoutLimit(varied), (Hits{.objects = 4, .bytes = 8}));
  const Trace alike = Of({0, 1, 0, 1, 2, 2, 2});
  EXPECT_EQ(OptimalBound(alike).At(3), HitsWithoutLimit(alike));
  EXPECT_EQ(HitsWithoutLimit(alike), (Hits{.objects = 4, .bytes = 4}));
}

TEST(NextAccessesTest, AreThoseOfTheSameObject) {
  EXPECT_EQ(NextAccesses(Of({0, 1, 0, 0, 1, 2})),
            (std::vector<std::uint32_t>{2, 4, 3, kNever, kNever, kNever}));
}

}  // namespace
}  // namespace aegis::bench
