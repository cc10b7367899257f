// PlannerTest: nodes that live, a log that the test writes, and a planner that looks at both.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "control/planner.h"
#include "model/version.h"
#include "ring/placement.h"
#include "unit/control/written_log.h"

namespace aegis::control {

// The commands of one kind.
template <class Kind>
std::vector<Kind> Only(const std::vector<Command>& commands) {
  std::vector<Kind> only;
  for (const Command& command : commands) {
    if (const Kind* const kind = std::get_if<Kind>(&command)) only.push_back(*kind);
  }
  return only;
}

inline std::vector<Holder> FencedBy(const std::vector<Command>& commands) {
  std::vector<Holder> holders;
  for (const Fence& fence : Only<Fence>(commands)) holders.push_back(fence.holder);
  return holders;
}

inline std::vector<Assignment> AssignedBy(const std::vector<Command>& commands) {
  std::vector<Assignment> all;
  for (const Assign& assign : Only<Assign>(commands)) {
    all.insert(all.end(), assign.assignments.begin(), assign.assignments.end());
  }
  return all;
}

inline std::vector<Target> AimedBy(const std::vector<Command>& commands) {
  std::vector<Target> all;
  for (const Targets& targets : Only<Targets>(commands)) {
    all.insert(all.end(), targets.targets.begin(), targets.targets.end());
  }
  return all;
}

using Holders = std::vector<Holder>;

// Three nodes that live; the test says what else there is.
class PlannerTest : public testing::Test {
 protected:
  void Begin(std::uint32_t num_shards, std::uint64_t nodes = 3) {
    Take(BirthOf(num_shards));
    for (std::uint64_t node = 1; node <= nodes; ++node) Join(node);
  }
  void Join(std::uint64_t node) {
    Take(RegisterOf(node));
    See(node).live = true;
  }
  void Take(const Command& command) { ASSERT_TRUE(log_.Takes(command)); }
  // Shard `shard` is led by node 1 in epoch 1; shard 0 has these nodes in sync besides.
  void Lead(std::uint32_t shard, const std::vector<std::uint64_t>& in_sync = {}) {
    Take(AssignOf(shard, 0, kNobody, HolderOf(1)));
    for (const std::uint64_t node : in_sync) Take(log_.Change(CopyOf(node)));
  }
  // Node 1 was lost, and its lease is over.
  void LoseNode1() {
    See(1).live = false;
    Take(Fence{HolderOf(1)});
    sight_.safe.insert(HolderOf(1));
  }
  void Hold(std::uint64_t node, std::uint32_t shard, std::uint32_t epoch, std::uint64_t seq) {
    See(node).held[ShardId{shard}] = {Epoch{epoch}, Seq{seq}};
  }

  NodeSight& See(std::uint64_t node) { return sight_.nodes[NodeId{node}]; }
  std::vector<Command> Plan() { return planner_.Plan(log_.state(), sight_, now_); }
  // Applies what is planned.
  std::vector<Command> Step() {
    const std::vector<Command> commands = Plan();
    for (const Command& command : commands) EXPECT_TRUE(log_.Takes(command)) << command.index();
    return commands;
  }
  // What is assigned to whom now, of shard 0.
  std::optional<Holder> Heir() {
    const std::vector<Assignment> assignments = AssignedBy(Plan());
    const auto found = std::ranges::find(assignments, ShardId{0}, &Assignment::shard);
    return found == assignments.end() ? std::nullopt : std::optional(found->to);
  }
  // Does what leaders do: brings each shard to its target. False if all of them are there.
  bool Obey();
  // Steps and obeys until nothing is planned any more.
  void Settle() {
    for (int round = 0; round < 1000; ++round) {
      const bool planned = !Step().empty();
      if (!Obey() && !planned) return;
    }
    FAIL() << "the planner never comes to rest";
  }
  bool Aims(std::uint32_t shard, std::uint64_t node) const {
    const std::vector<NodeId>& target = log_.Shard(shard).target;
    return std::ranges::find(target, NodeId{node}) != target.end();
  }
  // Where the ring places the shard if there are these nodes.
  std::vector<NodeId> Wanted(std::uint32_t shard, const std::vector<std::uint64_t>& nodes) const;

  WrittenLog log_;
  Sight sight_;
  TimePoint now_{std::chrono::hours(1)};
  PlannerOptions options_{.reports_patience = Duration{}};
  Planner planner_{options_};
};

inline bool PlannerTest::Obey() {
  bool any = false;
  const auto propose = [&](const Command& command) { any = log_.Takes(command) || any; };
  for (std::uint32_t id = 0; id < log_.state().shards().size(); ++id) {
    const ShardState before = log_.Shard(id);
    if (before.epoch == Epoch{} || !log_.state().MayLead(before.leader)) continue;
    const auto change = [&](const Copy& copy, bool remove) {
      const ShardState& shard = log_.Shard(id);
      const bool listed = std::ranges::find(shard.in_sync, copy) != shard.in_sync.end();
      if (listed != remove) return;
      propose(
          InSync{{{ShardId{id}, shard.epoch, shard.change, shard.leader.session, copy, remove}}});
    };
    for (const NodeId node : before.target) {
      if (sight_.Live(node)) change({node, log_.state().Find(node)->memory}, false);
    }
    for (const Copy& copy : before.in_sync) {
      const bool named = std::ranges::find(before.target, copy.node) != before.target.end();
      if (!named && copy.node != before.leader.node) change(copy, true);
    }
    for (const NodeId node : before.target) {
      const Holder holder{node, log_.state().Find(node)->session};
      if (!sight_.Live(node) || !log_.state().MayLead(holder)) continue;
      if (holder == before.leader) break;
      propose(TransferOf(id, before.epoch.value(), before.leader, holder));
      break;
    }
  }
  return any;
}

inline std::vector<NodeId> PlannerTest::Wanted(std::uint32_t shard,
                                               const std::vector<std::uint64_t>& nodes) const {
  std::vector<ring::PlacementMember> members;
  for (const std::uint64_t node : nodes) {
    const NodeState& state = *log_.state().Find(NodeId{node});
    members.push_back({state.id, state.weight, state.zone});
  }
  const ClusterSettings& settings = log_.state().settings();
  return ring::ComputePlacement(members, {.num_shards = settings.num_shards,
                                          .replication_factor = settings.replication_factor,
                                          .virtual_nodes = settings.virtual_nodes})
      .replicas[shard];
}

}  // namespace aegis::control
