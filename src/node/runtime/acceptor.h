// Acceptor: one worker's share of a listening port. Each worker has its own socket on the same
// port (SO_REUSEPORT), so the kernel spreads new connections.

#pragma once

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <vector>

#include "base/result.h"
#include "model/endpoint.h"
#include "node/runtime/unique_fd.h"

namespace aegis::node {

// Opens `count` listening sockets on one address. A port that anybody already listens on, even with
// SO_REUSEPORT, is an error (kUnavailable), which names the address. With port 0 the kernel
// chooses; `address.port` becomes what it chose.
Result<std::vector<UniqueFd>> ListenTcp(Endpoint& address, std::size_t count);

class Acceptor {
 public:
  // `on_accept` gets each new connection. `listening` as from ListenTcp().
  Acceptor(asio::io_context& io, UniqueFd listening,
           std::function<void(asio::ip::tcp::socket)> on_accept);

  void Start();
  // Takes what is already there, then closes.
  void Stop();

 private:
  void Await();
  void AcceptSome();

  asio::io_context& io_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::function<void(asio::ip::tcp::socket)> on_accept_;
  bool failing_ = false;
};

}  // namespace aegis::node
