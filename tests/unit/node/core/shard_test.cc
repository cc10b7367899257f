#include "node/core/shard.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>

#include "base/rng.h"
#include "model/limits.h"
#include "shard_test_support.h"
#include "wire/operation_codec.h"

namespace aegis::node {
namespace {

using replication::PeerMessage;
using replication::PeerMessageType;

TEST_F(ShardTest, OnlyALeaderExecutes) {
  const Operation get{.code = OpCode::kGet, .key = "k"};
  EXPECT_EQ(Run(0, get).status, Status::kNotLeader);
  LeadWith(0, 1, {1, 2});
  EXPECT_EQ(Run(0, get).status, Status::kNotFound);
  const Outcome refused = Run(1, get);
  EXPECT_EQ(refused.status, Status::kNotLeader);
  EXPECT_EQ(refused.leader, Id(0));
}

TEST_F(ShardTest, WritesReachEveryFollower) {
  LeadWith(0, 1, {1, 2});
  for (int i = 0; i < 1000; ++i) Set(0, std::to_string(i), std::string(50, 'x'));
  for (int i = 0; i < 1000; i += 3) Delete(0, std::to_string(i));
  Settle();
  ExpectReplicasEqual(0, 1);
  ExpectReplicasEqual(0, 2);
  EXPECT_TRUE(shards_[0]->InSync(Id(1)));
  EXPECT_EQ(received_[PeerMessageType::kCopyBegin], 0);
}

TEST_F(ShardTest, AFollowerThatIsBehindWithinTheRingGetsOnlyTheTail) {
  LeadWith(0, 1, {1, 2});
  Settle();
  cut_[0][1] = true;
  for (int i = 0; i < 100; ++i) Set(0, std::to_string(i), "v");
  Settle();
  cut_[0][1] = false;
  ShardEffects effects;
  shards_[0]->OnLinkUp(Id(1), effects);
  shards_[1]->OnLinkUp(Id(0), effects);
  Settle();
  ExpectReplicasEqual(0, 1);
  EXPECT_EQ(received_[PeerMessageType::kCopyBegin], 0);
}

TEST_F(ShardTest, AFollowerBehindTheRingGetsACopyWhileWritesGoOn) {
  Restart(0, /*ring_bytes=*/2000);
  LeadWith(0, 1, {1});
  for (int i = 0; i < 5000; ++i) Set(0, std::to_string(i), std::string(40, 'a'));
  for (int i = 0; i < 500; ++i) Delete(0, std::to_string(i));
  Settle();
  ShardEffects effects;
  Feed(0, {1, 2});
  shards_[2]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  Rng rng(4);
  int rounds = 0;
  while (PumpOnce()) {
    ++rounds;
    for (int i = 0; i < 20 && rounds < 200; ++i) {
      const std::string key = std::to_string(rng.Below(6000));
      if (rng.Chance(0.3)) {
        Delete(0, key);
      } else {
        Set(0, key, std::string(30, 'b'));
      }
    }
    shards_[0]->Maintain(kNow, 1000, effects);
  }
  EXPECT_GT(rounds, 10) << "the copy came in one piece: nothing was shown";
  EXPECT_GE(received_[PeerMessageType::kCopyEnd], 1);
  ExpectReplicasEqual(0, 2);
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTest, ACopyInProgressIsNoWholeReplicaAndIsGivenUpWithItsLeader) {
  Restart(0, /*ring_bytes=*/1000);
  LeadWith(0, 1, {});
  for (int i = 0; i < 5000; ++i) Set(0, std::to_string(i), std::string(40, 'a'));
  ShardEffects effects;
  Feed(0, {1});
  shards_[1]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  for (int round = 0; round < 4; ++round) PumpOnce();
  ASSERT_GE(received_[PeerMessageType::kCopyChunk], 1);
  EXPECT_FALSE(shards_[1]->Report().whole);
  shards_[1]->Orphan(effects);
  EXPECT_FALSE(shards_[1]->Report().whole);
  EXPECT_EQ(shards_[1]->Report().last, Version{});
}

TEST_F(ShardTest, ANewLeaderContinuesTheHistory) {
  LeadWith(0, 1, {1, 2});
  for (int i = 0; i < 100; ++i) Set(0, std::to_string(i), "v");
  Settle();
  LeadWith(1, 2, {2});
  Set(1, "new", "v");
  Settle();
  ExpectReplicasEqual(1, 2);
  EXPECT_EQ(shards_[2]->replica().history().last(), (Version{Epoch{2}, Seq{2}}));
  EXPECT_EQ(received_[PeerMessageType::kCopyBegin], 0);
}

TEST_F(ShardTest, AnOldLeaderCountsWhatTheNewOneLacksAndGivesIt) {
  LeadWith(0, 1, {1, 2});
  Set(0, "shared", "v");
  Settle();
  for (int i = 0; i < 7; ++i) Set(0, "unreplicated" + std::to_string(i), "v");
  LeadWith(1, 2, {0, 2});
  Set(1, "after", "v");
  Settle();
  ExpectReplicasEqual(0, 1);
  EXPECT_EQ(shards_[0]->counters().writes_lost, 7U);
  EXPECT_EQ(shards_[1]->counters().writes_recovered, 7U);
  EXPECT_EQ(shards_[0]->replica().table().items(), 9U);
}

TEST_F(ShardTest, ATakeoverCountsAtOnceWhatItWasToldOfAndNothingIsCountedTwice) {
  LeadWith(0, 1, {1, 2});
  Settle();
  for (int i = 0; i < 30; ++i) Set(0, "k" + std::to_string(i), std::string(1000, 'v'));
  shards_[0]->Pump(Id(1), /*bytes_max=*/1, kNow, wires_[0][1]);  // Some, and how many there are.
  Deliver(0, 1);
  const std::uint64_t has = shards_[1]->replica().history().last().seq.value();
  ASSERT_GT(has, 1U);
  ASSERT_LT(has, 31U);
  for (int i = 0; i < 3; ++i) Set(0, "unheard" + std::to_string(i), "v");

  LeadWith(1, 2, {2});
  EXPECT_EQ(shards_[1]->counters().writes_lost, 31 - has);
  Settle();
  LeadWith(2, 3, {0, 1});
  EXPECT_EQ(shards_[2]->counters().writes_lost, 0U);
  Settle();
  ExpectReplicasEqual(0, 2);
  EXPECT_EQ(shards_[0]->counters().writes_lost, 3U) << "those that nobody knew of";
}

TEST_F(ShardTest, WhatALeaderSharedWithNobodyIsCountedWhenItsCopyIsWiped) {
  LeadWith(0, 1, {1});
  Settle();
  for (int i = 0; i < 7; ++i) Set(0, std::to_string(i), "v");
  ShardEffects effects;
  shards_[0]->Orphan(effects);
  shards_[0]->Release(effects);
  EXPECT_EQ(shards_[0]->counters().writes_lost, 7U);
  shards_[0]->Release(effects);
  EXPECT_EQ(shards_[0]->counters().writes_lost, 7U);
}

TEST_F(ShardTest, WhatAnotherCopyHasIsNotLostWhenItIsWiped) {
  LeadWith(0, 1, {1});
  for (int i = 0; i < 7; ++i) Set(0, std::to_string(i), "v");
  Settle();
  ShardEffects effects;
  shards_[0]->Release(effects);
  EXPECT_EQ(shards_[0]->counters().writes_lost, 0U);
}

TEST_F(ShardTest, TwoLeadersOfOneEpochAreToldApart) {
  LeadWith(0, 1, {1, 2});
  Set(0, "shared", "v");
  Settle();
  // A partition: 0 and 2 both begin epoch 2, and write equally much.
  LeadWith(0, 2, {});
  LeadWith(2, 2, {});
  Set(0, "left", "v");
  Set(2, "right", "v");
  ShardEffects effects;
  Feed(0, {2});
  shards_[2]->Follow(Id(0), Epoch{2}, /*change=*/0, effects);
  Settle();
  ExpectReplicasEqual(0, 2);
  EXPECT_EQ(shards_[2]->counters().writes_lost, 1U);
}

TEST_F(ShardTest, ARestartedFollowerIsFilledAgain) {
  LeadWith(0, 1, {1});
  for (int i = 0; i < 100; ++i) Set(0, std::to_string(i), "v");
  Settle();
  Restart(1);
  ShardEffects effects;
  shards_[0]->OnLinkUp(Id(1), effects);
  shards_[1]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  Settle();
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTest, WithoutALeaseNothingIsApplied) {
  LeadWith(0, 1, {});
  Set(0, "k", "v");
  lease_.holds = false;
  EXPECT_EQ(Run(0, {.code = OpCode::kSet, .key = "k", .value = "w"}).status, Status::kNotLeader);
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "k"}).status, Status::kNotLeader);
  lease_.holds = true;
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "k"}).value, "v");
}

TEST_F(ShardTest, AWriteThatTheLeaseDidNotOutliveWaitsForItsReturn) {
  LeadWith(0, 1, {});
  lease_.looks_left = 1;
  Outcome outcome = Run(0, {.code = OpCode::kSet, .key = "k", .value = "v"});
  EXPECT_TRUE(outcome.hold.lease);
  lease_.holds = false;
  EXPECT_FALSE(shards_[0]->Settle(/*write=*/true, outcome));
  lease_.holds = true;
  EXPECT_TRUE(shards_[0]->Settle(/*write=*/true, outcome));
  EXPECT_EQ(outcome.status, Status::kOk);
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "k"}).value, "v");
}

TEST_F(ShardTest, AWriteThatTheLeaseDidNotOutliveIsUnknownUnderTheNextLease) {
  LeadWith(0, 1, {});
  lease_.looks_left = 1;
  const Outcome held = Run(0, {.code = OpCode::kSet, .key = "k", .value = "v"});
  lease_.looks_left = -1;
  lease_.session = Session{78};
  Outcome outcome = held;
  EXPECT_FALSE(shards_[0]->Settle(/*write=*/true, outcome));
  outcome = held;
  shards_[0]->GiveUp(/*write=*/true, outcome);
  EXPECT_EQ(outcome.status, Status::kUnknownOutcome);
  LeadWith(0, 2, {});
  outcome = held;
  EXPECT_TRUE(shards_[0]->Settle(/*write=*/true, outcome));
  EXPECT_EQ(outcome.status, Status::kUnknownOutcome);
}

TEST_F(ShardTest, AReadThatTheLeaseDidNotOutliveIsNotShown) {
  LeadWith(0, 1, {});
  Set(0, "k", "v");
  lease_.looks_left = 1;
  const Outcome outcome = Run(0, {.code = OpCode::kGet, .key = "k"});
  EXPECT_EQ(outcome.status, Status::kNotLeader);
  EXPECT_FALSE(outcome.has_value);
}

TEST_F(ShardTest, AReignDoesNotGoOnUnderTheNextLeaseOfItsNode) {
  LeadWith(0, 1, {});
  Set(0, "k", "v");
  lease_.session = Session{78};
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "k"}).status, Status::kNotLeader);
  LeadWith(0, 2, {});
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "k"}).value, "v");
}

TEST_F(ShardTest, AHandOverStopsCommandsUntilTheSuccessorHasEverything) {
  LeadWith(0, 1, {1, 2});
  for (int i = 0; i < 100; ++i) Set(0, std::to_string(i), "v");
  ShardEffects effects;
  shards_[0]->HandOver(Id(1), effects);
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "1"}).status, Status::kNotLeader);
  EXPECT_FALSE(shards_[0]->drained());
  Settle();
  EXPECT_TRUE(shards_[0]->drained());
  // It does not lead on by itself, and neither does its successor.
  EXPECT_EQ(shards_[0]->Report().role, ShardRole::kDraining);
  EXPECT_EQ(shards_[1]->Report().role, ShardRole::kFollower);
  LeadWith(1, 2, {0, 2});
  EXPECT_EQ(Run(1, {.code = OpCode::kGet, .key = "99"}).status, Status::kOk);
  Settle();
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTest, ALeaderThatStoppedLeadsOnOnlyInANewEpoch) {
  LeadWith(0, 1, {1});
  Set(0, "k", "v");
  ShardEffects effects;
  shards_[0]->HandOver(Id(1), effects);
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "k"}).status, Status::kNotLeader);
  LeadWith(0, 2, {1});
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "k"}).status, Status::kOk);
  Settle();
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTest, RecordsOfAnOldEpochAreIgnored) {
  LeadWith(0, 1, {1});
  Settle();
  Set(0, "late", "v");
  Bytes out;
  shards_[0]->Pump(Id(1), kBudget, kNow, out);
  LeadWith(2, 2, {1});
  Settle();
  wires_[0][1] = out;
  Deliver(0, 1);
  ExpectReplicasEqual(1, 2);
}

TEST_F(ShardTest, TheLeaderExpiresForEveryReplica) {
  LeadWith(0, 1, {1});
  for (int i = 0; i < 100; ++i) Set(0, std::to_string(i), "v", i < 60 ? 100 : 10'000);
  ShardEffects effects;
  for (int turn = 0; turn < 64; ++turn) {
    shards_[0]->Maintain(UnixMs{kNow.value + 100}, 16, effects);
    shards_[1]->Maintain(UnixMs{kNow.value + 100'000}, 16, effects);
  }
  EXPECT_EQ(shards_[0]->counters().expired, 60U);
  Settle();
  EXPECT_EQ(shards_[1]->replica().table().items(), 40U);
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTest, TombstonesGoOnceEveryFollowerHasPassedThem) {
  LeadWith(0, 1, {1, 2});
  Settle();
  Set(0, "k", "v");
  Delete(0, "k");
  ShardEffects effects;
  shards_[0]->Maintain(kNow, 16, effects);
  EXPECT_EQ(shards_[0]->replica().tombstones(), 1U) << "trimmed before the followers had it";
  Settle();
  shards_[0]->Maintain(kNow, 16, effects);
  Settle();
  for (const auto& shard : shards_) EXPECT_EQ(shard->replica().tombstones(), 0U);
  ExpectReplicasEqual(0, 2);
}

TEST_F(ShardTest, TheLeaderEvictsAtTheLimitAndTheFollowersFollow) {
  Restart(0, /*ring_bytes=*/32 * 1024);  // A node of 16 MiB gives its rings even less.
  LeadWith(0, 1, {1});
  const std::string value(1000, 'x');
  for (int i = 0; i < 40'000; ++i) {
    Set(0, std::to_string(i), value);
    if (i % 100 == 0) PumpOnce();
    // One item, the ring and the allocator's rounding may come on top.
    ASSERT_LE(meters_[0].used(), meters_[0].limit() / 100 * 101);
  }
  EXPECT_GT(shards_[0]->counters().evicted, 0U);
  Settle();
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTest, AFollowerShortOfMemoryMakesItsLeaderEvict) {
  LeadWith(0, 1, {1});
  Settle();
  for (int i = 0; i < 100; ++i) Set(0, std::to_string(i), "v");
  meters_[1].Add(1 << 24);  // Somebody else's data on that node.
  Settle();
  ShardEffects effects;
  shards_[0]->Maintain(kNow, 16, effects);
  EXPECT_GT(shards_[0]->counters().evicted, 0U);
  meters_[1].Remove(1 << 24);
}

TEST_F(ShardTest, AValueBeyondTheWholeMemoryIsRefused) {
  LeadWith(0, 1, {});
  const std::string value(1 << 25, 'x');
  const Operation set{.code = OpCode::kSet, .key = "k", .value = value};
  Set(0, "other", "v");
  EXPECT_EQ(Run(0, set).status, Status::kOutOfMemory);
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "other"}).status, Status::kOk);
}

TEST_F(ShardTest, AReleasedShardHoldsNothing) {
  LeadWith(0, 1, {1});
  Set(0, "k", "v");
  Settle();
  ShardEffects effects;
  shards_[1]->Release(effects);
  EXPECT_FALSE(shards_[1]->Report().whole);
  EXPECT_EQ(shards_[1]->replica().table().items(), 0U);
  EXPECT_EQ(meters_[1].used(), 0U);
}

TEST_F(ShardTest, GarbageRecordsAreMalformed) {
  LeadWith(0, 1, {1});
  Settle();
  PeerMessage message;
  message.type = PeerMessageType::kRecords;
  message.shard = ShardId{5};
  message.epoch = Epoch{1};
  message.records = "garbage";
  ShardEffects effects;
  EXPECT_EQ(shards_[1]->OnMessage(CopyOf(0), message, effects).error().code, ErrorCode::kMalformed);
}

TEST_F(ShardTest, LagIsWhatAFollowerHasNotAcknowledged) {
  LeadWith(0, 1, {1});
  Settle();
  for (int i = 0; i < 10; ++i) Set(0, std::to_string(i), "v");
  ASSERT_EQ(shards_[0]->Lags().size(), 1U);
  EXPECT_EQ(shards_[0]->Lags()[0].records, 10U);
  EXPECT_GT(shards_[0]->Lags()[0].bytes, 0U);
  Settle();
  EXPECT_EQ(shards_[0]->Lags()[0].records, 0U);
  EXPECT_EQ(shards_[0]->Lags()[0].bytes, 0U);
}

TEST_F(ShardTest, AFollowerWhoseLinkIsGoneHoldsNoRecordsBack) {
  Restart(0, /*ring_bytes=*/4096);
  LeadWith(0, 1, {1});
  Settle();
  ShardEffects effects;
  shards_[0]->OnLinkDown(Id(1), effects);
  EXPECT_TRUE(effects.changed);
  EXPECT_FALSE(shards_[0]->InSync(Id(1)));
  for (int i = 0; i < 200; ++i) Set(0, std::to_string(i), std::string(200, 'v'));
  EXPECT_LE(shards_[0]->replica().recent().bytes(), 4096U);
  shards_[0]->OnLinkUp(Id(1), effects);
  shards_[1]->OnLinkUp(Id(0), effects);
  Settle();
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTest, ASlowFollowerHoldsBackOnlyItsShareOfTheMemory) {
  Restart(0, /*ring_bytes=*/4096);
  LeadWith(0, 1, {1});
  Settle();
  // 16 MiB is the limit; the rings' share is a quarter of it. Nothing is pumped meanwhile.
  for (int i = 0; i < 30; ++i) Set(0, "k", std::string(100'000, 'v'));
  EXPECT_GT(shards_[0]->replica().recent().bytes(), 1'000'000U);
  meters_[0].ResizeRing(0, 4 << 20);  // Other shards' rings.
  Set(0, "k", "v");
  EXPECT_LE(shards_[0]->replica().recent().bytes(), 4096U);
  meters_[0].ResizeRing(4 << 20, 0);
  Settle();
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTest, ALeaderWithoutFollowersKeepsNoRecords) {
  LeadWith(0, 1, {1});
  Settle();
  for (int i = 0; i < 100; ++i) Set(0, std::to_string(i), "value");
  ASSERT_GT(shards_[0]->replica().recent().bytes(), 0U);
  ShardEffects effects;
  Feed(0, {});
  shards_[0]->Maintain(kNow, 1, effects);
  EXPECT_EQ(shards_[0]->replica().recent().bytes(), 0U);
}

TEST_F(ShardTest, ANewLeaderKeepsItsRecordsUntilItIsToldWhoFollows) {
  LeadWith(0, 1, {1, 2});
  for (int i = 0; i < 100; ++i) Set(0, std::to_string(i), "value");
  Settle();
  received_.clear();
  LeadWith(1, 2, {2});
  Settle();
  EXPECT_EQ(received_[PeerMessageType::kCopyBegin], 0);
  ExpectReplicasEqual(1, 2);
}

TEST_F(ShardTest, WhoWasNotNamedIsNotFed) {
  LeadWith(0, 1, {1});
  ShardEffects effects;
  shards_[2]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  Settle();
  ASSERT_EQ(shards_[0]->Lags().size(), 1U);
  EXPECT_EQ(shards_[0]->Lags()[0].follower, Id(1));
  // Named later, it is invited.
  Feed(0, {1, 2});
  Settle();
  ExpectReplicasEqual(0, 2);
}

TEST_F(ShardTest, ASuccessorThatAsksAnewStillGetsEverything) {
  LeadWith(0, 1, {1});
  Settle();
  Set(0, "k", "v");
  ShardEffects effects;
  shards_[0]->HandOver(Id(1), effects);
  // An invitation that was on its way: the successor drops what comes until it has asked.
  Bytes records;
  shards_[0]->Pump(Id(1), kBudget, kNow, records);
  PeerMessage invitation;
  invitation.type = PeerMessageType::kRecords;
  invitation.shard = ShardId{5};
  invitation.epoch = Epoch{1};
  ASSERT_TRUE(shards_[1]->OnMessage(CopyOf(0), invitation, effects).ok());
  Settle();
  EXPECT_TRUE(shards_[0]->drained());
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardTest, WhileAFollowerIsShortOfMemoryEveryWriteMakesItsOwnRoom) {
  LeadWith(0, 1, {1});
  for (int i = 0; i < 100; ++i) Set(0, std::to_string(i), std::string(1000, 'v'));
  meters_[1].Add(1 << 24);
  Settle();
  Set(0, "one more", "v");
  Settle();  // The acknowledgement says how short it is.
  const std::size_t before = shards_[0]->replica().table().bytes();
  for (int i = 0; i < 50; ++i) Set(0, "n" + std::to_string(i), std::string(1000, 'v'));
  EXPECT_LE(shards_[0]->replica().table().bytes(), before);
  meters_[1].Remove(1 << 24);
}

TEST_F(ShardTest, AShortFollowerOwesNothingForWhatOnlyTakesAnothersPlace) {
  LeadWith(0, 1, {1});
  for (int i = 0; i < 100; ++i) Set(0, std::to_string(i), std::string(1000, 'v'));
  meters_[1].Add(1 << 24);
  Settle();
  Set(0, "one more", "v");
  Settle();
  const std::uint64_t before = shards_[0]->counters().evicted;
  for (int i = 0; i < 50; ++i) Set(0, "one more", "w");
  EXPECT_EQ(shards_[0]->counters().evicted, before);
  Set(0, "one more", std::string(1500, 'w'));
  EXPECT_EQ(shards_[0]->counters().evicted, before + 2) << "but for what it is larger";
  meters_[1].Remove(1 << 24);
}

TEST_F(ShardTest, OnlyLooksForAKeyAreHitsAndMisses) {
  LeadWith(0, 1, {});
  Set(0, "k", "v");
  const auto counted = [&](const Operation& operation) {
    const ShardCounters before = shards_[0]->counters();
    Run(0, operation);
    const ShardCounters& after = shards_[0]->counters();
    return std::pair(after.hits - before.hits, after.misses - before.misses);
  };
  using Counted = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(counted({.code = OpCode::kGet, .key = "k"}), Counted(1, 0));
  EXPECT_EQ(counted({.code = OpCode::kPeek, .key = "none"}), Counted(0, 1));
  EXPECT_EQ(counted({.code = OpCode::kGetExpire, .key = "k"}), Counted(1, 0));
  EXPECT_EQ(counted({.code = OpCode::kCount, .key = "k"}), Counted(0, 0));
  EXPECT_EQ(counted({.code = OpCode::kScan, .key = "k"}), Counted(0, 0));
  EXPECT_EQ(counted({.code = OpCode::kSet, .key = "k", .value = "w"}), Counted(0, 0));
  const std::array<Operation, 2> gets = {Operation{.code = OpCode::kGet, .key = "k"},
                                         Operation{.code = OpCode::kGet, .key = "none"}};
  Bytes both;
  wire::AppendMultiRequest(gets, both);
  EXPECT_EQ(counted({.code = OpCode::kBatch, .key = "k", .value = both}), Counted(1, 1));
  EXPECT_EQ(counted({.code = OpCode::kGetDelete, .key = "k"}), Counted(1, 0));
}

TEST_F(ShardTest, ASweepSaysWhetherMuchWasDue) {
  LeadWith(0, 1, {});
  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    ASSERT_EQ(Run(0, {.code = OpCode::kSet,
                      .key = key,
                      .value = "v",
                      .expiry = ExpiryKind::kRelative,
                      .expiry_ms = i % 2 == 0 ? 10 : 1'000'000})
                  .status,
              Status::kOk);
  }
  ShardEffects effects;
  EXPECT_FALSE(shards_[0]->Maintain(kNow, 100, effects)) << "nothing is due yet";
  const UnixMs later{kNow.value + 20};
  int rounds = 0;
  while (shards_[0]->Maintain(later, 100, effects)) ++rounds;
  EXPECT_GE(rounds, 8);
  EXPECT_LE(rounds, 16) << "a hundred items at a time";
  EXPECT_EQ(shards_[0]->replica().table().items(), 500U);
}

TEST_F(ShardTest, GivesWayForOthers) {
  LeadWith(0, 1, {});
  for (int i = 0; i < 100; ++i) Set(0, std::to_string(i), std::string(10'000, 'v'));
  const std::size_t free = static_cast<std::size_t>(meters_[0].limit() - meters_[0].used());
  meters_[0].Add(free);
  ShardEffects effects;
  EXPECT_GE(shards_[0]->GiveWay(50'000, effects), 50'000U);
  EXPECT_TRUE(meters_[0].Fits(50'000));
  EXPECT_LT(shards_[0]->GiveWay(std::size_t{1} << 30, effects), 64 * 11'000U)
      << "a bounded number of items";
  EXPECT_GT(shards_[0]->replica().table().items(), 0U);
  meters_[0].Remove(free);
}

// Links that deliver when they please, pumped only when a shard asks for it, and a control plane
// that changes its mind about who follows: in the end everything is acknowledged.
class ShardScheduleTest : public ShardTest {
 protected:
  void Note(std::size_t from, const ShardEffects& effects) {
    for (const NodeId to : effects.wake) woken_[from][Of(to)] = true;
  }

  void SetFollowers(std::span<const NodeId> followers) {
    ReplicaSet set{.epoch = Epoch{1}, .followers = {followers.begin(), followers.end()}};
    ShardEffects effects;
    shards_[0]->SetReplicas(set, effects);
    Note(0, effects);
  }

  bool Send(std::size_t from, std::size_t to) {
    if (!woken_[from][to]) return false;
    Bytes out;
    woken_[from][to] = shards_[from]->Pump(Id(to), /*bytes_max=*/256, kNow, out);
    wires_[from][to] += out;
    return true;
  }

  // The frames that have arrived are taken together, as from one read of a socket.
  bool Receive(std::size_t from, std::size_t to, std::size_t frames_max) {
    Bytes& wire = wires_[from][to];
    for (std::size_t i = 0; i < frames_max; ++i) {
      const std::size_t size = replication::PeerFrameSize(wire).value();
      if (size == 0) return i > 0;
      const Bytes frame = wire.substr(4, size - 4);
      wire.erase(0, size);
      ShardEffects effects;
      const auto message = replication::DecodePeerMessage(frame);
      EXPECT_TRUE(shards_[to]->OnMessage(CopyOf(from), message.value(), effects).ok());
      Note(to, effects);
    }
    return true;
  }

  void ConnectAnew(std::size_t follower) {
    wires_[0][follower].clear();
    wires_[follower][0].clear();
    ShardEffects effects;
    shards_[0]->OnLinkUp(Id(follower), effects);
    Note(0, effects);
    effects.Clear();
    shards_[follower]->OnLinkUp(Id(0), effects);
    Note(follower, effects);
  }

  void RunSchedule(std::uint64_t seed);

  std::array<std::array<bool, kNodes>, kNodes> woken_{};
};

void ShardScheduleTest::RunSchedule(std::uint64_t seed) {
  Rng rng(seed);
  for (std::size_t node = 0; node < kNodes; ++node) Restart(node);
  for (auto& row : woken_) row.fill(false);
  Restart(0, /*ring_bytes=*/rng.Chance(0.5) ? 1024 : limits::kRecentRecordsBytes);
  ShardEffects effects;
  shards_[0]->Lead(Epoch{1}, lease_.session, /*quorum_used=*/false, effects);
  const std::array<NodeId, 2> both{Id(1), Id(2)};
  for (const std::size_t follower : {1U, 2U}) {
    effects.Clear();
    shards_[follower]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
    Note(follower, effects);
  }
  const std::uint64_t steps = 10 + rng.Below(300);
  const std::uint64_t steps_with_writes = rng.Below(steps);
  for (std::uint64_t step = 0; step < steps; ++step) {
    const std::size_t follower = 1 + rng.Below(2);
    const bool up = rng.Chance(0.5);
    const std::size_t from = up ? follower : 0;
    switch (rng.Below(16)) {
      case 0:
        SetFollowers(std::span(both).first(rng.Below(2)));
        break;
      case 1:
        SetFollowers(both);
        break;
      case 2:
        if (rng.Chance(0.1)) ConnectAnew(follower);
        break;
      case 3:
      case 4:
      case 5: {
        if (step >= steps_with_writes) break;  // A later write would repair what went wrong before.
        effects.Clear();
        const std::string key = "k" + std::to_string(rng.Below(20));
        const std::string value(rng.Below(200), 'v');
        shards_[0]->Execute({.code = OpCode::kSet, .key = key, .value = value}, kNow, effects);
        Note(0, effects);
        break;
      }
      default:
        if (rng.Chance(0.5)) {
          Send(from, follower - from);
        } else {
          Receive(from, follower - from, 1 + rng.Below(4));
        }
    }
  }
  SetFollowers(both);
  bool any = true;
  for (int round = 0; any; ++round) {
    ASSERT_LT(round, 10'000) << "never settles";
    any = false;
    for (const std::size_t follower : {1U, 2U}) {
      any |= Send(0, follower);
      any |= Send(follower, 0);
      any |= Receive(0, follower, 1);
      any |= Receive(follower, 0, 1);
    }
  }
  for (const FollowerLag& lag : shards_[0]->Lags()) {
    EXPECT_TRUE(lag.in_sync);
    EXPECT_EQ(lag.records, 0U);
  }
  ExpectReplicasEqual(0, 1);
  ExpectReplicasEqual(0, 2);
}

TEST_F(ShardScheduleTest, EndsWithEverythingAcknowledged) {
  for (std::uint64_t seed = 0; seed < 10000 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RunSchedule(seed);
  }
}

}  // namespace
}  // namespace aegis::node
