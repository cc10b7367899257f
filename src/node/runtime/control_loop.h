// ControlLoop: the control thread. Feeds Control with datagrams, streams, link events, reports and
// time, and carries out what it wants done. It holds a shard's lock only for single short calls,
// and never waits for a worker.

#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "base/time.h"
#include "node/core/control.h"
#include "node/core/gossip_leadership.h"
#include "node/runtime/node_state.h"
#include "node/runtime/peer_links.h"
#include "node/runtime/peer_port.h"
#include "node/runtime/record_keeper.h"
#include "node/runtime/udp_socket.h"

namespace aegis::node {

class ControlLoop final : public PeerLinkEvents, private Control::LocalShards {
 public:
  struct Sockets {
    UniqueFd udp;
    UniqueFd tcp;  // Listening.
  };

  ControlLoop(NodeState& node, ClusterSettings settings, Control::Options options, Sockets sockets,
              RecordKeeper& records);
  ~ControlLoop() override;

  // The thread's life: until Stop(). REQUIRES: the workers exist.
  void Run();

  // --- Any thread -------------------------------------------------------------------------------

  void Stop() { io_.stop(); }
  // Something about a shard changed: look soon.
  void Poke();
  void OnLinkUp(NodeId peer, Session session, std::uint64_t link) override;
  void OnLinkDown(NodeId peer, Session session, std::uint64_t link,
                  const std::string& reason) override;
  void OnReports(NodeId peer, std::uint64_t link, replication::PeerMessage reports) override;

  // --- The control thread (handlers run by io()) ------------------------------------------------

  asio::io_context& io() { return io_; }
  const Control& control() const { return control_; }
  bool HasLink(NodeId peer) const { return links_.contains(peer); }
  // Of any shard, as this node has seen them.
  std::uint64_t leader_changes() const { return leader_changes_; }
  // Hands over what this node leads; drained() of control() tells when that is done.
  void Leave();
  // Tells the others that this node is gone.
  void Goodbye();
  // Is told what every exchange of state with another node came to, right or wrong.
  using ExchangeListener = std::function<void(const Endpoint& with, const Result<Bytes>& reply)>;
  void SetExchangeListener(ExchangeListener listener) { on_exchange_ = std::move(listener); }
  // Seeds have been resolved anew.
  void Join(const std::vector<Endpoint>& seeds);

 private:
  replication::ShardReport Report(ShardId shard) override;
  bool InSync(ShardId shard, NodeId follower) override;

  PeerPort::Handlers PeerHandlers();
  std::optional<std::string> ForwardRefusal(ClusterId cluster) const;
  // That link is the peer's newest, and stands.
  bool IsCurrent(NodeId peer, std::uint64_t link) const;
  std::string NameOf(NodeId node) const;

  // Runs one call of the control core and carries out its effects.
  template <class Call>
  void With(Call call);
  void Evaluate();
  void EvaluateRegularly();
  void EvaluateSoon();
  void CarryOut();
  void Publish(std::shared_ptr<const RoutingTable> table);
  void Command(const std::vector<ShardCommand>& commands);
  void SetFollowers(const std::vector<ControlEffects::Followers>& followers);
  void CarryOutGossip();
  void OnMembershipChanged();
  void ArmTimer(TimePoint at);

  NodeState& node_;
  RecordKeeper& records_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  ExchangeListener on_exchange_;
  GossipLeadership rule_;
  Control control_;
  ControlEffects effects_;
  ShardEffects shard_effects_;
  UdpSocket udp_;
  PeerPort peer_port_;
  asio::steady_timer tick_timer_;
  asio::steady_timer evaluate_timer_;
  asio::steady_timer soon_timer_;
  TimePoint tick_at_ = TimePoint::max();
  std::atomic<bool> poked_{false};
  std::uint64_t leader_changes_ = 0;
  bool gone_ = false;                      // Said goodbye: no links any more.
  std::map<NodeId, std::uint64_t> links_;  // Number of the link that mail may go to.
};

}  // namespace aegis::node
