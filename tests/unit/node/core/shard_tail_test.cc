// What an old leader had written and nobody else had: written again by its successor, unless
// somebody has written the key since.

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "node/core/shard.h"
#include "shard_test_support.h"

namespace aegis::node {
namespace {

using replication::PeerMessage;
using replication::PeerMessageType;
using replication::Record;
using replication::RecordType;

class ShardTailTest : public ShardTest {
 protected:
  // Node 0 has led and is replaced by node 1; what it writes in between nobody else has.
  void Begin(bool quorum_used = false) {
    LeadWith(0, 1, {1, 2}, quorum_used);
    for (const char* key : {"kept", "overwritten", "deleted", "gone"}) Set(0, key, "shared");
    Settle();
    for (auto& row : cut_) row.fill(true);
  }
  // Node 1 leads, without node 0.
  void TakeOver(bool quorum_used = false) {
    cut_[1][2] = cut_[2][1] = false;
    LeadWith(1, 2, {2}, quorum_used);
    Settle();
    Feed(1, {0, 2}, quorum_used);
  }
  void Return(std::size_t to = 1, std::uint32_t epoch = 2) {
    for (auto& row : cut_) row.fill(false);
    ShardEffects effects;
    shards_[0]->Follow(Id(to), Epoch{epoch}, /*change=*/0, effects);
    for (std::size_t node = 0; node < kNodes; ++node) {
      if (node == to) continue;
      shards_[to]->OnLinkUp(Id(node), effects);
      shards_[node]->OnLinkUp(Id(to), effects);
    }
  }
  // Views borrow from the table.
  std::optional<store::ItemView> Find(std::size_t node, const std::string& key) {
    std::optional<store::ItemView> found;
    shards_[node]->replica().table().Scan(0, ~std::size_t{0}, [&](const store::ItemView& item) {
      if (item.key == key) found = item;
    });
    return found;
  }
  std::string Value(std::size_t node, const std::string& key) {
    const auto item = Find(node, key);
    return item && !item->tombstone ? std::string(item->value) : "-";
  }
  std::uint64_t Recovered(std::size_t node) { return shards_[node]->counters().writes_recovered; }
  Result<Ok> Give(const PeerMessage& message) {
    ShardEffects effects;
    return shards_[1]->OnMessage(CopyOf(0), message, effects);
  }
  PeerMessage Tail(ByteView records) {
    PeerMessage tail;
    tail.type = PeerMessageType::kTail;
    tail.shard = ShardId{5};
    tail.epoch = Epoch{2};
    tail.records = records;
    return tail;
  }
};

TEST_F(ShardTailTest, WhatNobodyHasWrittenSinceIsWrittenAgain) {
  Begin();
  Set(0, "kept", "first");
  Set(0, "kept", "last");
  Set(0, "new", "v");
  Delete(0, "gone");
  Delete(0, "never there");
  TakeOver();
  EXPECT_EQ(Value(1, "kept"), "shared");
  Return();
  Settle();
  EXPECT_EQ(Value(1, "kept"), "last");
  EXPECT_EQ(Value(1, "new"), "v");
  EXPECT_EQ(Value(1, "gone"), "-");
  EXPECT_EQ(Recovered(1), 3U);
  EXPECT_EQ(shards_[0]->counters().writes_lost, 4U);
  ExpectReplicasEqual(0, 1);
  ExpectReplicasEqual(2, 1);
}

TEST_F(ShardTailTest, TheLifetimeAndTheFlagsComeWithIt) {
  Begin();
  Run(0, {.code = OpCode::kSet,
          .key = "new",
          .value = "v",
          .expiry = ExpiryKind::kRelative,
          .expiry_ms = 5000,
          .client_flags = 7});
  TakeOver();
  Return();
  Settle();
  const auto item = Find(2, "new");
  ASSERT_TRUE(item);
  EXPECT_EQ(item->expires_at, kNow.value + 5000);
  EXPECT_EQ(item->client_flags, 7U);
}

TEST_F(ShardTailTest, WhatWasWrittenOrDeletedSinceStaysSo) {
  Begin();
  for (const char* key : {"overwritten", "deleted", "new", "new and gone"}) Set(0, key, "old");
  Delete(0, "kept");
  TakeOver();
  for (const char* key : {"kept", "overwritten", "new", "new and gone"}) Set(1, key, "since");
  Delete(1, "deleted");
  Delete(1, "new and gone");
  Return();
  Settle();
  for (const char* key : {"kept", "overwritten", "new"}) EXPECT_EQ(Value(1, key), "since") << key;
  for (const char* key : {"deleted", "new and gone"}) EXPECT_EQ(Value(1, key), "-") << key;
  EXPECT_EQ(Recovered(1), 0U);
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTailTest, AKeyThatMayHaveBeenWrittenAndHaveExpiredSinceStaysAway) {
  Begin();
  Set(0, "new", "old");
  Set(0, "kept", "old");
  TakeOver();
  Set(1, "new", "since", /*ttl_ms=*/10);
  ShardEffects effects;
  for (int i = 0; i < 100; ++i) shards_[1]->Maintain(UnixMs{kNow.value + 20}, 1000, effects);
  ASSERT_FALSE(Find(1, "new"));
  Return();
  Settle();
  EXPECT_EQ(Value(1, "new"), "-");
  EXPECT_EQ(Value(1, "kept"), "old") << "it has been there all the time";
  EXPECT_EQ(Recovered(1), 1U);
}

TEST_F(ShardTailTest, WhatExpiredThatWasThereBeforeIsNoReason) {
  LeadWith(0, 1, {1, 2});
  Set(0, "early", "shared", /*ttl_ms=*/10);
  Settle();
  for (auto& row : cut_) row.fill(true);
  Set(0, "new", "old");
  TakeOver();
  ShardEffects effects;
  for (int i = 0; i < 100; ++i) shards_[1]->Maintain(UnixMs{kNow.value + 20}, 1000, effects);
  ASSERT_FALSE(Find(1, "early"));
  Return();
  Settle();
  EXPECT_EQ(Value(1, "new"), "old");
}

TEST_F(ShardTailTest, ATombstoneThatWasTrimmedSinceKeepsItsKeyAway) {
  Begin();
  Set(0, "new", "old");
  cut_[1][2] = cut_[2][1] = false;
  LeadWith(1, 2, {2});  // Nobody waits for node 0.
  Set(1, "new", "since");
  Delete(1, "new");
  Settle();
  ShardEffects effects;
  shards_[1]->Maintain(kNow, 1000, effects);
  ASSERT_EQ(shards_[1]->replica().tombstones(), 0U);
  Feed(1, {0, 2});
  Return();
  Settle();
  EXPECT_EQ(Value(1, "new"), "-");
}

TEST_F(ShardTailTest, ACopyKnowsWhatHadVanishedWhereItWasMade) {
  Restart(1, /*ring_bytes=*/1000);
  Begin();
  Set(0, "new", "old");
  TakeOver();
  Set(1, "new", "since", /*ttl_ms=*/10);
  Set(1, "large", std::string(2000, 'v'));
  Settle();
  ShardEffects effects;
  for (int i = 0; i < 100; ++i) shards_[1]->Maintain(UnixMs{kNow.value + 20}, 1000, effects);
  Set(1, "large", std::string(3000, 'v'));
  Restart(2);
  cut_[1][2] = cut_[2][1] = false;
  LeadWith(1, 3, {2});
  Settle();  // Node 2 has a copy.
  ASSERT_GE(received_[PeerMessageType::kCopyEnd], 1);
  LeadWith(2, 4, {0, 1});
  Return(/*to=*/2, /*epoch=*/4);
  Settle();
  EXPECT_EQ(Value(2, "new"), "-");
  ExpectReplicasEqual(0, 2);
}

TEST_F(ShardTailTest, TwoReplicasWithTheSameTailHaveItWrittenOnce) {
  Begin();
  cut_[0][2] = cut_[2][0] = false;
  Set(0, "kept", "old");
  Set(0, "new", "old");
  Settle();
  cut_[0][2] = cut_[2][0] = true;
  cut_[1][2] = cut_[2][1] = false;
  LeadWith(1, 2, {0, 2});
  Settle();
  EXPECT_EQ(Recovered(1), 2U);
  Set(1, "kept", "since");
  Delete(1, "new");
  Return();
  Settle();
  EXPECT_EQ(Value(1, "kept"), "since");
  EXPECT_EQ(Value(1, "new"), "-");
  EXPECT_EQ(Recovered(1), 2U);
  ExpectReplicasEqual(0, 1);
  ExpectReplicasEqual(0, 2);
}

TEST_F(ShardTailTest, ALongTailComesInPieces) {
  Begin();
  for (int i = 0; i < 3000; ++i) Set(0, std::to_string(i), std::string(100, 'v'));
  TakeOver();
  Return();
  Settle();
  EXPECT_GT(received_[PeerMessageType::kTail], 10);
  EXPECT_EQ(Recovered(1), 3000U);
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTailTest, LargeValuesDoNotMakeLargeFrames) {
  Begin();
  for (int i = 0; i < 40; ++i) Set(0, std::to_string(i), std::string(150'000, 'v'));
  TakeOver();
  Return();
  Settle();
  EXPECT_GE(received_[PeerMessageType::kTail], 40);
  EXPECT_EQ(Recovered(1), 40U);
}

// Both sides of a link ask when it comes up, so it is asked for twice.
TEST_F(ShardTailTest, AFollowerThatWasAskedTwiceIsInSyncInTheEnd) {
  Begin();
  Set(0, "new", "v");
  TakeOver();
  Return();
  ShardEffects effects;
  for (int i = 0; i < 6; ++i) {
    shards_[1]->Pump(Id(0), kBudget, kNow, wires_[1][0]);
    Deliver(1, 0);
    if (i < 3) shards_[0]->Pump(Id(1), kBudget, kNow, wires_[0][1]);
    Deliver(0, 1);
  }
  PeerMessage ask;
  ask.type = PeerMessageType::kTailAsk;
  ask.shard = ShardId{5};
  ask.epoch = Epoch{2};
  ASSERT_TRUE(shards_[0]->OnMessage(CopyOf(1), ask, effects).ok());
  for (int i = 0; i < 2; ++i) {  // As often as it has said that something is due.
    shards_[0]->Pump(Id(1), kBudget, kNow, wires_[0][1]);
    Deliver(0, 1);
    shards_[1]->Pump(Id(0), kBudget, kNow, wires_[1][0]);
    Deliver(1, 0);
  }
  EXPECT_TRUE(shards_[1]->InSync(Id(0)));
}

TEST_F(ShardTailTest, WhoLeadsWhenTheFirstSuccessorIsGoneAsksAgain) {
  Begin();
  for (int i = 0; i < 3000; ++i) Set(0, std::to_string(i), std::string(100, 'v'));
  TakeOver();
  Return();
  while (Recovered(1) < 100) PumpOnce();
  for (auto& row : cut_) row.fill(true);
  LeadWith(2, 3, {0});
  Return(/*to=*/2, /*epoch=*/3);
  Settle();
  EXPECT_EQ(shards_[2]->replica().table().items(), 3004U);
  ExpectReplicasEqual(0, 2);
}

TEST_F(ShardTailTest, ALinkThatBreaksMeanwhileStartsItOver) {
  Begin();
  for (int i = 0; i < 3000; ++i) Set(0, std::to_string(i), std::string(100, 'v'));
  TakeOver();
  Return();
  while (Recovered(1) < 100) PumpOnce();
  ShardEffects effects;
  wires_[0][1].clear();
  wires_[1][0].clear();
  shards_[1]->OnLinkDown(Id(0), effects);
  Return();
  Settle();
  EXPECT_EQ(Recovered(1), 3000U);
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTailTest, WhatHasExpiredMeanwhileIsNotWrittenAgain) {
  Begin();
  Set(0, "new", "v", /*ttl_ms=*/10);
  TakeOver();
  ShardEffects effects;
  shards_[1]->Maintain(UnixMs{kNow.value + 20}, 1000, effects);
  Return();
  Settle();
  EXPECT_EQ(Recovered(1), 0U);
}

TEST_F(ShardTailTest, WhatItHadTakenThePlaceOfExpiresWithIt) {
  Begin();
  Set(0, "kept", "last", /*ttl_ms=*/10);
  TakeOver();
  ShardEffects effects;
  shards_[1]->Maintain(UnixMs{kNow.value + 20}, 1000, effects);
  Return();
  Settle();
  EXPECT_EQ(Value(1, "kept"), "-");
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTailTest, WithoutRoomItStaysLostAndNothingElseIs) {
  Begin();
  Set(0, "huge", std::string(1 << 16, 'v'));
  TakeOver();
  meters_[1].ResizeRing(0, 1 << 24);  // Nothing that could be evicted.
  Return();
  Settle();
  EXPECT_EQ(Value(1, "huge"), "-");
  EXPECT_EQ(Value(1, "kept"), "shared");
  EXPECT_EQ(Recovered(1), 0U);
}

TEST_F(ShardTailTest, WhereWritesWaitForAQuorumItIsShownOnlyWhenEveryCopyInSyncHasIt) {
  Begin(/*quorum_used=*/true);
  Run(0, {.code = OpCode::kSet, .key = "kept", .value = "pending", .quorum = 2});
  TakeOver(/*quorum_used=*/true);
  ReplicaSet set{.epoch = Epoch{2}, .quorum_used = true};
  set.followers = {Id(0), Id(2)};
  set.awaited = set.in_sync = {CopyOf(2)};
  ShardEffects effects;
  shards_[1]->SetReplicas(set, effects);
  Settle();
  Return();
  while (Recovered(1) == 0) {
    cut_[1][2] = true;  // From now on it lacks what is written.
    ASSERT_TRUE(PumpOnce());
  }
  const Operation read{.code = OpCode::kGet, .key = "kept"};
  Outcome outcome = Run(1, read);
  ASSERT_NE(outcome.hold.reign, Epoch{}) << "a failover to node 2 would unsay it";
  cut_[1][2] = false;
  shards_[1]->OnLinkUp(Id(2), effects);
  shards_[2]->OnLinkUp(Id(1), effects);
  Settle();
  EXPECT_TRUE(shards_[1]->Settle(/*write=*/false, outcome));
  EXPECT_EQ(Value(2, "kept"), "pending");
}

TEST_F(ShardTailTest, ATailThatNobodyAskedForIsIgnored) {
  Begin();
  TakeOver();
  Bytes records;
  Record set;
  set.version = {Epoch{1}, Seq{90}};
  set.key = "k";
  set.value = "v";
  replication::AppendRecord(set, records);
  EXPECT_TRUE(Give(Tail(records)).ok());
  EXPECT_EQ(Value(1, "k"), "-");
}

TEST_F(ShardTailTest, ATailOfOtherThanItemsBreaksTheProtocol) {
  Begin();
  Set(0, "new", "v");
  TakeOver();
  Return();
  while (received_[PeerMessageType::kTailAsk] == 0) ASSERT_TRUE(PumpOnce());
  // What node 0 had to give is under way; this comes before it.
  Bytes records;
  Record trim;
  trim.type = RecordType::kTrim;
  trim.version = {Epoch{1}, Seq{90}};
  replication::AppendRecord(trim, records);
  ShardEffects effects;
  shards_[0]->OnLinkUp(Id(1), effects);
  Bytes want;
  shards_[0]->Pump(Id(1), kBudget, kNow, wires_[0][1]);
  Deliver(0, 1);
  shards_[1]->Pump(Id(0), kBudget, kNow, want);
  EXPECT_FALSE(Give(Tail(records)).ok());
  EXPECT_FALSE(Give(Tail("garbage")).ok());
}

}  // namespace
}  // namespace aegis::node
