// Replay(): one trace against all policies at all capacities, on all processors: every cache is of
// one thread, so what comes out does not depend on how many there are.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/trace/bound.h"
#include "bench/trace/cache.h"
#include "bench/trace/policies.h"
#include "bench/trace/trace.h"

namespace aegis::bench {

struct CapacityFigures {
  double fraction = 0;               // Of the working set.
  std::uint64_t capacity = 0;        // In bytes; where objects are alike, in objects.
  std::vector<Hits> by_policy = {};  // As the policies were given.
  Hits baseline = {};                // Of kBaseline, whether it is among them or not.
  Hits bound = {};
};

struct TraceFigures {
  std::string name;
  std::uint64_t accesses = 0;
  std::uint64_t objects = 0;
  std::uint64_t traffic = 0;      // In bytes, or accesses where objects are alike.
  std::uint64_t working_set = 0;  // Likewise.
  std::uint64_t resized = 0;      // See Trace.
  bool cut = false;               // Likewise.
  bool equal_sizes = true;        // Then the bound is exact.
  Hits without_limit = {};
  std::vector<CapacityFigures> capacities = {};
};

// The hits of one cache, from its first access on: what comes for the first time is a miss.
Hits ReplayOne(const Trace& trace, Cache& cache);

// kInvalid: the trace is empty, or a cache would take too much memory. `seed`: of policies that
// draw. REQUIRES: 0 < each fraction <= 1.
Result<TraceFigures> Replay(const Trace& trace, const std::vector<Policy>& policies,
                            const std::vector<double>& fractions, std::uint64_t seed);

}  // namespace aegis::bench
