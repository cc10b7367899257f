#include "ring/hash_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "base/rng.h"
#include "unit/ring/random_cluster.h"

namespace aegis::ring {
namespace {

constexpr Distance kArc = Distance{1} << 40U;

Topology Make(std::vector<PlacementMember> members, std::uint32_t virtual_nodes) {
  PlacementOptions options;
  options.virtual_nodes = virtual_nodes;
  return Topology(std::move(members), options);
}

TEST(HashRingTest, NodeHasItsWeightTimesVirtualNodesPoints) {
  const Topology topology =
      Make({{.id = NodeId{1}, .weight = 1, .zone = ""}, {.id = NodeId{2}, .weight = 2, .zone = ""}},
           100);
  const HashRing ring(topology);
  ASSERT_EQ(ring.size(), 300U);
  std::vector<int> points(2);
  for (std::size_t point = 0; point < ring.size(); ++point) ++points[ring.Node(point)];
  EXPECT_EQ(points, (std::vector<int>{100, 200}));
}

TEST(HashRingTest, MorePointsThanShardsMeanOnePerArcAndAllOfThemNearer) {
  const HashRing light(Make({{.id = NodeId{1}, .weight = 1, .zone = ""}}, 256));
  const HashRing heavy(Make({{.id = NodeId{1}, .weight = 10, .zone = ""}}, 256));
  EXPECT_EQ(heavy.size(), 256U);
  for (std::uint32_t shard = 0; shard < 256; ++shard) {
    EXPECT_LT(light.DistanceToNode(0, shard), kArc);
    EXPECT_LT(heavy.DistanceToNode(0, shard), kArc / 10);
  }
}

TEST(HashRingTest, PointsOfANodeAreOneToALayerOfDepth) {
  constexpr std::uint32_t kLayers = 512;
  const HashRing ring(Make({{.id = NodeId{42}, .weight = 1, .zone = ""}}, kLayers));
  std::vector<Distance> depths;
  for (std::uint32_t shard = 0; shard < 256; ++shard) {
    depths.push_back(ring.DistanceToNode(0, shard));
  }
  std::ranges::sort(depths);
  for (std::size_t k = 0; k < depths.size(); ++k) EXPECT_EQ(depths[k] / (kArc / kLayers), k);
}

TEST(HashRingTest, ShardMeetsEveryPointOnceNearestFirst) {
  Rng rng(1);
  const HashRing ring(Make(EqualMembers(7, rng), 30));
  for (std::uint32_t shard = 0; shard < 256; shard += 17) {
    std::set<std::size_t> met;
    Distance last = 0;
    std::size_t point = ring.Start(shard);
    for (std::size_t i = 0; i < ring.size(); ++i, point = ring.Next(point)) {
      EXPECT_GE(ring.DistanceTo(point, shard), last);
      last = ring.DistanceTo(point, shard);
      met.insert(point);
    }
    EXPECT_EQ(met.size(), ring.size());
    EXPECT_LT(last, 256 * kArc);
  }
}

TEST(HashRingTest, JoinMovesNoPointOfTheOthers) {
  Rng rng(1);
  std::vector<PlacementMember> members = EqualMembers(6, rng);
  std::ranges::sort(members, {}, &PlacementMember::id);
  const PlacementMember newcomer = members.back();  // The last index: the others keep theirs.
  const HashRing with(Make(members, 100));
  members.pop_back();
  const HashRing without(Make(members, 100));
  for (std::uint32_t shard = 0; shard < 256; ++shard) {
    for (NodeIndex node = 0; node < members.size(); ++node) {
      EXPECT_EQ(with.DistanceToNode(node, shard), without.DistanceToNode(node, shard));
    }
  }
  EXPECT_EQ(with.size(), without.size() + 100 * newcomer.weight);
}

}  // namespace
}  // namespace aegis::ring
