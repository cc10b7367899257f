#include "control/mover.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "control/batches.h"

namespace aegis::control {
namespace {

bool Names(const std::vector<NodeId>& nodes, NodeId node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

std::vector<ring::PlacementMember> MembersOf(const State& state, const std::set<NodeId>& due) {
  std::vector<ring::PlacementMember> members;
  for (const auto& [id, node] : state.nodes()) {
    if (node.removed || node.leaving || due.contains(id)) continue;
    members.push_back({.id = id, .weight = node.weight, .zone = node.zone});
  }
  return members;
}

bool HoldsInSync(const State& state, const ShardState& shard, NodeId id) {
  const NodeState* const node = state.Find(id);
  return node != nullptr && std::ranges::binary_search(shard.in_sync, Copy{id, node->memory});
}

}  // namespace

// One Plan(): what is under way, and what may begin besides.
class Mover::Round {
 public:
  Round(const State& state, const Sight& sight, const Mover& mover)
      : state_(state), sight_(sight), mover_(mover) {}

  void Look(ShardId id, bool may_begin) {
    const ShardState& shard = state_.shards()[id.value()];
    const std::vector<NodeId>& wanted = mover_.placement_.replicas[id.value()];
    const bool led = shard.epoch != Epoch{} && state_.MayLead(shard.leader);
    const bool moving = led && IsMoving(shard);
    if (moving) {
      moving_.insert(id);
      for (const NodeId node : Unfilled(shard)) ++under_way_[node];
    }
    if (wanted.empty() || wanted == shard.target) return;
    if (shard.epoch == Epoch{}) {
      if (may_begin) changes_.push_back({id, wanted});
      return;
    }
    ++waiting_;
    // Nothing goes to a node that is not there. (A control leader that took over a moment ago
    // takes for present whom its predecessor had given up.)
    if (!std::ranges::all_of(NewcomersTo(id), [&](NodeId node) { return sight_.Live(node); })) {
      return;
    }
    if (led && !moving) {
      settled_.push_back(id);
    } else if (!std::ranges::all_of(shard.target, [&](NodeId node) { return IsPlaced(node); })) {
      // Already on the move, or lost: but not to where it is bound.
      changes_.push_back({id, wanted});
      --waiting_;
    }
  }

  // Begins moves of settled shards while there is room for more.
  void Begin() {
    while (moving_.size() < mover_.moves_max_ && !settled_.empty()) {
      const auto next = std::ranges::min_element(
          settled_, {}, [&](ShardId id) { return std::tuple(Crowd(id), id); });
      const ShardId id = *next;
      settled_.erase(next);
      for (const NodeId node : NewcomersTo(id)) ++under_way_[node];
      moving_.insert(id);
      begun_.insert(id);
      --waiting_;
      changes_.push_back({id, mover_.placement_.replicas[id.value()]});
    }
  }

  std::vector<Target> TakeChanges() && {
    std::ranges::sort(changes_, {}, &Target::shard);
    return std::move(changes_);
  }
  const std::set<ShardId>& moving() const { return moving_; }
  const std::set<ShardId>& begun() const { return begun_; }
  std::uint32_t waiting() const { return waiting_; }

 private:
  bool IsMoving(const ShardState& shard) const {
    if (!Unfilled(shard).empty()) return true;
    for (const NodeId id : shard.target) {
      const NodeState& node = *state_.Find(id);
      if (node.leaving || !sight_.Live(id) || !state_.MayLead({id, node.session})) continue;
      return shard.leader.node != id;
    }
    return false;
  }

  // Nodes of the target that live and are not in sync.
  std::vector<NodeId> Unfilled(const ShardState& shard) const {
    std::vector<NodeId> nodes;
    for (const NodeId id : shard.target) {
      if (sight_.Live(id) && !HoldsInSync(state_, shard, id)) nodes.push_back(id);
    }
    return nodes;
  }

  std::vector<NodeId> NewcomersTo(ShardId id) const {
    std::vector<NodeId> nodes;
    for (const NodeId node : mover_.placement_.replicas[id.value()]) {
      if (!Names(state_.shards()[id.value()].target, node)) nodes.push_back(node);
    }
    return nodes;
  }

  // Moves under way to the busiest of the nodes that the shard would go to.
  std::uint32_t Crowd(ShardId id) const {
    std::uint32_t most = 0;
    for (const NodeId node : NewcomersTo(id)) {
      const auto found = under_way_.find(node);
      if (found != under_way_.end()) most = std::max(most, found->second);
    }
    return most;
  }

  bool IsPlaced(NodeId id) const {
    return std::ranges::binary_search(mover_.members_, id, {}, &ring::PlacementMember::id);
  }

  const State& state_;
  const Sight& sight_;
  const Mover& mover_;
  std::set<ShardId> moving_;
  std::set<ShardId> begun_;  // Of those: began to in this round.
  std::uint32_t waiting_ = 0;
  std::map<NodeId, std::uint32_t> under_way_;  // Moves to each node.
  std::vector<ShardId> settled_;               // Could begin to move.
  std::vector<Target> changes_;
};

void Mover::Plan(const State& state, const Sight& sight, const std::set<NodeId>& due,
                 bool may_begin, std::vector<Command>& commands) {
  const auto num_shards = static_cast<std::uint32_t>(state.shards().size());
  std::vector<ring::PlacementMember> members = MembersOf(state, due);
  if (placement_.replicas.empty() || members != members_) {
    // Without members every wanted list is empty: the shards stay where they are.
    placement_ =
        ring::ComputePlacement(members, {.num_shards = num_shards,
                                         .replication_factor = state.settings().replication_factor,
                                         .virtual_nodes = state.settings().virtual_nodes});
    members_ = std::move(members);
  }
  Round round(state, sight, *this);
  for (std::uint32_t id = 0; id < num_shards; ++id) round.Look(ShardId{id}, may_begin);
  round.Begin();
  movement_.moved +=
      std::erase_if(begun_, [&](ShardId id) { return !round.moving().contains(id); });
  begun_.insert(round.begun().begin(), round.begun().end());
  movement_.moving = static_cast<std::uint32_t>(round.moving().size());
  movement_.waiting = round.waiting();
  AppendBatches(std::move(round).TakeChanges(), &Targets::targets, commands);
}

}  // namespace aegis::control
