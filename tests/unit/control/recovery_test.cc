#include "control/recovery.h"

#include "model/version.h"
#include "unit/control/state_fixture.h"

namespace aegis::control {
namespace {

constexpr Lineage kSecond{22};
constexpr Lineage kThird{33};

// The cluster of StateTest, recovered.
class RecoveryTest : public StateTest {
 protected:
  void SetUp() override {
    StateTest::SetUp();
    state_ = log_.state();
    known_ = state_.applied();
    state_.Recover(kSecond, known_, known_.term + 1);
  }

  State state_;
  Applied known_;
};

TEST_F(RecoveryTest, TheFirstLineageIsTheClusters) {
  EXPECT_EQ(State().lineage(), Lineage{});
  EXPECT_EQ(log_.state().lineage(), Lineage{log_.state().settings().id.value()});
  EXPECT_TRUE(log_.state().recoveries().empty());
}

TEST_F(RecoveryTest, EveryRecoveryDescendsFromTheOneBefore) {
  state_.Recover(kThird, known_, known_.term + 2);
  EXPECT_EQ(state_.lineage(), kThird);
  ASSERT_EQ(state_.recoveries().size(), 2U);
  EXPECT_EQ(state_.recoveries()[0].parent, log_.state().lineage());
  EXPECT_EQ(state_.recoveries()[1].parent, kSecond);
  EXPECT_EQ(state_.BrokenInvariant(), nullptr);
}

TEST_F(RecoveryTest, EverybodyIsFencedEachAtAnEntryOfItsOwn) {
  for (const auto& [id, node] : state_.nodes()) {
    const StandingFence* const fence = state_.FenceOf({id, node.session});
    ASSERT_NE(fence, nullptr);
    EXPECT_GT(fence->index, known_.index);
    EXPECT_EQ(fence->term, known_.term + 1);
  }
  EXPECT_EQ(state_.applied().index, known_.index + 1 + state_.nodes().size());
  EXPECT_EQ(state_.BrokenInvariant(), nullptr);
}

TEST_F(RecoveryTest, EpochsThatTheLostVotersMayHaveGivenAreNotUsedAgain) {
  EXPECT_EQ(state_.shards()[0].epoch.value(), shard().epoch.value() + kEpochsPerRecovery);
  EXPECT_EQ(state_.shards()[0].leader, shard().leader);
  EXPECT_EQ(state_.shards()[0].in_sync, shard().in_sync);
  EXPECT_EQ(state_.shards()[1].epoch, Epoch{}) << "it was never led";
}

TEST_F(RecoveryTest, EpochsRunOutInsteadOfOver) {
  for (std::uint64_t i = 0; i < Version::kEpochMax / kEpochsPerRecovery + 2; ++i) {
    state_.Recover(Lineage{100 + i}, state_.applied(), state_.applied().term + 1);
  }
  EXPECT_EQ(state_.shards()[0].epoch.value(), Version::kEpochMax - 1);
  EXPECT_EQ(state_.recoveries().size(), kRecoveriesMax);
  EXPECT_EQ(state_.BrokenInvariant(), nullptr);
}

TEST_F(RecoveryTest, ASnapshotKeepsTheLineage) {
  const auto read = State::Decode(state_.Encode());
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value(), state_);
}

TEST(RecoveryCoverTest, WhatIsKnownToBeCommittedIsCovered) {
  const Recovery recovery{.lineage = kSecond, .parent = kThird, .known = {10, 3}, .last = {15, 5}};
  EXPECT_TRUE(recovery.Covers({10, 3}));
  EXPECT_TRUE(recovery.Covers({4, 2}));
  EXPECT_TRUE(recovery.Covers({15, 5}));
  EXPECT_TRUE(recovery.Covers({12, 5})) << "of the same leader as the last";
  EXPECT_FALSE(recovery.Covers({12, 4})) << "another leader's may stand there";
  EXPECT_FALSE(recovery.Covers({16, 5}));
  EXPECT_FALSE(recovery.Covers({15, 6}));
}

}  // namespace
}  // namespace aegis::control
