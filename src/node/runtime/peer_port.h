// PeerPort: the TCP side of the gossip port. Reads how each stream begins (stream_preamble.h),
// answers gossip itself, and hands the others' sockets to who owns such streams.
//
// On the control thread. At most limits::kHalfOpenStreamsMax streams may be beginning, each for at
// most limits::kHalfOpenTimeout; beyond either they are closed.

#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "model/endpoint.h"
#include "model/ids.h"
#include "node/runtime/acceptor.h"

namespace aegis::node {

class PeerPort {
 public:
  struct Handlers {
    // Answers one gossip message.
    std::function<Bytes(const Endpoint& from, ByteView body)> on_gossip;
    // A peer's link; the socket is the callee's.
    std::function<void(int socket, asio::ip::tcp protocol, NodeId peer)> on_peer;
    // A peer's control link to `target`; its socket stays on the control thread.
    std::function<void(asio::ip::tcp::socket socket, ClusterId cluster, NodeId peer, NodeId target)>
        on_control;
    // A link for forwarded operations from a node of this cluster.
    std::function<void(int socket, asio::ip::tcp protocol)> on_forwards;
    // Why a node of this cluster may not forward operations here; nothing: it may.
    std::function<std::optional<std::string>(ClusterId cluster)> refusal;
  };

  PeerPort(asio::io_context& io, UniqueFd listening, NodeId self, Handlers handlers);
  ~PeerPort();

  void Start() { acceptor_.Start(); }
  void Stop() { acceptor_.Stop(); }

 private:
  class Beginning;
  struct Shared {
    NodeId self;
    Handlers handlers;
    std::size_t beginnings = 0;
  };

  void OnAccept(asio::ip::tcp::socket socket);

  std::shared_ptr<Shared> shared_;
  Acceptor acceptor_;
};

}  // namespace aegis::node
