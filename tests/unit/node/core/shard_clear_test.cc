// Everything of a shard goes at once: at every replica, for good, whatever was under way.

#include <gtest/gtest.h>

#include <string>

#include "node/core/shard.h"
#include "shard_test_support.h"

namespace aegis::node {
namespace {

using replication::PeerMessageType;

class ShardClearTest : public ShardTest {
 protected:
  void SetMany(std::size_t node, int count, const std::string& value = "v") {
    for (int i = 0; i < count; ++i) Set(node, "k" + std::to_string(i), value);
  }
  Outcome Clear(std::size_t node, std::optional<std::int32_t> quorum = std::nullopt) {
    return Run(node, {.code = OpCode::kClear, .key = "any", .quorum = quorum});
  }
  Outcome Read(std::size_t node, const std::string& key) {
    return Run(node, {.code = OpCode::kGet, .key = key});
  }
  std::size_t Items(std::size_t node) const { return shards_[node]->replica().table().items(); }
  void ExpectEmpty(std::size_t node) const {
    const Replica& replica = shards_[node]->replica();
    EXPECT_EQ(replica.table().items(), 0U);
    EXPECT_EQ(replica.tombstones(), 0U);
    EXPECT_EQ(replica.table().digest().root(), 0U);
  }
  void ReturnTo(std::size_t leader, std::size_t node, std::uint32_t epoch) {
    for (auto& row : cut_) row.fill(false);
    ShardEffects effects;
    shards_[node]->Follow(Id(leader), Epoch{epoch}, /*change=*/0, effects);
    for (std::size_t other = 0; other < kNodes; ++other) {
      if (other == leader) continue;
      shards_[leader]->OnLinkUp(Id(other), effects);
      shards_[other]->OnLinkUp(Id(leader), effects);
    }
  }
};

TEST_F(ShardClearTest, EmptiesEveryReplicaTombstonesIncluded) {
  LeadWith(0, 1, {1, 2});
  SetMany(0, 100);
  Delete(0, "k7");
  Settle();
  const Outcome outcome = Clear(0);
  EXPECT_EQ(outcome.status, Status::kOk);
  EXPECT_EQ(outcome.number, 99);
  Settle();
  for (std::size_t node = 0; node < kNodes; ++node) ExpectEmpty(node);
  Set(0, "after", "v");
  Settle();
  ExpectReplicasEqual(0, 1);
  ExpectReplicasEqual(0, 2);
  EXPECT_EQ(Items(1), 1U);
}

TEST_F(ShardClearTest, WhatItTookOutIsDestroyedByWhoeverHoldsNoLock) {
  LeadWith(0, 1, {});
  SetMany(0, 100);
  const std::uint64_t used = meters_[0].accounted();
  ShardEffects effects;
  shards_[0]->Execute({.code = OpCode::kClear, .key = "any"}, kNow, effects);
  ASSERT_EQ(effects.cleared.size(), 1U);
  EXPECT_EQ(effects.cleared.front().items(), 100U);
  EXPECT_EQ(meters_[0].used(), 0U) << "nothing is evicted or refused for it any more";
  EXPECT_GE(meters_[0].accounted(), used) << "it is there until it is destroyed";
  effects.Clear();
  EXPECT_LT(meters_[0].accounted(), used / 2);
}

TEST_F(ShardClearTest, OverwritesACopyInProgress) {
  LeadWith(0, 1, {1});
  SetMany(0, 500, std::string(1000, 'v'));  // More than the ring holds, and several chunks.
  Settle();
  received_.clear();
  Feed(0, {1, 2});
  ShardEffects effects;
  shards_[2]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  // The first copy is given up: the follower asks again when it is invited.
  for (int i = 0; i < 10 && received_[PeerMessageType::kCopyChunk] < 4; ++i) PumpOnce();
  ASSERT_GE(received_[PeerMessageType::kCopyChunk], 4);
  ASSERT_EQ(received_[PeerMessageType::kCopyEnd], 0) << "the copy is under way";
  Clear(0);
  Set(0, "after", "v");
  Settle();
  EXPECT_EQ(Items(2), 1U);
  ExpectReplicasEqual(0, 2);
}

TEST_F(ShardClearTest, WhatAnOldLeaderWroteBeforeItDoesNotComeBack) {
  LeadWith(0, 1, {1, 2});
  Set(0, "shared", "v");
  Settle();
  for (auto& row : cut_) row.fill(true);
  Set(0, "lost", "v");
  Set(0, "shared", "lost too");
  cut_[1][2] = cut_[2][1] = false;
  LeadWith(1, 2, {2});
  Settle();
  Clear(1);
  Settle();
  Feed(1, {0, 2});
  ReturnTo(1, 0, 2);
  Settle();
  for (std::size_t node = 0; node < kNodes; ++node) EXPECT_EQ(Items(node), 0U) << node;
  ExpectReplicasEqual(1, 0);
}

TEST_F(ShardClearTest, WhatWasWrittenBehindItAndLostDoesComeBack) {
  LeadWith(0, 1, {1, 2});
  Set(0, "old", "v");
  Clear(0);
  Settle();
  for (auto& row : cut_) row.fill(true);
  Set(0, "lost", "v");
  cut_[1][2] = cut_[2][1] = false;
  LeadWith(1, 2, {2});
  Settle();
  Feed(1, {0, 2});
  ReturnTo(1, 0, 2);
  Settle();
  EXPECT_EQ(Read(1, "lost").value, "v");
  EXPECT_EQ(Items(1), 1U);
}

TEST_F(ShardClearTest, OneThatWaitsForItsQuorumHoldsUpReadsOfWhatItRemoved) {
  LeadWith(0, 1, {1, 2}, /*quorum_used=*/true);
  Set(0, "k", "v");
  Settle();
  cut_[0][2] = true;
  Outcome clear = Clear(0, 2);
  EXPECT_NE(clear.hold.reign, Epoch{}) << "node 2 is in sync and lacks it";
  Outcome read = Read(0, "k");
  EXPECT_EQ(read.status, Status::kNotFound);
  EXPECT_NE(read.hold.reign, Epoch{}) << "a failover could bring the key back";
  Settle();
  EXPECT_FALSE(shards_[0]->Settle(/*write=*/true, clear));
  cut_[0][2] = false;
  ShardEffects effects;
  shards_[0]->OnLinkUp(Id(2), effects);
  shards_[2]->OnLinkUp(Id(0), effects);
  Settle();
  EXPECT_TRUE(shards_[0]->Settle(/*write=*/true, clear));
  EXPECT_EQ(clear.status, Status::kOk);
  EXPECT_TRUE(shards_[0]->Settle(/*write=*/false, read));
  EXPECT_EQ(Read(0, "k").hold.reign, Epoch{});
}

TEST_F(ShardClearTest, ACopyDoesNotShowAbsenceBeforeItIsCommitted) {
  LeadWith(0, 1, {1, 2}, /*quorum_used=*/true);
  Set(0, "k", "v");
  Settle();
  cut_[0][2] = true;
  Clear(0, 2);
  PumpOnce();
  ASSERT_EQ(Items(1), 0U);
  ShardEffects effects;
  const Operation read{.code = OpCode::kGet, .key = "k", .max_stale_ms = kAnyStaleness};
  EXPECT_FALSE(shards_[1]->ReadStale(read, kNow, effects).has_value());
}

TEST_F(ShardClearTest, AnEmptyShardIsClearedAllTheSame) {
  LeadWith(0, 1, {1, 2});
  const Version before = shards_[0]->replica().history().last();
  EXPECT_EQ(Clear(0).number, 0);
  EXPECT_GT(shards_[0]->replica().history().last(), before)
      << "what a lost tail holds has to know of it";
}

}  // namespace
}  // namespace aegis::node
