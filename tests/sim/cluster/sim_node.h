// SimNode: one process of a SimCluster: the cores, and a shell of events instead of sockets.

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "node/core/lease_view.h"
#include "node/core/shard_command.h"
#include "sim_clock.h"
#include "sim_cluster.h"
#include "sim_disk.h"

namespace aegis::sim {

// One end of a link. Bytes arrive in order; a broken link is gone on both ends.
struct SimLink {
  SimLink(std::uint64_t link_serial, std::size_t peer_index, node::PeerSession::Identity self,
          std::optional<NodeId> expected, node::ShardSpace& shards, std::uint32_t num_shards)
      : serial(link_serial),
        peer(peer_index),
        session(std::move(self), expected, shards),
        dirty(num_shards) {}

  const std::uint64_t serial;
  const std::size_t peer;
  node::PeerSession session;
  node::DirtyShards dirty;
  Bytes inbox;
  bool pumping = false;
};

class SimNode : public node::ShardSpace, public node::LocalShards, public node::LeaseView {
 public:
  // `disk`: what an earlier run of the node left.
  SimNode(SimCluster& cluster, std::size_t index, Session session, std::vector<Endpoint> seeds,
          std::uint32_t bootstrap_expect, ClusterSettings settings, SimDisk disk);

  void Start();
  void Perform();  // Carries out what control wants.
  void Evaluate();
  void PokeSoon();
  void TickAt(TimePoint when);
  void Leave();
  Result<Ok> Recover();
  Result<bool> Forget(const std::string& node);

  void OnDatagram(const Endpoint& from, const Bytes& body);
  Bytes OnStreamRequest(const Endpoint& from, const Bytes& body);
  void OnStreamReply(std::uint64_t id, const Result<Bytes>& reply);

  void DialPeers();
  void Attach(std::unique_ptr<SimLink> link);
  void Break(std::size_t peer, std::uint64_t serial);
  void OnBytes(std::size_t peer, std::uint64_t serial, const Bytes& bytes);
  void PumpSoon(SimLink& link);
  void Pump(std::size_t peer, std::uint64_t serial);
  void Send(SimLink& link, Bytes bytes);
  Bytes Altered(const Bytes& frame);
  Bytes Overstated(const Bytes& frame) const;
  Bytes WrittenOver(const Bytes& frame) const;
  void TellShardsNotLed(const std::function<void(node::ShardGuard&)>& tell);
  void AcknowledgeOldEpoch(SimLink& link, const replication::PeerMessage& message);

  // Its own monotonic clock.
  TimePoint now() const { return clock.Local(cluster.now()); }
  // Runs `what` as an event of this process: never once it is dead, later while it is paused.
  void After(Duration delay, std::function<void()> what);
  void WakeUp();
  // Hands over what has come through a pipe to `to`, in order: a cut network keeps it until it
  // heals. `both`: the pipe needs both directions.
  void Deliver(std::uint64_t pipe, std::size_t to, bool both, std::function<void()> what);

  void DialControl();
  void SendLetter(const node::ControlLetter& letter);
  void OnLetter(NodeId from, const Bytes& frame);
  void BreakControl(std::size_t peer, std::uint64_t serial);
  void FinishWrites();

  // ShardSpace
  std::uint32_t num_shards() const override { return static_cast<std::uint32_t>(shards.size()); }
  node::Shard& Acquire(ShardId id) override { return *shards[id.value()]; }
  void Release(ShardId id, node::ShardEffects& effects) override;

  // LocalShards
  node::ShardReport Report(ShardId shard) override { return shards[shard.value()]->Report(); }
  bool InSync(ShardId shard, NodeId follower) override {
    return shards[shard.value()]->InSync(follower);
  }

  Version Acked(ShardId shard, const control::Copy& copy) override {
    return shards[shard.value()]->AckedBy(copy);
  }
  bool Admit(ShardId shard, const control::Copy& copy, std::uint32_t change) override {
    return shards[shard.value()]->Admit(copy, change);
  }
  bool Drained(ShardId shard) override { return shards[shard.value()]->drained(); }

  // LeaseView. Within an operation, the second look comes after the pause.
  bool Holds(Session of) const override;
  TimePoint Now() const override { return now(); }
  // Around Shard::Execute(): the process stands still for `pause` between applying the operation
  // and looking at the clock again.
  void BeginOperation(Duration pause);
  void EndOperation();

  // Watches for what is rare, before and after a step.
  void Notice();
  void NoticeLetter(const node::ControlMessage& message);

  static Endpoint AddressOf(std::size_t index);
  static NodeId IdOf(std::size_t index);

  SimCluster& cluster;
  const std::size_t index;
  const NodeId node_id;
  const std::vector<Endpoint> seeds;
  const Endpoint address;
  const Session session;
  bool alive = true;
  bool leaving = false;
  store::MemoryMeter meter{1ULL << 30};
  node::CopyBudget copy_budget;
  SimClock clock;
  SimDisk disk;
  Duration disk_delay{};
  mutable std::uint64_t looks = 0;  // At the lease, within the present operation.
  Duration stall{};                 // From the second look on.
  bool asked_how_fresh = false;     // It is being asked, if that rule is to be broken.
  TimePoint paused_until{};         // Real time.
  const ClusterInvariants::Process process;
  node::Control control;
  node::ControlEffects effects;
  node::ShardEffects shard_effects;
  std::vector<std::unique_ptr<node::Shard>> shards;
  std::map<ShardId, std::pair<Version, Session>> looked_at;  // Where its content was last checked.
  std::map<std::size_t, std::unique_ptr<SimLink>> links;     // By peer index.
  std::map<std::size_t, std::uint64_t> control_links;        // Own ones: peer -> serial.
  std::map<std::size_t, TimePoint> last_letter;              // When the newest on each will arrive.
  bool writing = false;
  bool poked = false;
  std::deque<std::function<void()>> waiting;  // Events that came up while it stood still.
  struct Pipe {
    std::deque<std::function<void()>> held;
  };
  std::map<std::uint64_t, Pipe> pipes;  // Of those that a cut network holds up.
  Session noticed_session;
  std::vector<consensus::ServerId> noticed_voters;
  consensus::Term noticed_term = 0;
  TimePoint next_tick = TimePoint::max();
};

}  // namespace aegis::sim
