#include "control/planner.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "unit/control/planner_fixture.h"

namespace aegis::control {
namespace {

using namespace std::chrono_literals;

TEST_F(PlannerTest, BeforeItsBirthAClusterNeedsNothing) {
  See(1).live = true;
  See(1).wants = RegisterOf(1);
  EXPECT_TRUE(Plan().empty());
}

TEST_F(PlannerTest, WhatIsAsItShouldBeIsLeftAlone) {
  Begin(16);
  Settle();
  now_ += 1h;
  EXPECT_TRUE(Plan().empty());
  EXPECT_EQ(planner_.movement().moving, 0U);
  EXPECT_EQ(planner_.leaderless(), 0U);
}

// --- Fences -------------------------------------------------------------------------------------

TEST_F(PlannerTest, ASilentLeaderIsFenced) {
  Begin(1);
  Lead(0);
  EXPECT_TRUE(FencedBy(Plan()).empty());
  See(1).silent = true;
  EXPECT_EQ(FencedBy(Plan()), Holders{HolderOf(1)});
  Take(Fence{HolderOf(1)});
  EXPECT_TRUE(FencedBy(Plan()).empty());
}

TEST_F(PlannerTest, TheOnlyNodeIsNotFencedForItsSilence) {
  Begin(/*num_shards=*/1, /*nodes=*/1);
  Lead(0);
  See(1).silent = true;
  EXPECT_TRUE(FencedBy(Plan()).empty());
  See(1).wants = RegisterOf(1, 2);
  EXPECT_EQ(FencedBy(Plan()), Holders{HolderOf(1)});
}

TEST_F(PlannerTest, ALeaderThatGossipTakesForDeadIsNotFencedWhileItsLeaseIsRenewed) {
  Begin(1);
  Lead(0);
  See(1).live = false;
  now_ += 1h;
  EXPECT_TRUE(FencedBy(Plan()).empty());
}

TEST_F(PlannerTest, SilenceOfANodeThatLeadsNothingIsNobodysTrouble) {
  Begin(1);
  Lead(0);
  See(2).silent = true;
  EXPECT_TRUE(FencedBy(Plan()).empty());
}

TEST_F(PlannerTest, ASessionIsFencedForTheOneThatIsToFollow) {
  Begin(1);
  Lead(0);
  See(2).wants = RegisterOf(2, 2);
  EXPECT_EQ(FencedBy(Plan()), Holders{HolderOf(2)});
}

TEST_F(PlannerTest, ARegistrationThatCannotComeAboutFencesNobody) {
  Begin(1);
  Lead(0);
  See(1).wants = RegisterOf(1);     // What it is.
  See(2).wants = RegisterOf(2, 3);  // Follows a session that is not its node's.
  See(3).wants = RegisterOf(2, 2);  // Another's.
  EXPECT_TRUE(FencedBy(Plan()).empty());
}

TEST_F(PlannerTest, ANodeThatDepartedIsFencedOnceItIsSilent) {
  Begin(1);
  Lead(0);
  See(3).live = false;
  See(3).left = true;
  EXPECT_TRUE(FencedBy(Plan()).empty());
  See(3).silent = true;
  EXPECT_EQ(FencedBy(Plan()), Holders{HolderOf(3)});
  See(3).left = false;
  EXPECT_TRUE(FencedBy(Plan()).empty());
  now_ += options_.removed_after;
  EXPECT_EQ(FencedBy(Plan()), Holders{HolderOf(3)});
}

// --- Registrations ------------------------------------------------------------------------------

TEST_F(PlannerTest, ANewNodeIsRegistered) {
  Begin(1);
  See(4).live = true;
  See(4).wants = RegisterOf(4);
  EXPECT_EQ(Only<Register>(Plan()), std::vector<Register>{RegisterOf(4)});
  Take(RegisterOf(4));
  EXPECT_TRUE(Only<Register>(Plan()).empty());
}

TEST_F(PlannerTest, ASessionIsRegisteredOnceItsPredecessorIsFenced) {
  Begin(1);
  See(2).wants = RegisterOf(2, 2);
  EXPECT_TRUE(Only<Register>(Plan()).empty());
  Take(Fence{HolderOf(2)});
  EXPECT_EQ(Only<Register>(Plan()), std::vector<Register>{RegisterOf(2, 2)});
}

TEST_F(PlannerTest, NobodyRegistersAnother) {
  Begin(1);
  See(2).wants = RegisterOf(4);
  EXPECT_TRUE(Only<Register>(Plan()).empty());
}

// --- Removals -----------------------------------------------------------------------------------

TEST_F(PlannerTest, ANodeThatLeftIsRemovedOnceNothingNeedsIt) {
  Begin(16, 4);
  Settle();
  Take(Leaving{HolderOf(4)});
  Settle();
  EXPECT_TRUE(Only<Remove>(Plan()).empty());
  See(4).live = false;
  See(4).left = true;
  See(4).silent = true;
  Settle();
  EXPECT_TRUE(log_.state().Find(NodeId{4})->removed);
  EXPECT_TRUE(Plan().empty());
}

TEST_F(PlannerTest, ADeadNodeIsRemovedAfterAWhile) {
  Begin(16, 4);
  Settle();
  See(4).live = false;
  See(4).silent = true;
  EXPECT_EQ(FencedBy(Step()), Holders{HolderOf(4)});
  sight_.safe.insert(HolderOf(4));
  Settle();
  now_ += options_.removed_after - 1ms;
  EXPECT_TRUE(Plan().empty());
  now_ += 1ms;
  Settle();
  EXPECT_TRUE(log_.state().Find(NodeId{4})->removed);
  for (std::uint32_t shard = 0; shard < 16; ++shard) {
    EXPECT_EQ(log_.Shard(shard).target, Wanted(shard, {1, 2, 3}));
  }
}

TEST_F(PlannerTest, ANodeThatIsBackInTimeIsNotRemoved) {
  Begin(16, 4);
  Settle();
  See(4).live = false;
  Plan();
  now_ += options_.removed_after / 2;
  See(4).live = true;
  Plan();
  See(4).live = false;
  See(4).silent = true;
  Step();
  sight_.safe.insert(HolderOf(4));
  Settle();
  now_ += options_.removed_after - 1ms;
  EXPECT_TRUE(Plan().empty());
}

TEST_F(PlannerTest, NobodyIsRemovedWhoIsNotFenced) {
  Begin(1);
  Lead(0);
  Take(TargetOf(0, {1}));
  See(3).live = false;
  Plan();
  now_ += 1h;
  EXPECT_TRUE(Only<Remove>(Plan()).empty());
  Take(Fence{HolderOf(3)});
  EXPECT_EQ(Only<Remove>(Plan()).size(), 1U);
}

TEST_F(PlannerTest, NobodyIsRemovedWhoseCopyAShardWithoutALeaderMayNeed) {
  for (const bool given_up : {false, true}) {
    SCOPED_TRACE(given_up);
    log_ = {};
    sight_ = {};
    Planner planner(options_);
    const auto plan = [&] { return planner.Plan(log_.state(), sight_, now_); };
    Begin(1);
    Lead(0, {2});
    Take(QuorumUsed{{ShardId{0}}});
    Take(TargetOf(0, {1, 3}));
    LoseNode1();
    See(2).live = false;
    Take(Fence{HolderOf(2)});
    if (given_up) Take(Leaving{HolderOf(2), true});
    plan();
    now_ += options_.removed_after;
    EXPECT_EQ(Only<Remove>(plan()).size(), given_up ? 1U : 0U);
    if (given_up) continue;
    // The process of the leader is gone; what it held is held by node 2, which is back.
    Take(RegisterOf(1, 2));
    Register command = RegisterOf(2, 2);
    command.memory = CopyOf(2).memory;
    Take(command);
    for (const std::uint64_t node : {1U, 2U}) See(node).live = true;
    const std::vector<Assignment> assignments = AssignedBy(plan());
    ASSERT_EQ(assignments.size(), 1U);
    EXPECT_EQ(assignments[0].to, HolderOf(2, 2));
    EXPECT_FALSE(assignments[0].unclean);
  }
}

TEST_F(PlannerTest, WhoComesBackAfterARemovalHasNotBeenGoneSince) {
  Begin(1);
  Lead(0);
  Take(TargetOf(0, {1}));
  See(3).live = false;
  See(3).left = true;
  Take(Fence{HolderOf(3)});
  Step();
  ASSERT_TRUE(log_.state().Find(NodeId{3})->removed);
  See(3).left = false;
  Plan();
  now_ += 1h;
  Plan();
  Take(RegisterOf(3, 2));
  See(3).silent = true;
  EXPECT_TRUE(FencedBy(Plan()).empty());
}

}  // namespace
}  // namespace aegis::control
