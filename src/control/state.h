// State: what the cluster has agreed on, as of one entry of the control log. A deterministic state
// machine: the same entries make the same state on every node.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "control/command.h"
#include "control/recovery.h"
#include "model/cluster.h"
#include "model/holder.h"
#include "model/ids.h"
#include "model/limits.h"

namespace aegis::control {

// Nodes that ever registered: a removed one keeps its record. More: new ones are not registered.
inline constexpr std::size_t kNodesMax = 16 * limits::kMembersMax;
// A longer snapshot is refused. Room for all nodes, and for all shards there may be.
inline constexpr std::size_t kStateSizeMax = 64 << 20;

struct NodeState {
  NodeId id;
  Session session;  // Of the lease.
  Session memory;
  std::uint64_t server = 0;
  std::string name;
  std::string zone;
  std::uint32_t weight = 1;
  std::chrono::milliseconds lease{600};
  bool leaving = false;
  bool given_up = false;  // An operator has said that it does not come back.
  bool removed = false;   // Its record stays: an old session of it can never come back.

  friend bool operator==(const NodeState&, const NodeState&) = default;
};

struct ShardState {
  Epoch epoch;               // 0: never led.
  Holder leader;             // The only one that may lead in this epoch.
  std::uint32_t change = 0;  // Of in_sync within a reign, and of who is a target. Never falls.
  // Sorted, at most one of a node, one of them the leader's. Each holds every write that a quorum
  // acknowledged; those that are not IsCurrent() are lost, and wait to be removed.
  std::vector<Copy> in_sync;
  std::vector<NodeId> target;  // Where it should live, the leader-to-be first.
  bool quorum_used = false;

  bool InSync(NodeId node) const;  // True iff a copy of the node's is listed, current or not.
  friend bool operator==(const ShardState&, const ShardState&) = default;
};

struct StandingFence {
  Holder holder;
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  std::chrono::milliseconds lease{600};  // How long the holder's may last.

  friend bool operator==(const StandingFence&, const StandingFence&) = default;
};

class State {
 public:
  // Applies the entry at `at`. Entries that are no commands (barriers, configurations) are applied
  // by Advance(). A command whose guard fails changes nothing.
  // REQUIRES: at.index == applied().index + 1; at.term >= applied().term.
  void Apply(Applied at, const Command& command);
  void Advance(Applied at);
  // Goes on as another lineage, in the next entries, of `term`: everybody is fenced, and every
  // shard that was ever led has a later epoch than the lost voters can have given it. `known`: up
  // to where it is known to be committed. REQUIRES: born(); a later term.
  void Recover(Lineage lineage, Applied known, std::uint64_t term);

  bool born() const { return settings_.born(); }
  const ClusterSettings& settings() const { return settings_; }
  Applied applied() const { return applied_; }
  // Sorted by id; removed ones included.
  const std::map<NodeId, NodeState>& nodes() const { return nodes_; }
  const NodeState* Find(NodeId node) const;
  const std::vector<ShardState>& shards() const { return shards_; }  // Indexed by shard.
  // Of holders that some shard still names, or that are their node's session now. In log order.
  const std::vector<StandingFence>& fences() const { return fences_; }
  const StandingFence* FenceOf(const Holder& holder) const;
  // 0 before the birth.
  Lineage lineage() const;
  // Those that made this lineage of the first one, oldest first.
  const std::vector<Recovery>& recoveries() const { return recoveries_; }
  // Registered under this session, and not fenced.
  bool MayLead(const Holder& holder) const;
  // True iff this node's process is still the one that was named, and the node not removed.
  bool IsCurrent(const Copy& copy) const;
  // The guard of Register.
  bool MayRegister(const Register& command) const;
  // Shards out of epochs keep their leader for good; when it is lost, they have none.
  static bool HasNextEpoch(Epoch epoch);

  // Null, or which of the invariants that no command can break is broken.
  const char* BrokenInvariant() const;

  // Equal states encode equally.
  Bytes Encode() const;
  // Refuses what breaks an invariant. Errors: kMalformed.
  static Result<State> Decode(ByteView data);

  friend bool operator==(const State&, const State&) = default;

 private:
  void On(const Birth& birth);
  void On(const Register& command);
  void On(const Fence& fence);
  void On(const Assign& assign);
  void On(const Transfer& transfer);
  void On(const InSync& in_sync);
  void On(const Targets& targets);
  void On(const Leaving& leaving);
  void On(const Remove& remove);
  void On(const QuorumUsed& quorum_used);
  void On(const InSyncChange& change);
  void On(const Assignment& assignment);
  void On(const ShardTransfer& transfer);
  void On(const Target& target);

  ShardState* Find(ShardId shard);
  // Null unless that is the shard's epoch.
  ShardState* FindAt(ShardId shard, Epoch epoch);
  // REQUIRES: the node is registered.
  Copy CopyOf(NodeId node) const;
  void BeginReign(ShardState& shard, const Holder& leader);
  void DropIdleFences();
  const char* BrokenInvariantOfNodes() const;
  const char* BrokenInvariantOf(const ShardState& shard) const;
  const char* BrokenInvariantOfFences() const;
  const char* BrokenInvariantOfRecoveries() const;

  ClusterSettings settings_;
  Applied applied_;
  std::map<NodeId, NodeState> nodes_;
  std::vector<ShardState> shards_;
  std::vector<StandingFence> fences_;
  std::vector<Recovery> recoveries_;
};

}  // namespace aegis::control
