#include "ring/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "unit/ring/random_cluster.h"

namespace aegis::ring {
namespace {

constexpr std::uint64_t kClusters = 300;

struct Load {
  std::uint32_t held = 0;
  std::uint32_t led = 0;
};

std::map<NodeId, Load> LoadsOf(const Placement& placement) {
  std::map<NodeId, Load> loads;
  for (const std::vector<NodeId>& replicas : placement.replicas) {
    for (const NodeId node : replicas) ++loads[node].held;
    ++loads[replicas.front()].led;
  }
  return loads;
}

// ceil(1.1 * shares / parts).
std::uint32_t TenPercentAbove(std::uint64_t shares, std::uint64_t parts) {
  return static_cast<std::uint32_t>((shares * 11 + parts * 10 - 1) / (parts * 10));
}

TEST(PlacementTest, EveryShardHasDistinctReplicasAsManyAsThereAreNodesUpToTheFactor) {
  for (std::uint64_t seed = 0; seed < kClusters; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const auto [members, options] = DrawCluster(rng);
    std::set<NodeId> known;
    for (const PlacementMember& member : members) known.insert(member.id);

    const Placement placement = ComputePlacement(members, options);
    ASSERT_EQ(placement.replicas.size(), options.num_shards);
    for (const std::vector<NodeId>& replicas : placement.replicas) {
      ASSERT_EQ(replicas.size(), std::min<std::size_t>(options.replication_factor, members.size()));
      const std::set<NodeId> distinct(replicas.begin(), replicas.end());
      ASSERT_EQ(distinct.size(), replicas.size());
      ASSERT_TRUE(std::ranges::includes(known, distinct));
    }
  }
}

TEST(PlacementTest, EveryShardSpansAsManyZonesAsItCan) {
  for (std::uint64_t seed = 0; seed < kClusters; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const auto [members, options] = DrawCluster(rng);
    std::map<NodeId, std::string> zone_of;
    std::set<std::string> zones;
    for (const PlacementMember& member : members) {
      zone_of[member.id] = member.zone;
      zones.insert(member.zone);
    }
    for (const std::vector<NodeId>& replicas : ComputePlacement(members, options).replicas) {
      std::set<std::string> spanned;
      for (const NodeId node : replicas) spanned.insert(zone_of.at(node));
      ASSERT_EQ(spanned.size(), std::min(zones.size(), replicas.size()));
    }
  }
}

TEST(PlacementTest, NoNodeHoldsOrLeadsMoreThanItsLimit) {
  for (std::uint64_t seed = 0; seed < 4 * kClusters; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const auto [members, options] = DrawCluster(rng);
    std::map<NodeId, Load> loads = LoadsOf(ComputePlacement(members, options));
    for (const LoadLimit& limit : LoadLimits(members, options)) {
      ASSERT_LE(loads[limit.node].held, limit.replicas);
      ASSERT_LE(loads[limit.node].led, limit.leaders);
    }
  }
}

TEST(PlacementTest, EqualNodesHoldAndLeadAtMostTenPercentAboveTheAverage) {
  for (const std::size_t nodes : {1U, 2U, 3U, 4U, 5U, 7U, 10U, 16U, 23U, 50U, 100U, 200U, 300U}) {
    SCOPED_TRACE(nodes);
    Rng rng(nodes);
    const PlacementOptions options;
    for (int cluster = 0; cluster < 5; ++cluster) {
      const Placement placement = ComputePlacement(EqualMembers(nodes, rng), options);
      const std::uint64_t replicas = options.num_shards * std::min<std::uint64_t>(3, nodes);
      for (const auto& [node, load] : LoadsOf(placement)) {
        ASSERT_LE(load.held, std::min(options.num_shards, TenPercentAbove(replicas, nodes)));
        ASSERT_LE(load.led, std::min(options.num_shards, TenPercentAbove(256, nodes)));
      }
    }
  }
}

TEST(PlacementTest, NodesHoldAndLeadInProportionToTheirWeights) {
  Rng rng(1);
  PlacementOptions options;
  options.num_shards = 1024;
  std::vector<PlacementMember> members = EqualMembers(12, rng);
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    members[i].weight = static_cast<std::uint32_t>(1 + i % 4);
    total += members[i].weight;
  }
  std::map<NodeId, Load> loads = LoadsOf(ComputePlacement(members, options));
  for (const PlacementMember& member : members) {
    const double fair = 3.0 * options.num_shards * member.weight / total;
    EXPECT_LE(loads[member.id].held, TenPercentAbove(3072 * member.weight, total));
    EXPECT_GE(loads[member.id].held, 0.8 * fair);
    EXPECT_LE(loads[member.id].led, TenPercentAbove(1024 * member.weight, total));
  }
}

TEST(PlacementTest, HeavyNodeHoldsEveryShardOnce) {
  Rng rng(1);
  std::vector<PlacementMember> members = EqualMembers(6, rng);
  members[0].weight = 1'000'000;
  std::map<NodeId, Load> loads = LoadsOf(ComputePlacement(members, {}));
  EXPECT_EQ(loads[members[0].id].held, 256U);
  for (std::size_t i = 1; i < members.size(); ++i) {
    EXPECT_LE(loads[members[i].id].held, TenPercentAbove(2 * 256, 5));
  }
}

TEST(PlacementTest, SmallZoneHoldsEveryShardWhenAReplicaIsOwedToIt) {
  Rng rng(1);
  std::vector<PlacementMember> members = EqualMembers(8, rng);
  for (PlacementMember& member : members) member.zone = "large";
  members[3].zone = "small";
  std::map<NodeId, Load> loads = LoadsOf(ComputePlacement(members, {}));
  EXPECT_EQ(loads[members[3].id].held, 256U);
  EXPECT_LE(loads[members[3].id].led, TenPercentAbove(256, 8));
}

TEST(PlacementTest, OrderOfTheMembersDoesNotMatter) {
  for (std::uint64_t seed = 0; seed < kClusters; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    auto [members, options] = DrawCluster(rng);
    const Placement placement = ComputePlacement(members, options);
    std::ranges::shuffle(members, rng);
    ASSERT_EQ(ComputePlacement(members, options), placement);
    std::ranges::reverse(members);
    ASSERT_EQ(ComputePlacement(members, options), placement);
  }
}

TEST(PlacementTest, PlacementIsTheSameOnEveryMachineAndInEveryRelease) {
  std::vector<PlacementMember> members;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    members.push_back(
        {.id = NodeId{i}, .weight = 1 + static_cast<std::uint32_t>(i % 2), .zone = ""});
  }
  PlacementOptions options;
  options.num_shards = 8;
  const auto ids = [](std::initializer_list<std::uint64_t> values) {
    std::vector<NodeId> nodes;
    for (const std::uint64_t value : values) nodes.emplace_back(value);
    return nodes;
  };
  const std::vector<std::vector<NodeId>> expected = {ids({5, 1, 2}), ids({4, 3, 5}), ids({3, 5, 2}),
                                                     ids({3, 5, 1}), ids({5, 3, 4}), ids({2, 1, 3}),
                                                     ids({2, 1, 4}), ids({1, 5, 3})};
  EXPECT_EQ(ComputePlacement(members, options).replicas, expected);
}

TEST(PlacementTest, OneNodeHoldsAndLeadsEverything) {
  const Placement placement = ComputePlacement({{.id = NodeId{7}, .weight = 1, .zone = ""}}, {});
  for (const std::vector<NodeId>& replicas : placement.replicas) {
    EXPECT_EQ(replicas, std::vector<NodeId>{NodeId{7}});
  }
}

TEST(PlacementTest, WithoutMembersNoShardHasAReplica) {
  const Placement placement = ComputePlacement({}, {});
  ASSERT_EQ(placement.replicas.size(), 256U);
  for (const std::vector<NodeId>& replicas : placement.replicas) EXPECT_TRUE(replicas.empty());
  EXPECT_TRUE(LoadLimits({}, {}).empty());
}

TEST(PlacementTest, AThousandNodesArePlacedWithinTheirLimits) {
  Rng rng(1);
  PlacementOptions options;
  options.num_shards = 4096;
  const std::vector<PlacementMember> members = EqualMembers(1000, rng);
  for (const auto& [node, load] : LoadsOf(ComputePlacement(members, options))) {
    EXPECT_LE(load.held, TenPercentAbove(3 * 4096, 1000));
    EXPECT_LE(load.led, TenPercentAbove(4096, 1000));
  }
}

TEST(PlacementDeathTest, MemberNamedTwiceIsABug) {
  const PlacementMember member{.id = NodeId{1}, .weight = 1, .zone = ""};
  EXPECT_DEATH(ComputePlacement({member, member}, {}), "a member is named once");
}

}  // namespace
}  // namespace aegis::ring
