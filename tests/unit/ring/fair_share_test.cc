#include "ring/fair_share.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace aegis::ring {
namespace {

struct WeightAndZone {
  std::uint32_t weight;
  std::string zone;
};

Topology Make(const std::vector<WeightAndZone>& nodes, std::uint32_t num_shards,
              std::uint32_t replication_factor) {
  std::vector<PlacementMember> members;
  for (const auto& [weight, zone] : nodes) {
    members.push_back({.id = NodeId{members.size() + 1}, .weight = weight, .zone = zone});
  }
  PlacementOptions options;
  options.num_shards = num_shards;
  options.replication_factor = replication_factor;
  return Topology(members, options);
}

// In whole replicas and rounded to a thousandth, to be read.
std::vector<double> Rounded(const std::vector<Share>& shares) {
  std::vector<double> rounded;
  for (const Share share : shares) {
    const std::uint64_t thousandths = (share * 1000 + kShareOne / 2) / kShareOne;
    rounded.push_back(static_cast<double>(thousandths) / 1000);
  }
  return rounded;
}

using Shares = std::vector<double>;
using Counts = std::vector<std::uint32_t>;

TEST(FairShareTest, EqualNodesShareEqually) {
  const Topology topology = Make({{1, ""}, {1, ""}, {1, ""}, {1, ""}, {1, ""}}, 256, 3);
  EXPECT_EQ(Rounded(FairReplicas(topology)), (Shares{153.6, 153.6, 153.6, 153.6, 153.6}));
  EXPECT_EQ(Rounded(FairLeaders(topology)), (Shares{51.2, 51.2, 51.2, 51.2, 51.2}));
  EXPECT_EQ(Limits(FairReplicas(topology), topology.options), (Counts{169, 169, 169, 169, 169}));
  EXPECT_EQ(Limits(FairLeaders(topology), topology.options), (Counts{57, 57, 57, 57, 57}));
}

TEST(FairShareTest, LimitOfAWholeNumberIsNotRaisedByRounding) {
  const Topology topology = Make(std::vector<WeightAndZone>(10, {1, ""}), 100, 1);
  EXPECT_EQ(Limits(FairReplicas(topology), topology.options), Counts(10, 11));
  EXPECT_EQ(Limits(FairLeaders(topology), topology.options), Counts(10, 11));
}

TEST(FairShareTest, FewerNodesThanReplicasHoldEverything) {
  const Topology topology = Make({{1, ""}, {5, ""}}, 64, 3);
  EXPECT_EQ(Limits(FairReplicas(topology), topology.options), (Counts{64, 64}));
}

TEST(FairShareTest, WeightsDivideTheRest) {
  const Topology topology = Make({{1, ""}, {2, ""}, {3, ""}, {4, ""}}, 100, 1);
  EXPECT_EQ(Rounded(FairReplicas(topology)), (Shares{10, 20, 30, 40}));
  EXPECT_EQ(Rounded(FairLeaders(topology)), (Shares{10, 20, 30, 40}));
}

TEST(FairShareTest, WhatAFullNodeCannotTakeTheOthersShare) {
  const Topology topology = Make({{10, ""}, {1, ""}, {1, ""}, {2, ""}}, 100, 2);
  EXPECT_EQ(Rounded(FairReplicas(topology)), (Shares{100, 25, 25, 50}));
}

TEST(FairShareTest, ZoneIsOwedOneReplicaOfEachShardWhenZonesAreFew) {
  const Topology topology = Make({{1, "a"}, {1, "b"}, {1, "b"}, {1, "b"}, {1, "b"}}, 100, 2);
  EXPECT_EQ(Rounded(FairReplicas(topology)), (Shares{100, 25, 25, 25, 25}));
}

TEST(FairShareTest, LargestZoneTakesTheReplicasThatAreNotOwed) {
  const Topology topology = Make({{1, "a"}, {1, "b"}, {1, "b"}, {1, "b"}, {1, "b"}}, 100, 3);
  EXPECT_EQ(Rounded(FairReplicas(topology)), (Shares{100, 50, 50, 50, 50}));
}

TEST(FairShareTest, ZoneHoldsNoShardTwiceWhenZonesAreMany) {
  std::vector<WeightAndZone> nodes(10, {1, "large"});
  for (const char* zone : {"a", "b", "c"}) nodes.push_back({1, zone});
  Shares expected(10, 10);
  expected.insert(expected.end(), 3, 66.667);
  EXPECT_EQ(Rounded(FairReplicas(Make(nodes, 100, 3))), expected);
}

TEST(FairShareTest, SharesAddUpToTheReplicasAndNeverAboveThem) {
  for (std::uint32_t nodes = 1; nodes <= 64; ++nodes) {
    std::vector<WeightAndZone> members;
    for (std::uint32_t i = 0; i < nodes; ++i) {
      members.push_back({1 + i * i % 17, "zone-" + std::to_string(i % 5)});
    }
    const Topology topology = Make(members, 256, 3);
    Share sum = 0;
    for (const Share share : FairReplicas(topology)) sum += share;
    const Share whole = Share{256} * topology.replicas * kShareOne;
    EXPECT_LE(sum, whole);
    EXPECT_GE(sum, whole - kShareOne / 1000);
  }
}

TEST(FairShareTest, LimitsLeaveRoomForEveryReplicaAtTheExtremesOfTheArithmetic) {
  std::vector<PlacementMember> members;
  for (std::uint64_t i = 0; i < 1024; ++i) {
    members.push_back({.id = NodeId{i}, .weight = i % 2 == 0 ? 0xffff'ffffU : 1, .zone = ""});
  }
  PlacementOptions options;
  options.num_shards = 16'384;
  options.replication_factor = 700;
  options.load_bound_percent = 1000;
  const Topology topology(members, options);
  const std::vector<Share> shares = FairReplicas(topology);
  const Counts limits = Limits(shares, options);
  for (std::size_t i = 0; i < members.size(); i += 2) {
    EXPECT_EQ(shares[i], 16'384 * kShareOne);  // Heavy nodes are full.
    EXPECT_EQ(limits[i], 16'384U);
    EXPECT_EQ(shares[i + 1] >> kShareBits, 16'384U * 188 / 512);
  }
}

}  // namespace
}  // namespace aegis::ring
