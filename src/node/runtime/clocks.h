// The one place that reads real clocks.

#pragma once

#include <chrono>

#include "base/time.h"

namespace aegis::node {

inline TimePoint SteadyNow() {
  return TimePoint(std::chrono::steady_clock::now().time_since_epoch());
}

inline UnixMs UnixNow() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return UnixMs{std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

}  // namespace aegis::node
