// What counts as replicated, and for how long what is not has been so.

#include "node/core/unreplicated_tail.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace aegis::node {
namespace {

using namespace std::chrono_literals;

constexpr control::Copy kA{NodeId{1}, Session{11}};
constexpr control::Copy kB{NodeId{2}, Session{12}};
constexpr UnixMs kStart{1'000'000};

class UnreplicatedTailTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kRecord = 100;

  static Version At(std::uint64_t seq) { return {Epoch{1}, Seq{seq}}; }

  // A reign begins, its followers have what was there before.
  void Begin(const UnreplicatedTail::Bounds& bounds = {}) {
    tail_ = UnreplicatedTail(bounds, recent_, Version{}, Version{}, kStart);
    Write(1);
  }
  void Write(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      recent_.Append(At(++seq_), std::string(kRecord, 'r'));
      tail_.OnWritten(At(seq_), kRecord);
    }
  }
  void Pass(std::chrono::milliseconds time) {
    tail_.OnTime(UnixMs{tail_.now().value + time.count()});
  }

  replication::RecentRecords recent_;
  UnreplicatedTail tail_;
  std::uint64_t seq_ = 0;
};

TEST_F(UnreplicatedTailTest, WhatTheBestCopyInSyncHasIsReplicated) {
  Begin();
  tail_.Measure(std::vector{kA, kB}, Version{}, /*alone=*/false);
  Write(9);
  EXPECT_EQ(tail_.bytes(), 10 * kRecord);
  tail_.OnAcked(kA, At(3));
  EXPECT_EQ(tail_.bytes(), 7 * kRecord);
  tail_.OnAcked(kB, At(8));
  EXPECT_EQ(tail_.bytes(), 2 * kRecord);
  EXPECT_EQ(tail_.replicated(), At(8));
  tail_.OnAcked(kA, At(4));  // The other one still has more.
  EXPECT_EQ(tail_.bytes(), 2 * kRecord);
}

TEST_F(UnreplicatedTailTest, WhoIsNotInSyncDoesNotCountBesideThoseWhoAre) {
  Begin();
  tail_.Measure(std::vector{kA}, At(1), /*alone=*/false);
  Write(4);
  tail_.OnAcked(kB, At(5));
  EXPECT_EQ(tail_.bytes(), 5 * kRecord);
}

TEST_F(UnreplicatedTailTest, WithoutOneInSyncTheBestThatHoldsTheShardCounts) {
  Begin({.bytes = 300});
  tail_.Measure({}, At(1), /*alone=*/false);
  Write(2);
  EXPECT_TRUE(tail_.Holds(kRecord + 1));
  tail_.OnAcked(kB, At(3));
  EXPECT_FALSE(tail_.Holds(kRecord));
}

TEST_F(UnreplicatedTailTest, WithoutAnyThatHoldsTheShardItGrowsAndHoldsNobodyUp) {
  Begin({.bytes = 300, .time = 10ms});
  tail_.Measure({}, Version{}, /*alone=*/false);
  Write(20);
  Pass(1s);
  EXPECT_EQ(tail_.bytes(), 21 * kRecord);
  EXPECT_FALSE(tail_.Holds(kRecord));
}

TEST_F(UnreplicatedTailTest, AShardThatIsToHaveNoOtherCopyHasNoTail) {
  Begin();
  Write(5);
  tail_.Measure({}, Version{}, /*alone=*/true);
  EXPECT_EQ(tail_.bytes(), 0U);
}

TEST_F(UnreplicatedTailTest, WhenTheBestCopyIsLostTheNextBestCounts) {
  Begin();
  tail_.Measure(std::vector{kA, kB}, Version{}, /*alone=*/false);
  Write(9);
  tail_.OnAcked(kA, At(9));
  tail_.OnAcked(kB, At(4));
  EXPECT_EQ(tail_.bytes(), 1 * kRecord);
  tail_.Measure(std::vector{kB}, Version{}, /*alone=*/false);
  EXPECT_EQ(tail_.bytes(), 6 * kRecord);
}

TEST_F(UnreplicatedTailTest, WhatWasInheritedUncommittedBelongsToIt) {
  Begin();
  Write(9);
  UnreplicatedTail next({}, recent_, At(7), At(10), kStart);
  EXPECT_EQ(next.bytes(), 3 * kRecord);
}

TEST_F(UnreplicatedTailTest, ItsTimeIsThatOfWhatIsNotAcknowledged) {
  Begin({.time = 50ms});
  tail_.Measure(std::vector{kA}, Version{}, /*alone=*/false);
  tail_.OnAcked(kA, At(1));
  EXPECT_EQ(tail_.time(), 0ms);
  Pass(1s);
  Write(1);
  EXPECT_EQ(tail_.time(), 0ms) << "nothing was missing during that second";
  Pass(40ms);
  Write(5);
  EXPECT_EQ(tail_.time(), 40ms);
  EXPECT_FALSE(tail_.Holds(1));
  Pass(11ms);
  EXPECT_TRUE(tail_.Holds(1));
  tail_.OnAcked(kA, At(2));
  EXPECT_EQ(tail_.time(), 0ms) << "what was there when the time began is acknowledged";
  EXPECT_FALSE(tail_.Holds(1));
}

TEST_F(UnreplicatedTailTest, AClockThatIsSetBackBeginsTheTimeAnew) {
  Begin({.time = 50ms});
  tail_.Measure(std::vector{kA}, Version{}, /*alone=*/false);
  Pass(40ms);
  Pass(-10s);
  EXPECT_EQ(tail_.time(), 0ms);
  Pass(51ms);
  EXPECT_TRUE(tail_.Holds(1));
}

TEST_F(UnreplicatedTailTest, AWriteLargerThanTheBoundWaitsOnlyForTheTailToEnd) {
  Begin({.bytes = 300});
  tail_.Measure(std::vector{kA}, Version{}, /*alone=*/false);
  EXPECT_TRUE(tail_.Holds(1000));
  tail_.OnAcked(kA, At(1));
  EXPECT_FALSE(tail_.Holds(1000));
}

TEST_F(UnreplicatedTailTest, WhatTheRingNoLongerHasIsCountedAsAllThatItHolds) {
  Begin();
  tail_.Measure(std::vector{kA}, Version{}, /*alone=*/false);
  Write(19);
  recent_.Trim(5 * kRecord, At(20));
  EXPECT_EQ(tail_.bytes(), 20 * kRecord);
  tail_.OnAcked(kA, At(3));
  EXPECT_GE(tail_.bytes(), 5 * kRecord);
  tail_.OnAcked(kA, At(18));
  EXPECT_EQ(tail_.bytes(), 2 * kRecord);
}

}  // namespace
}  // namespace aegis::node
