// Quorum writes, the reads that wait for them, reads that others confirm, and WAIT.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "node/core/shard.h"
#include "shard_test_support.h"

namespace aegis::node {
namespace {

using replication::PeerMessage;
using replication::PeerMessageType;

class ShardQuorumTest : public ShardTest {
 protected:
  // Node 0 leads in this epoch, the other two follow and hold everything.
  void Begin(std::uint32_t epoch = 1, bool quorum_used = true) {
    LeadWith(0, epoch, {1, 2}, quorum_used);
    Settle();
    Tell(0, {1, 2}, {1, 2}, quorum_used);
  }

  bool Tell(std::size_t node, const std::vector<std::size_t>& awaited,
            const std::vector<std::size_t>& in_sync, bool quorum_used = true) {
    ReplicaSet set{.epoch = shards_[node]->Report().epoch, .quorum_used = quorum_used};
    for (std::size_t other = 0; other < kNodes; ++other) {
      if (other != node) set.followers.push_back(Id(other));
    }
    for (const std::size_t other : awaited) set.awaited.push_back(CopyOf(other));
    for (const std::size_t other : in_sync) set.in_sync.push_back(CopyOf(other));
    ShardEffects effects;
    shards_[node]->SetReplicas(set, effects);
    return effects.settled;
  }

  Outcome Write(const std::string& key, const std::string& value, std::int32_t quorum = 2) {
    return Run(0, {.code = OpCode::kSet, .key = key, .value = value, .quorum = quorum});
  }
  Outcome Read(std::size_t node, const std::string& key) {
    return Run(node, {.code = OpCode::kGet, .key = key});
  }
  bool Settles(std::size_t node, Outcome& outcome, bool write = true) {
    return shards_[node]->Settle(write, outcome);
  }
  static bool Held(const Outcome& outcome) { return outcome.hold.reign != Epoch{}; }
};

TEST_F(ShardQuorumTest, AWriteIsHeldUntilEveryCopyInSyncHasIt) {
  Begin();
  cut_[0][2] = true;
  Outcome write = Write("k", "v");
  ASSERT_TRUE(Held(write));
  Settle();
  EXPECT_FALSE(Settles(0, write)) << "node 2 is in sync and lacks it";
  cut_[0][2] = false;
  ShardEffects effects;
  shards_[0]->OnLinkUp(Id(2), effects);
  shards_[2]->OnLinkUp(Id(0), effects);
  Settle();
  ASSERT_TRUE(Settles(0, write));
  EXPECT_EQ(write.status, Status::kOk);
  EXPECT_FALSE(Held(write));
}

TEST_F(ShardQuorumTest, ALeaderThatWaitsForNobodyHasNothingLeftToWaitFor) {
  Begin();
  Tell(0, {}, {});
  EXPECT_FALSE(Held(Write("k", "v", /*quorum=*/1)));
  Tell(0, {1}, {});
  Settle();
  ShardEffects effects;
  shards_[0]->HandOver(Id(1), effects);
  Settle();
  EXPECT_TRUE(shards_[0]->drained());
}

TEST_F(ShardQuorumTest, AnAcknowledgementThatSettlesAWriteSaysSo) {
  Begin();
  Outcome write = Write("k", "v");
  Bytes out;
  shards_[0]->Pump(Id(1), kBudget, kNow, out);
  ShardEffects effects;
  PeerMessage ack;
  ack.type = PeerMessageType::kAck;
  ack.shard = ShardId{5};
  ack.epoch = Epoch{1};
  ack.version = write.version;
  ASSERT_TRUE(shards_[0]->OnMessage(CopyOf(1), ack, effects).ok());
  EXPECT_TRUE(effects.settled);
  effects.Clear();
  ASSERT_TRUE(shards_[0]->OnMessage(CopyOf(1), ack, effects).ok());
  EXPECT_FALSE(effects.settled) << "nothing new";
}

TEST_F(ShardQuorumTest, AReadOfAValueThatWaitsWaitsAsWell) {
  Begin();
  Write("k", "v");
  Outcome read = Read(0, "k");
  ASSERT_TRUE(Held(read));
  EXPECT_FALSE(Settles(0, read, /*write=*/false));
  EXPECT_FALSE(Held(Read(0, "other")));
  Settle();
  ASSERT_TRUE(Settles(0, read, /*write=*/false));
  EXPECT_EQ(read.status, Status::kOk);
  EXPECT_FALSE(Held(Read(0, "k")));
}

TEST_F(ShardQuorumTest, SoDoesOneOfAKeyWhoseRemovalWaits) {
  Begin();
  Write("k", "v");
  Settle();
  Outcome removal = Run(0, {.code = OpCode::kDelete, .key = "k", .quorum = 2});
  Outcome read = Read(0, "k");
  EXPECT_EQ(read.status, Status::kNotFound);
  EXPECT_TRUE(Held(removal));
  EXPECT_TRUE(Held(read));
  Settle();
  EXPECT_TRUE(Settles(0, removal));
  EXPECT_TRUE(Settles(0, read, /*write=*/false));
}

TEST_F(ShardQuorumTest, SoDoesAConditionThatFailedOnOne) {
  Begin();
  Write("k", "v");
  const Operation set{.code = OpCode::kSet,
                      .key = "k",
                      .value = "w",
                      .condition = Condition::kIfAbsent,
                      .quorum = 0};
  Outcome outcome = Run(0, set);
  EXPECT_EQ(outcome.status, Status::kConflict);
  EXPECT_TRUE(Held(outcome));
}

TEST_F(ShardQuorumTest, SoDoesAnAsynchronousIncrementOfOne) {
  Begin();
  Write("n", "1");
  Outcome outcome = Run(0, {.code = OpCode::kIncrement, .key = "n", .number = 1, .quorum = 0});
  EXPECT_EQ(outcome.number, 2);
  EXPECT_TRUE(Held(outcome));
  EXPECT_FALSE(Held(Read(0, "n"))) << "its newest version is asynchronous";
}

TEST_F(ShardQuorumTest, AnAsynchronousWriteWaitsForNothing) {
  Begin();
  Write("k", "v");
  EXPECT_FALSE(Held(Write("other", "v", 0)));
  EXPECT_FALSE(Held(Read(0, "other")));
  EXPECT_FALSE(Held(Write("k", "w", 0)));
}

TEST_F(ShardQuorumTest, OneThatCannotBeReachedIsRefusedBeforeAnythingIsApplied) {
  Begin();
  const Version before = shards_[0]->replica().history().last();
  const Outcome refused = Write("k", "v", 4);
  EXPECT_EQ(refused.status, Status::kTooFewCopies);
  EXPECT_EQ(refused.error, "3 copies are in sync, 4 are wanted");
  EXPECT_EQ(shards_[0]->replica().history().last(), before);
  Tell(0, {}, {});
  EXPECT_EQ(Write("k", "v").error, "1 copy is in sync, 2 are wanted");
  Tell(0, {1}, {1});
  EXPECT_EQ(Write("k", "v", kAllCopies).status, Status::kTooFewCopies);
  EXPECT_EQ(Write("k", "v", 2).status, Status::kOk);
}

TEST_F(ShardQuorumTest, NothingIsAppliedBeforeTheClusterKnowsThatThereAreQuorumWrites) {
  Begin(1, /*quorum_used=*/false);
  EXPECT_FALSE(shards_[0]->Report().wants_quorum);
  EXPECT_EQ(Write("k", "v").status, Status::kNotLeader);
  EXPECT_EQ(Read(0, "k").status, Status::kNotFound);
  EXPECT_TRUE(shards_[0]->Report().wants_quorum);
  Tell(0, {1, 2}, {1, 2}, /*quorum_used=*/true);
  EXPECT_EQ(Write("k", "v").status, Status::kOk);
  EXPECT_FALSE(shards_[0]->Report().wants_quorum);
}

TEST_F(ShardQuorumTest, AnotherProcessOfTheFollowerDoesNotCountAsTheOneInSync) {
  Begin();
  const control::Copy old = CopyOf(2);
  Restart(2);
  ShardEffects effects;
  shards_[0]->OnLinkUp(Id(2), effects);
  shards_[2]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  Outcome write = Write("k", "v");
  Settle();
  ExpectReplicasEqual(0, 2);
  EXPECT_FALSE(Settles(0, write)) << "the copy that is in sync is gone";
  Tell(0, {1}, {1});
  EXPECT_TRUE(Settles(0, write));
  EXPECT_NE(old, CopyOf(2));
}

TEST_F(ShardQuorumTest, ACopyAboutToJoinIsWaitedForAndNotCounted) {
  Begin();
  Tell(0, {1, 2}, {1});
  EXPECT_EQ(Write("k", "v", 3).status, Status::kTooFewCopies);
  cut_[0][2] = true;
  Outcome write = Write("k", "v", 2);
  Settle();
  EXPECT_FALSE(Settles(0, write));
  Tell(0, {1}, {1});
  EXPECT_TRUE(Settles(0, write));
}

TEST_F(ShardQuorumTest, ACopyIsAdmittedOnceItHoldsWhatIsCommitted) {
  Begin();
  Tell(0, {1}, {1});
  cut_[0][2] = true;
  Outcome first = Write("a", "v");
  Settle();
  EXPECT_TRUE(Settles(0, first));
  EXPECT_FALSE(shards_[0]->Admit(CopyOf(2), /*change=*/0)) << "it lacks what was acknowledged";
  Outcome second = Write("b", "v");
  Settle();
  EXPECT_FALSE(Settles(0, second)) << "writes wait for it already";
  cut_[0][2] = false;
  ShardEffects effects;
  shards_[0]->OnLinkUp(Id(2), effects);
  shards_[2]->OnLinkUp(Id(0), effects);
  Settle();
  EXPECT_TRUE(Settles(0, second));
  EXPECT_TRUE(shards_[0]->Admit(CopyOf(2), /*change=*/0));
}

TEST_F(ShardQuorumTest, ANewLeaderAdmitsNoCopyThatMayLackWhatWasAcknowledged) {
  Begin();
  Tell(0, {1}, {1});
  cut_[0][2] = true;
  Outcome write = Write("k", "v");
  Settle();
  ASSERT_TRUE(Settles(0, write));
  // Node 1 knows that node 0, in sync still, may have acknowledged what it knows not to be.
  ShardEffects effects;
  shards_[1]->Lead(Epoch{2}, lease_.session, /*quorum_used=*/true, effects);
  Tell(1, {0}, {0});
  shards_[2]->Follow(Id(1), Epoch{2}, /*change=*/0, effects);
  cut_[1][2] = cut_[1][0] = true;
  Bytes want;
  shards_[2]->Pump(Id(1), kBudget, kNow, want);
  wires_[2][1] += want;
  Deliver(2, 1);
  EXPECT_FALSE(shards_[1]->Admit(CopyOf(2), /*change=*/0));
  cut_[1][2] = false;
  Settle();
  EXPECT_TRUE(shards_[1]->Admit(CopyOf(2), /*change=*/0));
}

TEST_F(ShardQuorumTest, ACopyThatWasWipedIsNotAdmittedForWhatItAcknowledgedBefore) {
  Begin();
  Tell(0, {1, 2}, {1});
  Outcome write = Write("k", "v");
  Settle();
  ASSERT_TRUE(Settles(0, write));
  ASSERT_TRUE(shards_[0]->Admit(CopyOf(2), /*change=*/0));
  // The map named it no more, and then again; nobody told the leader in between.
  ShardEffects effects;
  shards_[2]->Release(effects);
  shards_[2]->Follow(Id(0), Epoch{1}, /*change=*/2, effects);
  EXPECT_FALSE(shards_[0]->Admit(CopyOf(2), /*change=*/2));
  Settle();
  EXPECT_TRUE(shards_[0]->Admit(CopyOf(2), /*change=*/2));
  EXPECT_EQ(shards_[2]->replica().history().last(), shards_[0]->replica().history().last());
}

TEST_F(ShardQuorumTest, AFollowerThatIsToldOfAChangeAcknowledgesOnceMore) {
  Begin();
  Tell(0, {1, 2}, {1});
  Settle();
  EXPECT_FALSE(shards_[0]->Admit(CopyOf(2), /*change=*/1));
  ShardEffects effects;
  shards_[2]->Follow(Id(0), Epoch{1}, /*change=*/1, effects);
  Settle();
  EXPECT_TRUE(shards_[0]->Admit(CopyOf(2), /*change=*/1));
}

TEST_F(ShardQuorumTest, ASetThatWritesNothingWaitsForTheRemovalThatItRestsOn) {
  Begin();
  Write("k", "v");
  Settle();
  Run(0, {.code = OpCode::kDelete, .key = "k", .quorum = 2});
  const Operation set{.code = OpCode::kSet,
                      .key = "k",
                      .value = "x",
                      .expiry = ExpiryKind::kAbsolute,
                      .expiry_ms = 1,
                      .quorum = 2};
  EXPECT_TRUE(Held(Run(0, set)));
}

TEST_F(ShardQuorumTest, AFollowerThatSaysAgainWhatItHasSettlesWhatItNeverAcknowledged) {
  Begin();
  Tell(0, {1}, {1});
  Outcome write = Write("k", "v");
  Bytes records;
  shards_[0]->Pump(Id(1), kBudget, kNow, records);
  wires_[0][1] += records;
  Deliver(0, 1);  // Applied; then the link breaks.
  ShardEffects effects;
  shards_[0]->OnLinkUp(Id(1), effects);
  shards_[1]->OnLinkUp(Id(0), effects);
  EXPECT_FALSE(Settles(0, write));
  PeerMessage want;
  want.type = PeerMessageType::kWant;
  want.shard = ShardId{5};
  want.epoch = Epoch{1};
  want.reigns = shards_[1]->replica().history().reigns();
  effects.Clear();
  ASSERT_TRUE(shards_[0]->OnMessage(CopyOf(1), want, effects).ok());
  EXPECT_TRUE(effects.settled);
  EXPECT_TRUE(Settles(0, write));
}

TEST_F(ShardQuorumTest, WhenCopiesAreRemovedAWriteStillWantsItsNumber) {
  Begin();
  cut_[0][1] = cut_[0][2] = true;
  Outcome write = Write("k", "v", 2);
  Tell(0, {}, {});
  EXPECT_EQ(shards_[0]->committed(), write.version);
  EXPECT_FALSE(Settles(0, write));
  EXPECT_FALSE(Held(Read(0, "k"))) << "no copy in sync is without it";
}

TEST_F(ShardQuorumTest, WithTheReignEndsEveryWait) {
  Begin();
  Outcome write = Write("k", "v");
  Outcome read = Read(0, "k");
  ShardEffects effects;
  shards_[0]->Follow(Id(1), Epoch{2}, /*change=*/0, effects);
  EXPECT_TRUE(effects.settled);
  EXPECT_TRUE(Settles(0, write));
  EXPECT_EQ(write.status, Status::kUnknownOutcome);
  EXPECT_TRUE(Settles(0, read, /*write=*/false));
  EXPECT_EQ(read.status, Status::kUnavailable);
}

TEST_F(ShardQuorumTest, ALaterReignOfTheSameNodeDoesNotSettleWhatAnEarlierOneHeld) {
  Begin();
  Outcome write = Write("k", "v");
  ShardEffects effects;
  shards_[0]->Lead(Epoch{2}, lease_.session, /*quorum_used=*/true, effects);
  Tell(0, {}, {});
  EXPECT_TRUE(Settles(0, write));
  EXPECT_EQ(write.status, Status::kUnknownOutcome);
}

TEST_F(ShardQuorumTest, ANewLeaderHoldsWhatItDoesNotKnowToBeCommitted) {
  Begin();
  Write("k", "v");
  Settle();  // All have it, but nobody was told so.
  LeadWith(1, 2, {2}, /*quorum_used=*/true);
  Tell(1, {2}, {2});
  Outcome read = Read(1, "k");
  EXPECT_TRUE(Held(read));
  Settle();
  EXPECT_TRUE(Settles(1, read, /*write=*/false));
  EXPECT_EQ(read.status, Status::kOk);
}

TEST_F(ShardQuorumTest, ButNotInAShardThatNeverAcceptedQuorumWrites) {
  Begin(1, /*quorum_used=*/false);
  Write("k", "v", 0);
  Settle();
  LeadWith(1, 2, {2}, /*quorum_used=*/false);
  EXPECT_FALSE(Held(Read(1, "k")));
}

TEST_F(ShardQuorumTest, NorWhatTheLeaderBeforeSaidIsCommitted) {
  Begin();
  Write("k", "v");
  Settle();
  Write("later", "v");
  Settle();
  LeadWith(1, 2, {2}, /*quorum_used=*/true);
  EXPECT_FALSE(Held(Read(1, "k")));
  EXPECT_TRUE(Held(Read(1, "later")));
}

TEST_F(ShardQuorumTest, AnExpiredKeyIsHiddenByARecordThatOthersHave) {
  Begin();
  Set(0, "k", "v", /*ttl_ms=*/50);
  Settle();
  const UnixMs later{kNow.value + 60};
  Outcome read = Run(0, {.code = OpCode::kGet, .key = "k"}, later);
  EXPECT_EQ(read.status, Status::kNotFound);
  EXPECT_EQ(shards_[0]->counters().expired, 1U);
  Outcome again = Run(0, {.code = OpCode::kGet, .key = "k"}, later);
  EXPECT_TRUE(Held(again));
  EXPECT_TRUE(Held(read)) << "a leader with a slower clock would show it";
  Settle();
  EXPECT_TRUE(Settles(0, read, /*write=*/false));
}

TEST_F(ShardQuorumTest, AReadQuorumIsConfirmedByFollowersOfThisReignAfterItBegan) {
  Begin();
  Set(0, "k", "v");
  Settle();
  Outcome read = Run(0, {.code = OpCode::kGet, .key = "k", .quorum = 2});
  ASSERT_TRUE(Held(read));
  EXPECT_FALSE(Settles(0, read, /*write=*/false));
  ShardEffects effects;
  shards_[1]->Follow(Id(2), Epoch{2}, /*change=*/0, effects);
  cut_[0][2] = true;
  Settle();
  EXPECT_FALSE(Settles(0, read, /*write=*/false)) << "one has moved on, the other heard nothing";
  cut_[0][2] = false;
  shards_[0]->OnLinkUp(Id(2), effects);
  shards_[2]->OnLinkUp(Id(0), effects);
  Settle();
  EXPECT_TRUE(Settles(0, read, /*write=*/false));
  EXPECT_EQ(read.status, Status::kOk);
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "k", .quorum = 4}).status, Status::kTooFewCopies);
}

TEST_F(ShardQuorumTest, AwaitTellsHowManyFollowersHoldWhatWasThere) {
  Begin(1, /*quorum_used=*/false);
  Set(0, "k", "v");
  const Operation await{.code = OpCode::kAwait, .key = "k", .number = 2};
  Outcome all = Run(0, await);
  ASSERT_TRUE(Held(all));
  EXPECT_EQ(all.number, 0);
  cut_[0][2] = true;
  Settle();
  EXPECT_FALSE(Settles(0, all, /*write=*/false));
  shards_[0]->GiveUp(/*write=*/false, all);
  EXPECT_EQ(all.status, Status::kOk);
  EXPECT_EQ(all.number, 1);
  const Outcome one = Run(0, {.code = OpCode::kAwait, .key = "k", .number = 1});
  EXPECT_FALSE(Held(one));
  EXPECT_EQ(one.number, 1);
}

TEST_F(ShardQuorumTest, OnlyWhatMayHaveToWaitSaysSo) {
  const auto may_hold = [&](const Operation& operation, std::int64_t later = 0) {
    return shards_[0]->MayHold(operation, UnixMs{kNow.value + later});
  };
  const Operation get{.code = OpCode::kGet, .key = "k"};
  const Operation set{.code = OpCode::kSet, .key = "k", .value = "w"};
  Begin();
  Set(0, "k", "v", /*ttl_ms=*/50);
  EXPECT_FALSE(may_hold(get));
  EXPECT_TRUE(may_hold(get, 60)) << "its end has to be told first";
  EXPECT_FALSE(may_hold(set));
  Write("k", "v");
  EXPECT_TRUE(may_hold(get));
  EXPECT_FALSE(Held(Run(0, set))) << "it shows nothing of what was there";
  Write("k", "v");
  EXPECT_TRUE(may_hold({.code = OpCode::kIncrement, .key = "k", .number = 1}));
  EXPECT_FALSE(may_hold({.code = OpCode::kGet, .key = "other"}));
  Settle();
  EXPECT_FALSE(may_hold(get));
  EXPECT_TRUE(may_hold({.code = OpCode::kGet, .key = "k", .quorum = 2}));
  EXPECT_TRUE(may_hold({.code = OpCode::kSet, .key = "k", .value = "w", .quorum = 1}));
  EXPECT_TRUE(may_hold({.code = OpCode::kAwait, .key = "k", .number = 1}));
}

TEST_F(ShardQuorumTest, WhatIsGivenUpIsOfUnknownOutcome) {
  Begin();
  Outcome write = Write("k", "v");
  Outcome read = Read(0, "k");
  shards_[0]->GiveUp(/*write=*/true, write);
  shards_[0]->GiveUp(/*write=*/false, read);
  EXPECT_EQ(write.status, Status::kUnknownOutcome);
  EXPECT_EQ(read.status, Status::kUnavailable);
  EXPECT_FALSE(Held(write));
}

TEST_F(ShardQuorumTest, AHandOverIsNotDrainedBeforeEveryWriteIsSettled) {
  Begin();
  cut_[0][2] = true;
  Outcome write = Write("k", "v");
  ShardEffects effects;
  shards_[0]->HandOver(Id(1), effects);
  Settle();
  EXPECT_FALSE(shards_[0]->drained()) << "node 2 is in sync and lacks it";
  Tell(0, {1}, {1});
  EXPECT_TRUE(shards_[0]->drained());
  EXPECT_TRUE(Settles(0, write));
  EXPECT_EQ(write.status, Status::kOk);
}

TEST_F(ShardQuorumTest, AReplicaSetOfAnotherReignIsIgnored) {
  Begin(2);
  ReplicaSet old{.epoch = Epoch{1}};
  ShardEffects effects;
  shards_[0]->SetReplicas(old, effects);
  Outcome write = Write("k", "v");
  EXPECT_TRUE(Held(write)) << "the copies in sync of this reign were forgotten";
}

}  // namespace
}  // namespace aegis::node
