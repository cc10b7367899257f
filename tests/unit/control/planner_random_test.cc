// The planner in its loop: it proposes, the state applies, nodes obey; and whatever happened, the
// cluster comes to rest where it should be.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "ring/placement.h"
#include "unit/control/obedient_cluster.h"

namespace aegis::control {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeeds = 60;
constexpr std::uint32_t kShards = 16;
constexpr std::uint64_t kNodes = 6;

PlannerOptions DrawOptions(Rng& rng) {
  PlannerOptions options;
  options.unclean_after = 2s;
  options.removed_after = 5s;
  options.moves_max = static_cast<std::uint32_t>(1 + rng.Below(6));
  options.first_nodes = static_cast<std::uint32_t>(1 + rng.Below(3));
  options.first_patience = 1s;
  return options;
}

// One thing that happens to one node, or to the control leader.
void Disturb(ObedientCluster& cluster, Rng& rng) {
  const std::uint64_t node = 1 + rng.Below(kNodes);
  const bool runs = cluster.Runs(NodeId{node});
  switch (rng.Below(8)) {
    case 0:
    case 1:
    case 2:
      return runs ? void() : cluster.Start(node);
    case 3:
      return runs ? cluster.Stop(node) : void();
    case 4:
      // A restart so quick that nobody saw the node gone.
      return runs ? cluster.Start(node) : void();
    case 5:
      return runs ? cluster.Pause(node, !cluster.Of(NodeId{node}).paused) : void();
    case 6:
      return runs ? cluster.Leave(node) : void();
    default:
      return cluster.ReplacePlanner();
  }
}

void ExpectWhereItShouldBe(const ObedientCluster& cluster) {
  const State& state = cluster.state();
  std::vector<ring::PlacementMember> members;
  for (const auto& [id, node] : state.nodes()) {
    EXPECT_EQ(node.removed, !cluster.Runs(id)) << id.value();
    if (node.removed) continue;
    members.push_back({id, node.weight, node.zone});
    EXPECT_EQ(node.session, cluster.Of(id).session);
    EXPECT_TRUE(state.MayLead({id, node.session}));
  }
  const ring::Placement placement =
      ring::ComputePlacement(members, {.num_shards = kShards,
                                       .replication_factor = state.settings().replication_factor,
                                       .virtual_nodes = state.settings().virtual_nodes});
  for (std::uint32_t id = 0; id < kShards; ++id) {
    const ShardState& shard = state.shards()[id];
    EXPECT_EQ(shard.target, placement.replicas[id]);
    ASSERT_FALSE(shard.target.empty());
    EXPECT_EQ(shard.leader.node, shard.target.front());
    EXPECT_TRUE(state.MayLead(shard.leader));
    EXPECT_EQ(shard.in_sync.size(), shard.target.size());
    for (const NodeId node : shard.target) {
      EXPECT_TRUE(shard.InSync(node));
      EXPECT_EQ(cluster.Of(node).held.at(ShardId{id}),
                cluster.Of(shard.leader.node).held.at(ShardId{id}));
    }
    for (const Copy& copy : shard.in_sync) EXPECT_TRUE(state.IsCurrent(copy));
  }
  EXPECT_EQ(cluster.planner().movement().moving, 0U);
  EXPECT_EQ(cluster.planner().leaderless(), 0U);
}

// What stopped while it alone held what a quorum wrote would be waited for: where there is such,
// all nodes come back; else one does, if there is none, and the dead stay dead.
void Heal(ObedientCluster& cluster, bool quorums) {
  bool any = false;
  for (std::uint64_t node = 1; node <= kNodes; ++node) {
    if (quorums && !cluster.Runs(NodeId{node})) cluster.Start(node);
    if (cluster.Runs(NodeId{node})) cluster.Pause(node, false);
    any = any || (cluster.Runs(NodeId{node}) && !cluster.Of(NodeId{node}).leaving);
  }
  // The last to leave is not let go: who stays takes over from it.
  if (!any) cluster.Start(kNodes + 1);
}

TEST(PlannerRandomTest, WhateverHappenedTheClusterComesToRestWhereItShouldBe) {
  std::map<std::string, std::uint64_t> counts;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    ObedientCluster cluster(kShards, DrawOptions(rng));
    const bool quorums = seed % 2 == 0;
    for (std::uint64_t node = 1; node <= 3; ++node) cluster.Start(node);
    for (int step = 0; step < 600; ++step) {
      if (rng.Chance(0.05)) Disturb(cluster, rng);
      if (quorums && rng.Chance(0.01)) {
        cluster.UseQuorum(ShardId{static_cast<std::uint32_t>(rng.Below(kShards))});
      }
      cluster.Step();
      ASSERT_EQ(cluster.state().BrokenInvariant(), nullptr) << "at step " << step;
    }
    Heal(cluster, quorums);
    for (int step = 0; step < 600; ++step) cluster.Step();
    for (int step = 0; step < 100; ++step) ASSERT_EQ(cluster.Step(), 0U) << "it never rests";
    ExpectWhereItShouldBe(cluster);
    ASSERT_EQ(cluster.idle(), 0U) << "commands were planned that do nothing";
    if (HasFailure()) return;
    for (const auto& [what, times] : cluster.counts()) counts[what] += times;
  }
  for (const char* const what : {"fence", "clean", "unclean", "targets", "removal"}) {
    EXPECT_GT(counts[what], kSeeds) << what;
  }
}

}  // namespace
}  // namespace aegis::control
