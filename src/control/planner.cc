#include "control/planner.h"

#include <algorithm>

#include "control/assignments.h"
#include "control/fences.h"
#include "control/registrations.h"
#include "control/removals.h"

namespace aegis::control {

std::vector<Command> Planner::Plan(const State& state, const Sight& sight, TimePoint now) {
  if (!began_) began_ = now;
  std::vector<Command> commands;
  if (!state.born()) return commands;
  Look(state, sight, now);
  const std::set<NodeId> departed = Departed(state, sight, now);
  const std::set<NodeId> due = DueForRemoval(state, departed);
  const std::set<NodeId> lost = LostForGood(state, sight, due);
  const bool may_begin = MayBegin(state, now);

  PlanFences(state, sight, departed, commands);
  const AssignmentRules rules{.may_begin = may_begin,
                              .unclean_after = options_.unclean_after,
                              .reports_patience = options_.reports_patience,
                              .lost = lost};
  PlanAssignments(state, sight, rules, leaderless_since_, now, commands);
  PlanRegistrations(state, sight, commands);
  mover_.Plan(state, sight, due, may_begin, commands);
  PlanRemovals(state, due, lost, commands);
  return commands;
}

void Planner::Look(const State& state, const Sight& sight, TimePoint now) {
  for (std::uint32_t id = 0; id < state.shards().size(); ++id) {
    if (state.MayLead(state.shards()[id].leader)) {
      leaderless_since_.erase(ShardId{id});
    } else {
      leaderless_since_.try_emplace(ShardId{id}, now);
    }
  }
  for (const auto& [id, node] : state.nodes()) {
    if (sight.Live(id) || node.removed) {
      gone_since_.erase(id);
    } else {
      gone_since_.try_emplace(id, now);
    }
  }
}

std::set<NodeId> Planner::Departed(const State& state, const Sight& sight, TimePoint now) const {
  std::set<NodeId> departed;
  for (const auto& [id, since] : gone_since_) {
    const NodeSight* const seen = sight.Find(id);
    const bool left = seen != nullptr && seen->left;
    const NodeState* const node = state.Find(id);
    if (node != nullptr && (left || now - since >= options_.removed_after)) departed.insert(id);
  }
  return departed;
}

bool Planner::MayBegin(const State& state, TimePoint now) const {
  const auto registered =
      std::ranges::count_if(state.nodes(), [](const auto& entry) { return !entry.second.removed; });
  const auto count = static_cast<std::uint64_t>(registered);
  if (count >= options_.first_nodes) return true;
  // Whoever met too few of them may not be the only one who formed a cluster.
  return now - *began_ >= options_.first_patience && 2 * count > options_.first_nodes;
}

}  // namespace aegis::control
