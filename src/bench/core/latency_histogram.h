// LatencyHistogram: how long calls took, in constant memory and with a known precision.
//
// Log-linear buckets: 128 per power of two of nanoseconds, so a figure is off by at most 1/128 of
// itself, upwards. One owner at a time; merge the histograms of several.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace aegis::bench {

class LatencyHistogram {
 public:
  // Below 0 counts as 0, beyond about 18 minutes as that.
  void Record(std::chrono::nanoseconds latency);
  void Merge(const LatencyHistogram& other);

  std::uint64_t count() const { return count_; }
  std::chrono::nanoseconds max() const { return max_; }
  std::chrono::nanoseconds Mean() const;

  // The least latency that at least this fraction of the calls did not exceed; 0 of no calls.
  // REQUIRES: 0 < fraction <= 1.
  std::chrono::nanoseconds Percentile(double fraction) const;

 private:
  static constexpr unsigned kSubBits = 7;
  static constexpr unsigned kExponentMax = 40;
  static constexpr std::size_t kBuckets = (kExponentMax - kSubBits + 1) << kSubBits;

  static std::size_t BucketOf(std::uint64_t nanoseconds);
  static std::uint64_t TopOf(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::chrono::nanoseconds max_{0};
};

}  // namespace aegis::bench
