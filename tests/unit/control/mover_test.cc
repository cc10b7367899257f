#include "control/mover.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "unit/control/planner_fixture.h"

namespace aegis::control {
namespace {

TEST_F(PlannerTest, NewShardsGetTheirTargetsAtOnce) {
  Begin(64);
  const std::vector<Target> targets = AimedBy(Step());
  ASSERT_EQ(targets.size(), 64U);
  for (const Target& target : targets) {
    EXPECT_EQ(target.nodes, Wanted(target.shard.value(), {1, 2, 3}));
  }
  EXPECT_EQ(planner_.movement().moving, 0U);
}

TEST_F(PlannerTest, AFewShardsMoveAtATime) {
  Begin(64);
  Settle();
  Join(4);
  const std::vector<Target> first = AimedBy(Step());
  EXPECT_EQ(first.size(), options_.moves_max);
  EXPECT_EQ(planner_.movement().moving, options_.moves_max);
  // None begins before one has ended.
  EXPECT_TRUE(Step().empty());
  EXPECT_EQ(planner_.movement().moving, options_.moves_max);
  const std::uint32_t waiting = planner_.movement().waiting;
  EXPECT_GT(waiting, 0U);
  EXPECT_EQ(planner_.movement().moved, 0U);
  Obey();
  EXPECT_EQ(AimedBy(Step()).size(), options_.moves_max);
  EXPECT_EQ(planner_.movement().waiting, waiting - options_.moves_max);
  EXPECT_EQ(planner_.movement().moved, options_.moves_max);
  Settle();
  EXPECT_EQ(planner_.movement().moving, 0U);
  EXPECT_EQ(planner_.movement().waiting, 0U);
  EXPECT_EQ(planner_.movement().moved, waiting + options_.moves_max);
  for (std::uint32_t shard = 0; shard < 64; ++shard) {
    EXPECT_EQ(log_.Shard(shard).target, Wanted(shard, {1, 2, 3, 4}));
  }
}

TEST_F(PlannerTest, AMoveEndsWhenItsFirstNodeLeads) {
  options_.moves_max = 1;
  Planner planner(options_);
  Begin(1);
  Lead(0, {2, 3});
  Take(TargetOf(0, {2, 1, 3}));
  planner.Plan(log_.state(), sight_, now_);
  EXPECT_EQ(planner.movement().moving, 1U);
  Take(TransferOf(0, 1, HolderOf(1), HolderOf(2)));
  planner.Plan(log_.state(), sight_, now_);
  EXPECT_EQ(planner.movement().moving, Wanted(0, {1, 2, 3}).front() == NodeId{2} ? 0U : 1U);
}

TEST_F(PlannerTest, ADeadNodeKeepsItsPlaceAndHoldsNothingUp) {
  Begin(64);
  Settle();
  See(3).live = false;
  See(3).silent = true;
  sight_.safe.insert(HolderOf(3));
  Settle();
  for (std::uint32_t id = 0; id < 64; ++id) {
    const ShardState& shard = log_.Shard(id);
    EXPECT_EQ(shard.target, Wanted(id, {1, 2, 3}));
    Take(InSync{{{ShardId{id}, shard.epoch, shard.change, shard.leader.session, CopyOf(3), true}}});
  }
  EXPECT_TRUE(Plan().empty());
  EXPECT_EQ(planner_.movement().moving, 0U);
  Join(4);
  EXPECT_EQ(AimedBy(Plan()).size(), options_.moves_max);
}

TEST_F(PlannerTest, NothingGoesToANodeThatIsNotThere) {
  Begin(64);
  Settle();
  Take(RegisterOf(4));
  Settle();
  for (std::uint32_t shard = 0; shard < 64; ++shard) EXPECT_FALSE(Aims(shard, 4));
  See(4).live = true;
  Settle();
  for (std::uint32_t shard = 0; shard < 64; ++shard) {
    EXPECT_EQ(log_.Shard(shard).target, Wanted(shard, {1, 2, 3, 4}));
  }
}

TEST_F(PlannerTest, ANodeThatLeavesLosesItsPlaces) {
  Begin(64, 4);
  Settle();
  Take(Leaving{HolderOf(4)});
  Settle();
  for (std::uint32_t shard = 0; shard < 64; ++shard) {
    EXPECT_EQ(log_.Shard(shard).target, Wanted(shard, {1, 2, 3}));
    EXPECT_FALSE(log_.Shard(shard).InSync(NodeId{4}));
  }
}

TEST_F(PlannerTest, WhenAllLeaveNothingMoves) {
  Begin(8);
  Settle();
  for (const std::uint64_t node : {1U, 2U, 3U}) Take(Leaving{HolderOf(node)});
  EXPECT_TRUE(Plan().empty());
}

TEST_F(PlannerTest, AMoveToANodeThatLostItsPlaceIsAimedAnew) {
  Begin(64);
  Settle();
  Join(4);
  const std::vector<Target> begun = AimedBy(Step());
  ASSERT_EQ(begun.size(), options_.moves_max);
  Take(Leaving{HolderOf(4)});
  // All at once: they are on the move already.
  EXPECT_GT(AimedBy(Step()).size(), 0U);
  for (std::uint32_t shard = 0; shard < 64; ++shard) EXPECT_FALSE(Aims(shard, 4));
  EXPECT_LE(planner_.movement().moving, options_.moves_max);
}

TEST_F(PlannerTest, AShardWithoutALeaderIsNotOnTheMove) {
  options_.moves_max = 0;  // So that nothing is on the move but what was before.
  Planner planner(options_);
  Begin(1);
  Lead(0);
  Take(TargetOf(0, {1, 2, 3}));
  planner.Plan(log_.state(), sight_, now_);
  EXPECT_EQ(planner.movement().moving, 1U);
  LoseNode1();
  planner.Plan(log_.state(), sight_, now_);
  EXPECT_EQ(planner.movement().moving, 0U);
}

TEST_F(PlannerTest, NobodyWaitsForANodeThatIsLeavingToLead) {
  options_.moves_max = 0;
  Planner planner(options_);
  Begin(1);
  Lead(0, {2, 3});
  Take(TargetOf(0, {2, 1, 3}));
  planner.Plan(log_.state(), sight_, now_);
  EXPECT_EQ(planner.movement().moving, 1U);
  Take(Leaving{HolderOf(2)});
  planner.Plan(log_.state(), sight_, now_);
  EXPECT_EQ(planner.movement().moving, 0U);
}

TEST_F(PlannerTest, MovesBeginTowardsTheNodeThatFewestAreUnderWayTo) {
  options_.moves_max = 4;
  Planner planner(options_);
  options_.moves_max = 8;
  Planner faster(options_);
  Begin(64);
  Settle();
  Join(4);
  for (const Command& command : planner.Plan(log_.state(), sight_, now_)) Take(command);
  Join(5);
  for (const Command& command : faster.Plan(log_.state(), sight_, now_)) Take(command);
  EXPECT_EQ(faster.movement().moving, 8U);
  std::ptrdiff_t to_4 = 0;
  std::ptrdiff_t to_5 = 0;
  for (std::uint32_t shard = 0; shard < 64; ++shard) {
    to_4 += Aims(shard, 4) ? 1 : 0;
    to_5 += Aims(shard, 5) ? 1 : 0;
  }
  EXPECT_LE(std::abs(to_4 - to_5), 1) << to_4 << " and " << to_5;
}

}  // namespace
}  // namespace aegis::control
