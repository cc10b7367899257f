#include "ring/movement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "base/rng.h"
#include "unit/ring/random_cluster.h"

namespace aegis::ring {
namespace {

constexpr NodeId kA{1};
constexpr NodeId kB{2};
constexpr NodeId kC{3};
constexpr NodeId kD{4};

TEST(DiffTest, EqualPlacementsMoveNothing) {
  const Placement placement{{{kA, kB}, {kB, kC}}};
  const Movement movement = Diff(placement, placement);
  EXPECT_TRUE(movement.shards.empty());
  EXPECT_EQ(movement.replicas_moved, 0U);
  EXPECT_EQ(movement.leaders_moved, 0U);
  EXPECT_EQ(movement.replicas_least, 0U);
  EXPECT_EQ(movement.leaders_least, 0U);
}

TEST(DiffTest, NamesEachShardThatChangesWithItsReplicasAndLeaders) {
  const Placement from{{{kA, kB}, {kB, kC}, {kA, kC}}};
  const Placement to{{{kA, kB}, {kC, kD}, {kC, kA}}};
  const Movement movement = Diff(from, to);
  const std::vector<ShardMove> expected = {
      {.shard = ShardId{1},
       .added = {kD},
       .removed = {kB},
       .leader_before = kB,
       .leader_after = kC},
      {.shard = ShardId{2}, .added = {}, .removed = {}, .leader_before = kA, .leader_after = kC}};
  EXPECT_EQ(movement.shards, expected);
  EXPECT_EQ(movement.replicas_moved, 1U);
  EXPECT_EQ(movement.leaders_moved, 2U);
}

TEST(DiffTest, LeastOfAJoinIsWhatTheNewcomerHoldsAndLeads) {
  const Placement from{{{kA, kB}, {kB, kC}, {kC, kA}}};
  const Placement to{{{kD, kB}, {kB, kD}, {kA, kB}}};  // The last move is not for kD.
  const Movement movement = Diff(from, to);
  EXPECT_EQ(movement.replicas_moved, 3U);
  EXPECT_EQ(movement.replicas_least, 2U);
  EXPECT_EQ(movement.leaders_moved, 2U);
  EXPECT_EQ(movement.leaders_least, 1U);
}

TEST(DiffTest, LeastOfALeaveIsWhatTheLeaverHeldAndLed) {
  const Placement from{{{kD, kB}, {kB, kD}, {kA, kB}}};
  const Placement to{{{kA, kB}, {kB, kC}, {kC, kA}}};
  const Movement movement = Diff(from, to);
  EXPECT_EQ(movement.replicas_least, 2U);
  EXPECT_EQ(movement.leaders_least, 1U);
}

TEST(DiffTest, ReplacingANodeCountsEachMoveOnce) {
  const Placement from{{{kA, kB}, {kA, kC}}};
  const Placement to{{{kD, kB}, {kD, kC}}};
  const Movement movement = Diff(from, to);
  EXPECT_EQ(movement.replicas_moved, 2U);
  EXPECT_EQ(movement.replicas_least, 2U);
  EXPECT_EQ(movement.leaders_least, 2U);
}

TEST(DiffTest, LeaverWhoseReplicasNobodyCanTakeMovesNothing) {
  const Placement from{{{kA, kB, kC}, {kB, kC, kA}}};
  const Placement to{{{kA, kB}, {kB, kA}}};
  const Movement movement = Diff(from, to);
  EXPECT_EQ(movement.replicas_moved, 0U);
  EXPECT_EQ(movement.replicas_least, 0U);
  EXPECT_EQ(movement.shards.size(), 2U);
}

TEST(DiffTest, BirthMovesEverythingAndNothingCouldMoveLess) {
  const Placement from{{{}, {}}};
  const Placement to{{{kA, kB}, {kB, kA}}};
  const Movement movement = Diff(from, to);
  EXPECT_EQ(movement.replicas_moved, 4U);
  EXPECT_EQ(movement.replicas_least, 4U);
  EXPECT_EQ(movement.leaders_least, 2U);
  EXPECT_EQ(movement.shards.front().leader_before, kNoNode);
}

// One more member, and the same one less.
struct JoinAndLeave {
  Movement join;
  Movement leave;
};

JoinAndLeave AddLast(const std::vector<PlacementMember>& members, const PlacementOptions& options) {
  const std::vector<PlacementMember> before(members.begin(), members.end() - 1);
  const Placement without = ComputePlacement(before, options);
  const Placement with = ComputePlacement(members, options);
  return {.join = Diff(without, with), .leave = Diff(with, without)};
}

TEST(MovementTest, EveryJoinAndLeaveOfUpToSixteenNodesMovesAtMostTwentyPercentMoreThanTheLeast) {
  for (std::size_t nodes = 2; nodes <= 16; ++nodes) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      SCOPED_TRACE(std::to_string(nodes) + " nodes, seed " + std::to_string(seed));
      Rng rng(seed * 100 + nodes);
      const auto [join, leave] = AddLast(EqualMembers(nodes + 1, rng), {});
      ASSERT_LE(join.replicas_moved * 10, join.replicas_least * 12);
      ASSERT_LE(leave.replicas_moved * 10, leave.replicas_least * 12);
    }
  }
}

TEST(MovementTest, WithManyShardsEveryEventOfLargeClustersMovesAtMostTwentyPercentMore) {
  PlacementOptions options;
  options.num_shards = 4096;
  for (const std::size_t nodes : {17U, 50U, 100U, 200U}) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      SCOPED_TRACE(std::to_string(nodes) + " nodes, seed " + std::to_string(seed));
      Rng rng(seed * 1000 + nodes);
      const auto [join, leave] = AddLast(EqualMembers(nodes + 1, rng), options);
      ASSERT_LE(join.replicas_moved * 10, join.replicas_least * 12);
      ASSERT_LE(leave.replicas_moved * 10, leave.replicas_least * 12);
    }
  }
}

// Sums over many events: the mean, weighted by how much each had to move.
class Totals {
 public:
  void Add(const JoinAndLeave& event) {
    for (const Movement* movement : {&event.join, &event.leave}) {
      replicas_moved_ += movement->replicas_moved;
      replicas_least_ += movement->replicas_least;
      leaders_moved_ += movement->leaders_moved;
      leaders_least_ += movement->leaders_least;
    }
  }
  double replicas() const { return replicas_moved_ / replicas_least_; }
  double leaders() const { return leaders_moved_ / leaders_least_; }

 private:
  double replicas_moved_ = 0;
  double replicas_least_ = 0;
  double leaders_moved_ = 0;
  double leaders_least_ = 0;
};

TEST(MovementTest, OnAverageJoinsAndLeavesOfUpToThirtyTwoNodesMoveAtMostTwentyPercentMore) {
  for (std::size_t smallest = 2; smallest <= 30; smallest += 3) {
    SCOPED_TRACE(smallest);
    Totals totals;
    for (std::size_t nodes = smallest; nodes < smallest + 3; ++nodes) {
      for (std::uint64_t seed = 0; seed < 15; ++seed) {
        Rng rng(seed * 100 + nodes);
        totals.Add(AddLast(EqualMembers(nodes + 1, rng), {}));
      }
    }
    EXPECT_LE(totals.replicas(), 1.2);
    EXPECT_LE(totals.leaders(), 1.8);  // Leaders move without data.
  }
}

TEST(MovementTest, OnAverageWeightsOrThreeZonesMoveNoMoreThanThat) {
  Totals weighted;
  Totals zoned;
  for (std::size_t nodes = 3; nodes <= 32; ++nodes) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      Rng rng(seed * 100 + nodes);
      std::vector<PlacementMember> members = EqualMembers(nodes + 1, rng);
      std::vector<PlacementMember> heavy = members;
      for (PlacementMember& member : heavy) {
        member.weight = static_cast<std::uint32_t>(1 + rng.Below(4));
      }
      weighted.Add(AddLast(heavy, {}));
      for (std::size_t i = 0; i < members.size(); ++i) {
        members[i].zone = "zone-" + std::to_string(i % 3);
      }
      zoned.Add(AddLast(members, {}));
    }
  }
  EXPECT_LE(weighted.replicas(), 1.2);
  EXPECT_LE(zoned.replicas(), 1.2);
}

TEST(MovementTest, NodeThatLeavesAndComesBackFindsItsShardsAgain) {
  Rng rng(1);
  std::vector<PlacementMember> members = EqualMembers(9, rng);
  const Placement before = ComputePlacement(members, {});
  std::rotate(members.begin(), members.begin() + 4, members.end());  // It comes back last.
  EXPECT_TRUE(Diff(before, ComputePlacement(members, {})).shards.empty());
}

}  // namespace
}  // namespace aegis::ring
