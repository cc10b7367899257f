#include "bench/trace/policies.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "bench/trace/reference_lru.h"
#include "bench/trace/reference_random.h"
#include "bench/trace/reference_s3fifo.h"
#include "bench/trace/reference_sieve.h"
#include "bench/trace/reference_slru.h"
#include "bench/trace/store_cache.h"
#include "store/table.h"

namespace aegis::bench {
namespace {

// Of all replays, so that they can be repeated.
constexpr std::uint64_t kHashSeed = 0x5eed;

template <class Reference>
Policy Textbook(std::string name) {
  return {.name = "textbook-" + std::move(name),
          .is_store = false,
          .make = [](const Trace& trace, std::uint64_t capacity, std::uint64_t /*seed*/) {
            return std::make_unique<Reference>(trace.objects, capacity);
          }};
}

Policy TextbookRandom() {
  return {.name = "textbook-random",
          .is_store = false,
          .make = [](const Trace& trace, std::uint64_t capacity, std::uint64_t seed) {
            return std::make_unique<ReferenceRandom>(trace.objects, capacity, seed);
          }};
}

Policy Store(std::string name, StoreCache::MakeTable make_table) {
  return {.name = "store-" + std::move(name),
          .is_store = true,
          .make = [make_table = std::move(make_table)](const Trace& trace, std::uint64_t capacity,
                                                       std::uint64_t /*seed*/) {
            return std::make_unique<StoreCache>(trace, capacity, make_table);
          }};
}

// Of the table's own, those that evict: objects of traces never expire.
std::vector<Policy> StorePolicies() {
  std::vector<Policy> policies;
  for (const auto& [policy, name] : kEvictionPolicies) {
    if (policy == EvictionPolicy::kVolatileTtl || policy == EvictionPolicy::kNoEviction) continue;
    policies.push_back(Store(std::string(name), [chosen = policy](store::MemoryMeter& meter) {
      return store::Table(kHashSeed, meter, limits::kDigestBucketsMax, chosen);
    }));
  }
  return policies;
}

}  // namespace

const std::vector<Policy>& Policies() {
  static const std::vector<Policy> policies = [] {
    std::vector<Policy> all = {Textbook<ReferenceLru>("lru"), Textbook<ReferenceSlru>("slru"),
                               Textbook<ReferenceS3Fifo>("s3fifo"),
                               Textbook<ReferenceSieve>("sieve"), TextbookRandom()};
    std::ranges::move(StorePolicies(), std::back_inserter(all));
    return all;
  }();
  return policies;
}

}  // namespace aegis::bench
