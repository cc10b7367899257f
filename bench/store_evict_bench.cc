// What each eviction policy costs: at a hit, and for a victim: store_evict_bench.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>

#include "base/rng.h"
#include "model/eviction_policy.h"
#include "store/table.h"
#include "working_set.h"

namespace aegis::store {
namespace {

using bench::kCached;
using bench::Keys;
using bench::kMany;

struct Cache {
  Cache(std::int64_t items, EvictionPolicy policy)
      : table(/*hash_seed=*/9, meter, limits::kDigestBucketsMax, policy),
        keys(items),
        newcomers(items, "new:") {
    for (std::size_t i = 0; i < keys.size(); ++i) Put(keys.Next());
    // Some are used more than others, as anywhere.
    for (std::size_t i = 0; i < keys.size() / 2; ++i) table.Find(keys.Next(), /*touch=*/true);
  }

  void Put(ByteView key) {
    ItemValue value;
    value.version = {Epoch{1}, Seq{++seq}};
    value.expires_at = static_cast<std::int64_t>(1 + rng.Below(1'000'000'000));
    value.value = bench::kValue;
    table.Put(key, value);
  }

  MemoryMeter meter{1ULL << 40};
  Table table;
  Keys keys;
  Keys newcomers;
  Rng rng{3};
  std::uint64_t seq = 0;
};

Cache& CacheOf(std::int64_t items, EvictionPolicy policy) {
  static std::unique_ptr<Cache> cache;
  const bool same = cache && cache->keys.size() == static_cast<std::size_t>(items) &&
                    cache->table.policy() == policy;
  if (!same) {
    cache.reset();
    cache = std::make_unique<Cache>(items, policy);
  }
  return *cache;
}

// A find that marks the item as used.
void FindAndTouch(benchmark::State& state, EvictionPolicy policy) {
  Cache& cache = CacheOf(state.range(0), policy);
  for (auto _ : state) {
    const auto item = cache.table.Find(cache.keys.Next(), /*touch=*/true);
    if (!item) std::abort();
    benchmark::DoNotOptimize(item->value.data());
  }
}

// Picks a victim and erases it. In between, and not timed, newcomers take the places, and others
// are used.
void EvictOne(benchmark::State& state, EvictionPolicy policy) {
  constexpr std::size_t kBatch = 500;
  Cache& cache = CacheOf(state.range(0), policy);
  while (state.KeepRunningBatch(kBatch)) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      const auto victim = cache.table.ProposeVictim();
      if (!victim) std::abort();
      if (!cache.table.Erase(cache.table.Hash(victim->key), victim->version)) std::abort();
    }
    state.PauseTiming();
    for (std::size_t i = 0; i < kBatch; ++i) {
      // Twice the same newcomer would be an overwrite, and the table would shrink.
      ByteView key = cache.newcomers.Next();
      while (cache.table.Find(key)) key = cache.newcomers.Next();
      cache.Put(key);
      for (int hit = 0; hit < 2; ++hit) cache.table.Find(cache.keys.Next(), /*touch=*/true);
    }
    state.ResumeTiming();
  }
}

#define AEGIS_OF_POLICY(name, policy)                                                        \
  BENCHMARK_CAPTURE(FindAndTouch, name, policy)->ArgName("items")->Arg(kCached)->Arg(kMany); \
  BENCHMARK_CAPTURE(EvictOne, name, policy)->ArgName("items")->Arg(kCached)->Arg(kMany)

AEGIS_OF_POLICY(slru, EvictionPolicy::kSlru);
AEGIS_OF_POLICY(s3fifo, EvictionPolicy::kS3Fifo);
AEGIS_OF_POLICY(lru, EvictionPolicy::kLru);
AEGIS_OF_POLICY(random, EvictionPolicy::kRandom);
AEGIS_OF_POLICY(volatile_ttl, EvictionPolicy::kVolatileTtl);

}  // namespace
}  // namespace aegis::store
