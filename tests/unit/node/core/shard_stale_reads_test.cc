// Reads that a copy answers without leading: how fresh it knows to be, and what it does not show.
// And sessions, which no copy lets read what is older than what they have seen.

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "node/core/freshness.h"
#include "node/core/shard.h"
#include "shard_test_support.h"

namespace aegis::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StaleReadTest : public ShardTest {
 protected:
  // Node 0 leads, the others follow and hold everything.
  void Begin(bool quorum_used = false) {
    LeadWith(0, 1, {1, 2}, quorum_used);
    Settle();
  }

  std::optional<Outcome> Read(std::size_t node, const std::string& key, std::int64_t max_stale_ms,
                              std::optional<Version> session = std::nullopt, UnixMs now = kNow) {
    ShardEffects effects;
    return shards_[node]->ReadStale(
        {.code = OpCode::kGet, .key = key, .max_stale_ms = max_stale_ms, .session = session}, now,
        effects);
  }

  // The same once the copy has been told how fresh it is.
  std::optional<Outcome> ReadFresh(std::size_t node, const std::string& key, std::int64_t bound) {
    Read(node, key, bound);
    Settle();
    return Read(node, key, bound);
  }

  Outcome Write(const std::string& key, const std::string& value, std::int32_t quorum = 0) {
    return Run(
        0,
        {.code = OpCode::kSet, .key = key, .value = value, .quorum = quorum, .session = Version{}});
  }

  void Tick(std::size_t node) {
    ShardEffects effects;
    shards_[node]->Maintain(kNow, 1, effects);
  }
};

TEST_F(StaleReadTest, ACopyThatNeverHeardFromItsLeaderAnswersOnlyReadsWithoutABound) {
  Begin();
  Set(0, "k", "v");
  Settle();
  EXPECT_FALSE(Read(1, "k", 1000).has_value());
  const auto any = Read(1, "k", kAnyStaleness);
  ASSERT_TRUE(any.has_value());
  EXPECT_EQ(any->value, "v");
  EXPECT_EQ(any->stale_ms, kUnknownAge);
}

TEST_F(StaleReadTest, WithinTheBoundAfterItHasAskedTheCopyAnswersAndTellsItsAge) {
  Begin();
  Set(0, "k", "v");
  Read(1, "k", 100);
  lease_.now += milliseconds(7);
  Settle();
  lease_.now += milliseconds(3);
  const auto read = Read(1, "k", 100);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->value, "v");
  EXPECT_EQ(read->stale_ms, 10) << "since it asked, not since it was answered";
  lease_.now += milliseconds(91);
  EXPECT_FALSE(Read(1, "k", 100).has_value());
  EXPECT_TRUE(Read(1, "k", 200).has_value());
  EXPECT_EQ(shards_[1]->counters().stale_reads, 2U);
}

TEST_F(StaleReadTest, ThatAKeyIsMissingIsAnAnswerTooAndHasAnAge) {
  Begin();
  const auto read = ReadFresh(1, "k", 100);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->status, Status::kNotFound);
  EXPECT_EQ(read->stale_ms, 0);
}

TEST_F(StaleReadTest, ALeaderWithoutItsLeaseDoesNotSayHowFreshACopyIs) {
  Begin();
  lease_.holds = false;
  EXPECT_FALSE(ReadFresh(1, "k", 1000).has_value());
  EXPECT_EQ(received_[replication::PeerMessageType::kAsk], 1);
  EXPECT_EQ(received_[replication::PeerMessageType::kFresh], 0);
}

TEST_F(StaleReadTest, NorDoesOneThatHasStoppedToHandOver) {
  Begin();
  ShardEffects effects;
  shards_[0]->HandOver(Id(2), effects);
  EXPECT_FALSE(ReadFresh(1, "k", 1000).has_value());
}

TEST_F(StaleReadTest, ACopyIsNotFreshBeforeItHoldsWhatWasThereWhenItAsked) {
  Begin();
  Set(0, "k", "old");
  Settle();
  Read(1, "k", 1000);
  Set(0, "k", "new");
  replication::PeerMessage fresh;
  fresh.type = replication::PeerMessageType::kFresh;
  fresh.shard = ShardId{5};
  fresh.epoch = Epoch{1};
  fresh.round = static_cast<std::uint64_t>(lease_.now.time_since_epoch().count());
  fresh.version = shards_[0]->replica().history().last();
  ShardEffects effects;
  ASSERT_TRUE(shards_[1]->OnMessage(CopyOf(0), fresh, effects).ok());
  EXPECT_FALSE(Read(1, "k", 1000).has_value()) << "it lacks the newest record";
  Settle();
  ASSERT_TRUE(shards_[1]->OnMessage(CopyOf(0), fresh, effects).ok());
  const auto read = Read(1, "k", 1000);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->value, "new");
}

TEST_F(StaleReadTest, TheLeaderAnswersBehindTheRecordsThatWereThereWhenItWasAsked) {
  Begin();
  Settle();
  for (int i = 0; i < 200; ++i) Set(0, "k" + std::to_string(i), std::string(1000, 'x'));
  Read(1, "k199", 1000);
  Settle();
  const auto read = Read(1, "k199", 1000);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->status, Status::kOk);
}

TEST_F(StaleReadTest, ManyReadsAskOnce) {
  Begin();
  for (int i = 0; i < 100; ++i) Read(1, "k", 1000);
  Settle();
  EXPECT_EQ(received_[replication::PeerMessageType::kAsk], 1);
  lease_.now += limits::kFreshnessPeriod;
  for (int i = 0; i < 100; ++i) Read(1, "k", 1000);
  Settle();
  EXPECT_EQ(received_[replication::PeerMessageType::kAsk], 2);
}

TEST_F(StaleReadTest, ALeaderLeavesSuchReadsToItsOwnPathWhileItsLeaseHolds) {
  Begin();
  Set(0, "k", "v");
  EXPECT_FALSE(Read(0, "k", kAnyStaleness).has_value());
  const Outcome led = Run(0, {.code = OpCode::kGet, .key = "k", .max_stale_ms = 5});
  EXPECT_EQ(led.status, Status::kOk);
  EXPECT_FALSE(led.stale_ms.has_value()) << "it is the leader's answer";
  lease_.holds = false;
  const auto read = Read(0, "k", kAnyStaleness);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->value, "v");
  EXPECT_EQ(read->stale_ms, kUnknownAge);
}

TEST_F(StaleReadTest, ACopyThatNobodyLeadsAnyMoreIsStillShownToWhoWantsItWhateverItsAge) {
  Begin();
  Set(0, "k", "v");
  Settle();
  ShardEffects effects;
  shards_[1]->Orphan(effects);
  EXPECT_TRUE(Read(1, "k", kAnyStaleness).has_value());
  shards_[1]->Release(effects);
  EXPECT_FALSE(Read(1, "k", kAnyStaleness).has_value()) << "there is no copy";
}

TEST_F(StaleReadTest, WhatHasExpiredIsHidden) {
  Begin();
  Set(0, "k", "v", /*ttl_ms=*/1000);
  Settle();
  EXPECT_EQ(Read(1, "k", kAnyStaleness)->status, Status::kOk);
  const UnixMs later{kNow.value + 1000};
  EXPECT_EQ(Read(1, "k", kAnyStaleness, std::nullopt, later)->status, Status::kNotFound);
}

// --- Quorums ------------------------------------------------------------------------------------

TEST_F(StaleReadTest, WhatWaitsForAQuorumIsNotShownByACopy) {
  Begin(/*quorum_used=*/true);
  Set(0, "other", "v");
  Settle();
  Tick(0);
  Settle();
  cut_[2][0] = true;  // Node 2 holds it, and its acknowledgement is lost.
  Write("k", "v", 2);
  Settle();
  ASSERT_EQ(shards_[1]->replica().history(), shards_[0]->replica().history());
  EXPECT_FALSE(Read(1, "k", kAnyStaleness).has_value());
  EXPECT_TRUE(Read(1, "other", kAnyStaleness).has_value());
}

TEST_F(StaleReadTest, ItIsShownWithoutFurtherWritesOnceItIsCommitted) {
  Begin(/*quorum_used=*/true);
  Write("k", "v", 2);
  Settle();
  EXPECT_FALSE(Read(1, "k", kAnyStaleness).has_value()) << "nobody has told it yet";
  Tick(0);
  Settle();
  const auto read = Read(1, "k", kAnyStaleness);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->value, "v");
}

TEST_F(StaleReadTest, AFullCopyTellsThatThereAreQuorumWrites) {
  Begin(/*quorum_used=*/true);
  Write("k", "v", 2);
  Settle();
  Restart(1);
  cut_[2][0] = true;
  Write("k", "w", 2);
  ShardEffects effects;
  Feed(0, {1, 2}, /*quorum_used=*/true);
  shards_[0]->OnLinkUp(Id(1), effects);
  shards_[1]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  Settle();
  ASSERT_TRUE(shards_[1]->Report().whole);
  EXPECT_FALSE(Read(1, "k", kAnyStaleness).has_value());
}

TEST_F(StaleReadTest, ALeaderOfAsynchronousWritesSendsNothingMoreForIt) {
  Begin();
  Set(0, "k", "v");
  Settle();
  Tick(0);
  Settle();
  EXPECT_EQ(received_[replication::PeerMessageType::kFresh], 0);
}

// --- Sessions -----------------------------------------------------------------------------------

TEST_F(StaleReadTest, AWriteInASessionTellsItsPosition) {
  Begin();
  const Outcome write = Write("k", "v");
  EXPECT_EQ(write.position, write.version);
  const Outcome removal = Run(0, {.code = OpCode::kDelete, .key = "k", .session = write.position});
  EXPECT_EQ(removal.status, Status::kOk);
  EXPECT_EQ(removal.position, shards_[0]->replica().history().last());
  EXPECT_EQ(Run(0, {.code = OpCode::kSet, .key = "k", .value = "w"}).position, Version{})
      << "only in a session";
}

TEST_F(StaleReadTest, ACopyThatHasNotComeAsFarAsTheSessionDoesNotAnswer) {
  Begin();
  Set(0, "k", "old");
  Settle();
  const Outcome write = Write("k", "new");
  EXPECT_FALSE(Read(1, "k", kAnyStaleness, write.position).has_value());
  EXPECT_EQ(Read(1, "k", kAnyStaleness, Version{})->value, "old");
  Settle();
  const auto read = Read(1, "k", kAnyStaleness, write.position);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->value, "new");
  EXPECT_EQ(read->position, write.position);
}

TEST_F(StaleReadTest, WhatASessionSawMissingItDoesNotSeeAgain) {
  Begin();
  Set(0, "k", "v");
  Settle();
  Delete(0, "k");
  const Outcome missing = Run(0, {.code = OpCode::kGet, .key = "k", .session = Version{}});
  EXPECT_EQ(missing.status, Status::kNotFound);
  EXPECT_FALSE(Read(1, "k", kAnyStaleness, missing.position).has_value());
}

TEST_F(StaleReadTest, TheLeaderTellsASessionWhatAFailoverLost) {
  Begin();
  Set(0, "k", "old");
  Settle();
  const Version kept = shards_[0]->replica().history().last();
  cut_[0][1] = cut_[0][2] = true;
  Write("k", "lost");
  const Outcome write = Write("k", "lost too");
  Settle();
  LeadWith(1, 2, {2});
  Settle();
  const Operation read{
      .code = OpCode::kGet, .key = "k", .max_stale_ms = kAnyStaleness, .session = write.position};
  const Outcome told = Run(1, read);
  EXPECT_EQ(told.status, Status::kSessionLost);
  EXPECT_EQ(told.position, kept);
  EXPECT_NE(told.error.find("epoch 1, " + std::to_string(kept.seq.value() + 1) + " to " +
                            std::to_string(write.position.seq.value())),
            std::string::npos)
      << told.error;
  EXPECT_FALSE(told.has_value);
  // The reign that a follower knows of may be over, and the one that follows it may have it.
  ShardEffects effects;
  EXPECT_FALSE(shards_[2]->ReadStale(read, kNow, effects));
  EXPECT_EQ(Run(1, {.code = OpCode::kGet, .key = "k", .session = kept}).value, "old");
}

TEST_F(StaleReadTest, AFailedCommandDoesNotMoveTheSession) {
  Begin();
  Set(0, "text", "no number");
  const Version seen = shards_[0]->replica().history().last();
  Set(0, "other", "v");
  const Outcome failed =
      Run(0, {.code = OpCode::kIncrement, .key = "text", .number = 1, .session = seen});
  EXPECT_EQ(failed.status, Status::kInvalid);
  EXPECT_EQ(failed.position, Version{});
}

TEST_F(StaleReadTest, AWriteOfASessionThatLostSomethingIsRefusedSoThatItHearsOfIt) {
  Begin();
  cut_[0][1] = cut_[0][2] = true;
  const Outcome write = Write("k", "lost");
  LeadWith(1, 2, {2});
  const Version before = shards_[1]->replica().history().last();
  const Outcome refused =
      Run(1, {.code = OpCode::kSet, .key = "k", .value = "next", .session = write.position});
  EXPECT_EQ(refused.status, Status::kSessionLost);
  EXPECT_EQ(shards_[1]->replica().history().last(), before) << "nothing happened";
}

TEST_F(StaleReadTest, AReignOfWhichNothingIsLeftIsLostWhole) {
  Begin();
  ShardEffects effects;
  shards_[2]->Lead(Epoch{4}, lease_.session, false, effects);
  const Outcome told =
      Run(2, {.code = OpCode::kGet, .key = "k", .session = Version{Epoch{3}, Seq{9}}});
  EXPECT_EQ(told.status, Status::kSessionLost);
  EXPECT_EQ(told.position, (Version{Epoch{3}, Seq{}}));
  EXPECT_EQ(Run(2, {.code = OpCode::kGet, .key = "k", .session = told.position}).status,
            Status::kNotFound)
      << "it goes on from what is left";
}

// --- Freshness ----------------------------------------------------------------------------------

TEST(FreshnessTest, AnAnswerToWhatWasNeverAskedIsIgnored) {
  Freshness freshness;
  const TimePoint now{seconds(10)};
  freshness.OnAnswer(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  EXPECT_FALSE(freshness.Age(now).has_value());
  EXPECT_TRUE(freshness.Want(now, seconds(1)));
  const std::uint64_t question = freshness.TakeQuestion();
  EXPECT_EQ(freshness.TakeQuestion(), 0U) << "asked once";
  freshness.OnAnswer(question + 1);
  EXPECT_FALSE(freshness.Age(now).has_value()) << "it lies in the future";
  freshness.OnAnswer(question);
  EXPECT_EQ(freshness.Age(now + milliseconds(3)), milliseconds(3));
}

TEST(FreshnessTest, AnOlderAnswerDoesNotMakeItOlder) {
  Freshness freshness;
  const TimePoint first{seconds(10)};
  EXPECT_TRUE(freshness.Want(first, seconds(1)));
  const std::uint64_t older = freshness.TakeQuestion();
  const TimePoint second = first + limits::kFreshnessPeriod;
  EXPECT_TRUE(freshness.Want(second, seconds(1)));
  freshness.OnAnswer(freshness.TakeQuestion());
  freshness.OnAnswer(older);
  EXPECT_EQ(freshness.Age(second), Duration{});
}

TEST(FreshnessTest, TightBoundsAskMoreOften) {
  Freshness freshness;
  const TimePoint now{seconds(10)};
  EXPECT_TRUE(freshness.Want(now, milliseconds(10)));
  EXPECT_FALSE(freshness.Want(now + milliseconds(4), milliseconds(10)));
  EXPECT_FALSE(freshness.Want(now + milliseconds(5), seconds(10)));
  EXPECT_TRUE(freshness.Want(now + milliseconds(5), milliseconds(10)));
}

}  // namespace
}  // namespace aegis::node
