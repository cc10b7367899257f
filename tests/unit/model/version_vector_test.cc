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

TEST(VersionVectorDeathTest, GapsAndBackwardStepsAreBugs) {
  VersionVector history;
  history.Begin(Epoch{3}, kAnn);
  EXPECT_DEATH(history.Advance({Epoch{3}, Seq{3}}), "no gaps");
  EXPECT_DEATH(history.Begin(Epoch{3}, kBob), "never goes back");
}

}  // namespace
}  // namespace aegis
