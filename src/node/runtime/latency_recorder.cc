#include "node/runtime/latency_recorder.h"

#include <cmath>

namespace aegis::node {

std::uint64_t LatencyDistribution::CountAtMost(Duration bound) const {
  std::uint64_t count = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    const auto end = static_cast<Duration::rep>(latency::BucketEnd(bucket));
    if (Duration(end) > bound) break;
    count += counts_[bucket];
  }
  return count;
}

Duration LatencyDistribution::Quantile(double quantile) const {
  if (count_ == 0) return Duration::zero();
  const double rank = std::ceil(std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count_));
  const auto wanted = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(rank), 1, count_);
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  while (seen + counts_[bucket] < wanted) seen += counts_[bucket++];
  return Duration(static_cast<Duration::rep>(latency::BucketEnd(bucket)));
}

void LatencyDistribution::Merge(const LatencyDistribution& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_nanos_ += other.sum_nanos_;
}

void LatencyDistribution::Subtract(const LatencyDistribution& earlier) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] -= earlier.counts_[i];
  count_ -= earlier.count_;
  sum_nanos_ -= earlier.sum_nanos_;
}

void LatencyRecorder::AddTo(LatencyDistribution& distribution) const {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const std::uint64_t count = counts_[i].load(std::memory_order_relaxed);
    distribution.counts_[i] += count;
    distribution.count_ += count;
  }
  distribution.sum_nanos_ += sum_nanos_.load(std::memory_order_relaxed);
}

}  // namespace aegis::node
