// A leader takes no more writes than its followers keep up with.

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "shard_test_support.h"

namespace aegis::node {
namespace {

using namespace std::chrono_literals;

class AsyncLagTest : public ShardTest {
 protected:
  static constexpr std::uint64_t kBound = 2000;

  // The first node leads, and has so many others that are in sync and have everything.
  void LeadBounded(const UnreplicatedTail::Bounds& bounds, const std::vector<std::size_t>& others) {
    tail_bounds_ = bounds;
    Restart(0);
    LeadWith(0, 1, others, /*quorum_used=*/true);
    Settle();
    ASSERT_EQ(shards_[0]->tail().bytes(), 0U);
  }

  Status Write(const std::string& key, UnixMs now = kNow) {
    const std::string value(100, 'v');
    return Run(0, {.code = OpCode::kSet, .key = key, .value = value}, now).status;
  }
  // Until one is refused; nothing is sent meanwhile.
  int WriteUntilRefused() {
    int written = 0;
    while (written < 1000 && Write("k" + std::to_string(written)) == Status::kOk) ++written;
    return written;
  }
};

TEST_F(AsyncLagTest, BeyondTheBoundWritesAreBusyUntilSomebodyElseHasThoseBefore) {
  LeadBounded({.bytes = kBound}, {1, 2});
  const int written = WriteUntilRefused();
  EXPECT_GT(written, 10);
  EXPECT_LT(written, 20);
  const Version last = shards_[0]->replica().history().last();
  EXPECT_LE(shards_[0]->tail().bytes(), kBound);

  const Outcome refused =
      Run(0, {.code = OpCode::kSet, .key = "x", .value = std::string(100, 'v')});
  EXPECT_EQ(refused.status, Status::kBusy);
  EXPECT_NE(refused.error.find("bytes"), std::string::npos) << refused.error;
  EXPECT_EQ(Run(0, {.code = OpCode::kIncrement, .key = "n", .value = {}, .number = 1}).status,
            Status::kOk)
      << "what is small enough still fits";
  EXPECT_GT(shards_[0]->replica().history().last(), last);

  Settle();
  EXPECT_EQ(shards_[0]->tail().bytes(), 0U);
  EXPECT_EQ(Write("x"), Status::kOk);
}

TEST_F(AsyncLagTest, DeletesWaitAsWellAndReadsDoNot) {
  LeadBounded({.bytes = 1}, {1});
  EXPECT_EQ(Write("k"), Status::kOk) << "there was no tail";
  const Version last = shards_[0]->replica().history().last();
  EXPECT_EQ(Run(0, {.code = OpCode::kDelete, .key = "k"}).status, Status::kBusy);
  EXPECT_EQ(Run(0, {.code = OpCode::kExpire, .key = "k"}).status, Status::kBusy);
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "k"}).status, Status::kOk);
  EXPECT_EQ(shards_[0]->replica().history().last(), last);
}

TEST_F(AsyncLagTest, OneFollowerThatKeepsUpIsEnough) {
  LeadBounded({.bytes = kBound}, {1, 2});
  cut_[0][2] = true;  // What is sent to it is lost, and it acknowledges nothing.
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(Write("k" + std::to_string(i)), Status::kOk);
    Settle();
  }
}

TEST_F(AsyncLagTest, BeyondTheTimeWritesAreBusy) {
  LeadBounded({.time = 500ms}, {1});
  EXPECT_EQ(Write("a"), Status::kOk);
  EXPECT_EQ(Write("b", UnixMs{kNow.value + 500}), Status::kOk);
  EXPECT_EQ(Write("c", UnixMs{kNow.value + 501}), Status::kBusy);
  Settle();
  EXPECT_EQ(Write("c", UnixMs{kNow.value + 502}), Status::kOk);
}

TEST_F(AsyncLagTest, ALeaderWithoutOthersIsNotHeldUp) {
  LeadBounded({.bytes = kBound, .time = 1ms}, {});
  EXPECT_EQ(WriteUntilRefused(), 1000);
  EXPECT_EQ(shards_[0]->tail().bytes(), 0U);
}

TEST_F(AsyncLagTest, ACopyThatIsOnlyBeingMadeHoldsNobodyUp) {
  tail_bounds_ = {.bytes = kBound};
  Restart(0);
  LeadWith(0, 1, {});
  EXPECT_EQ(WriteUntilRefused(), 1000);
  Feed(0, {1});  // It has not said anything yet, and is not in sync.
  EXPECT_EQ(WriteUntilRefused(), 1000);
  EXPECT_GT(shards_[0]->tail().bytes(), kBound) << "which is told all the same";
  ShardEffects effects;
  shards_[1]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  Settle();
  EXPECT_EQ(shards_[0]->tail().bytes(), 0U);
  EXPECT_LT(WriteUntilRefused(), 20) << "now it counts";
}

TEST_F(AsyncLagTest, AFollowerWhoseLinkBreaksHasWhatItHad) {
  LeadBounded({.bytes = kBound}, {1});
  ASSERT_EQ(Write("k"), Status::kOk);
  Settle();
  ShardEffects effects;
  shards_[0]->OnLinkDown(Id(1), effects);
  EXPECT_EQ(shards_[0]->tail().bytes(), 0U);
  EXPECT_LT(WriteUntilRefused(), 20) << "and it still counts as in sync";
  Feed(0, {1});
  EXPECT_EQ(WriteUntilRefused(), 1000) << "nobody is in sync, and nobody known to hold the shard";
}

TEST_F(AsyncLagTest, AReignThatIsOverHasNoTail) {
  LeadBounded({.bytes = kBound}, {1});
  ASSERT_EQ(Write("k"), Status::kOk);
  EXPECT_GT(shards_[0]->tail().bytes(), 0U);
  ShardEffects effects;
  shards_[0]->Orphan(effects);
  EXPECT_EQ(shards_[0]->tail().bytes(), 0U);
}

TEST_F(AsyncLagTest, WithFewerInSyncThanIsSetNothingIsWritten) {
  min_in_sync_ = 2;
  Restart(0);
  LeadWith(0, 1, {1});
  const Outcome refused = Run(0, {.code = OpCode::kSet, .key = "k", .value = "v"});
  EXPECT_EQ(refused.status, Status::kTooFewCopies);
  EXPECT_EQ(refused.error, "1 copy is in sync, 2 are wanted");
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "k"}).status, Status::kNotFound);
  Feed(0, {1}, /*quorum_used=*/true);
  EXPECT_EQ(Write("k"), Status::kOk);
}

TEST_F(AsyncLagTest, WhoIsInSyncIsWaitedForAtTheBeginningOfAReign) {
  min_in_sync_ = 2;
  Restart(0);
  ShardEffects effects;
  shards_[0]->Lead(Epoch{1}, lease_.session, /*quorum_used=*/false, effects);
  EXPECT_EQ(Write("k"), Status::kNotLeader);
}

}  // namespace
}  // namespace aegis::node
