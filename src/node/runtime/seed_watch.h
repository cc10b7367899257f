// SeedWatch: seeds that were given by name are resolved anew for as long as none of them has
// answered. In a container network a name often comes later than the node, or moves.
//
// On the control thread; resolving does not block it.

#pragma once

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <vector>

#include "model/endpoint.h"
#include "node/runtime/control_loop.h"

namespace aegis::node {

class SeedWatch {
 public:
  // `seeds`: as configured; `others`: addresses to keep, whatever the names become.
  // `bind`: where this node's gossip listens, for seeds that turn out to be itself.
  SeedWatch(ControlLoop& control, std::vector<Endpoint> seeds, std::vector<Endpoint> others,
            Endpoint bind);

  void Start();

 private:
  void Wait();
  // Resolves seeds_[at] and those behind it, then tells the control loop.
  void Resolve(std::size_t at);

  ControlLoop& control_;
  const std::vector<Endpoint> seeds_;
  const std::vector<Endpoint> others_;
  const Endpoint bind_;
  asio::ip::tcp::resolver resolver_;
  asio::steady_timer timer_;
  std::vector<Endpoint> found_;
};

}  // namespace aegis::node
