#include "bench/core/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace aegis::bench {

std::size_t LatencyHistogram::BucketOf(std::uint64_t nanoseconds) {
  constexpr std::uint64_t kSub = std::uint64_t{1} << kSubBits;
  if (nanoseconds < kSub) return nanoseconds;
  const unsigned exponent = static_cast<unsigned>(std::bit_width(nanoseconds)) - 1;
  const unsigned shift = exponent - kSubBits;
  return (std::size_t{shift + 1} << kSubBits) + ((nanoseconds >> shift) - kSub);
}

// The largest latency that falls into the bucket.
std::uint64_t LatencyHistogram::TopOf(std::size_t bucket) {
  constexpr std::uint64_t kSub = std::uint64_t{1} << kSubBits;
  if (bucket < kSub) return bucket;
  const std::size_t shift = (bucket >> kSubBits) - 1;
  return ((kSub + bucket % kSub + 1) << shift) - 1;
}

void LatencyHistogram::Record(std::chrono::nanoseconds latency) {
  constexpr std::int64_t kMost = (std::int64_t{1} << kExponentMax) - 1;
  const std::int64_t clamped = std::clamp<std::int64_t>(latency.count(), 0, kMost);
  ++buckets_[BucketOf(static_cast<std::uint64_t>(clamped))];
  ++count_;
  sum_ += static_cast<std::uint64_t>(clamped);
  max_ = std::max(max_, std::chrono::nanoseconds(clamped));
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

std::chrono::nanoseconds LatencyHistogram::Mean() const {
  return std::chrono::nanoseconds(count_ == 0 ? 0 : sum_ / count_);
}

std::chrono::nanoseconds LatencyHistogram::Percentile(double fraction) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen > 0 && seen >= wanted) {
      return std::min(max_, std::chrono::nanoseconds(TopOf(i)));
    }
  }
  return max_;
}

}  // namespace aegis::bench
