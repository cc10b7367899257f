// The eviction policies that are compared: those of the node's table, and textbook ones that say
// what its approximations lose.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/trace/cache.h"

namespace aegis::bench {

struct Policy {
  std::string name;  // "textbook-lru", "store-..."
  bool is_store;     // Takes memory for every value, see StoreCache.
  std::function<std::unique_ptr<Cache>(const Trace&, std::uint64_t capacity, std::uint64_t seed)>
      make;
};

// What the others' misses are compared with.
inline constexpr const char* kBaseline = "textbook-lru";

// All of them, the baseline first.
const std::vector<Policy>& Policies();

}  // namespace aegis::bench
