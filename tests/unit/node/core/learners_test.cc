#include "node/core/learners.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <variant>
#include <vector>

namespace aegis::node {
namespace {

using consensus::Index;

constexpr NodeId kPeer{2};

// The log of a node that is its only voter, with the state up to its end.
class LearnersTest : public ::testing::Test {
 protected:
  void Have(Index first, Index last, std::size_t entry_size = 1) {
    consensus::Persisted persisted;
    persisted.snapshot.last = {first - 1, first > 1 ? consensus::Term{1} : consensus::Term{0}};
    for (Index index = first; index <= last; ++index) {
      persisted.entries.push_back(
          {{index, 1}, consensus::EntryType::kCommand, Bytes(entry_size, 'e')});
    }
    persisted.hard_state.term = 1;
    log_.emplace(consensus::ServerId{1}, consensus::RaftNode::Options{}, persisted, Rng(1), now_);
    Apply(last);
  }
  void Apply(Index last) {
    while (state_.applied().index < last) state_.Advance({state_.applied().index + 1, 1});
  }

  // What is said to kPeer.
  std::vector<Push> Tell() {
    Push empty;
    empty.term = 1;
    empty.voters = {NodeId{1}};
    AgreementEffects effects;
    learners_.Tell({kPeer}, empty, *log_, state_, now_, effects);
    std::vector<Push> pushes;
    for (const ControlLetter& letter : effects.letters) {
      EXPECT_EQ(letter.to, kPeer);
      pushes.push_back(std::get<Push>(letter.message));
      EXPECT_EQ(pushes.back().voters, empty.voters);
    }
    return pushes;
  }

  TimePoint now_{std::chrono::hours(1)};
  std::optional<consensus::RaftNode> log_;
  control::State state_;
  Learners learners_;
};

TEST_F(LearnersTest, WhoHasNotSaidHowFarItIsHearsOnlyWhoLeads) {
  Have(1, 3);
  const auto said = Tell();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_TRUE(said[0].entries.empty());
  EXPECT_TRUE(Tell().empty()) << "not so soon";
  now_ += Learners::kBeat;
  EXPECT_EQ(Tell().size(), 1U);
}

TEST_F(LearnersTest, WhoIsBehindIsPushedWhatItLacksOnce) {
  Have(1, 3);
  learners_.OnApplied(kPeer, 1, now_);
  const auto said = Tell();
  ASSERT_EQ(said.size(), 1U);
  ASSERT_EQ(said[0].entries.size(), 2U);
  EXPECT_EQ(said[0].entries.front().at.index, 2U);
  EXPECT_FALSE(said[0].snapshot.has_value());
  EXPECT_TRUE(Tell().empty());
}

TEST_F(LearnersTest, WhatTheLogHasNoMoreIsPushedAsTheState) {
  Have(3, 5);
  learners_.OnApplied(kPeer, 1, now_);
  const auto said = Tell();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].snapshot, state_.Encode());
  EXPECT_TRUE(said[0].entries.empty());
  EXPECT_TRUE(Tell().empty());
}

TEST_F(LearnersTest, ALongWayIsPushedInPieces) {
  Have(1, Learners::kEntriesMax + 5);
  learners_.OnApplied(kPeer, 1, now_);
  EXPECT_EQ(Tell().at(0).entries.size(), Learners::kEntriesMax);
  EXPECT_EQ(Tell().at(0).entries.size(), 4U);
}

TEST_F(LearnersTest, LargeEntriesGoFewAtATime) {
  Have(1, 5, Learners::kBytesMax / 2);
  learners_.OnApplied(kPeer, 1, now_);
  EXPECT_EQ(Tell().at(0).entries.size(), 2U);
  EXPECT_EQ(Tell().at(0).entries.size(), 2U);
}

TEST_F(LearnersTest, WhatDidNotArriveIsPushedAgainButNotSoon) {
  Have(1, 3);
  learners_.OnApplied(kPeer, 1, now_);
  EXPECT_EQ(Tell().size(), 1U);
  now_ += Learners::kPushPatience;
  learners_.OnApplied(kPeer, 1, now_);  // It may be on its way.
  EXPECT_TRUE(Tell().at(0).entries.empty());
  now_ += std::chrono::milliseconds(1);
  learners_.OnApplied(kPeer, 1, now_);
  EXPECT_EQ(Tell().at(0).entries.size(), 2U);
}

TEST_F(LearnersTest, WhoseLinkBrokeIsPushedNothingUntilItSpeaksAgain) {
  Have(1, 3);
  learners_.OnApplied(kPeer, 1, now_);
  learners_.OnLinkDown(kPeer);
  EXPECT_TRUE(Tell().at(0).entries.empty());
  learners_.OnApplied(kPeer, 2, now_);
  EXPECT_EQ(Tell().at(0).entries.size(), 1U);
}

}  // namespace
}  // namespace aegis::node
