// LatencyRecorder: how long things took, at full resolution and almost for free; and
// LatencyDistribution, what many recorders saw together.
//
// Log-linear buckets (as in HdrHistogram): 32 per power of two of nanoseconds, so that a value is
// known to 1/32, about 3 %. Longer than kLatencyMax counts as kLatencyMax.
//
//     bucket      0 ..  31    32 ..  63    64 ..  95   ...
//     width ns        1            1            2      ...
//     from ns     0 ..  31    32 ..  63    64 .. 126   ...

#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace aegis::node {

namespace latency {

inline constexpr unsigned kPrecisionBits = 5;
inline constexpr std::uint64_t kPerPower = 1U << kPrecisionBits;
inline constexpr Duration kLatencyMax = std::chrono::nanoseconds((1LL << 37) - 1);  // 137 s

constexpr std::size_t BucketOf(std::uint64_t nanos) {
  if (nanos < kPerPower) return nanos;
  const auto shift = static_cast<unsigned>(std::bit_width(nanos)) - 1 - kPrecisionBits;
  return (shift + 1) * kPerPower + (nanos >> shift) - kPerPower;
}

// The largest value that the bucket holds.
constexpr std::uint64_t BucketEnd(std::size_t bucket) {
  if (bucket < kPerPower) return bucket;
  const auto shift = bucket / kPerPower - 1;
  return ((bucket % kPerPower + kPerPower + 1) << shift) - 1;
}

inline constexpr std::size_t kBuckets =
    BucketOf(static_cast<std::uint64_t>(kLatencyMax.count())) + 1;
static_assert(BucketEnd(kBuckets - 1) == static_cast<std::uint64_t>(kLatencyMax.count()));

}  // namespace latency

// A value: copied, merged and asked.
class LatencyDistribution {
 public:
  std::uint64_t count() const { return count_; }
  Duration sum() const { return Duration(static_cast<Duration::rep>(sum_nanos_)); }

  // How many took at most `bound`; a bucket that `bound` lies within is not counted yet.
  std::uint64_t CountAtMost(Duration bound) const;
  // The value that a share of `quantile` (0..1) does not exceed, to the precision of the buckets;
  // zero if nothing was recorded.
  Duration Quantile(double quantile) const;

  void Merge(const LatencyDistribution& other);
  // What came since `earlier`. REQUIRES: that was taken from the same recorders, before.
  void Subtract(const LatencyDistribution& earlier);

 private:
  friend class LatencyRecorder;

  std::array<std::uint64_t, latency::kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_nanos_ = 0;
};

// Written by one thread, read by any: a relaxed load and store, no locked instruction.
class LatencyRecorder {
 public:
  // `count` times. Negative counts as zero.
  void Add(Duration duration, std::uint64_t count = 1) {
    const auto nanos = static_cast<std::uint64_t>(
        std::clamp(duration, Duration::zero(), latency::kLatencyMax).count());
    Raise(counts_[latency::BucketOf(nanos)], count);
    Raise(sum_nanos_, nanos * count);
  }

  // Any thread. Values that are being added may be missing, none is counted twice.
  void AddTo(LatencyDistribution& distribution) const;

 private:
  static void Raise(std::atomic<std::uint64_t>& counter, std::uint64_t by) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, latency::kBuckets> counts_{};
  std::atomic<std::uint64_t> sum_nanos_{0};
};

}  // namespace aegis::node
