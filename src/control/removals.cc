#include "control/removals.h"

namespace aegis::control {

std::set<NodeId> DueForRemoval(const State& state, const std::set<NodeId>& departed) {
  std::set<NodeId> due;
  for (const NodeId id : departed) {
    const NodeState* const node = state.Find(id);
    if (node != nullptr && !node->removed && state.FenceOf({id, node->session}) != nullptr) {
      due.insert(id);
    }
  }
  return due;
}

std::set<NodeId> LostForGood(const State& state, const Sight& sight, const std::set<NodeId>& due) {
  std::set<NodeId> lost;
  for (const NodeId id : due) {
    const NodeSight* const seen = sight.Find(id);
    if (state.Find(id)->given_up || (seen != nullptr && seen->left)) lost.insert(id);
  }
  return lost;
}

void PlanRemovals(const State& state, const std::set<NodeId>& due, const std::set<NodeId>& lost,
                  std::vector<Command>& commands) {
  if (due.empty()) return;
  std::set<NodeId> needed;
  for (const ShardState& shard : state.shards()) {
    needed.insert(shard.leader.node);
    needed.insert(shard.target.begin(), shard.target.end());
    if (state.MayLead(shard.leader)) continue;  // The leader's own copy is enough.
    for (const Copy& copy : shard.in_sync) {
      if (state.IsCurrent(copy) && !lost.contains(copy.node)) needed.insert(copy.node);
    }
  }
  for (const NodeId id : due) {
    if (!needed.contains(id)) commands.emplace_back(Remove{{id, state.Find(id)->session}});
  }
}

}  // namespace aegis::control
