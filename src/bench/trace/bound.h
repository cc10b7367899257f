// OptimalBound: the most hits that any policy could have, if it knew the future.
//
// Objects all alike: MIN, exactly (Belady, "A study of replacement algorithms for a virtual-storage
// computer", IBM Systems Journal 5(2), 1966): evict what is used again last. The newcomer itself
// counts too, so that no policy that refuses newcomers does better.
//
// Sizes that vary: the exact optimum is NP-hard. PFOO-L (Berger, Beckmann and Harchol-Balter,
// "Practical bounds on optimal caching with variable object sizes", POMACS 2(2), 2018) is a bound
// from above. To hit at its next access an object must stay from this one to that one, which takes
// its size times that long of the cache's room. Taking the cheapest of these intervals until the
// room is spent that the cache has over the whole trace gives at least the hits of any policy,
// because it asks only that the cache is not overfull on average. Bytes are bounded alike, by what
// an interval takes per byte; one run need not reach both.

#pragma once

#include <cstdint>
#include <vector>

#include "bench/trace/trace.h"

namespace aegis::bench {

struct Hits {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const Hits&, const Hits&) = default;
};

// By position in the trace: where the same object is accessed next. kNever: nowhere.
inline constexpr std::uint32_t kNever = UINT32_MAX;
std::vector<std::uint32_t> NextAccesses(const Trace& trace);

class OptimalBound {
 public:
  // Takes a while, At() less. `trace` outlives it.
  explicit OptimalBound(const Trace& trace);

  Hits At(std::uint64_t capacity) const;

  // Else it is a bound that no policy may reach.
  bool exact() const { return trace_.equal_sizes(); }

 private:
  // From one access of an object to its next.
  struct Interval {
    std::uint32_t length;
    std::uint32_t size;
    std::uint64_t room() const { return std::uint64_t{length} * size; }
  };

  Hits Min(std::uint64_t capacity) const;
  Hits Pfoo(std::uint64_t capacity) const;

  const Trace& trace_;
  std::vector<std::uint32_t> next_;
  std::vector<Interval> by_room_;    // Only of sizes that vary, as the other.
  std::vector<Interval> by_length_;  // The same.
};

// Of a cache that holds everything: only first accesses miss.
Hits HitsWithoutLimit(const Trace& trace);

}  // namespace aegis::bench
