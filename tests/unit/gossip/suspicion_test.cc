#include "gossip/suspicion.h"

#include <gtest/gtest.h>

#include <chrono>

namespace aegis::gossip {
namespace {

using namespace std::chrono_literals;

constexpr NodeId kAccuser{1};
constexpr TimePoint kStart{100s};
constexpr Suspicion::Bounds kBounds{.confirmations_max = 3, .timeout_min = 2s, .timeout_max = 30s};

TEST(SuspicionTest, EachWitnessBringsTheDeadlineNearer) {
  Suspicion suspicion(kAccuser, kBounds, kStart);
  EXPECT_EQ(suspicion.deadline(), kStart + 30s);
  EXPECT_TRUE(suspicion.Confirm(NodeId{2}));
  EXPECT_EQ(suspicion.deadline(), kStart + 16s);
  EXPECT_TRUE(suspicion.Confirm(NodeId{3}));
  EXPECT_EQ(std::chrono::floor<std::chrono::milliseconds>(suspicion.deadline()), kStart + 7810ms);
  EXPECT_TRUE(suspicion.Confirm(NodeId{4}));
  EXPECT_EQ(suspicion.deadline(), kStart + 2s);
}

TEST(SuspicionTest, AccuserDoesNotConfirmItself) {
  Suspicion suspicion(kAccuser, kBounds, kStart);
  EXPECT_FALSE(suspicion.Confirm(kAccuser));
  EXPECT_EQ(suspicion.deadline(), kStart + 30s);
}

TEST(SuspicionTest, SameWitnessCountsOnce) {
  Suspicion suspicion(kAccuser, kBounds, kStart);
  EXPECT_TRUE(suspicion.Confirm(NodeId{2}));
  EXPECT_FALSE(suspicion.Confirm(NodeId{2}));
}

TEST(SuspicionTest, WitnessesBeyondTheMaximumChangeNothing) {
  Suspicion suspicion(kAccuser, kBounds, kStart);
  for (std::uint64_t id = 2; id <= 4; ++id) EXPECT_TRUE(suspicion.Confirm(NodeId{id}));
  EXPECT_FALSE(suspicion.Confirm(NodeId{5}));
  EXPECT_EQ(suspicion.deadline(), kStart + 2s);
}

TEST(SuspicionTest, WithoutWitnessesWantedTheMinimumApplies) {
  Suspicion suspicion(kAccuser, {.confirmations_max = 0, .timeout_min = 2s, .timeout_max = 30s},
                      kStart);
  EXPECT_FALSE(suspicion.Confirm(NodeId{2}));
  EXPECT_EQ(suspicion.deadline(), kStart + 2s);
}

TEST(SuspicionTest, TimeInWhichNobodyCouldBeHeardDoesNotCount) {
  Suspicion suspicion(kAccuser, kBounds, kStart);
  suspicion.Postpone(5s);
  EXPECT_EQ(suspicion.deadline(), kStart + 35s);
}

TEST(SuspicionTest, UpToThreeMembersNoWitnessIsWantedAndTwoSecondsAreEnough) {
  for (const std::size_t members : {1U, 2U, 3U}) {
    const auto bounds = Suspicion::BoundsFor(Options{}, members);
    EXPECT_EQ(bounds.confirmations_max, 0);
    EXPECT_EQ(bounds.timeout_min, 2s);
  }
}

TEST(SuspicionTest, FromFourMembersTwoWitnessesShortenTheWaitSixfold) {
  const auto bounds = Suspicion::BoundsFor(Options{}, 4);
  EXPECT_EQ(bounds.confirmations_max, 2);
  EXPECT_EQ(bounds.timeout_min, 2s);
  EXPECT_EQ(bounds.timeout_max, 12s);
}

TEST(SuspicionTest, TimeoutsGrowWithTheLogarithmOfTheMembers) {
  EXPECT_EQ(Suspicion::BoundsFor(Options{}, 100).timeout_min, 4s);
  EXPECT_EQ(Suspicion::BoundsFor(Options{}, 100).timeout_max, 24s);
  EXPECT_EQ(Suspicion::BoundsFor(Options{}, 1000).timeout_min, 6s);
}

}  // namespace
}  // namespace aegis::gossip
