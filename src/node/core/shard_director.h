// ShardDirector: what one node does about every shard, given what the cluster has agreed on: which
// it leads, whom it follows, what it gives up, and what it asks the control log for as a leader.
//
// A shard is led only in an epoch that the map gives to this node under its present lease session.
// As a leader the director
//  - feeds every node that the map or the target names;
//  - asks for a follower to be counted in sync once it has everything, and not to be once what it
//    lacks has been there for longer than replica_lag_max, or its process is gone, or the shard has
//    moved elsewhere;
//  - hands over to the first node of the target that could lead, once that is in sync: it stops
//    commands, waits until the successor has acknowledged all, and only then asks for the Transfer.
//    When the successor is lost meanwhile, it asks for a Transfer to itself: never again does it
//    answer under an epoch in which it has stopped.
//
// Pure; owned by the control thread.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/time.h"
#include "control/command.h"
#include "control/state.h"
#include "model/ids.h"
#include "model/routing.h"
#include "node/core/replica_set.h"
#include "node/core/shard_command.h"
#include "node/core/shard_report.h"

namespace aegis::node {

// The shards of this node, as the director sees them.
class LocalShards {
 public:
  virtual ~LocalShards() = default;
  virtual ShardReport Report(ShardId shard) = 0;
  // This node leads it, and `follower` has everything, up to a short tail in flight.
  virtual bool InSync(ShardId shard, NodeId follower) = 0;
  // What this process of the follower has acknowledged; (0,0): nothing.
  virtual Version Acked(ShardId shard, const control::Copy& copy) = 0;
  // See Shard::Admit().
  virtual bool Admit(ShardId shard, const control::Copy& copy, std::uint32_t change) = 0;
  // This node has stopped leading it, and its successor has acknowledged everything.
  virtual bool Drained(ShardId shard) = 0;
};

class ShardDirector {
 public:
  struct Options {
    std::size_t hand_overs_max = 8;  // Shards this node hands over at the same time.
    Duration hand_over_patience = std::chrono::seconds(1);
    Duration replica_lag_max = std::chrono::seconds(2);
  };

  struct Situation {
    const control::State& state;
    Holder self;                   // Its present lease session.
    Session memory;                // Of this process.
    bool lease_holds = false;      // Now.
    const std::set<NodeId>& live;  // Nodes that could take part: live by gossip and linked.
    NodeId control_leader;         // As far as is known; kNoNode.
  };

  struct Replicas {
    ShardId shard;
    ReplicaSet set;
  };
  // What is to be done, in this order.
  struct Decisions {
    std::vector<ShardCommand> commands;
    std::vector<Replicas> replicas;  // Before any of `proposals` leaves this node.
    std::vector<control::Command> proposals;
    bool routes_changed = false;
  };

  explicit ShardDirector(Options options) : options_(options) {}

  void Direct(const Situation& situation, LocalShards& shards, TimePoint now, Decisions& decisions);

  // As of the last Direct().
  const std::vector<ShardRoute>& routes() const { return routes_; }
  std::uint32_t led() const { return led_; }  // Or being handed over, or about to be led.
  std::uint32_t held_alone() const { return held_alone_; }  // No other copy is in sync.
  std::uint32_t leaderless() const { return leaderless_; }
  std::uint32_t unsynced() const { return unsynced_; }  // Should be in sync here and are not yet.
  const std::vector<ShardReport>& reports() const { return reports_; }

 private:
  // A copy has not acknowledged `target`, which was there at `since`.
  struct Lag {
    Version target;
    TimePoint since;
  };
  struct Memory {
    std::optional<TimePoint> draining_since;
    std::map<NodeId, Lag> lags;                 // Of copies in sync, or to be.
    TimePoint ask_again = TimePoint::min();     // For a change of the in-sync set, or a Transfer,
    TimePoint record_again = TimePoint::min();  // or that quorum writes are recorded.
    // Changes of the in-sync set that were asked for under `change` of `epoch`: any of them may
    // have been made.
    Epoch epoch;
    std::uint32_t change = 0;
    std::vector<control::InSyncChange> open;
    std::vector<control::Copy> admitted;  // Writes wait for them, but they were not asked for yet.
    ReplicaSet told;
  };

  void DirectOne(ShardId shard, const Situation& situation, LocalShards& shards, TimePoint now,
                 Decisions& decisions);
  void DirectLeader(ShardId shard, const Situation& situation, LocalShards& shards, TimePoint now,
                    Decisions& decisions);
  void DirectDraining(ShardId shard, const Situation& situation, LocalShards& shards, TimePoint now,
                      Decisions& decisions);
  void TellReplicas(ShardId shard, const Situation& situation, Decisions& decisions);
  void Forget(ShardId shard, const Situation& situation, LocalShards& shards, TimePoint now);
  bool CatchesUp(ShardId shard, const control::Copy& copy, LocalShards& shards, TimePoint now);
  std::optional<control::InSyncChange> ChangeOf(ShardId shard, const Situation& situation,
                                                LocalShards& shards, TimePoint now);
  // A change that does nothing but end the doubt about those that were asked for.
  std::optional<control::InSyncChange> Settling(ShardId shard, const Situation& situation) const;
  bool MayHandOver(ShardId shard, NodeId successor, const Situation& situation, LocalShards& shards,
                   TimePoint now) const;
  NodeId SuccessorOf(const control::ShardState& map, const Situation& situation) const;
  void Command(ShardId shard, ShardCommand::Kind kind, Epoch epoch, NodeId node,
               Decisions& decisions) const;

  const Options options_;
  std::vector<Memory> memory_;                  // Indexed by shard.
  std::vector<ShardReport> reports_;            // Likewise.
  std::vector<ShardRoute> routes_;              // Likewise.
  std::vector<control::InSyncChange> changes_;  // Of this Direct().
  std::vector<control::ShardTransfer> transfers_;
  NodeId asked_;  // Who leads the log: proposals to another one may be lost.
  std::vector<ShardId> quorum_used_;
  std::size_t hand_overs_ = 0;
  std::uint32_t led_ = 0;
  std::uint32_t held_alone_ = 0;
  std::uint32_t leaderless_ = 0;
  std::uint32_t unsynced_ = 0;
};

}  // namespace aegis::node
