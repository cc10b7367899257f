// RandomCommands: what a careless cluster might write to its control log: commands that fit the
// state, commands that nearly do, and old ones again.
//
// It keeps one rule that is the proposers' to keep: a session is drawn to follow one other.

#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/rng.h"
#include "control/command.h"
#include "control/state.h"
#include "unit/control/written_log.h"

namespace aegis::control {

class RandomCommands {
 public:
  explicit RandomCommands(std::uint64_t seed) : rng_(seed) {}

  Command Draw(const State& state) {
    if (!state.born()) return BirthOf(kShards);
    if (!sent_.empty() && rng_.Chance(0.2)) return sent_[rng_.Below(sent_.size())];
    sent_.push_back(DrawNew(state));
    return sent_.back();
  }

 private:
  static constexpr std::uint32_t kShards = 4;
  static constexpr std::uint64_t kNodes = 5;

  Command DrawNew(const State& state) {
    switch (rng_.Below(12)) {
      case 0:
      case 1:
        return DrawRegister(state);
      case 2:
      case 3:
        return Fence{DrawHolder(state)};
      case 4:
      case 5:
        return DrawAssign(state);
      case 6:
        return DrawTransfer(state);
      case 7:
      case 8:
        return DrawInSync(state);
      case 9:
        return DrawTargets();
      case 10:
        return rng_.Chance(0.5) ? Command(Leaving{DrawHolder(state), rng_.Chance(0.5)})
                                : Command(QuorumUsed{{DrawShard()}});
      default:
        return Remove{DrawHolder(state)};
    }
  }

  ShardId DrawShard() { return ShardId{static_cast<std::uint32_t>(rng_.Below(kShards))}; }
  NodeId DrawNode() { return NodeId{1 + rng_.Below(kNodes)}; }

  // Mostly a node's session now, else one that some shard names or that is fenced.
  Holder DrawHolder(const State& state) {
    if (rng_.Chance(0.2)) return state.shards()[DrawShard().value()].leader;
    if (rng_.Chance(0.1) && !state.fences().empty()) {
      return state.fences()[rng_.Below(state.fences().size())].holder;
    }
    const NodeId node = DrawNode();
    const NodeState* const found = state.Find(node);
    return {node, found == nullptr ? Session{1} : found->session};
  }

  Epoch DrawEpoch(const ShardState& shard) {
    const std::uint32_t wrong = rng_.Chance(0.1) ? 1 : 0;
    return Epoch{shard.epoch.value() + wrong};
  }

  Command DrawRegister(const State& state) {
    const NodeId node = DrawNode();
    const NodeState* const found = state.Find(node);
    Register command = RegisterOf(node.value());
    command.session = Session{node.value() * 1'000'000 + ++sessions_};
    command.previous = found == nullptr ? Session{} : found->session;
    command.memory = command.session;
    if (found != nullptr && rng_.Chance(0.3)) command.memory = found->memory;
    return command;
  }

  Command DrawAssign(const State& state) {
    Assign assign;
    for (std::uint64_t i = 1 + rng_.Below(3); i > 0; --i) {
      const ShardId id = DrawShard();
      const ShardState& shard = state.shards()[id.value()];
      assign.assignments.push_back({.shard = id,
                                    .epoch = DrawEpoch(shard),
                                    .from = rng_.Chance(0.9) ? shard.leader : DrawHolder(state),
                                    .to = DrawHolder(state),
                                    .unclean = rng_.Chance(0.1)});
    }
    return assign;
  }

  Command DrawTransfer(const State& state) {
    Transfer transfer;
    for (std::uint64_t i = 1 + rng_.Below(3); i > 0; --i) {
      const ShardId id = DrawShard();
      const ShardState& shard = state.shards()[id.value()];
      transfer.transfers.push_back({.shard = id,
                                    .epoch = DrawEpoch(shard),
                                    .from = rng_.Chance(0.9) ? shard.leader : DrawHolder(state),
                                    .to = DrawHolder(state)});
    }
    return transfer;
  }

  Command DrawInSync(const State& state) {
    InSync in_sync;
    for (std::uint64_t i = 1 + rng_.Below(3); i > 0; --i) {
      const ShardId id = DrawShard();
      const ShardState& shard = state.shards()[id.value()];
      const NodeId node = DrawNode();
      const NodeState* const found = state.Find(node);
      Copy copy{node, found == nullptr ? Session{1} : found->memory};
      if (rng_.Chance(0.3) && !shard.in_sync.empty()) {
        copy = shard.in_sync[rng_.Below(shard.in_sync.size())];
      }
      const std::uint32_t wrong = rng_.Chance(0.1) ? 1 : 0;
      in_sync.changes.push_back({.shard = id,
                                 .epoch = DrawEpoch(shard),
                                 .change = shard.change + wrong,
                                 .session = shard.leader.session,
                                 .copy = copy,
                                 .remove = rng_.Chance(0.3)});
    }
    return in_sync;
  }

  Command DrawTargets() {
    Target target{.shard = DrawShard(), .nodes = {}};
    for (std::uint64_t i = 1 + rng_.Below(3); i > 0; --i) target.nodes.push_back(DrawNode());
    return Targets{{target}};
  }

  Rng rng_;
  std::uint64_t sessions_ = 0;
  std::vector<Command> sent_;
};

}  // namespace aegis::control
