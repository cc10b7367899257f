#include "model/version_vector.h"

#include <gtest/gtest.h>

#include "model/limits.h"

namespace aegis {
namespace {

constexpr Session kAnn{11};
constexpr Session kBob{22};

VersionVector Make(std::vector<Reign> reigns) { return VersionVector(std::move(reigns)); }
Reign In(std::uint32_t epoch, Session writer, std::uint64_t seq) {
  return {Epoch{epoch}, writer, Seq{seq}};
}

TEST(VersionVectorTest, AdvanceAndBeginMoveTheEnd) {
  VersionVector history;
  EXPECT_EQ(history.last(), Version{});
  history.Begin(Epoch{3}, kAnn);
  history.Advance({Epoch{3}, Seq{2}});
  EXPECT_EQ(history.last(), (Version{Epoch{3}, Seq{2}}));
  history.Begin(Epoch{5}, kBob);
  EXPECT_EQ(history.last(), (Version{Epoch{5}, Seq{1}}));
  EXPECT_EQ(history.last_writer(), kBob);
}

TEST(VersionVectorTest, WhatTheNextLeaderKnewToBeMissingIsCountedOnce) {
  VersionVector leader = Make({In(1, kAnn, 5)});
  leader.Begin(Epoch{2}, kBob, Seq{8});
  EXPECT_EQ(leader.reigns().front().known, Seq{8});
  const auto uncounted = [&](std::uint64_t seq) {
    return Make({In(1, kAnn, seq)}).UncountedBeyond(leader);
  };
  EXPECT_EQ(uncounted(5), 0U);
  EXPECT_EQ(uncounted(7), 0U);
  EXPECT_EQ(uncounted(8), 0U);
  EXPECT_EQ(uncounted(10), 2U);
  EXPECT_EQ(Make({In(1, kAnn, 10)}).WritesBeyond(leader), 5U);
  EXPECT_EQ(Make({In(1, kBob, 10)}).UncountedBeyond(leader), 9U) << "another history altogether";
}

TEST(VersionVectorTest, ALeaderThatKnewOfNothingMoreNotesNothing) {
  VersionVector leader = Make({In(1, kAnn, 5)});
  leader.Begin(Epoch{2}, kBob, Seq{5});
  EXPECT_EQ(leader.reigns().front().known, Seq{});
}

TEST(VersionVectorTest, AnEmptyHistoryIsTheBeginningOfEvery) {
  EXPECT_TRUE(VersionVector().IsPrefixOf(Make({In(1, kAnn, 7)})));
  EXPECT_FALSE(Make({In(1, kAnn, 7)}).IsPrefixOf(VersionVector()));
}

TEST(VersionVectorTest, AShorterReignIsAPrefixALongerOneIsNot) {
  const VersionVector leader = Make({In(1, kAnn, 7), In(2, kBob, 4)});
  EXPECT_TRUE(Make({In(1, kAnn, 5)}).IsPrefixOf(leader));
  EXPECT_TRUE(Make({In(1, kAnn, 7), In(2, kBob, 4)}).IsPrefixOf(leader));
  EXPECT_FALSE(Make({In(1, kAnn, 8)}).IsPrefixOf(leader));
  EXPECT_FALSE(Make({In(1, kAnn, 7), In(2, kBob, 5)}).IsPrefixOf(leader));
  EXPECT_FALSE(Make({In(1, kAnn, 7), In(3, kBob, 1)}).IsPrefixOf(leader));
}

TEST(VersionVectorTest, TheSameEpochOfAnotherWriterIsAnotherHistory) {
  EXPECT_FALSE(Make({In(2, kAnn, 1)}).IsPrefixOf(Make({In(2, kBob, 9)})));
}

TEST(VersionVectorTest, RecordsAfterAPositionOfAnEarlierReignIncludeTheRestOfThatReign) {
  const VersionVector history = Make({In(1, kAnn, 7), In(3, kAnn, 4)});
  EXPECT_EQ(history.RecordsAfter({Epoch{3}, Seq{4}}), 0U);
  EXPECT_EQ(history.RecordsAfter({Epoch{3}, Seq{1}}), 3U);
  EXPECT_EQ(history.RecordsAfter({Epoch{2}, Seq{9}}), 4U);
  EXPECT_EQ(history.RecordsAfter({Epoch{1}, Seq{5}}), 6U);
  EXPECT_EQ(history.RecordsAfter({}), 11U);
}

TEST(VersionVectorTest, TwoHistoriesAreTheSameUpToWhereTheyPart) {
  const VersionVector leader = Make({In(1, kAnn, 7), In(3, kBob, 4)});
  EXPECT_EQ(Make({In(1, kAnn, 9)}).CommonWith(leader), (Version{Epoch{1}, Seq{7}}));
  EXPECT_EQ(Make({In(1, kAnn, 5)}).CommonWith(leader), (Version{Epoch{1}, Seq{5}}));
  EXPECT_EQ(Make({In(1, kAnn, 7), In(2, kAnn, 3)}).CommonWith(leader), (Version{Epoch{1}, Seq{7}}));
  EXPECT_EQ(Make({In(1, kAnn, 7), In(3, kBob, 9)}).CommonWith(leader), (Version{Epoch{3}, Seq{4}}));
  EXPECT_EQ(Make({In(1, kBob, 7)}).CommonWith(leader), Version{});
  EXPECT_EQ(VersionVector().CommonWith(leader), Version{});
  EXPECT_EQ(leader.CommonWith(VersionVector()), Version{});
}

TEST(VersionVectorTest, WritesBeyondCountsWhatTheOtherLacksWithoutTheBeginnings) {
  const VersionVector leader = Make({In(1, kAnn, 7), In(3, kBob, 4)});
  EXPECT_EQ(Make({In(1, kAnn, 7)}).WritesBeyond(leader), 0U);
  EXPECT_EQ(Make({In(1, kAnn, 9)}).WritesBeyond(leader), 2U);
  EXPECT_EQ(Make({In(1, kAnn, 7), In(2, kAnn, 6)}).WritesBeyond(leader), 5U);
  EXPECT_EQ(Make({In(1, kAnn, 7), In(3, kAnn, 6)}).WritesBeyond(leader), 5U);
  EXPECT_EQ(Make({In(1, kAnn, 7)}).WritesBeyond(VersionVector()), 6U);
}

TEST(VersionVectorTest, OldReignsAreForgottenBeyondTheLimit) {
  VersionVector history;
  for (std::uint32_t epoch = 1; epoch <= limits::kVersionVectorEpochsMax + 5; ++epoch) {
    history.Begin(Epoch{epoch}, kAnn);
  }
  EXPECT_EQ(history.reigns().size(), limits::kVersionVectorEpochsMax);
  EXPECT_EQ(history.reigns().front().epoch, Epoch{6});
}

TEST(VersionVectorTest, ReignsThatTheOtherHasForgottenAreNotBeyondIt) {
  VersionVector ended;
  for (std::uint32_t epoch = 1; epoch <= limits::kVersionVectorEpochsMax; ++epoch) {
    ended.Begin(Epoch{epoch}, kAnn);
    ended.Advance({Epoch{epoch}, Seq{2}});
  }
  VersionVector leader = ended;
  ended.Advance({ended.last().epoch, Seq{3}});
  ended.Advance({ended.last().epoch, Seq{4}});
  leader.Begin(Epoch{limits::kVersionVectorEpochsMax + 1}, kBob, Seq{3});
  ASSERT_GT(leader.reigns().front().epoch, ended.reigns().front().epoch);
  EXPECT_EQ(ended.WritesBeyond(leader), 2U);
  EXPECT_EQ(ended.UncountedBeyond(leader), 1U);
}

TEST(VersionVectorDeathTest, GapsAndBackwardStepsAreBugs) {
  VersionVector history;
  history.Begin(Epoch{3}, kAnn);
  EXPECT_DEATH(history.Advance({Epoch{3}, Seq{3}}), "no gaps");
  EXPECT_DEATH(history.Begin(Epoch{3}, kBob), "never goes back");
}

TEST(VersionVectorTest, WhatLiesInALaterReignOrBeyondTheEndMayStillCome) {
  using Holding = VersionVector::Holding;
  const VersionVector history = Make({In(1, kAnn, 7), In(3, kBob, 4)});
  EXPECT_EQ(history.HoldingOf({Epoch{1}, Seq{7}}), Holding::kHeld);
  EXPECT_EQ(history.HoldingOf({Epoch{3}, Seq{4}}), Holding::kHeld);
  EXPECT_EQ(history.HoldingOf({Epoch{3}, Seq{5}}), Holding::kNotYet);
  EXPECT_EQ(history.HoldingOf({Epoch{4}, Seq{1}}), Holding::kNotYet);
  EXPECT_EQ(VersionVector().HoldingOf({Epoch{1}, Seq{1}}), Holding::kNotYet);
}

TEST(VersionVectorTest, WhatIsMissingBeforeALaterReignIsLost) {
  using Holding = VersionVector::Holding;
  const VersionVector history = Make({In(2, kAnn, 7), In(4, kBob, 4)});
  EXPECT_EQ(history.HoldingOf({Epoch{2}, Seq{8}}), Holding::kLost);
  EXPECT_EQ(history.HoldingOf({Epoch{3}, Seq{1}}), Holding::kLost) << "nothing is left of it";
  EXPECT_EQ(history.HoldingOf({Epoch{1}, Seq{1}}), Holding::kLost) << "or it is forgotten";
  EXPECT_EQ(history.SeqOf(Epoch{2}), Seq{7});
  EXPECT_EQ(history.SeqOf(Epoch{3}), Seq{});
}

TEST(VersionVectorTest, NothingIsPartOfEveryHistory) {
  EXPECT_EQ(VersionVector().HoldingOf({}), VersionVector::Holding::kHeld);
  EXPECT_EQ(Make({In(2, kAnn, 7)}).HoldingOf({Epoch{1}, Seq{}}), VersionVector::Holding::kHeld)
      << "and what is left of a reign that was lost whole";
}

}  // namespace
}  // namespace aegis
