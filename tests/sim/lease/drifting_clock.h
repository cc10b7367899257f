// DriftingClock: what one node's clock shows while true time passes. Its rate is changed at will;
// it never stands still and never jumps.

#pragma once

#include "base/time.h"

namespace aegis::lease::sim {

class DriftingClock {
 public:
  explicit DriftingClock(TimePoint shows) : shows_(shows) {}

  // `truth`: since the simulation began. REQUIRES: never falls.
  TimePoint At(Duration truth) const {
    const double passed = static_cast<double>((truth - since_).count()) * rate_;
    return shows_ + Duration(static_cast<Duration::rep>(passed));
  }

  void SetRate(double rate, Duration truth) {
    shows_ = At(truth);
    since_ = truth;
    rate_ = rate;
  }

 private:
  TimePoint shows_;
  Duration since_{};
  double rate_ = 1;
};

}  // namespace aegis::lease::sim
