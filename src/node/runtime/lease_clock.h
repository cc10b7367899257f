// LeaseClock: until when this node may answer as a leader, and under which lease session. The
// control thread writes it, every worker compares it with the clock, around each operation.

#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"
#include "model/ids.h"
#include "node/core/lease_view.h"
#include "node/runtime/clocks.h"

namespace aegis::node {

class LeaseClock final : public LeaseView {
 public:
  // The control thread.
  void Publish(Session session, TimePoint until) {
    if (session_.load(std::memory_order_relaxed) != session.value()) {
      until_.store(kNever);
      session_.store(session.value());
    }
    until_.store(until.time_since_epoch().count());
  }

  bool Holds(Session session) const override {
    // Of two sessions, the time of the second is written after its name: who reads that time finds
    // that name when looking again.
    if (session_.load() != session.value()) return false;
    const Duration::rep until = until_.load();
    return session_.load() == session.value() && SteadyNow().time_since_epoch().count() < until;
  }

  TimePoint Now() const override { return SteadyNow(); }

 private:
  static constexpr Duration::rep kNever = TimePoint::min().time_since_epoch().count();

  std::atomic<std::uint64_t> session_{0};
  std::atomic<Duration::rep> until_{kNever};
};

}  // namespace aegis::node
