// JoinWatch: logs what a node waits for that is not yet of a cluster, or has found no peer, and why
// its seeds are of no help. See join_report.h for when.
//
// On the control thread.

#pragma once

#include <asio/steady_timer.hpp>
#include <cstdint>
#include <vector>

#include "model/endpoint.h"
#include "node/runtime/control_loop.h"
#include "node/runtime/join_report.h"

namespace aegis::node {

class JoinWatch {
 public:
  // `seeds`: as the control loop asks them. REQUIRES: `control` outlives this, and runs no longer.
  JoinWatch(ControlLoop& control, std::vector<Endpoint> seeds, std::uint32_t bootstrap_expect);

  void Start();

 private:
  void OnExchange(const Endpoint& with, const Result<Bytes>& reply);
  void LookIn(Duration delay);
  void Look();

  ControlLoop& control_;
  JoinReport report_;
  asio::steady_timer timer_;
};

}  // namespace aegis::node
