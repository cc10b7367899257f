// TestLease: a lease that holds, or has just run out.

#pragma once

#include "node/core/lease_view.h"

namespace aegis::node {

class TestLease final : public LeaseView {
 public:
  static constexpr Session kSession{77};

  bool Holds(Session of) const override {
    return of == session && holds && (looks_left < 0 || looks_left-- > 0);
  }
  TimePoint Now() const override { return now; }
  Session session = kSession;
  TimePoint now{std::chrono::hours(1)};
  bool holds = true;
  mutable int looks_left = -1;  // Not negative: it runs out after so many looks.
};

}  // namespace aegis::node
