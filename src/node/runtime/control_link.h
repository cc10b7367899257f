// Control links: what nodes say to each other about the control log and leases. Each node sends
// over a link of its own to every peer, so that there are two between two nodes; nothing is said
// the other way. They live on the control thread and carry little: no data waits before a lease.
//
// What was said arrives in order for as long as a link stands. One that does not take bytes for
// limits::kControlStallMax is given up and dialled anew; what was on its way is lost.

#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "model/ids.h"
#include "node/core/control_message.h"

namespace aegis::node {

// This node's own links.
class ControlLinks {
 public:
  struct Target {
    NodeId peer;
    Endpoint address;
  };
  struct Handlers {
    std::function<void(NodeId peer)> on_up;
    std::function<void(NodeId peer, const std::string& reason)> on_down;
  };

  ControlLinks(asio::io_context& io, NodeId self, Handlers handlers);
  ~ControlLinks();

  // Whom links should stand with, for as long as this is not called again.
  void SetTargets(ClusterId cluster, const std::vector<Target>& targets);
  // Lost if there is no link.
  void Send(NodeId peer, const ControlEnvelope& envelope);

 private:
  class Link;

  void Redial(NodeId peer);
  void OnUp(const std::shared_ptr<Link>& link);
  void OnDown(const std::shared_ptr<Link>& link, const std::string& reason);

  asio::io_context& io_;
  const NodeId self_;
  const Handlers handlers_;
  ClusterId cluster_;
  std::map<NodeId, std::shared_ptr<Link>> links_;
};

// A peer's link, at this end of it.
class ControlStream : public std::enable_shared_from_this<ControlStream> {
 public:
  // Is told every message, until it says false or the stream ends.
  using Handler = std::function<bool(const ControlEnvelope& envelope)>;

  ControlStream(asio::ip::tcp::socket socket, Handler handler);
  void Start();
  void Close();

 private:
  void ReadLength();
  void ReadPayload(std::size_t size);

  asio::ip::tcp::socket socket_;
  const Handler handler_;
  Bytes input_;
};

}  // namespace aegis::node
