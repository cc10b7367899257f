// The one place that reads real clocks.

#pragma once

#include <time.h>

#include <chrono>

#include "base/time.h"

namespace aegis::node {

// CLOCK_BOOTTIME: leases run out while the machine sleeps, too.
inline TimePoint SteadyNow() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

inline UnixMs UnixNow() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return UnixMs{std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

}  // namespace aegis::node
