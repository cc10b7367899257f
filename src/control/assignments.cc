#include "control/assignments.h"

#include <algorithm>
#include <tuple>

#include "control/batches.h"
#include "model/version.h"

namespace aegis::control {
namespace {

// Chooses a leader for one shard among the nodes that may lead and could.
class Choice {
 public:
  Choice(const State& state, const Sight& sight, ShardId id)
      : state_(state), sight_(sight), id_(id), shard_(state.shards()[id.value()]) {}

  // Nothing: nobody.
  std::optional<Holder> FirstOfTarget() const {
    for (const NodeId node : shard_.target) {
      if (const auto holder = Able(node)) return holder;
    }
    return std::nullopt;
  }

  std::optional<Holder> NewestInSync() const {
    std::vector<NodeId> nodes;
    for (const Copy& copy : shard_.in_sync) {
      if (state_.IsCurrent(copy)) nodes.push_back(copy.node);
    }
    return NewestOf(nodes);
  }

  // A copy in sync that could lead has not said yet what it has.
  bool MayHearMore() const {
    return std::ranges::any_of(shard_.in_sync, [&](const Copy& copy) {
      return state_.IsCurrent(copy) && Able(copy.node) && !Held(copy.node);
    });
  }

  std::optional<Holder> NewestHeld() const {
    std::vector<NodeId> nodes;
    for (const auto& [node, seen] : sight_.nodes) {
      if (seen.held.contains(id_)) nodes.push_back(node);
    }
    return NewestOf(nodes);
  }

 private:
  std::optional<Holder> Able(NodeId id) const {
    const NodeState* const node = state_.Find(id);
    const NodeSight* const seen = sight_.Find(id);
    if (node == nullptr || seen == nullptr) return std::nullopt;
    const Holder holder{id, node->session};
    if (!state_.MayLead(holder) || !seen->CouldLead(holder)) return std::nullopt;
    return holder;
  }

  // The newest version wins, then the place in the target, then the id.
  std::optional<Holder> NewestOf(const std::vector<NodeId>& nodes) const {
    std::optional<Holder> best;
    for (const NodeId node : nodes) {
      const auto holder = Able(node);
      if (holder && (!best || IsBetter(node, best->node))) best = holder;
    }
    return best;
  }

  bool IsBetter(NodeId one, NodeId other) const {
    if (Held(one) != Held(other)) return Held(one) > Held(other);
    return std::tuple(Place(one), one) < std::tuple(Place(other), other);
  }

  // A copy in sync may not have been reported yet: it is a candidate, but the last one.
  std::optional<Version> Held(NodeId node) const {
    const NodeSight& seen = *sight_.Find(node);
    const auto found = seen.held.find(id_);
    return found == seen.held.end() ? std::nullopt : std::optional(found->second);
  }

  std::ptrdiff_t Place(NodeId node) const {
    return std::ranges::find(shard_.target, node) - shard_.target.begin();
  }

  const State& state_;
  const Sight& sight_;
  const ShardId id_;
  const ShardState& shard_;
};

bool MayPromoteUnclean(const State& state, const ShardState& shard, const AssignmentRules& rules,
                       Duration leaderless) {
  // Waiting, and an operator who says when to stop, are for a copy that may come back. With none
  // there is nothing to wait for, even where a quorum was promised that it would not be lost.
  if (NothingCanComeBack(state, shard, rules.lost)) return true;
  return rules.unclean_after && leaderless >= *rules.unclean_after && !shard.quorum_used;
}

std::optional<Assignment> AssignmentOf(const State& state, const Sight& sight, ShardId id,
                                       const AssignmentRules& rules, Duration leaderless) {
  const ShardState& shard = state.shards()[id.value()];
  const Choice choice(state, sight, id);
  if (!State::HasNextEpoch(shard.epoch)) return std::nullopt;
  Assignment assignment{
      .shard = id, .epoch = shard.epoch, .from = shard.leader, .to = {}, .unclean = false};
  std::optional<Holder> to;
  if (shard.epoch == Epoch{}) {
    if (rules.may_begin) to = choice.FirstOfTarget();
  } else if (state.FenceOf(shard.leader) != nullptr && sight.safe.contains(shard.leader)) {
    if (leaderless < rules.reports_patience && choice.MayHearMore()) return std::nullopt;
    to = choice.NewestInSync();
    if (!to && MayPromoteUnclean(state, shard, rules, leaderless)) {
      assignment.unclean = true;
      to = choice.NewestHeld();
      if (!to) to = choice.FirstOfTarget();
    }
  }
  if (!to) return std::nullopt;
  assignment.to = *to;
  return assignment;
}

}  // namespace

bool NothingCanComeBack(const State& state, const ShardState& shard, const std::set<NodeId>& lost) {
  return std::ranges::none_of(shard.in_sync, [&](const Copy& copy) {
    return state.IsCurrent(copy) && !lost.contains(copy.node);
  });
}

void PlanAssignments(const State& state, const Sight& sight, const AssignmentRules& rules,
                     const std::map<ShardId, TimePoint>& leaderless_since, TimePoint now,
                     std::vector<Command>& commands) {
  std::vector<Assignment> assignments;
  for (const auto& [id, since] : leaderless_since) {
    if (const auto assignment = AssignmentOf(state, sight, id, rules, now - since)) {
      assignments.push_back(*assignment);
    }
  }
  AppendBatches(assignments, &Assign::assignments, commands);
}

}  // namespace aegis::control
