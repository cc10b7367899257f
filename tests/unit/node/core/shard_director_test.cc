// What a leader asks the control log for, against a map that the test writes.

#include "node/core/shard_director.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <variant>
#include <vector>

namespace aegis::node {
namespace {

using namespace std::chrono_literals;
using control::Copy;
using control::InSyncChange;

// One shard of three nodes, led by the first. Nothing the director asks for happens by itself.
class ShardDirectorTest : public ::testing::Test, protected LocalShards {
 protected:
  static NodeId Id(std::uint64_t node) { return NodeId{100 + node}; }
  static Copy CopyOf(std::uint64_t node) { return {Id(node), Session{10 + node}}; }
  static Holder HolderOf(std::uint64_t node) { return {Id(node), Session{20 + node}}; }

  ShardDirectorTest() {
    ClusterSettings settings;
    settings.id = ClusterId{1};
    settings.num_shards = 1;
    Do(control::Birth{settings});
    for (std::uint64_t node = 0; node < 3; ++node) {
      Do(control::Register{.node = Id(node),
                           .session = HolderOf(node).session,
                           .previous = {},
                           .memory = CopyOf(node).memory,
                           .server = 1 + node,
                           .name = "node",
                           .zone = {}});
    }
    Do(control::Targets{{{ShardId{0}, {Id(0), Id(1), Id(2)}}}});
    Do(control::Assign{{{ShardId{0}, Epoch{0}, kNobody, HolderOf(0), false}}});
    report_.epoch = Epoch{1};
    report_.role = ShardRole::kLeader;
    report_.leader = Id(0);
    report_.whole = true;
    report_.last = {Epoch{1}, Seq{10}};
  }

  void Do(const control::Command& command) {
    const control::Applied at = state_.applied();
    state_.Apply({at.index + 1, 1}, command);
  }
  void DoAll(const ShardDirector::Decisions& decisions) {
    for (const control::Command& command : decisions.proposals) Do(command);
  }

  // Looks every 50 ms; what was decided last.
  ShardDirector::Decisions Direct(Duration during = 50ms) {
    ShardDirector::Decisions decisions;
    for (const TimePoint end = now_ + during; now_ < end; now_ += 50ms) {
      decisions = {};
      director_.Direct({.state = state_,
                        .self = self_,
                        .memory = CopyOf(0).memory,
                        .lease_holds = true,
                        .live = live_,
                        .control_leader = Id(0)},
                       *this, now_, decisions);
      for (const auto& told : decisions.replicas) told_ = told.set;
      for (const control::Command& command : decisions.proposals) {
        if (const auto* const asked = std::get_if<control::InSync>(&command)) {
          asked_.insert(asked_.end(), asked->changes.begin(), asked->changes.end());
        }
      }
    }
    return decisions;
  }
  // Both others join.
  void JoinAll() {
    follows_ = {Id(1), Id(2)};
    for (int i = 0; i < 4; ++i) DoAll(Direct());
    ASSERT_EQ(map().in_sync.size(), 3U);
    asked_.clear();
  }
  const control::ShardState& map() const { return state_.shards()[0]; }

  // LocalShards
  ShardReport Report(ShardId) override { return report_; }
  bool InSync(ShardId, NodeId follower) override { return follows_.contains(follower); }
  Version Acked(ShardId, const Copy& copy) override {
    if (!follows_.contains(copy.node)) return {};
    return hangs_.contains(copy.node) ? Version{Epoch{1}, Seq{5}} : report_.last;
  }
  bool Admit(ShardId, const Copy&, std::uint32_t) override { return admits_; }
  bool Drained(ShardId) override { return false; }

  control::State state_;
  Holder self_ = HolderOf(0);
  ShardReport report_;
  std::set<NodeId> live_ = {Id(0), Id(1), Id(2)};
  std::set<NodeId> follows_;
  std::set<NodeId> hangs_;
  bool admits_ = true;
  TimePoint now_{1h};
  ReplicaSet told_;
  std::vector<InSyncChange> asked_;
  ShardDirector director_{ShardDirector::Options{}};
};

TEST_F(ShardDirectorTest, NothingIsReleasedOnAMapThatIsOlderThanThisProcess) {
  Do(control::Fence{HolderOf(0)});
  Do(control::Assign{{{ShardId{0}, Epoch{1}, HolderOf(0), HolderOf(1), /*unclean=*/true}}});
  Do(control::Targets{{{ShardId{0}, {Id(1), Id(2)}}}});
  report_.role = ShardRole::kNone;  // Whole all the same: its log gave it back.
  report_.leader = kNoNode;
  self_.session = Session{99};
  EXPECT_TRUE(Direct().commands.empty());
  Do(control::Register{.node = Id(0),
                       .session = self_.session,
                       .previous = HolderOf(0).session,
                       .memory = CopyOf(0).memory,
                       .server = 1,
                       .name = "node",
                       .zone = {}});
  const auto commands = Direct().commands;
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_EQ(commands.front().kind, ShardCommand::Kind::kRelease);
}

TEST_F(ShardDirectorTest, ACopyIsAwaitedBeforeItsJoiningIsAskedForAndCountsAfter) {
  follows_ = {Id(1)};
  admits_ = false;
  Direct();
  EXPECT_EQ(told_.awaited, (std::vector<Copy>{CopyOf(1)}));
  EXPECT_TRUE(asked_.empty());
  admits_ = true;
  const auto decisions = Direct();
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_TRUE(told_.in_sync.empty());
  DoAll(decisions);
  Direct();
  EXPECT_EQ(told_.in_sync, (std::vector<Copy>{CopyOf(1)}));
}

TEST_F(ShardDirectorTest, ACopyThatFellBehindBeforeItWasAskedForIsAwaitedNoMore) {
  follows_ = {Id(1)};
  admits_ = false;
  Direct();
  ASSERT_FALSE(told_.awaited.empty());
  follows_.clear();
  Direct();
  EXPECT_TRUE(told_.awaited.empty());
}

TEST_F(ShardDirectorTest, AJoiningOfUnknownFateIsAwaitedUntilTheLogShowsThatItIsOver) {
  follows_ = {Id(1)};
  Direct();  // Lost on its way.
  ASSERT_EQ(asked_.size(), 1U);
  follows_.clear();
  const auto decisions = Direct(300ms);
  EXPECT_EQ(told_.awaited, (std::vector<Copy>{CopyOf(1)}));
  ASSERT_GT(asked_.size(), 1U) << "nothing ends the doubt";
  EXPECT_TRUE(asked_.back().remove);
  control::InSync settling;
  settling.changes = {asked_.back()};
  Do(settling);
  Direct();
  EXPECT_TRUE(told_.awaited.empty());
}

TEST_F(ShardDirectorTest, ARemovalOfUnknownFateIsSettledWhenItsCopyIsBack) {
  JoinAll();
  follows_ = {Id(2)};
  Direct(2500ms);  // Lost on its way.
  ASSERT_FALSE(asked_.empty());
  EXPECT_TRUE(asked_.back().remove);
  EXPECT_EQ(told_.awaited.size(), 2U) << "it may be in sync still";
  EXPECT_EQ(told_.in_sync, (std::vector<Copy>{CopyOf(2)})) << "or not";
  follows_ = {Id(1), Id(2)};
  Direct(300ms);
  EXPECT_FALSE(asked_.back().remove);
  control::InSync settling;
  settling.changes = {asked_.back()};
  Do(settling);
  Direct();
  EXPECT_EQ(told_.in_sync.size(), 2U);
}

TEST_F(ShardDirectorTest, ACopyThatHangsIsRemovedHoweverLittleItLacks) {
  JoinAll();
  hangs_ = {Id(1)};
  Direct(1900ms);
  EXPECT_TRUE(asked_.empty());
  Direct(300ms);
  ASSERT_FALSE(asked_.empty());
  EXPECT_EQ(asked_.back().copy, CopyOf(1));
  EXPECT_TRUE(asked_.back().remove);
}

TEST_F(ShardDirectorTest, NorIsOneThatHangsAdmittedAgain) {
  follows_ = {Id(1)};
  hangs_ = {Id(1)};
  Direct(3s);
  EXPECT_TRUE(asked_.empty());
  EXPECT_TRUE(told_.awaited.empty());
}

TEST_F(ShardDirectorTest, WithQuorumWritesNothingIsHandedOverWhileACopyInSyncHangs) {
  JoinAll();
  Do(control::QuorumUsed{{ShardId{0}}});
  Do(control::Targets{{{ShardId{0}, {Id(1), Id(0), Id(2)}}}});
  hangs_ = {Id(2)};
  Direct(300ms);
  bool handed_over = false;
  const auto look = [&](const ShardDirector::Decisions& decisions) {
    for (const ShardCommand& command : decisions.commands) {
      handed_over = handed_over || command.kind == ShardCommand::Kind::kHandOver;
    }
  };
  for (int i = 0; i < 30; ++i) look(Direct());
  const auto removal = Direct(500ms);
  EXPECT_FALSE(asked_.empty());
  control::InSync removed;
  removed.changes = {asked_.back()};
  Do(removed);
  handed_over = false;
  for (int i = 0; i < 4; ++i) look(Direct());
  EXPECT_TRUE(handed_over) << "the copy that hung is out";
}

TEST_F(ShardDirectorTest, WhoLeavesHandsOverToACopyThatIsThere) {
  follows_ = {Id(2)};
  for (int i = 0; i < 4; ++i) DoAll(Direct());
  ASSERT_EQ(map().in_sync.size(), 2U);
  Do(control::Leaving{HolderOf(0)});
  const ShardDirector::Decisions decisions = Direct();
  ASSERT_EQ(decisions.commands.size(), 1U);
  EXPECT_EQ(decisions.commands.front().kind, ShardCommand::Kind::kHandOver);
  EXPECT_EQ(decisions.commands.front().node, Id(2)) << "the first of the target has no copy yet";
}

TEST_F(ShardDirectorTest, QuorumWritesAreRecordedWhenTheShardWantsIt) {
  report_.wants_quorum = true;
  const auto decisions = Direct();
  EXPECT_TRUE(std::ranges::any_of(decisions.proposals, [](const control::Command& command) {
    return std::holds_alternative<control::QuorumUsed>(command);
  }));
  DoAll(decisions);
  Direct();
  EXPECT_TRUE(told_.quorum_used);
}

}  // namespace
}  // namespace aegis::node
