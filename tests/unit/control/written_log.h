// WrittenLog: a state and the end of the log that made it, and short words for what a log says.
//
// Node n runs as session 100 n + r with memory 1000 n + r, where r counts its starts from 1.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "control/command.h"
#include "control/state.h"

namespace aegis::control {

inline Session SessionOf(std::uint64_t node, std::uint64_t run = 1) {
  return Session{node * 100 + run};
}
inline Holder HolderOf(std::uint64_t node, std::uint64_t run = 1) {
  return {NodeId{node}, SessionOf(node, run)};
}
inline Copy CopyOf(std::uint64_t node, std::uint64_t run = 1) {
  return {NodeId{node}, Session{node * 1000 + run}};
}

inline Birth BirthOf(std::uint32_t num_shards) {
  return {{.id = ClusterId{7},
           .num_shards = num_shards,
           .replication_factor = 3,
           .virtual_nodes = 20,
           .hash_seed = 5}};
}

inline Register RegisterOf(std::uint64_t node, std::uint64_t run = 1) {
  return {.node = NodeId{node},
          .session = SessionOf(node, run),
          .previous = run == 1 ? Session{} : SessionOf(node, run - 1),
          .memory = CopyOf(node, run).memory,
          .server = node * 10,
          .name = "node-" + std::to_string(node),
          .zone = node % 2 == 0 ? "even" : "odd",
          .weight = 1};
}

inline Assign AssignOf(std::uint32_t shard, std::uint32_t epoch, Holder from, Holder to,
                       bool unclean = false) {
  return {{{.shard = ShardId{shard},
            .epoch = Epoch{epoch},
            .from = from,
            .to = to,
            .unclean = unclean}}};
}

inline Transfer TransferOf(std::uint32_t shard, std::uint32_t epoch, Holder from, Holder to) {
  return {{{.shard = ShardId{shard}, .epoch = Epoch{epoch}, .from = from, .to = to}}};
}

inline Targets TargetOf(std::uint32_t shard, const std::vector<std::uint64_t>& nodes) {
  Target target{.shard = ShardId{shard}, .nodes = {}};
  for (const std::uint64_t node : nodes) target.nodes.emplace_back(node);
  return {{target}};
}

class WrittenLog {
 public:
  const State& state() const { return state_; }
  const ShardState& Shard(std::uint32_t shard) const { return state_.shards().at(shard); }

  // True iff the command changed anything.
  bool Takes(const Command& command) {
    State idle = state_;
    idle.Advance(Next());
    state_.Apply(Next(), command);
    return state_ != idle;
  }

  // A change of shard 0 as its leader would ask for it now.
  InSync Change(const Copy& copy, bool remove = false) const {
    const ShardState& shard = state_.shards().at(0);
    return {{{.shard = ShardId{0},
              .epoch = shard.epoch,
              .change = shard.change,
              .session = shard.leader.session,
              .copy = copy,
              .remove = remove}}};
  }

  // The entry after the last one.
  Applied Next() const { return {state_.applied().index + 1, term}; }

  std::uint64_t term = 1;

 private:
  State state_;
};

}  // namespace aegis::control
