// What holds for every state that commands can make. Tests ask after every command; a snapshot for
// which it does not hold was not written by us.

#include <algorithm>
#include <set>

#include "control/state.h"
#include "model/limits.h"

namespace aegis::control {

const char* State::BrokenInvariant() const {
  if (!born()) {
    const bool empty = nodes_.empty() && shards_.empty() && fences_.empty() && recoveries_.empty();
    return empty ? nullptr : "before its birth a cluster has nothing";
  }
  if (shards_.size() != settings_.num_shards) return "the number of shards is fixed at birth";
  if (const char* const broken = BrokenInvariantOfNodes()) return broken;
  for (const ShardState& shard : shards_) {
    if (const char* const broken = BrokenInvariantOf(shard)) return broken;
  }
  if (const char* const broken = BrokenInvariantOfFences()) return broken;
  return BrokenInvariantOfRecoveries();
}

const char* State::BrokenInvariantOfNodes() const {
  if (nodes_.size() > kNodesMax) return "there is a limit to nodes";
  std::size_t present = 0;
  for (const auto& [id, node] : nodes_) {
    if (id == kNoNode || id != node.id) return "a node has an id";
    if (node.session == Session{} || node.memory == Session{}) return "a node has its sessions";
    if (node.weight == 0) return "a node has a weight";
    if (node.removed && FenceOf({id, node.session}) == nullptr) return "what is removed is fenced";
    if (!node.removed) ++present;
  }
  return present > limits::kMembersMax ? "there is a limit to nodes that are not removed" : nullptr;
}

const char* State::BrokenInvariantOf(const ShardState& shard) const {
  std::set<NodeId> target;
  for (const NodeId id : shard.target) {
    const NodeState* const node = Find(id);
    if (node == nullptr || node->removed) return "a target names nodes that are there";
    if (!target.insert(id).second) return "a target names a node once";
  }
  if (target.size() > kCopiesMax) return "there is a limit to targets";

  if (shard.epoch == Epoch{}) {
    const bool untouched = shard.leader == kNobody && shard.in_sync.empty() && shard.change == 0;
    return untouched ? nullptr : "what was never led has no leader and no copy";
  }
  if (!HasNextEpoch(Epoch{shard.epoch.value() - 1})) return "epochs fit into a version";
  if (shard.in_sync.size() > kCopiesMax) return "there is a limit to in-sync sets";
  if (!shard.InSync(shard.leader.node)) return "a leader's copy is in sync";
  for (std::size_t i = 0; i < shard.in_sync.size(); ++i) {
    const Copy& copy = shard.in_sync[i];
    const NodeState* const node = Find(copy.node);
    if (node == nullptr || node->removed || copy.memory == Session{}) {
      return "copies belong to nodes that are there";
    }
    if (i > 0 && copy.node <= shard.in_sync[i - 1].node) return "in-sync sets are sorted";
  }
  if (shard.leader.session == Session{} ||
      (!MayLead(shard.leader) && FenceOf(shard.leader) == nullptr)) {
    return "a leader that may not lead is fenced";
  }
  if (MayLead(shard.leader) &&
      !std::ranges::binary_search(shard.in_sync, CopyOf(shard.leader.node))) {
    return "a leader's own copy is the one in sync";
  }
  return nullptr;
}

const char* State::BrokenInvariantOfFences() const {
  std::set<Holder> leaders;
  for (const ShardState& shard : shards_) leaders.insert(shard.leader);
  std::set<Holder> fenced;
  Applied last;
  for (const StandingFence& fence : fences_) {
    if (fence.index <= last.index || fence.index > applied_.index || fence.term < last.term ||
        fence.term > applied_.term) {
      return "fences stand in log order";
    }
    last = {fence.index, fence.term};
    if (!fenced.insert(fence.holder).second) return "a holder is fenced once";
    const NodeState* const node = Find(fence.holder.node);
    if (node == nullptr) return "who is fenced is known";
    if (node->session != fence.holder.session && !leaders.contains(fence.holder)) {
      return "a fence has a use";
    }
  }
  return nullptr;
}

const char* State::BrokenInvariantOfRecoveries() const {
  if (recoveries_.size() > kRecoveriesMax) return "there is a limit to recoveries";
  const Recovery* before = nullptr;
  for (const Recovery& recovery : recoveries_) {
    if (recovery.lineage == Lineage{} || recovery.parent == Lineage{} ||
        recovery.lineage == recovery.parent) {
      return "a recovery makes one lineage of another";
    }
    if (before != nullptr && recovery.parent != before->lineage) return "lineages are a line";
    if (recovery.known.index > recovery.last.index || recovery.last.index >= applied_.index ||
        recovery.last.term >= applied_.term) {
      return "a recovery goes on behind what it knew";
    }
    before = &recovery;
  }
  return nullptr;
}

}  // namespace aegis::control
