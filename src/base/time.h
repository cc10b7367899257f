// Time as a value. Pure code is told the time; it never asks for it.
//
// Two clocks, two types. TimePoint is monotonic and drives every timeout. UnixMs is the wall
// clock and has one use: when a cached entry expires. Every entry point of a pure class that
// depends on time takes it as a parameter; the only reader of real clocks is node/runtime.

#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace aegis {

// A clock that cannot be read: it exists only to give TimePoint its own type.
struct Monotonic {
  using rep = std::chrono::nanoseconds::rep;
  using period = std::chrono::nanoseconds::period;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<Monotonic>;
  static constexpr bool is_steady = true;
};

using Duration = Monotonic::duration;
using TimePoint = Monotonic::time_point;

// Milliseconds since 1970-01-01 UTC. As an expiry, 0 means "never".
struct UnixMs {
  std::int64_t value = 0;
  friend constexpr bool operator==(UnixMs, UnixMs) = default;
  friend constexpr auto operator<=>(UnixMs, UnixMs) = default;
};

}  // namespace aegis
