#include "bench/trace/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "bench/trace/reference_lru.h"
#include "bench/trace/store_cache.h"

namespace aegis::bench {
namespace {

// What the store's largest cache takes for values.
std::uint64_t LargestBytes(const Trace& trace, const std::vector<Policy>& policies,
                           const std::vector<double>& fractions) {
  if (std::ranges::none_of(policies, &Policy::is_store)) return 0;
  const double largest = *std::ranges::max_element(fractions);
  return StoreCache::CapacityBytes(trace, CapacityOf(trace, largest));
}

Error TooMuchMemory(const Trace& trace, std::uint64_t bytes) {
  return {ErrorCode::kInvalid,
          fmt::format("{}: the store would hold up to {} bytes, and at most {} are allowed; take "
                      "smaller --capacities, fewer --accesses, only the textbook's --policies, or "
                      "--ignore-sizes",
                      trace.name, bytes, StoreCache::kCapacityBytesMax)};
}

// Runs them all, each once, on `threads` threads.
void RunAll(const std::vector<std::function<void()>>& jobs, std::size_t threads) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t at = next++; at < jobs.size(); at = next++) jobs[at]();
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min(threads, jobs.size()); ++i) others.emplace_back(work);
  work();
}

}  // namespace

Hits ReplayOne(const Trace& trace, Cache& cache) {
  Hits hits;
  for (const ObjectId object : trace.accesses) {
    const std::uint32_t size = trace.SizeOf(object);
    if (!cache.Access(object, size)) continue;
    ++hits.objects;
    hits.bytes += size;
  }
  return hits;
}

Result<TraceFigures> Replay(const Trace& trace, const std::vector<Policy>& policies,
                            const std::vector<double>& fractions, std::uint64_t seed) {
  if (trace.accesses.empty()) return Error{ErrorCode::kInvalid, trace.name + " has no accesses"};
  const std::uint64_t largest = LargestBytes(trace, policies, fractions);
  if (largest > StoreCache::kCapacityBytesMax) return TooMuchMemory(trace, largest);
  TraceFigures figures{.name = trace.name,
                       .accesses = trace.accesses.size(),
                       .objects = trace.objects,
                       .traffic = trace.Traffic(),
                       .working_set = trace.WorkingSet(),
                       .resized = trace.resized,
                       .cut = trace.cut,
                       .equal_sizes = trace.equal_sizes(),
                       .without_limit = HitsWithoutLimit(trace)};
  const OptimalBound bound(trace);
  std::vector<std::function<void()>> jobs;
  figures.capacities.resize(fractions.size());
  for (std::size_t c = 0; c < fractions.size(); ++c) {
    CapacityFigures& at = figures.capacities[c];
    at.fraction = fractions[c];
    at.capacity = CapacityOf(trace, fractions[c]);
    at.by_policy.resize(policies.size());
    for (std::size_t p = 0; p < policies.size(); ++p) {
      jobs.emplace_back([&, p] {
        at.by_policy[p] = ReplayOne(trace, *policies[p].make(trace, at.capacity, seed));
      });
    }
    jobs.emplace_back([&] {
      ReferenceLru lru(trace.objects, at.capacity);
      at.baseline = ReplayOne(trace, lru);
    });
    jobs.emplace_back([&] { at.bound = bound.At(at.capacity); });
  }
  // As many at once as have the memory together that one may have.
  const std::uint64_t fit = StoreCache::kCapacityBytesMax / std::max<std::uint64_t>(1, largest);
  RunAll(jobs, std::min<std::uint64_t>(std::thread::hardware_concurrency(), fit));
  return figures;
}

}  // namespace aegis::bench
