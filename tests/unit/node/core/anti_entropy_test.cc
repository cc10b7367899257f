// DigestOffers and DigestCheck, as shards use them: one leader, two followers, links that keep the
// order, and damage done to a table behind its replica's back.

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "shard_test_support.h"

namespace aegis::node {
namespace {

using replication::PeerMessage;
using replication::PeerMessageType;

constexpr std::size_t kLeader = 0;

// What a failing memory, or a bug, would do to it.
store::Table& TableOf(Shard& shard) { return const_cast<Replica&>(shard.replica()).table(); }
void Flip(ByteView bytes) { const_cast<char&>(bytes.back()) ^= 1; }
// As drawn in store/table.h.
ByteView ExpiryBytes(const store::ItemView& item) { return {item.key.data() - 24, 1}; }

class AntiEntropyTest : public ShardTest {
 protected:
  AntiEntropyTest() { Build(limits::kRecentRecordsBytes); }

  void Build(std::size_t ring_bytes) {
    for (std::size_t node = 0; node < kNodes; ++node) Restart(node, ring_bytes);
    LeadWith(kLeader, ++epoch_, {1, 2});
  }

  Outcome Run(const Operation& operation) { return ShardTest::Run(kLeader, operation); }
  void Set(const std::string& key, const std::string& value) {
    ShardTest::Set(kLeader, key, value);
  }
  void Fill(int items) {
    for (int i = 0; i < items; ++i) Set("k" + std::to_string(i), std::string(20, 'v'));
    Settle();
  }

  void Settle() {
    ShardTest::Settle();  // What was on its way may be all that happens in it.
    ShardTest::Settle();
  }
  void Send(std::size_t from, std::size_t to, std::size_t bytes_max = kBudget) {
    shards_[from]->Pump(Id(to), bytes_max, kNow, wires_[from][to]);
  }
  void Receive(std::size_t from, std::size_t to, std::size_t frames) {
    Bytes& wire = wires_[from][to];
    std::size_t size = 0;
    for (; frames > 0 && size < wire.size(); --frames) {
      size += replication::PeerFrameSize(ByteView(wire).substr(size)).value();
    }
    const Bytes later = wire.substr(size);
    wire.resize(size);
    Deliver(from, to);
    wires_[from][to] = later;
  }

  void Maintain() {
    ShardEffects effects;
    for (const auto& shard : shards_) shard->Maintain(kNow, 16, effects);
  }
  // The followers compare, and what comes of it is carried out.
  void CompareOnce() {
    for (std::uint32_t visit = 0; visit < limits::kDigestVisits; ++visit) Maintain();
    Settle();
  }

  const ShardCounters& counters(std::size_t node) const { return shards_[node]->counters(); }
  store::Table& table(std::size_t node) { return TableOf(*shards_[node]); }

  // In every bit, and what their digests say of it is true.
  void ExpectEqualReplicas() {
    for (std::size_t node = 0; node < kNodes; ++node) {
      EXPECT_EQ(shards_[node]->replica().history(), shards_[kLeader]->replica().history());
      EXPECT_EQ(shards_[node]->replica().Digest(), shards_[kLeader]->replica().Digest());
      EXPECT_EQ(table(node).digest().root(), table(kLeader).digest().root());
      for (std::uint32_t bucket = 0; bucket < table(node).digest().buckets(); ++bucket) {
        EXPECT_TRUE(table(node).Recount(bucket));
      }
    }
  }

  void ExpectFoundAndRepaired(const std::function<void()>& damage, std::uint64_t differences = 1) {
    Fill(100);
    CompareOnce();
    EXPECT_EQ(counters(1).differences_found, 0U);
    damage();
    CompareOnce();
    EXPECT_EQ(counters(1).differences_found, differences);
    EXPECT_EQ(counters(1).differences_repaired, differences);
    ExpectEqualReplicas();
    CompareOnce();
    EXPECT_EQ(counters(1).differences_found, differences) << "found again";
    EXPECT_EQ(counters(2).differences_found, 0U);
    EXPECT_EQ(received_[PeerMessageType::kCopyBegin], 0);
  }

  std::uint32_t epoch_ = 0;
};

TEST_F(AntiEntropyTest, EqualReplicasAreComparedAndNothingIsSentOfThem) {
  Fill(1000);
  for (int round = 0; round < 5; ++round) CompareOnce();
  EXPECT_EQ(counters(1).digests_compared, 5U);
  EXPECT_EQ(counters(2).digests_compared, 5U);
  EXPECT_EQ(counters(1).differences_found, 0U);
  EXPECT_EQ(received_[PeerMessageType::kDigest], 10);
  EXPECT_EQ(received_[PeerMessageType::kDigestQuestion], 0);
}

TEST_F(AntiEntropyTest, AMissingItemIsFoundAndRepaired) {
  ExpectFoundAndRepaired(
      [&] { EXPECT_TRUE(table(1).Erase(table(1).Hash("k7"), table(1).Find("k7")->version)); });
  EXPECT_EQ(received_[PeerMessageType::kDigestSums], 1);
}

TEST_F(AntiEntropyTest, AnExtraItemIsFoundAndRepaired) {
  ExpectFoundAndRepaired([&] {
    store::ItemValue extra;
    extra.version = {Epoch{1}, Seq{3}};
    extra.value = "extra";
    table(1).Put("not in the history", extra);
  });
}

TEST_F(AntiEntropyTest, AnotherExpiryIsFoundAndRepaired) {
  ExpectFoundAndRepaired([&] {
    store::ItemValue item = *table(1).Find("k7");
    item.expires_at = 123'456'789;
    table(1).Put("k7", item);
  });
}

TEST_F(AntiEntropyTest, AnotherVersionIsFoundAndRepairedEvenIfItIsNewer) {
  ExpectFoundAndRepaired([&] {
    store::ItemValue item = *table(1).Find("k7");
    item.version = {Epoch{1}, Seq{1'000'000}};
    table(1).Put("k7", item);
  });
}

TEST_F(AntiEntropyTest, AnotherValueUnderTheSameVersionIsFoundAndRepaired) {
  Fill(10);  // All of it is compared at once.
  store::ItemValue item = *table(1).Find("k7");
  item.value = "what nobody wrote!!!";
  table(1).Put("k7", item);
  CompareOnce();
  EXPECT_EQ(counters(1).differences_found, 1U);
  EXPECT_EQ(counters(1).differences_repaired, 1U);
  EXPECT_EQ(received_[PeerMessageType::kDigestSums], 0) << "the sums do not tell";
  ExpectEqualReplicas();
}

TEST_F(AntiEntropyTest, AResurrectedTombstoneIsFoundAndRepaired) {
  Fill(100);
  Run({.code = OpCode::kDelete, .key = "k7"});
  for (const std::size_t to : {1U, 2U}) {
    Send(kLeader, to);
    Deliver(kLeader, to);
  }
  ASSERT_TRUE(table(1).Find("k7")->tombstone);
  store::ItemValue again;
  again.version = {Epoch{1}, Seq{8}};
  again.value = "v";
  table(1).Put("k7", again);
  // Node 2 does not acknowledge: the leader must keep its tombstone.
  for (std::uint32_t visit = 0; visit < limits::kDigestVisits; ++visit) Maintain();
  for (int round = 0; round < 10; ++round) {
    Send(1, kLeader);
    Deliver(1, kLeader);
    Send(kLeader, 1);
    Deliver(kLeader, 1);
  }
  EXPECT_EQ(counters(1).differences_repaired, 1U);
  EXPECT_TRUE(table(1).Find("k7")->tombstone);
  EXPECT_EQ(shards_[1]->replica().tombstones(), 1U);
  Settle();
  CompareOnce();
  EXPECT_EQ(shards_[1]->replica().tombstones(), 0U) << "it is trimmed like any other";
  ExpectEqualReplicas();
}

TEST_F(AntiEntropyTest, DamagedMemoryIsFoundByTheWalkAndRepaired) {
  Fill(3000);
  Flip(table(1).Find("k100")->value);
  Flip(table(1).Find("k200")->key);
  Flip(ExpiryBytes(*table(1).Find("k300")));
  CompareOnce();
  const auto one_round = static_cast<int>(table(kLeader).bytes() / limits::kDigestWalkBytes) + 1;
  ASSERT_GT(one_round, 5) << "one digest shows everything: there is no walk to see";
  for (int i = 0; i < one_round; ++i) CompareOnce();
  EXPECT_GE(counters(1).differences_found, 3U);
  EXPECT_EQ(counters(1).differences_repaired, counters(1).differences_found);
  ExpectEqualReplicas();
}

TEST_F(AntiEntropyTest, AnItemThatWasDamagedAndThenOverwrittenLeavesOnlyASumToPutRight) {
  ExpectFoundAndRepaired([&] {
    Flip(ExpiryBytes(*table(1).Find("k7")));
    Set("k7", "new");
    Settle();
  });
  EXPECT_EQ(received_[PeerMessageType::kDigestRepair], 0);
}

TEST_F(AntiEntropyTest, AWrongSumOfTheLeaderIsPutRightWhenItIsAskedForTheItems) {
  Fill(100);
  Flip(ExpiryBytes(*table(kLeader).Find("k7")));
  Set("k7", "new");
  Settle();
  CompareOnce();
  EXPECT_EQ(counters(1).differences_repaired, 1U);
  EXPECT_EQ(counters(2).differences_repaired, 1U);
  ExpectEqualReplicas();
  CompareOnce();
  EXPECT_EQ(counters(1).differences_found, 1U) << "found again";
}

TEST_F(AntiEntropyTest, DifferencesEverywhereAreRepairedAFewBucketsAtATime) {
  Fill(3000);
  table(1).EraseRange({});
  int rounds = 0;
  for (; counters(1).differences_repaired < limits::kDigestBucketsMax / 2; ++rounds) {
    ASSERT_LT(rounds, 100);
    CompareOnce();
  }
  EXPECT_GT(rounds, 5);
  for (int i = 0; i < 10; ++i) CompareOnce();
  EXPECT_EQ(counters(1).differences_repaired, counters(1).differences_found);
  ExpectEqualReplicas();
}

TEST_F(AntiEntropyTest, AnEmptyFollowerAndAnEmptyLeaderAreComparedToo) {
  Settle();
  CompareOnce();
  EXPECT_EQ(counters(1).digests_compared, 1U);
  store::ItemValue extra;
  extra.version = {Epoch{1}, Seq{1}};
  table(1).Put("k", extra);
  CompareOnce();
  EXPECT_EQ(counters(1).differences_repaired, 1U);
  ExpectEqualReplicas();
}

TEST_F(AntiEntropyTest, ABucketLargerThanAPieceIsRepairedWhileWritesGoOn) {
  Fill(10);
  // Each has a slot of its own in this table, and shares no frame with another.
  const std::string large(limits::kRepairPieceBytes, 'x');
  for (int i = 0; i < 20; ++i) Set("large" + std::to_string(i), large);
  Settle();
  const auto bucket = [&](const std::string& key) {
    return table(1).digest().BucketOf(static_cast<std::uint32_t>(table(1).Hash(key)));
  };
  for (int i = 0; i < 20; ++i) {
    const std::string key = "large" + std::to_string(i);
    EXPECT_TRUE(table(1).Erase(table(1).Hash(key), table(1).Find(key)->version)) << bucket(key);
  }
  for (std::uint32_t visit = 0; visit < limits::kDigestVisits; ++visit) Maintain();
  for (std::size_t round = 0; round < 100; ++round) {
    Set("k" + std::to_string(round % 10), std::string(1 + round % 3, 'w'));
    for (const std::size_t to : {1U, 2U}) {
      Send(kLeader, to, 1000);
      Deliver(kLeader, to);
      Send(to, kLeader);
      Deliver(to, kLeader);
    }
  }
  EXPECT_GE(received_[PeerMessageType::kDigestRepair], 20);
  EXPECT_EQ(counters(1).differences_repaired, counters(1).differences_found);
  Settle();
  ExpectEqualReplicas();
}

TEST_F(AntiEntropyTest, AFollowerThatIsBehindComparesNothing) {
  Fill(100);
  // A digest that is overtaken by nothing, but meant for another position.
  for (std::uint32_t visit = 0; visit < limits::kDigestVisits; ++visit) Maintain();
  Set("k7", "new");
  Bytes out;
  shards_[kLeader]->Pump(Id(1), 16 * 1024, kNow, out);
  const std::size_t first = replication::PeerFrameSize(out).value();
  ASSERT_LT(first, out.size()) << "records, then the digest";
  wires_[kLeader][1] = out.substr(first);
  Deliver(kLeader, 1);
  EXPECT_EQ(received_[PeerMessageType::kDigest], 1);
  EXPECT_EQ(counters(1).digests_compared, 0U);
  EXPECT_EQ(counters(1).differences_found, 0U);
}

TEST_F(AntiEntropyTest, WhatAnOldLeaderShowsIsIgnored) {
  Fill(100);
  for (std::uint32_t visit = 0; visit < limits::kDigestVisits; ++visit) Maintain();
  Send(kLeader, 1);
  ShardEffects effects;
  shards_[1]->Follow(Id(2), Epoch{2}, /*change=*/0, effects);
  ASSERT_FALSE(wires_[kLeader][1].empty());
  Deliver(kLeader, 1);
  EXPECT_EQ(counters(1).digests_compared, 0U);
}

TEST_F(AntiEntropyTest, ARepairOfElsewhereIsMalformedAndChangesNothing) {
  Fill(100);
  const std::uint64_t before = shards_[1]->replica().Digest();
  const auto hash = static_cast<std::uint32_t>(table(1).Hash("k7"));
  replication::Record item = RecordOf(*table(kLeader).Find("k7"));
  const auto taken = [&](HashRange range) {
    Bytes records;
    replication::AppendRecord(item, records);
    PeerMessage message;
    message.type = PeerMessageType::kDigestRepair;
    message.shard = ShardId{5};
    message.epoch = Epoch{epoch_};
    message.reigns = {shards_[1]->replica().history().reigns().back()};
    message.ranges = {range};
    message.records = records;
    ShardEffects effects;
    return shards_[1]->OnMessage(CopyOf(kLeader), message, effects);
  };
  EXPECT_EQ(taken({hash + 1ULL, HashRange::kEnd}).error().code, ErrorCode::kMalformed);
  item.type = replication::RecordType::kEvict;
  EXPECT_EQ(taken({hash, hash + 1ULL}).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(shards_[1]->replica().Digest(), before);
  item.type = replication::RecordType::kSet;
  EXPECT_TRUE(taken({hash, hash + 1ULL}).ok());
  EXPECT_EQ(shards_[1]->replica().Digest(), before);
}

TEST_F(AntiEntropyTest, AFollowerThatAsksForTooMuchGetsPartOfIt) {
  Fill(100);
  PeerMessage question;
  question.type = PeerMessageType::kDigestQuestion;
  question.shard = ShardId{5};
  question.epoch = Epoch{epoch_};
  question.ranges.assign(limits::kDigestRangesMax, HashRange{});
  ShardEffects effects;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(shards_[kLeader]->OnMessage(CopyOf(1), question, effects).ok());
  }
  Settle();
  EXPECT_LE(received_[PeerMessageType::kDigestRepair],
            static_cast<int>(limits::kDigestRangesMax * limits::kDigestBucketsMax));
  ExpectEqualReplicas();
}

// --- Random schedules ---------------------------------------------------------------------------

class AntiEntropyScheduleTest : public AntiEntropyTest {
 protected:
  void Step(Rng& rng) {
    const std::size_t follower = 1 + rng.Below(2);
    const std::string key = "k" + std::to_string(rng.Below(20));
    switch (rng.Below(12)) {
      case 0:
        Run({.code = OpCode::kDelete, .key = key});
        break;
      case 1:
      case 2: {
        const std::string value(rng.Below(200), 'v');
        Operation set{.code = OpCode::kSet, .key = key, .value = value};
        if (rng.Chance(0.2)) set.expiry = ExpiryKind::kRelative;
        set.expiry_ms = 1 + static_cast<std::int64_t>(rng.Below(100));
        Run(set);
        break;
      }
      case 3:
        if (rng.Chance(0.05)) Reconnect(follower);
        break;
      case 4: {
        const UnixMs later{kNow.value + static_cast<std::int64_t>(rng.Below(100))};
        ShardEffects effects;
        for (std::uint32_t visit = 0; visit < limits::kDigestVisits; ++visit) {
          shards_[kLeader]->Maintain(later, 16, effects);
        }
        break;
      }
      case 5:
      case 6:
      case 7:
        Send(kLeader, follower, 256);
        break;
      case 8:
      case 9:
        Receive(kLeader, follower, 1 + rng.Below(3));
        break;
      case 10:
        Send(follower, kLeader);
        break;
      default:
        Receive(follower, kLeader, 1 + rng.Below(3));
    }
  }

  void Reconnect(std::size_t follower) {
    wires_[kLeader][follower].clear();
    wires_[follower][kLeader].clear();
    ShardEffects effects;
    shards_[kLeader]->OnLinkUp(Id(follower), effects);
    shards_[follower]->OnLinkUp(Id(kLeader), effects);
  }

  void Damage(std::size_t node, Rng& rng) {
    store::Table& table = this->table(node);
    std::vector<std::string> keys;
    table.VisitRange({}, store::Table::kEverything,
                     [&](const store::ItemView& item) { keys.emplace_back(item.key); });
    store::ItemValue item;
    item.version = {Epoch{1}, Seq{1 + rng.Below(50)}};
    item.value = "extra";
    const auto present = keys.empty() ? std::nullopt : table.Find(keys[rng.Below(keys.size())]);
    if (!present || rng.Chance(0.2)) {
      table.Put("extra" + std::to_string(rng.Below(10)), item);
      return;
    }
    const std::string key(present->key);
    switch (rng.Below(5)) {
      case 0:
        table.Erase(table.Hash(key), present->version);
        break;
      case 1:
        table.Put(key, item);  // Perhaps where there was a tombstone.
        break;
      case 2:
        Flip(ExpiryBytes(*present));
        break;
      case 3:
        Flip(present->key);
        break;
      default:
        if (!present->value.empty()) Flip(present->value);
    }
  }
};

TEST_F(AntiEntropyScheduleTest, NothingIsFoundWhereNothingWasDamaged) {
  std::uint64_t compared = 0;
  int copies = 0;
  for (std::uint64_t seed = 0; seed < 3000 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Build(rng.Chance(0.5) ? 512 : limits::kRecentRecordsBytes);
    for (std::uint64_t steps = rng.Below(400); steps > 0; --steps) Step(rng);
    Settle();
    CompareOnce();
    ExpectEqualReplicas();
    for (const std::size_t node : {1U, 2U}) {
      EXPECT_EQ(counters(node).differences_found, 0U);
      EXPECT_GE(counters(node).digests_compared, 1U);
      compared += counters(node).digests_compared;
    }
    copies = received_[PeerMessageType::kCopyEnd];
  }
  EXPECT_GT(compared, 20'000U);
  EXPECT_GT(copies, 1000);
}

TEST_F(AntiEntropyScheduleTest, WhateverWasDamagedAtAFollowerIsRepairedInTheEnd) {
  std::uint64_t repaired = 0;
  for (std::uint64_t seed = 0; seed < 3000 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Build(rng.Chance(0.5) ? 512 : limits::kRecentRecordsBytes);
    for (std::uint64_t steps = rng.Below(200); steps > 0; --steps) Step(rng);
    for (std::uint64_t times = 1 + rng.Below(3); times > 0; --times) {
      Damage(1 + rng.Below(2), rng);
      for (std::uint64_t steps = rng.Below(100); steps > 0; --steps) Step(rng);
    }
    Settle();
    for (int round = 0; round < 4; ++round) CompareOnce();
    ExpectEqualReplicas();
    const std::uint64_t before = counters(1).differences_found + counters(2).differences_found;
    CompareOnce();
    EXPECT_EQ(counters(1).differences_found + counters(2).differences_found, before);
    repaired += counters(1).differences_repaired + counters(2).differences_repaired;
  }
  EXPECT_GT(repaired, 3000U);
}

TEST_F(AntiEntropyScheduleTest, WhateverWasDamagedTheReplicasAreEqualInTheEnd) {
  for (std::uint64_t seed = 0; seed < 1000 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Build(limits::kRecentRecordsBytes);
    for (std::uint64_t steps = rng.Below(200); steps > 0; --steps) Step(rng);
    for (std::uint64_t times = 1 + rng.Below(3); times > 0; --times) {
      Damage(rng.Below(kNodes), rng);
      for (std::uint64_t steps = rng.Below(100); steps > 0; --steps) Step(rng);
    }
    Settle();
    for (int round = 0; round < 4; ++round) CompareOnce();
    ExpectEqualReplicas();
  }
}

}  // namespace
}  // namespace aegis::node
