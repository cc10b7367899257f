// Rate: how fast a count has grown lately. Its own thread samples, any thread reads.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace aegis::node {

class Rate {
 public:
  // The count now; about once a second.
  void Sample(std::uint64_t count, TimePoint now) {
    const double seconds = std::chrono::duration<double>(now - sampled_at_).count();
    const auto grown = static_cast<double>(count - count_);
    if (sampled_at_ != TimePoint{} && seconds > 0) {
      per_second_.store(static_cast<std::uint64_t>(grown / seconds), std::memory_order_relaxed);
    }
    count_ = count;
    sampled_at_ = now;
  }

  std::uint64_t per_second() const { return per_second_.load(std::memory_order_relaxed); }

 private:
  std::uint64_t count_ = 0;
  TimePoint sampled_at_{};
  std::atomic<std::uint64_t> per_second_{0};
};

}  // namespace aegis::node
