#include "control/assignments.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <vector>

#include "control/batches.h"
#include "proto/control.pb.h"
#include "unit/control/planner_fixture.h"

namespace aegis::control {
namespace {

using namespace std::chrono_literals;

TEST_F(PlannerTest, AShardIsAssignedOnceTheLeaseOfItsLeaderIsOver) {
  Begin(1);
  Lead(0, {2});
  See(1).live = false;
  Take(Fence{HolderOf(1)});
  EXPECT_EQ(Heir(), std::nullopt);
  EXPECT_EQ(planner_.leaderless(), 1U);
  sight_.safe.insert(HolderOf(1));
  const std::vector<Assignment> assignments = AssignedBy(Plan());
  ASSERT_EQ(assignments.size(), 1U);
  EXPECT_EQ(assignments[0].shard, ShardId{0});
  EXPECT_EQ(assignments[0].epoch, Epoch{1});
  EXPECT_EQ(assignments[0].from, HolderOf(1));
  EXPECT_EQ(assignments[0].to, HolderOf(2));
  EXPECT_FALSE(assignments[0].unclean);
}

TEST_F(PlannerTest, TheNewestCopyInSyncInherits) {
  Begin(1, 4);
  Lead(0, {2, 3});
  LoseNode1();
  Hold(2, 0, 1, 5);
  Hold(3, 0, 1, 6);
  Hold(4, 0, 1, 9);  // Not in sync.
  EXPECT_EQ(Heir(), HolderOf(3));
  See(2).held.clear();
  See(3).held.clear();
  Hold(2, 0, 1, 1);  // Any that is known comes before one that is not.
  EXPECT_EQ(Heir(), HolderOf(2));
}

TEST_F(PlannerTest, OfCopiesEquallyNewTheFirstOfTheTargetInheritsThenTheLowest) {
  Begin(1, 4);
  Lead(0, {2, 3, 4});
  LoseNode1();
  EXPECT_EQ(Heir(), HolderOf(2));
  Take(TargetOf(0, {1, 4}));
  EXPECT_EQ(Heir(), HolderOf(4));
  Take(TargetOf(0, {3, 4}));
  EXPECT_EQ(Heir(), HolderOf(3));
}

TEST_F(PlannerTest, NobodyInheritsWhoCouldNotLead) {
  Begin(1, 4);
  Lead(0, {2, 3, 4});
  LoseNode1();
  See(2).live = false;
  EXPECT_EQ(Heir(), HolderOf(3));
  See(3).silent = true;
  EXPECT_EQ(Heir(), HolderOf(4));
  See(4).wants = RegisterOf(4, 2);
  EXPECT_EQ(Heir(), std::nullopt);
  See(4).wants.reset();
  Take(Fence{HolderOf(4)});
  EXPECT_EQ(Heir(), std::nullopt);
}

TEST_F(PlannerTest, ANodeThatStartedAgainInheritsNothing) {
  Begin(1);
  Lead(0, {2, 3});
  LoseNode1();
  Take(Fence{HolderOf(2)});
  Take(RegisterOf(2, 2));
  Hold(2, 0, 1, 9);
  EXPECT_EQ(Heir(), HolderOf(3));
}

TEST_F(PlannerTest, AFencedNodeThatLivesInheritsItsOwn) {
  Begin(1);
  Lead(0);
  Take(Fence{HolderOf(1)});
  sight_.safe.insert(HolderOf(1));
  Register command = RegisterOf(1, 2);
  command.memory = CopyOf(1).memory;
  Take(command);
  EXPECT_EQ(Heir(), HolderOf(1, 2));
}

TEST_F(PlannerTest, NobodyInheritsBeforeTheOthersInSyncHaveSaidWhatTheyHave) {
  options_.reports_patience = 150ms;
  Planner planner(options_);
  const auto heirs = [&] { return AssignedBy(planner.Plan(log_.state(), sight_, now_)); };
  Begin(1);
  Lead(0, {2, 3});
  LoseNode1();
  Hold(2, 0, 1, 1);
  EXPECT_TRUE(heirs().empty());
  Hold(3, 0, 1, 2);
  ASSERT_EQ(heirs().size(), 1U);
  EXPECT_EQ(heirs()[0].to, HolderOf(3));
  See(3).held.clear();
  EXPECT_TRUE(heirs().empty());
  now_ += 150ms;
  ASSERT_EQ(heirs().size(), 1U) << "not for ever";
  EXPECT_EQ(heirs()[0].to, HolderOf(2));
}

TEST_F(PlannerTest, AnUncleanPromotionWaits) {
  Begin(1);
  Lead(0);
  LoseNode1();
  Hold(2, 0, 1, 1);
  EXPECT_EQ(Heir(), std::nullopt);
  now_ += *options_.unclean_after - 1ms;
  EXPECT_EQ(Heir(), std::nullopt);
  now_ += 1ms;
  const std::vector<Assignment> assignments = AssignedBy(Plan());
  ASSERT_EQ(assignments.size(), 1U);
  EXPECT_TRUE(assignments[0].unclean);
  EXPECT_FALSE(NothingCanComeBack(log_.state(), log_.Shard(0)));
}

TEST_F(PlannerTest, AnUncleanPromotionWaitsForTheLeaseToo) {
  Begin(1);
  Lead(0);
  LoseNode1();
  Hold(2, 0, 1, 1);
  sight_.safe.clear();
  Plan();
  now_ += 1h;
  EXPECT_EQ(Heir(), std::nullopt);
}

TEST_F(PlannerTest, WhoComesBackInTimeInheritsClean) {
  Begin(1);
  Lead(0);
  LoseNode1();
  Plan();
  now_ += 1h;
  Register command = RegisterOf(1, 2);
  command.memory = CopyOf(1).memory;
  Take(command);
  See(1).live = true;
  Hold(2, 0, 1, 9);
  const std::vector<Assignment> assignments = AssignedBy(Plan());
  ASSERT_EQ(assignments.size(), 1U);
  EXPECT_EQ(assignments[0].to, HolderOf(1, 2));
  EXPECT_FALSE(assignments[0].unclean);
}

TEST_F(PlannerTest, PatienceBeginsAnewWithEveryLoss) {
  Begin(1);
  Lead(0);
  Take(TargetOf(0, {1, 2, 3}));
  LoseNode1();
  Plan();
  now_ += *options_.unclean_after;
  EXPECT_NE(Heir(), std::nullopt);
  Take(AssignOf(0, 1, HolderOf(1), HolderOf(2), true));
  Plan();
  See(2).live = false;
  Take(Fence{HolderOf(2)});
  sight_.safe.insert(HolderOf(2));
  EXPECT_EQ(Heir(), std::nullopt);
}

TEST_F(PlannerTest, WhatAQuorumWroteIsNotGivenUpForLackOfPatience) {
  Begin(1);
  Lead(0);
  Take(QuorumUsed{{ShardId{0}}});
  LoseNode1();
  Hold(2, 0, 1, 1);
  Plan();
  now_ += 24h;
  EXPECT_EQ(Heir(), std::nullopt);
}

TEST_F(PlannerTest, ButForNobodyWhoLeftOrWasGivenUpAndIsGone) {
  for (const bool left : {true, false}) {
    SCOPED_TRACE(left);
    log_ = {};
    sight_ = {};
    Planner planner(options_);
    Begin(1);
    Lead(0);
    Take(QuorumUsed{{ShardId{0}}});
    if (!left) Take(Leaving{HolderOf(1), true});
    LoseNode1();
    if (left) See(1).left = true;
    Hold(2, 0, 1, 1);
    planner.Plan(log_.state(), sight_, now_);
    if (!left) {
      EXPECT_TRUE(AssignedBy(planner.Plan(log_.state(), sight_, now_)).empty());
      now_ += options_.removed_after;
    }
    const auto assignments = AssignedBy(planner.Plan(log_.state(), sight_, now_));
    ASSERT_EQ(assignments.size(), 1U);
    EXPECT_TRUE(assignments[0].unclean);
    EXPECT_EQ(assignments[0].to, HolderOf(2));
  }
}

TEST_F(PlannerTest, ANodeThatWasLeavingMayBeCutOffAndIsWaitedForAsAnyOther) {
  Begin(1);
  Lead(0);
  Take(QuorumUsed{{ShardId{0}}});
  Take(Leaving{HolderOf(1)});
  LoseNode1();
  Hold(2, 0, 1, 1);
  Plan();
  now_ += 24h;
  EXPECT_EQ(Heir(), std::nullopt);
  // It is back under another session, with what it had.
  Register command = RegisterOf(1, 2);
  command.memory = CopyOf(1).memory;
  Take(command);
  See(1).live = true;
  const std::vector<Assignment> assignments = AssignedBy(Plan());
  ASSERT_EQ(assignments.size(), 1U);
  EXPECT_EQ(assignments[0].to, HolderOf(1, 2));
  EXPECT_FALSE(assignments[0].unclean);
}

TEST_F(PlannerTest, AnUncleanPromotionMayBeForbidden) {
  options_.unclean_after.reset();
  Planner planner(options_);
  Begin(1);
  Lead(0);
  LoseNode1();
  Hold(2, 0, 1, 1);
  planner.Plan(log_.state(), sight_, now_);
  EXPECT_TRUE(AssignedBy(planner.Plan(log_.state(), sight_, now_ + 24h)).empty());
}

TEST_F(PlannerTest, WhereNothingCanComeBackNobodyWaits) {
  options_.unclean_after.reset();
  Planner planner(options_);
  Begin(1);
  Lead(0);
  Take(QuorumUsed{{ShardId{0}}});
  LoseNode1();
  EXPECT_TRUE(AssignedBy(planner.Plan(log_.state(), sight_, now_)).empty());
  Take(RegisterOf(1, 2));
  See(1).live = true;
  Hold(2, 0, 1, 1);
  const auto assignments = AssignedBy(planner.Plan(log_.state(), sight_, now_));
  ASSERT_EQ(assignments.size(), 1U);
  EXPECT_EQ(assignments[0].to, HolderOf(2));
  EXPECT_TRUE(assignments[0].unclean);
  EXPECT_TRUE(NothingCanComeBack(log_.state(), log_.Shard(0)));
}

TEST_F(PlannerTest, TheNewestCopyThereIsIsPromotedUnclean) {
  Begin(1, 4);
  Lead(0);
  Take(TargetOf(0, {1, 2, 3}));
  LoseNode1();
  Plan();
  now_ += 1h;
  EXPECT_EQ(Heir(), HolderOf(2));
  See(2).live = false;
  EXPECT_EQ(Heir(), HolderOf(3));
  Hold(3, 0, 1, 7);
  Hold(4, 0, 1, 8);
  EXPECT_EQ(Heir(), HolderOf(4));
  Hold(3, 0, 1, 8);
  EXPECT_EQ(Heir(), HolderOf(3));
  See(3).live = false;
  See(4).live = false;
  EXPECT_EQ(Heir(), std::nullopt);
}

TEST_F(PlannerTest, NewShardsGoToTheFirstOfTheirTargetThatCouldLead) {
  Begin(1);
  EXPECT_EQ(Heir(), std::nullopt);
  Take(TargetOf(0, {3, 2, 1}));
  EXPECT_EQ(Heir(), HolderOf(3));
  See(3).live = false;
  EXPECT_EQ(Heir(), HolderOf(2));
  Take(Fence{HolderOf(2)});
  const auto assignments = AssignedBy(Plan());
  ASSERT_EQ(assignments.size(), 1U);
  EXPECT_EQ(assignments[0].to, HolderOf(1));
  EXPECT_EQ(assignments[0].from, kNobody);
  EXPECT_FALSE(assignments[0].unclean);
}

TEST_F(PlannerTest, NewShardsWaitForTheFirstNodes) {
  options_.first_nodes = 3;
  Planner planner(options_);
  Begin(1, 2);
  Take(TargetOf(0, {2, 1}));
  EXPECT_TRUE(planner.Plan(log_.state(), sight_, now_).empty());
  Join(3);
  EXPECT_FALSE(AssignedBy(planner.Plan(log_.state(), sight_, now_)).empty());
}

TEST_F(PlannerTest, NewShardsDoNotWaitForEver) {
  options_.first_nodes = 3;
  Planner planner(options_);
  Begin(1, 2);
  Take(TargetOf(0, {2, 1}));
  EXPECT_TRUE(planner.Plan(log_.state(), sight_, now_).empty());
  now_ += options_.first_patience - 1ms;
  EXPECT_TRUE(planner.Plan(log_.state(), sight_, now_).empty());
  EXPECT_FALSE(AssignedBy(planner.Plan(log_.state(), sight_, now_ + 1ms)).empty());
}

// Two such clusters would both take writes.
TEST_F(PlannerTest, UnlessMostOfThemAreMissing) {
  options_.first_nodes = 4;
  Planner planner(options_);
  Begin(1, 2);
  Take(TargetOf(0, {2, 1}));
  EXPECT_TRUE(planner.Plan(log_.state(), sight_, now_).empty());
  EXPECT_TRUE(AssignedBy(planner.Plan(log_.state(), sight_, now_ + 1h)).empty());
  Join(3);
  EXPECT_FALSE(AssignedBy(planner.Plan(log_.state(), sight_, now_ + 1h)).empty());
}

TEST_F(PlannerTest, LongListsAreSplit) {
  Begin(2048, 1);
  const std::vector<Command> aimed = Step();
  ASSERT_EQ(Only<Targets>(aimed).size(), 2048 / kItemsPerCommand);
  const std::vector<Command> assigned = Step();
  ASSERT_EQ(Only<Assign>(assigned).size(), 2048 / kItemsPerCommand);
  for (const Assign& assign : Only<Assign>(assigned)) {
    EXPECT_EQ(assign.assignments.size(), kItemsPerCommand);
  }
  EXPECT_TRUE(Step().empty());
}

TEST_F(PlannerTest, AShardOutOfEpochsIsLeftAlone) {
  Begin(1);
  Lead(0, {2});
  LoseNode1();
  proto::ControlState worn;
  ASSERT_TRUE(worn.ParseFromString(log_.state().Encode()));
  worn.mutable_shards(0)->set_epoch(Version::kEpochMax - 1);
  const auto state = State::Decode(worn.SerializeAsString());
  ASSERT_TRUE(state.ok());
  EXPECT_TRUE(AssignedBy(planner_.Plan(state.value(), sight_, now_)).empty());
}

}  // namespace
}  // namespace aegis::control
