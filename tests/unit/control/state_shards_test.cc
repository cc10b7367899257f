// The guards of the commands about shards, each by what it keeps out.

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "control/proto_fields.h"
#include "model/version.h"
#include "proto/control.pb.h"
#include "unit/control/state_fixture.h"

namespace aegis::control {
namespace {

// --- Assign -------------------------------------------------------------------------------------

TEST_F(StateTest, ANewShardBeginsWithTheCopyOfItsFirstLeader) {
  EXPECT_EQ(log_.Shard(1).epoch, Epoch{0});
  Take(AssignOf(1, 0, kNobody, HolderOf(3)));
  EXPECT_EQ(log_.Shard(1).epoch, Epoch{1});
  EXPECT_EQ(log_.Shard(1).leader, HolderOf(3));
  EXPECT_EQ(log_.Shard(1).in_sync, Copies{CopyOf(3)});
}

TEST_F(StateTest, AShardOfAFencedLeaderGoesToACopyInSync) {
  Take(Fence{HolderOf(1)});
  Take(AssignOf(0, 1, HolderOf(1), HolderOf(2)));
  EXPECT_EQ(shard().epoch, Epoch{2});
  EXPECT_EQ(shard().leader, HolderOf(2));
  EXPECT_EQ(shard().in_sync, (Copies{CopyOf(1), CopyOf(2)}));
}

TEST_F(StateTest, AnAssignmentNeedsTheFence) { Refuse(AssignOf(0, 1, HolderOf(1), HolderOf(2))); }

TEST_F(StateTest, AnAssignmentNamesTheEpoch) {
  Take(Fence{HolderOf(1)});
  Refuse(AssignOf(0, 0, HolderOf(1), HolderOf(2)));
  Refuse(AssignOf(0, 2, HolderOf(1), HolderOf(2)));
  Refuse(AssignOf(0, 0, kNobody, HolderOf(2)));
}

TEST_F(StateTest, AnAssignmentNamesTheLeader) {
  Take(Fence{HolderOf(1)});
  Take(Fence{HolderOf(3)});
  Refuse(AssignOf(0, 1, HolderOf(3), HolderOf(2)));
  Refuse(AssignOf(1, 0, HolderOf(3), HolderOf(2)));
}

TEST_F(StateTest, AnAssignmentIsMadeOnce) {
  Take(Fence{HolderOf(1)});
  Assign twice = AssignOf(0, 1, HolderOf(1), HolderOf(2));
  twice.assignments.push_back(twice.assignments[0]);
  Take(twice);
  EXPECT_EQ(shard().epoch, Epoch{2});
  Refuse(twice);
}

TEST_F(StateTest, NobodyFencedIsAssignedAShard) {
  Take(Fence{HolderOf(1)});
  Take(Fence{HolderOf(2)});
  Refuse(AssignOf(0, 1, HolderOf(1), HolderOf(2)));
  Refuse(AssignOf(0, 1, HolderOf(1), HolderOf(1)));
  Refuse(AssignOf(1, 0, kNobody, HolderOf(2)));
}

TEST_F(StateTest, NobodyUnregisteredIsAssignedAShard) {
  Refuse(AssignOf(1, 0, kNobody, HolderOf(4)));
  Refuse(AssignOf(1, 0, kNobody, HolderOf(2, 2)));
  Refuse(AssignOf(1, 0, kNobody, kNobody));
  Restart(3, 2);
  Refuse(AssignOf(1, 0, kNobody, HolderOf(3, 1)));
}

TEST_F(StateTest, ACopyThatIsNotInSyncIsPromotedOnlyUnclean) {
  Take(Fence{HolderOf(1)});
  Refuse(AssignOf(0, 1, HolderOf(1), HolderOf(3)));
  Take(AssignOf(0, 1, HolderOf(1), HolderOf(3), true));
  EXPECT_EQ(shard().leader, HolderOf(3));
  EXPECT_EQ(shard().in_sync, Copies{CopyOf(3)});
}

TEST_F(StateTest, AnUncleanAssignmentNeedsTheFenceToo) {
  Refuse(AssignOf(0, 1, HolderOf(1), HolderOf(3), true));
}

TEST_F(StateTest, ACopyInSyncIsNoWorseForBeingCalledUnclean) {
  Take(Fence{HolderOf(1)});
  Take(AssignOf(0, 1, HolderOf(1), HolderOf(2), true));
  EXPECT_EQ(shard().in_sync, (Copies{CopyOf(1), CopyOf(2)}));
}

TEST_F(StateTest, AnAssignmentDropsTheCopiesOfMemoriesThatAreGone) {
  Take(log_.Change(CopyOf(3)));
  Restart(1, 2);
  Take(AssignOf(0, 1, HolderOf(1), HolderOf(2)));
  EXPECT_EQ(shard().in_sync, (Copies{CopyOf(2), CopyOf(3)}));
}

TEST_F(StateTest, AFencedNodeThatLivesMayBeAssignedItsShardsAgain) {
  Take(Fence{HolderOf(1)});
  Register command = RegisterOf(1, 2);
  command.memory = CopyOf(1).memory;
  Take(command);
  Take(AssignOf(0, 1, HolderOf(1), HolderOf(1, 2)));
  EXPECT_EQ(shard().leader, HolderOf(1, 2));
}

TEST_F(StateTest, AnAssignmentSkipsShardsThatItsGuardsKeepOut) {
  Assign assign = AssignOf(0, 1, HolderOf(1), HolderOf(2));  // Not fenced.
  assign.assignments.push_back({ShardId{1}, Epoch{0}, kNobody, HolderOf(3), false});
  assign.assignments.push_back({ShardId{4}, Epoch{0}, kNobody, HolderOf(3), false});
  Take(assign);
  EXPECT_EQ(shard().epoch, Epoch{1});
  EXPECT_EQ(log_.Shard(1).leader, HolderOf(3));
}

// --- Transfer -----------------------------------------------------------------------------------

TEST_F(StateTest, ALeaderGivesItsShardToACopyInSync) {
  Take(TransferOf(0, 1, HolderOf(1), HolderOf(2)));
  EXPECT_EQ(shard().epoch, Epoch{2});
  EXPECT_EQ(shard().leader, HolderOf(2));
  EXPECT_EQ(shard().in_sync, (Copies{CopyOf(1), CopyOf(2)}));
}

TEST_F(StateTest, ALeaderThatGoesOnGetsANewEpoch) {
  Take(TransferOf(0, 1, HolderOf(1), HolderOf(1)));
  EXPECT_EQ(shard().epoch, Epoch{2});
  EXPECT_EQ(shard().leader, HolderOf(1));
  Refuse(TransferOf(0, 1, HolderOf(1), HolderOf(2)));
}

TEST_F(StateTest, ATransferNamesTheLeaderAndTheEpoch) {
  Refuse(TransferOf(0, 2, HolderOf(1), HolderOf(2)));
  Refuse(TransferOf(0, 0, HolderOf(1), HolderOf(2)));
  Refuse(TransferOf(0, 1, HolderOf(2), HolderOf(2)));
  Refuse(TransferOf(0, 1, HolderOf(1, 2), HolderOf(2)));
  Refuse(TransferOf(1, 0, kNobody, HolderOf(2)));
  Refuse(TransferOf(4, 1, HolderOf(1), HolderOf(2)));
}

TEST_F(StateTest, NothingIsTransferredToACopyThatIsNotInSync) {
  Refuse(TransferOf(0, 1, HolderOf(1), HolderOf(3)));
  Restart(2, 2);
  Refuse(TransferOf(0, 1, HolderOf(1), HolderOf(2, 2)));
}

TEST_F(StateTest, NothingIsTransferredToWhomIsFenced) {
  Take(Fence{HolderOf(2)});
  Refuse(TransferOf(0, 1, HolderOf(1), HolderOf(2)));
  Take(Fence{HolderOf(1)});
  Refuse(TransferOf(0, 1, HolderOf(1), HolderOf(1)));
}

TEST_F(StateTest, AFencedLeaderThatHasStoppedStillGivesItsShardUp) {
  Take(Fence{HolderOf(1)});
  Take(TransferOf(0, 1, HolderOf(1), HolderOf(2)));
  EXPECT_EQ(shard().leader, HolderOf(2));
}

// --- InSync -------------------------------------------------------------------------------------

TEST_F(StateTest, InSyncSetsAreSortedAndChangesAreCounted) {
  EXPECT_EQ(shard().in_sync, (Copies{CopyOf(1), CopyOf(2)}));
  EXPECT_EQ(shard().change, 1U);
  Take(log_.Change(CopyOf(3)));
  Take(log_.Change(CopyOf(2), true));
  EXPECT_EQ(shard().in_sync, (Copies{CopyOf(1), CopyOf(3)}));
  Take(log_.Change(CopyOf(2)));
  EXPECT_EQ(shard().in_sync, (Copies{CopyOf(1), CopyOf(2), CopyOf(3)}));
  EXPECT_EQ(shard().change, 4U);
}

TEST_F(StateTest, AChangeThatChangesNothingIsCountedToo) {
  Take(log_.Change(CopyOf(2)));
  EXPECT_EQ(shard().change, 2U);
  Take(log_.Change(CopyOf(3), true));
  EXPECT_EQ(shard().change, 3U);
  Take(log_.Change(CopyOf(1)));
  EXPECT_EQ(shard().change, 4U);
  EXPECT_EQ(shard().in_sync, (Copies{CopyOf(1), CopyOf(2)}));
}

TEST_F(StateTest, AChangeNamesTheChangeBefore) {
  const InSync late = log_.Change(CopyOf(3));
  Take(log_.Change(CopyOf(2), true));
  Refuse(late);
  InSync early = log_.Change(CopyOf(3));
  ++early.changes[0].change;
  Refuse(early);
}

TEST_F(StateTest, AChangeNamesTheEpoch) {
  const InSync late = log_.Change(CopyOf(3));
  Take(TransferOf(0, 1, HolderOf(1), HolderOf(1)));
  Refuse(late);
}

TEST_F(StateTest, AChangeNamesTheLeadersSession) {
  InSync change = log_.Change(CopyOf(3));
  change.changes[0].session = SessionOf(2);
  Refuse(change);
}

TEST_F(StateTest, AShardThatWasNeverLedHasNoChanges) {
  Refuse(InSync{{{ShardId{1}, Epoch{0}, 0, Session{}, CopyOf(3), false}}});
}

TEST_F(StateTest, OnlyTheMemoryThatIsItsNodesNowIsAdded) {
  Refuse(log_.Change(CopyOf(3, 2)));
  Refuse(log_.Change(CopyOf(4)));
  Restart(3, 2);
  Refuse(log_.Change(CopyOf(3)));
  Take(log_.Change(CopyOf(3, 2)));
}

TEST_F(StateTest, AMemoryThatIsGoneCanBeRemoved) {
  Restart(2, 2);
  Take(log_.Change(CopyOf(2), true));
  EXPECT_EQ(shard().in_sync, Copies{CopyOf(1)});
}

TEST_F(StateTest, ANewCopyOfANodeReplacesItsLostOne) {
  Restart(2, 2);
  Take(log_.Change(CopyOf(2, 2)));
  EXPECT_EQ(shard().in_sync, (Copies{CopyOf(1), CopyOf(2, 2)}));
}

TEST_F(StateTest, TheLeadersOwnCopyIsNeverRemoved) { Refuse(log_.Change(CopyOf(1), true)); }

TEST_F(StateTest, TheLeadersOwnCopyIsNeverReplaced) {
  Restart(1, 2);
  Refuse(log_.Change(CopyOf(1, 2)));
  Refuse(log_.Change(CopyOf(1), true));
}

TEST_F(StateTest, ThereIsALimitToInSyncSets) {
  for (std::uint64_t node = 4; shard().in_sync.size() < kCopiesMax; ++node) {
    Take(RegisterOf(node));
    Take(log_.Change(CopyOf(node)));
  }
  Refuse(log_.Change(CopyOf(3)));
  Take(log_.Change(CopyOf(2), true));
  Take(log_.Change(CopyOf(3)));
}

// --- Targets ------------------------------------------------------------------------------------

TEST_F(StateTest, ATargetKeepsItsOrder) {
  Take(TargetOf(0, {3, 1, 2}));
  EXPECT_EQ(shard().target, (std::vector<NodeId>{NodeId{3}, NodeId{1}, NodeId{2}}));
}

TEST_F(StateTest, ATargetNamesRegisteredNodesOnce) {
  Take(TargetOf(0, {2}));
  Refuse(TargetOf(0, {1, 4}));
  Refuse(TargetOf(0, {1, 2, 1}));
  Refuse(TargetOf(0, {}));
  Refuse(TargetOf(4, {1}));
  Take(Fence{HolderOf(3)});
  Take(TargetOf(0, {3}));  // Fenced is not gone.
  Take(TargetOf(0, {1}));
  Take(Remove{HolderOf(3)});
  Refuse(TargetOf(0, {1, 3}));
}

TEST_F(StateTest, ThereIsALimitToTargets) {
  std::vector<std::uint64_t> nodes{1, 2, 3};
  for (std::uint64_t node = 4; node <= kCopiesMax + 1; ++node) {
    Take(RegisterOf(node));
    nodes.push_back(node);
  }
  Refuse(TargetOf(0, nodes));
  nodes.pop_back();
  Take(TargetOf(0, nodes));
}

TEST_F(StateTest, ATargetThatIsKeptOutKeepsNoOtherOut) {
  Targets targets = TargetOf(0, {4});
  targets.targets.push_back(TargetOf(1, {2}).targets[0]);
  Take(targets);
  EXPECT_EQ(shard().target, std::vector<NodeId>{});
  EXPECT_EQ(log_.Shard(1).target, std::vector<NodeId>{NodeId{2}});
}

// --- QuorumUsed ---------------------------------------------------------------------------------

TEST_F(StateTest, QuorumUseIsRememberedForGood) {
  Take(QuorumUsed{{ShardId{0}, ShardId{2}, ShardId{4}}});
  EXPECT_TRUE(shard().quorum_used);
  EXPECT_TRUE(log_.Shard(2).quorum_used);
  Take(Fence{HolderOf(1)});
  Take(AssignOf(0, 1, HolderOf(1), HolderOf(3), true));
  EXPECT_TRUE(shard().quorum_used);
}

// --- Worn out -----------------------------------------------------------------------------------

// A state in which shard 0, led by node 1 with node 2 in sync, is as `change` makes it.
State WornOut(const std::function<void(proto::ControlShard&)>& change) {
  proto::ControlState worn;
  Fill(BirthOf(1).settings, *worn.mutable_birth());
  for (const std::uint64_t id : {1U, 2U}) {
    Fill(RegisterOf(id), *worn.add_nodes()->mutable_registration());
  }
  proto::ControlShard& shard = *worn.add_shards();
  shard.set_epoch(1);
  Fill(HolderOf(1), *shard.mutable_leader());
  for (const std::uint64_t id : {1U, 2U}) Fill(CopyOf(id), *shard.add_in_sync());
  change(shard);
  auto state = State::Decode(worn.SerializeAsString());
  EXPECT_TRUE(state.ok());
  return std::move(state).value();
}

TEST(WornOutStateTest, AShardOutOfEpochsIsNotAssignedOrTransferredAnyMore) {
  const std::uint32_t last = Version::kEpochMax - 1;
  State state = WornOut([&](proto::ControlShard& shard) { shard.set_epoch(last - 1); });
  state.Apply({1, 1}, TransferOf(0, last - 1, HolderOf(1), HolderOf(2)));
  EXPECT_EQ(state.shards()[0].epoch, Epoch{last});
  EXPECT_EQ(state.BrokenInvariant(), nullptr);
  state.Apply({2, 1}, TransferOf(0, last, HolderOf(2), HolderOf(1)));
  EXPECT_EQ(state.shards()[0].epoch, Epoch{last});
  state.Apply({3, 1}, Fence{HolderOf(2)});
  state.Apply({4, 1}, AssignOf(0, last, HolderOf(2), HolderOf(1)));
  EXPECT_EQ(state.shards()[0].epoch, Epoch{last});
}

TEST(WornOutStateTest, ChangeNumbersDoNotBeginAnew) {
  State state = WornOut([](proto::ControlShard& shard) { shard.set_change(UINT32_MAX); });
  InSyncChange change{.shard = ShardId{0},
                      .epoch = Epoch{1},
                      .change = UINT32_MAX,
                      .session = SessionOf(1),
                      .copy = CopyOf(2),
                      .remove = true};
  state.Apply({1, 1}, InSync{{change}});
  EXPECT_EQ(state.shards()[0].change, UINT32_MAX);
  EXPECT_TRUE(state.shards()[0].InSync(NodeId{2}));
}

}  // namespace
}  // namespace aegis::control
