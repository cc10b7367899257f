// ControlLoop: the control thread. Feeds Control with datagrams, streams, control messages, link
// events and time, and carries out what it wants done. It holds a shard's lock only for single
// short calls, and never waits for a worker or for a disk: but once, if it founds a cluster, before
// anybody hears of the birth.

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
#include "node/runtime/control_disk.h"
#include "node/runtime/control_link.h"
#include "node/runtime/node_record.h"
#include "node/runtime/node_state.h"
#include "node/runtime/peer_links.h"
#include "node/runtime/peer_port.h"
#include "node/runtime/record_keeper.h"
#include "node/runtime/udp_socket.h"

namespace aegis::node {

class ControlLoop final : public PeerLinkEvents, private LocalShards {
 public:
  struct Sockets {
    UniqueFd udp;
    UniqueFd tcp;  // Listening.
  };

  // This node's part of the control log, as an earlier run left it.
  struct Log {
    std::unique_ptr<Directory> directory;
    std::unique_ptr<consensus::LogStore> store;  // Null: there is none yet.
    std::optional<Control::Recovered> recovered;
  };

  ControlLoop(NodeState& node, ClusterSettings settings, Control::Options options, Sockets sockets,
              Log log, RecordKeeper& records);
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

  // --- The control thread (handlers run by io()) ------------------------------------------------

  asio::io_context& io() { return io_; }
  const Control& control() const { return control_; }
  bool HasLink(NodeId peer) const { return links_.contains(peer); }
  // Why the control log cannot be written any more; empty: it can.
  const std::string& disk_problem() const { return disk_problem_; }
  // Why nothing survives this node any more that should; empty: it does, or need not.
  const std::string& log_problem() const { return log_problem_; }
  // It could not begin, and has stopped.
  bool gave_up() const { return gave_up_; }
  // Of any shard, as this node has seen them.
  std::uint64_t leader_changes() const { return leader_changes_; }
  // Hands over what this node leads; drained() of control() tells when that is done. Asking again
  // changes nothing.
  void Leave();
  // See Control::Recover().
  Result<Ok> Recover();
  // See Control::Forget().
  Result<bool> Forget(const std::string& node);
  // Tells the others that this node is gone.
  void Goodbye();
  // Is told what every exchange of state with another node came to, right or wrong.
  using ExchangeListener = std::function<void(const Endpoint& with, const Result<Bytes>& reply)>;
  void SetExchangeListener(ExchangeListener listener) { on_exchange_ = std::move(listener); }
  // Seeds have been resolved anew.
  void Join(const std::vector<Endpoint>& seeds);

 private:
  ShardReport Report(ShardId shard) override;
  bool InSync(ShardId shard, NodeId follower) override;
  Version Acked(ShardId shard, const control::Copy& copy) override;
  bool Admit(ShardId shard, const control::Copy& copy, std::uint32_t change) override;
  bool Drained(ShardId shard) override;

  ControlLinks::Handlers LinkHandlers();
  ControlDisk::Handlers DiskHandlers();
  void AcceptControl(asio::ip::tcp::socket socket, ClusterId cluster, NodeId peer, NodeId target);
  bool WorkersTick() const;
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
  void CarryOut(ControlEffects& effects);
  bool MakeShards();
  void KeepLineage();
  void OnLogFailed(const std::string& problem);
  void Publish(std::shared_ptr<const RoutingTable> table);
  void Command(const std::vector<ShardCommand>& commands);
  void WarnOfQuorums() const;
  void SetReplicas(const std::vector<ShardDirector::Replicas>& replicas);
  void CarryOutGossip(gossip::Effects& effects);
  void OnMembershipChanged();
  NodeRecord OwnRecord() const;  // REQUIRES: born.
  void ArmTimer(TimePoint at);

  NodeState& node_;
  RecordKeeper& records_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  ExchangeListener on_exchange_;
  std::unique_ptr<Directory> log_directory_;
  std::string disk_problem_;
  std::string log_problem_;
  bool gave_up_ = false;
  control::Lineage kept_lineage_;
  bool log_created_ = false;  // By this process, durably.
  Control control_;
  ControlEffects effects_;
  ShardEffects shard_effects_;
  UdpSocket udp_;
  PeerPort peer_port_;
  ControlLinks control_links_;
  std::map<NodeId, std::weak_ptr<ControlStream>> control_streams_;  // The newest of each peer.
  asio::steady_timer tick_timer_;
  asio::steady_timer evaluate_timer_;
  asio::steady_timer soon_timer_;
  TimePoint tick_at_ = TimePoint::max();
  std::atomic<bool> poked_{false};
  std::uint64_t leader_changes_ = 0;
  bool gone_ = false;                      // Said goodbye: no links any more.
  std::map<NodeId, std::uint64_t> links_;  // For shards: the number of the one that stands.
  ControlDisk disk_;                       // The last: its thread posts to this object.
};

}  // namespace aegis::node
