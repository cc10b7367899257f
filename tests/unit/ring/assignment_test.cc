#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/rng.h"
#include "ring/leader_assignment.h"
#include "ring/replica_assignment.h"
#include "unit/ring/random_cluster.h"

namespace aegis::ring {
namespace {

std::vector<std::uint32_t> LoadsOf(const ReplicaAssignment& assignment, std::size_t nodes) {
  std::vector<std::uint32_t> loads(nodes);
  for (const std::vector<Replica>& replicas : assignment.shards()) {
    for (const Replica& replica : replicas) ++loads[replica.node];
  }
  return loads;
}

TEST(ReplicaAssignmentTest, LimitsWithoutAnyRoomToSpareAreFilledExactly) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    const std::vector<PlacementMember> members = EqualMembers(4 + rng.Below(20), rng);
    const Topology topology(members, {});
    const auto nodes = static_cast<std::uint32_t>(members.size());
    std::vector<std::uint32_t> limits(nodes, 3 * 256 / nodes);
    for (std::uint32_t i = 0; i < 3 * 256 % nodes; ++i) ++limits[i];
    const HashRing ring(topology);
    const ReplicaAssignment assignment(topology, ring, limits);
    EXPECT_EQ(LoadsOf(assignment, members.size()), limits);
    EXPECT_EQ(assignment.beyond_limit(), 0U);
  }
}

TEST(ReplicaAssignmentTest, ReplicasComeBeforeTheLimit) {
  Rng rng(1);
  const Topology topology(EqualMembers(5, rng), {});
  const std::vector<std::uint32_t> limits(5, 100);
  const HashRing ring(topology);
  const ReplicaAssignment assignment(topology, ring, limits);
  const std::vector<std::uint32_t> loads = LoadsOf(assignment, 5);
  EXPECT_EQ(std::accumulate(loads.begin(), loads.end(), 0U), 768U);
  EXPECT_EQ(assignment.beyond_limit(), 268U);
  for (const std::uint32_t load : loads) EXPECT_NEAR(load, 154, 2);
}

TEST(ReplicaAssignmentTest, ReplicasStandInTheOrderOfTheirDistance) {
  Rng rng(1);
  const Topology topology(EqualMembers(9, rng), {});
  const std::vector<std::uint32_t> limits(9, 86);
  const HashRing ring(topology);
  const ReplicaAssignment assignment(topology, ring, limits);
  for (std::uint32_t shard = 0; shard < 256; ++shard) {
    const std::vector<Replica>& replicas = assignment.shards()[shard];
    for (const Replica& replica : replicas) {
      EXPECT_EQ(replica.distance, ring.DistanceToNode(replica.node, shard));
    }
    EXPECT_TRUE(std::ranges::is_sorted(replicas, {}, &Replica::distance));
  }
}

using Leaders = std::vector<NodeIndex>;

TEST(AssignLeadersTest, NearestReplicaLeadsWhileItHasRoom) {
  EXPECT_EQ(AssignLeaders({{{1, 0}, {9, 1}}, {{2, 0}, {8, 1}}, {{3, 0}, {7, 1}}}, {2, 2}),
            (Leaders{0, 0, 1}));
}

TEST(AssignLeadersTest, LeadershipIsHandedOnSoThatAShardWithOneChoiceGetsIt) {
  // Shard 1 has only node 0, which the nearer shard 0 took; shard 0 goes on to node 1, whose
  // shard 2 goes on to node 2.
  EXPECT_EQ(AssignLeaders({{{1, 0}, {5, 1}}, {{9, 0}}, {{2, 1}, {6, 2}}}, {1, 1, 1}),
            (Leaders{1, 0, 2}));
}

TEST(AssignLeadersTest, LimitsYieldWhenThereIsNoOtherChoice) {
  EXPECT_EQ(AssignLeaders({{{1, 0}}, {{2, 0}}, {{3, 0}, {4, 1}}}, {1, 1}), (Leaders{0, 0, 1}));
}

}  // namespace
}  // namespace aegis::ring
