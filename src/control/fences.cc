#include "control/fences.h"

#include <algorithm>

namespace aegis::control {

void PlanFences(const State& state, const Sight& sight, const std::set<NodeId>& departed,
                std::vector<Command>& commands) {
  std::set<Holder> leaders;
  for (const ShardState& shard : state.shards()) leaders.insert(shard.leader);
  const auto present =
      std::ranges::count_if(state.nodes(), [](const auto& entry) { return !entry.second.removed; });
  // Of holders that are not their node's session any more, all are fenced.
  for (const auto& [id, node] : state.nodes()) {
    const Holder holder{id, node.session};
    const NodeSight* const seen = sight.Find(id);
    if (seen == nullptr || state.FenceOf(holder) != nullptr) continue;
    const bool in_the_way = leaders.contains(holder) || departed.contains(id);
    if (seen->WantsToSucceed(holder) || (seen->silent && in_the_way && present > 1)) {
      commands.emplace_back(Fence{holder});
    }
  }
}

}  // namespace aegis::control
