// PeerLinks: one worker's share of the links to other nodes. The node with the lower id dials, and
// dials again with doubling waits for as long as the control plane wants the link.
//
// A new link to a peer replaces an older one: the older one's end was not noticed yet.
// Belongs to one worker and its thread; what it tells the control plane is posted there.

#pragma once

#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/endpoint.h"
#include "model/ids.h"
#include "node/core/node_statistics.h"
#include "node/runtime/peer_link.h"
#include "node/runtime/shard_host.h"

namespace aegis::node {

// What links tell the control plane; called on workers' threads, in order for each peer. The end
// of a link that was replaced is not told.
class PeerLinkEvents {
 public:
  virtual ~PeerLinkEvents() = default;
  virtual void OnLinkUp(NodeId peer, Session session, std::uint64_t link) = 0;
  virtual void OnLinkDown(NodeId peer, Session session, std::uint64_t link,
                          const std::string& reason) = 0;
};

class PeerLinks final : public PeerLinkOwner {
 public:
  struct Self {
    NodeId node;
    Session session;
    std::string name;
    Session memory{};  // See PeerSession::Identity.
  };
  struct Target {
    NodeId peer;
    Endpoint address;
  };

  PeerLinks(Loop& loop, Self self, ShardHost& shards, PeerLinkEvents& events);
  ~PeerLinks() override;

  // The peers of this worker that a link should stand with; replaces what was said before.
  void SetTargets(const std::vector<Target>& targets, TimePoint now);
  // A peer has dialled.
  void Accept(asio::ip::tcp::socket socket, NodeId peer);
  // The peer's outlet has something to send.
  void Wake(NodeId peer);
  // Every few milliseconds.
  void OnTick(TimePoint now);

  // Those that are established.
  std::vector<NodeLink> Links() const;

  PeerOutlet& OnEstablished(PeerLink& link) override;
  void OnGone(PeerLink& link, std::string_view reason) override;

 private:
  struct Peer {
    Endpoint address;
    bool wanted = false;
    bool dialing = false;
    TimePoint dial_at{};
    Duration backoff{};
    std::shared_ptr<PeerLink> link;      // Established.
    std::shared_ptr<PeerLink> incoming;  // Not yet.

    bool idle() const { return !wanted && !dialing && !link && !incoming; }
  };

  void Dial(NodeId node, Peer& peer);
  void Begin(asio::ip::tcp::socket socket, NodeId node, bool dialed);
  void Delay(Peer& peer, TimePoint now);

  Loop& loop_;
  const Self self_;
  ShardHost& shards_;
  PeerLinkEvents& events_;
  std::map<NodeId, Peer> peers_;
  std::shared_ptr<bool> alive_;  // Dial callbacks and links outlive this.
};

}  // namespace aegis::node
