// The guards of the commands about nodes, each by what it keeps out.

#include <gtest/gtest.h>

#include "control/proto_fields.h"
#include "model/limits.h"
#include "proto/control.pb.h"
#include "unit/control/state_fixture.h"

namespace aegis::control {
namespace {

// --- Birth --------------------------------------------------------------------------------------

TEST(UnbornStateTest, TakesNothingButItsBirth) {
  WrittenLog log;
  EXPECT_FALSE(log.Takes(RegisterOf(1)));
  EXPECT_FALSE(log.Takes(QuorumUsed{{ShardId{0}}}));
  EXPECT_FALSE(log.Takes(Birth{}));
  EXPECT_TRUE(log.Takes(BirthOf(4)));
  EXPECT_EQ(log.state().shards().size(), 4U);
}

TEST_F(StateTest, IsBornOnce) {
  Birth other = BirthOf(8);
  other.settings.id = ClusterId{9};
  Refuse(other);
}

TEST_F(StateTest, KnowsWhereItStandsInTheLog) {
  State state = log_.state();
  const Applied at{state.applied().index + 1, 5};
  state.Advance(at);
  EXPECT_EQ(state.applied(), at);
}

TEST(StateDeathTest, AGapInTheLogEndsTheProcess) {
  State state;
  EXPECT_DEATH(state.Advance({2, 1}), "without a gap");
  state.Advance({1, 2});
  EXPECT_DEATH(state.Advance({2, 1}), "never fall");
}

// --- Register -----------------------------------------------------------------------------------

TEST_F(StateTest, RegistersANewNodeWithEverythingItSaid) {
  Register command = RegisterOf(4);
  command.weight = 3;
  command.lease = std::chrono::milliseconds(900);
  Take(command);
  EXPECT_EQ(*log_.state().Find(NodeId{4}), (NodeState{.id = NodeId{4},
                                                      .session = SessionOf(4),
                                                      .memory = CopyOf(4).memory,
                                                      .server = 40,
                                                      .name = "node-4",
                                                      .zone = "even",
                                                      .weight = 3,
                                                      .lease = std::chrono::milliseconds(900),
                                                      .leaving = false,
                                                      .given_up = false,
                                                      .removed = false}));
  EXPECT_TRUE(log_.state().MayLead(HolderOf(4)));
}

TEST_F(StateTest, ANewNodeHasNoPrevious) {
  Register command = RegisterOf(4);
  command.previous = Session{9};
  Refuse(command);
}

TEST_F(StateTest, AKnownNodeHasAPrevious) {
  Take(Fence{HolderOf(3)});
  Register command = RegisterOf(3, 2);
  command.previous = {};
  Refuse(command);
}

TEST_F(StateTest, ASessionIsSucceededOnlyOnceItIsFenced) {
  Refuse(RegisterOf(3, 2));
  Take(Fence{HolderOf(3)});
  Take(RegisterOf(3, 2));
}

TEST_F(StateTest, ASupersededSessionNeverRegisters) {
  Restart(3, 2);
  Take(Fence{HolderOf(3, 2)});
  Refuse(RegisterOf(3, 1));
  Take(RegisterOf(3, 3));
  Take(Fence{HolderOf(3, 3)});
  Refuse(RegisterOf(3, 2));
}

TEST_F(StateTest, ASessionDoesNotSucceedItself) {
  Take(Fence{HolderOf(3)});
  Register command = RegisterOf(3, 2);
  command.session = command.previous;
  Refuse(command);
}

TEST_F(StateTest, NothingRegistersWithoutANode) {
  Register command = RegisterOf(4);
  command.node = kNoNode;
  Refuse(command);
}

TEST_F(StateTest, NothingRegistersWithoutASession) {
  Take(Fence{HolderOf(3)});
  Register command = RegisterOf(3, 2);
  command.session = {};
  Refuse(command);
}

TEST_F(StateTest, NothingRegistersWithoutAMemory) {
  Register command = RegisterOf(4);
  command.memory = {};
  Refuse(command);
}

TEST_F(StateTest, AFencedNodeThatLivesGoesOnWithItsMemory) {
  Take(Fence{HolderOf(2)});
  Register command = RegisterOf(2, 2);
  command.memory = CopyOf(2).memory;
  Take(command);
  EXPECT_TRUE(log_.state().IsCurrent(CopyOf(2)));
  EXPECT_TRUE(log_.state().MayLead(HolderOf(2, 2)));
  EXPECT_FALSE(log_.state().MayLead(HolderOf(2)));
}

TEST_F(StateTest, TheCopiesOfALostMemoryStayListedAndCountForNothing) {
  Restart(2, 2);
  EXPECT_EQ(shard().in_sync, (Copies{CopyOf(1), CopyOf(2)}));
  EXPECT_FALSE(log_.state().IsCurrent(CopyOf(2)));
  Take(Fence{HolderOf(1)});
  Refuse(AssignOf(0, 1, HolderOf(1), HolderOf(2, 2)));
}

TEST_F(StateTest, ThereIsALimitToNodes) {
  for (std::uint64_t node = 4; node <= limits::kMembersMax; ++node) Take(RegisterOf(node));
  Refuse(RegisterOf(limits::kMembersMax + 1));
  // One that is removed makes room, and may itself come back only while there is some.
  Take(Fence{HolderOf(4)});
  Take(Remove{HolderOf(4)});
  Take(RegisterOf(limits::kMembersMax + 1));
  Refuse(RegisterOf(4, 2));
}

TEST(FullStateTest, ThereIsALimitToNodesThatEverWere) {
  proto::ControlState full;
  Fill(BirthOf(1).settings, *full.mutable_birth());
  full.add_shards();
  full.set_applied_index(kNodesMax);
  for (std::uint64_t id = 1; id <= kNodesMax; ++id) {
    proto::ControlNode& node = *full.add_nodes();
    Fill(RegisterOf(id), *node.mutable_registration());
    node.set_removed(true);
    proto::ControlStandingFence& fence = *full.add_fences();
    Fill(HolderOf(id), *fence.mutable_holder());
    fence.set_index(id);
    fence.set_lease_ms(600);
  }
  auto state = State::Decode(full.SerializeAsString());
  ASSERT_TRUE(state.ok());
  EXPECT_FALSE(state.value().MayRegister(RegisterOf(kNodesMax + 1)));
  EXPECT_TRUE(state.value().MayRegister(RegisterOf(kNodesMax, 2)));
}

// --- Fence --------------------------------------------------------------------------------------

TEST_F(StateTest, AFenceNamesItsEntry) {
  log_.term = 3;
  Take(Fence{HolderOf(1)});
  const StandingFence* const fence = log_.state().FenceOf(HolderOf(1));
  ASSERT_NE(fence, nullptr);
  EXPECT_EQ(fence->index, log_.state().applied().index);
  EXPECT_EQ(fence->term, 3U);
  EXPECT_FALSE(log_.state().MayLead(HolderOf(1)));
}

TEST_F(StateTest, AFenceSaysHowLongTheLeaseOfItsHolderMayLast) {
  Register command = RegisterOf(4);
  command.lease = std::chrono::milliseconds(900);
  Take(command);
  Take(Fence{HolderOf(4)});
  EXPECT_EQ(log_.state().FenceOf(HolderOf(4))->lease, std::chrono::milliseconds(900));
}

TEST_F(StateTest, TheFirstFenceOfAHolderStands) {
  Take(Fence{HolderOf(1)});
  Refuse(Fence{HolderOf(1)});
}

TEST_F(StateTest, OnlyWhoCouldLeadIsFenced) {
  Refuse(Fence{HolderOf(4)});
  Refuse(Fence{HolderOf(1, 2)});
  Refuse(Fence{kNobody});
  Restart(3, 2);
  Refuse(Fence{HolderOf(3, 1)});
}

TEST_F(StateTest, AFenceStandsWhileAShardNamesItsHolder) {
  Restart(1, 2);
  EXPECT_NE(log_.state().FenceOf(HolderOf(1)), nullptr);
  Take(AssignOf(0, 1, HolderOf(1), HolderOf(2)));
  EXPECT_EQ(log_.state().FenceOf(HolderOf(1)), nullptr);
}

TEST_F(StateTest, AFenceStandsWhileItsHolderIsRegistered) {
  Take(Fence{HolderOf(1)});
  Take(AssignOf(0, 1, HolderOf(1), HolderOf(2)));
  EXPECT_NE(log_.state().FenceOf(HolderOf(1)), nullptr);
  Take(RegisterOf(1, 2));
  EXPECT_EQ(log_.state().FenceOf(HolderOf(1)), nullptr);
}

TEST_F(StateTest, FencesStandInLogOrder) {
  Take(Fence{HolderOf(3)});
  Take(Fence{HolderOf(1)});
  Take(Fence{HolderOf(2)});
  const auto& fences = log_.state().fences();
  ASSERT_EQ(fences.size(), 3U);
  EXPECT_EQ(fences[0].holder, HolderOf(3));
  EXPECT_EQ(fences[1].holder, HolderOf(1));
  EXPECT_EQ(fences[2].holder, HolderOf(2));
}

// --- Leaving and Remove -------------------------------------------------------------------------

TEST_F(StateTest, ANodeLeavesAsItsSessionNow) {
  Refuse(Leaving{HolderOf(3, 2)});
  Refuse(Leaving{HolderOf(4)});
  Take(Leaving{HolderOf(3)});
  EXPECT_TRUE(log_.state().Find(NodeId{3})->leaving);
  Restart(3, 2);
  EXPECT_FALSE(log_.state().Find(NodeId{3})->leaving);
  Refuse(Leaving{HolderOf(3, 1)});
}

TEST_F(StateTest, ANodeIsGivenUpWhetherItWasLeavingOrNot) {
  Take(Leaving{HolderOf(3)});
  EXPECT_FALSE(log_.state().Find(NodeId{3})->given_up);
  for (const std::uint64_t node : {2U, 3U}) {
    Take(Leaving{HolderOf(node), true});
    EXPECT_TRUE(log_.state().Find(NodeId{node})->leaving);
    EXPECT_TRUE(log_.state().Find(NodeId{node})->given_up);
    Refuse(Leaving{HolderOf(node)});
  }
  Restart(3, 2);
  EXPECT_FALSE(log_.state().Find(NodeId{3})->given_up);
}

TEST_F(StateTest, WhatIsRemovedDoesNotLeaveAnyMore) {
  Take(Fence{HolderOf(3)});
  Take(Remove{HolderOf(3)});
  Refuse(Leaving{HolderOf(3)});
}

TEST_F(StateTest, OnlyWhatIsFencedIsRemoved) {
  Refuse(Remove{HolderOf(3)});
  Take(Fence{HolderOf(3)});
  Refuse(Remove{HolderOf(3, 2)});
  Refuse(Remove{HolderOf(4)});
  Take(Remove{HolderOf(3)});
  Refuse(Remove{HolderOf(3)});
}

TEST_F(StateTest, WhatLeadsIsNotRemoved) {
  Take(Fence{HolderOf(1)});
  Refuse(Remove{HolderOf(1)});
  Take(AssignOf(0, 1, HolderOf(1), HolderOf(2)));
  Take(Remove{HolderOf(1)});
}

TEST_F(StateTest, WhatLedUnderAnEarlierSessionIsNotRemoved) {
  Restart(1, 2);
  Take(Fence{HolderOf(1, 2)});
  Refuse(Remove{HolderOf(1, 2)});
}

TEST_F(StateTest, WhatATargetNamesIsNotRemoved) {
  Take(TargetOf(1, {2, 3}));
  Take(Fence{HolderOf(3)});
  Refuse(Remove{HolderOf(3)});
  Take(TargetOf(1, {2}));
  Take(Remove{HolderOf(3)});
}

TEST_F(StateTest, TheCopiesOfWhatIsRemovedGoAndThatIsAChange) {
  Take(Fence{HolderOf(2)});
  const InSync late = log_.Change(CopyOf(3));
  Take(Remove{HolderOf(2)});
  EXPECT_EQ(shard().in_sync, Copies{CopyOf(1)});
  EXPECT_FALSE(log_.state().IsCurrent(CopyOf(2)));
  Refuse(late);
  Refuse(log_.Change(CopyOf(2)));
}

TEST_F(StateTest, WhatWasRemovedComesBackOnlyAsANewSession) {
  Take(Fence{HolderOf(3)});
  Take(Remove{HolderOf(3)});
  EXPECT_NE(log_.state().FenceOf(HolderOf(3)), nullptr);
  EXPECT_FALSE(log_.state().MayLead(HolderOf(3)));
  Refuse(RegisterOf(3));
  Take(RegisterOf(3, 2));
  EXPECT_TRUE(log_.state().MayLead(HolderOf(3, 2)));
}

}  // namespace
}  // namespace aegis::control
