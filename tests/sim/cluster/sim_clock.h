// SimClock: one node's monotonic clock: it runs a little too fast or too slow, not always equally.

#pragma once

#include "base/time.h"

namespace aegis::sim {

class SimClock {
 public:
  // `real`: the simulation's own time, which no node can see.
  SimClock(TimePoint real, Duration offset, double rate)
      : real_(real), local_(real + offset), rate_(rate) {}

  TimePoint Local(TimePoint real) const {
    return local_ + std::chrono::duration_cast<Duration>((real - real_) * rate_);
  }
  // When the clock will show `local`; not before `now`.
  TimePoint Real(TimePoint local, TimePoint now) const {
    if (local <= Local(now)) return now;
    const auto ahead = std::chrono::duration_cast<Duration>((local - local_) / rate_);
    return real_ + ahead + Duration(1);
  }
  void SetRate(double rate, TimePoint real) {
    local_ = Local(real);
    real_ = real;
    rate_ = rate;
  }

 private:
  TimePoint real_;
  TimePoint local_;
  double rate_;
};

}  // namespace aegis::sim
