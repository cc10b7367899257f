// Schedule: when the calls of an open loop are due. The times are fixed before the first call is
// made, and latency counts from them: a server that stalls is charged for every call that it kept
// waiting, those that could not even be sent included (Tene: coordinated omission).
//
// Several threads share one rate: each takes every `stride`th call. Times are nanoseconds of the
// caller's clock. Immutable.

#pragma once

#include <algorithm>
#include <cstdint>

namespace aegis::bench {

class Schedule {
 public:
  // REQUIRES: rate > 0 calls per second, first < stride.
  Schedule(std::int64_t start_ns, double rate, std::uint64_t first, std::uint64_t stride)
      : start_ns_(start_ns),
        ns_per_call_(1e9 / rate),
        first_(static_cast<double>(first)),
        stride_(static_cast<double>(stride)) {}

  // When this thread's call number `index` is due.
  std::int64_t DueNs(std::uint64_t index) const {
    const double call = static_cast<double>(index) * stride_ + first_;
    return start_ns_ + static_cast<std::int64_t>(call * ns_per_call_);
  }

  // How many of this thread's calls are due before `at_ns`.
  std::uint64_t CountBefore(std::int64_t at_ns) const {
    const double calls = static_cast<double>(at_ns - start_ns_) / ns_per_call_;
    auto count = static_cast<std::uint64_t>(std::max(0.0, (calls - first_) / stride_));
    while (count > 0 && DueNs(count - 1) >= at_ns) --count;
    while (DueNs(count) < at_ns) ++count;
    return count;
  }

 private:
  std::int64_t start_ns_;
  double ns_per_call_;
  double first_;
  double stride_;
};

}  // namespace aegis::bench
