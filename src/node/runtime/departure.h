// Departure: how a node goes. Hands over what it leads while it still serves; lets its clients
// finish; says goodbye; refuses for a moment what still comes from nodes that have not heard who
// leads now; then it is done. Hand-over and clients together have --drain-timeout.
//
// On the control thread.

#pragma once

#include <asio/steady_timer.hpp>
#include <cstdint>
#include <functional>

#include "base/time.h"
#include "node/runtime/control_loop.h"
#include "node/runtime/node_state.h"

namespace aegis::node {

class Departure {
 public:
  Departure(NodeState& node, ControlLoop& control, std::function<void()> on_done);

  void Begin();
  bool begun() const { return phase_ != Phase::kNotYet; }

 private:
  enum class Phase : std::uint8_t { kNotYet, kHandingOver, kClients, kGoodbye };

  void Step();
  bool HandedOver() const;

  NodeState& node_;
  ControlLoop& control_;
  std::function<void()> on_done_;
  asio::steady_timer timer_;
  Phase phase_ = Phase::kNotYet;
  TimePoint deadline_{};
  TimePoint linger_until_{};
};

}  // namespace aegis::node
