// What a shard writes to its node's journal, how it is made again from that, and what it keeps to
// itself until it is durable.

#include <gmock/gmock.h>

#include <string>

#include "base/rng.h"
#include "memory_journal.h"
#include "shard_test_support.h"

namespace aegis::node {
namespace {

using replication::PeerMessageType;
using testing::Contains;
using testing::Not;

constexpr ShardId kShard{5};

class ShardJournalTest : public ShardTest {
 protected:
  ShardJournalTest() {
    for (std::size_t node = 0; node < kNodes; ++node) {
      journals_[node] = &logs_[node];
      Restart(node);
    }
  }

  std::unique_ptr<Replica> Recover(std::size_t node) {
    logs_[node].Sync();
    return logs_[node].Recover(kShard, meters_[node]);
  }
  void ExpectTheSameAgain(std::size_t node) {
    const auto again = Recover(node);
    ASSERT_NE(again, nullptr);
    const Replica& replica = shards_[node]->replica();
    EXPECT_EQ(again->history(), replica.history());
    EXPECT_EQ(again->Digest(), replica.Digest());
    EXPECT_EQ(again->vanished(), replica.vanished());
    EXPECT_EQ(again->tombstones(), replica.tombstones());
  }
  // As a new process that has recovered its log.
  void ComeBack(std::size_t node) {
    auto replica = Recover(node);
    Restart(node);
    if (replica) shards_[node]->Restore(std::move(replica), logs_[node].durable());
  }
  // Settle(), while every log is written at once.
  void SettleAndSync() {
    int idle = 0;
    for (int round = 0; idle < 2; ++round) {
      ASSERT_LT(round, 10'000) << "never settles";
      idle = PumpOnce() ? 0 : idle + 1;
      for (MemoryJournal& log : logs_) log.Sync();
    }
  }
  Version Last(std::size_t node) const { return shards_[node]->replica().history().last(); }
  std::uint64_t CopiesTakenBy(std::size_t node) const {
    return shards_[node]->counters().copies_received;
  }

  std::array<MemoryJournal, kNodes> logs_;
};

TEST_F(ShardJournalTest, ALeaderIsTheSameAgain) {
  for (const bool alone : {true, false}) {
    LeadWith(0, alone ? 1 : 2, alone ? std::vector<std::size_t>() : std::vector<std::size_t>{1});
    Set(0, "a", "1");
    Set(0, "large", std::string(100'000, 'v'));
    Set(0, "short", "lived", /*ttl_ms=*/10);
    Set(0, "gone", "2");
    Delete(0, "gone");
    ASSERT_EQ(Run(0, {.code = OpCode::kRename, .key = "a", .key2 = "b"}).status, Status::kOk);
    EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "short"}, UnixMs{kNow.value + 20}).status,
              Status::kNotFound);
    ExpectTheSameAgain(0);
  }
}

TEST_F(ShardJournalTest, AClearIsReplayed) {
  LeadWith(0, 1, {});
  Set(0, "a", "1");
  ASSERT_EQ(Run(0, {.code = OpCode::kClear}).status, Status::kOk);
  Set(0, "b", "2");
  ExpectTheSameAgain(0);
}

TEST_F(ShardJournalTest, AFollowerOfRecordsIsTheSameAgain) {
  LeadWith(0, 1, {1});
  Set(0, "a", "1");
  Set(0, "large", std::string(100'000, 'v'));
  ASSERT_EQ(Run(0, {.code = OpCode::kRename, .key = "a", .key2 = "b"}).status, Status::kOk);
  SettleAndSync();
  EXPECT_THAT(logs_[1].types(), Not(Contains(wal::EntryType::kCopyBegun)));
  ExpectTheSameAgain(1);
}

TEST_F(ShardJournalTest, AFollowerThatTookACopyIsTheSameAgain) {
  Restart(0, /*ring_bytes=*/0);
  LeadWith(0, 1, {});
  for (int i = 0; i < 1000; ++i) Set(0, "k" + std::to_string(i), std::string(100, 'v'));
  Delete(0, "k7");
  LeadWith(0, 2, {1});
  for (int i = 0; i < 10; ++i) {
    PumpOnce();
    Set(0, "meanwhile" + std::to_string(i), "v");
  }
  SettleAndSync();
  EXPECT_EQ(CopiesTakenBy(1), 1U);
  EXPECT_THAT(logs_[1].types(), Contains(wal::EntryType::kCopyAdopted));
  ExpectTheSameAgain(1);
}

TEST_F(ShardJournalTest, WhatWasReleasedIsGone) {
  LeadWith(0, 1, {1});
  Set(0, "a", "1");
  SettleAndSync();
  ShardEffects effects;
  shards_[1]->Release(effects);
  EXPECT_EQ(Recover(1), nullptr);
}

TEST_F(ShardJournalTest, AFollowerAcknowledgesWhatIsDurable) {
  LeadWith(0, 1, {1});
  SettleAndSync();
  const Version before = Last(0);
  Set(0, "a", "1");
  Settle();
  EXPECT_EQ(Last(1), Last(0));
  EXPECT_EQ(shards_[0]->AckedBy(CopyOf(1)), before);
  ASSERT_TRUE(shards_[1]->AwaitedFor(Id(0)));
  EXPECT_EQ(*shards_[1]->AwaitedFor(Id(0)), shards_[1]->journaled());
  logs_[1].Sync();
  Settle();
  EXPECT_EQ(shards_[0]->AckedBy(CopyOf(1)), Last(0));
  EXPECT_FALSE(shards_[1]->AwaitedFor(Id(0)));
}

TEST_F(ShardJournalTest, AFollowerAcknowledgesWhatIsDurableAlthoughMoreComesAllTheTime) {
  LeadWith(0, 1, {1});
  SettleAndSync();
  Set(0, "a", "1");
  Settle();
  const Version first = Last(0);
  logs_[1].Sync();
  Set(0, "a", "2");
  Settle();
  EXPECT_EQ(shards_[0]->AckedBy(CopyOf(1)), first);
}

TEST_F(ShardJournalTest, AFollowerDoesNotSayThatItHoldsWhatIsNotDurable) {
  LeadWith(0, 1, {1});
  Settle();
  Set(0, "a", "1");
  Settle();
  // The next leader hears of it as late.
  LeadWith(2, 2, {1});
  received_.clear();
  Settle();
  EXPECT_EQ(received_[PeerMessageType::kWant], 0);
  EXPECT_TRUE(shards_[1]->AwaitedFor(Id(2)));
  EXPECT_FALSE(shards_[1]->AwaitedFor(Id(0))) << "it tells its leader alone";
  SettleAndSync();
  EXPECT_GT(received_[PeerMessageType::kWant], 0);
  EXPECT_EQ(shards_[2]->AckedBy(CopyOf(1)), Last(2));
}

TEST_F(ShardJournalTest, OthersAreToldOfNothingCommittedThatTheLeaderMightLose) {
  logs_[0].Sync();
  LeadWith(0, 1, {1}, /*quorum_used=*/true);
  SettleAndSync();
  const Version before = Last(0);
  ASSERT_EQ(Run(0, {.code = OpCode::kSet, .key = "a", .value = "1", .quorum = 2}).status,
            Status::kOk);
  Settle();
  logs_[1].Sync();
  Settle();
  EXPECT_EQ(shards_[0]->committed(), Last(0));
  ShardEffects effects;
  shards_[0]->Maintain(kNow, 100, effects);
  Settle();
  EXPECT_EQ(shards_[1]->committed(), before);
  logs_[0].Sync();
  shards_[0]->Maintain(kNow, 100, effects);
  Settle();
  EXPECT_EQ(shards_[1]->committed(), Last(0));
}

TEST_F(ShardJournalTest, WhoComesBackAsksForTheRestAlone) {
  LeadWith(0, 1, {1});
  for (int i = 0; i < 100; ++i) Set(0, "k" + std::to_string(i), "v");
  SettleAndSync();
  ComeBack(1);
  EXPECT_EQ(shards_[1]->Report().last, Last(0));
  EXPECT_TRUE(shards_[1]->Report().whole);
  Set(0, "meanwhile", "v");
  ShardEffects effects;
  shards_[1]->Follow(Id(0), Epoch{1}, /*change=*/0, effects);
  shards_[0]->OnLinkUp(Id(1), effects);
  SettleAndSync();
  ExpectReplicasEqual(0, 1);
  EXPECT_EQ(CopiesTakenBy(1), 0U);
  EXPECT_LE(shards_[1]->counters().records_received, 2U) << "asked twice, it is sent twice";
}

TEST_F(ShardJournalTest, WhoComesBackShowsNothingThatMayHaveWaitedForAQuorum) {
  LeadWith(0, 1, {1}, /*quorum_used=*/true);
  SettleAndSync();
  Run(0, {.code = OpCode::kSet, .key = "a", .value = "1", .quorum = 2});
  ComeBack(0);
  ShardEffects effects;
  const Operation read{.code = OpCode::kGet, .key = "a", .max_stale_ms = kAnyStaleness};
  EXPECT_FALSE(shards_[0]->ReadStale(read, kNow, effects));
}

TEST_F(ShardJournalTest, ALeaderThatComesBackHasTheRecordsForOthers) {
  LeadWith(0, 1, {1, 2});
  for (int i = 0; i < 100; ++i) Set(0, "k" + std::to_string(i), "v");
  SettleAndSync();
  for (std::size_t node = 0; node < kNodes; ++node) ComeBack(node);
  LeadWith(0, 2, {1, 2});
  SettleAndSync();
  ExpectReplicasEqual(0, 1);
  ExpectReplicasEqual(0, 2);
  EXPECT_EQ(CopiesTakenBy(1) + CopiesTakenBy(2), 0U);
  EXPECT_EQ(Run(0, {.code = OpCode::kGet, .key = "k42"}).value, "v");
}

TEST_F(ShardJournalTest, WhateverHappensIsReplayed) {
  Rng rng(7);
  std::uint32_t epoch = 0;
  std::size_t leader = 0;
  for (int step = 0; step < 3000; ++step) {
    if (step % 500 == 0) {
      leader = rng.Below(kNodes);
      std::vector<std::size_t> followers;
      for (std::size_t node = 0; node < kNodes; ++node) {
        if (node != leader) followers.push_back(node);
      }
      SettleAndSync();
      if (step % 1000 == 0) {
        const std::size_t back = followers[rng.Below(followers.size())];
        ComeBack(back);
      }
      LeadWith(leader, ++epoch, followers);
    }
    const std::string key = "k" + std::to_string(rng.Below(50));
    const std::uint64_t dice = rng.Below(20);
    if (dice < 12) {
      Set(leader, key, std::string(rng.Below(300), 'v'),
          dice < 4 ? static_cast<std::int64_t>(1 + rng.Below(50)) : 0);
    } else if (dice < 16) {
      Delete(leader, key);
    } else if (dice < 18) {
      Run(leader, {.code = OpCode::kGet, .key = key}, UnixMs{kNow.value + 100});
    } else if (dice == 18) {
      Run(leader, {.code = OpCode::kRename, .key = key, .key2 = "other"});
    } else if (rng.Below(20) == 0) {
      Run(leader, {.code = OpCode::kClear});
    }
    if (rng.Below(5) == 0) PumpOnce();
    if (rng.Below(5) == 0) logs_[rng.Below(kNodes)].Sync();
  }
  SettleAndSync();
  for (std::size_t node = 0; node < kNodes; ++node) ExpectTheSameAgain(node);
}

}  // namespace
}  // namespace aegis::node
