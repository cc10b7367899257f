// Rounds of snapshots, of shards that are written meanwhile.

#include "node/core/snapshot_round.h"

#include <gtest/gtest.h>

#include <string>

#include "memory_journal.h"
#include "test_lease.h"

namespace aegis::node {
namespace {

constexpr UnixMs kNow{1'000'000};

// One shard that leads and keeps a journal. `between` runs whenever its lock is let go.
class OneShard final : public ShardSpace {
 public:
  explicit OneShard(Journal& journal) : shard_(OptionsWith(journal)) {}

  std::uint32_t num_shards() const override { return 1; }
  Shard& Acquire(ShardId) override { return shard_; }
  void Release(ShardId, ShardEffects& effects) override {
    effects.Clear();
    if (between && !inside_) {
      inside_ = true;
      between();
      inside_ = false;
    }
  }

  void Lead() {
    ShardEffects effects;
    shard_.Lead(Epoch{++epoch_}, TestLease::kSession, /*quorum_used=*/false, effects);
    shard_.SetReplicas({.epoch = Epoch{epoch_}}, effects);
  }
  void Set(const std::string& key, const std::string& value) {
    ShardEffects effects;
    const Operation set{.code = OpCode::kSet, .key = key, .value = value};
    ASSERT_EQ(shard_.Execute(set, kNow, effects).status, Status::kOk);
  }
  void Delete(const std::string& key) {
    ShardEffects effects;
    shard_.Execute({.code = OpCode::kDelete, .key = key}, kNow, effects);
  }
  void Forget() {
    ShardEffects effects;
    shard_.Release(effects);
  }

  Shard& shard() { return shard_; }
  store::MemoryMeter& meter() { return meter_; }
  std::function<void()> between;

 private:
  Shard::Options OptionsWith(Journal& journal) {
    Shard::Options options;
    options.id = ShardId{0};
    options.self = NodeId{1};
    options.session = Session{1};
    options.hash_seed = 9;
    options.meter = &meter_;
    options.lease = &lease_;
    options.journal = &journal;
    return options;
  }

  store::MemoryMeter meter_{1 << 28};
  TestLease lease_;
  std::uint32_t epoch_ = 0;
  bool inside_ = false;
  Shard shard_;
};

class SnapshotRoundTest : public testing::Test {
 protected:
  SnapshotRoundTest() { shards_.Lead(); }

  SnapshotRound::Counts Round() {
    SnapshotRound round(shards_, snapshots_,
                        {.end = [this] { return log_.end(); },
                         .sync =
                             [this] {
                               log_.Sync();
                               return Result<Ok>(Ok{});
                             },
                         .stops = [this] { return stops_; }});
    auto counts = round.Run();
    EXPECT_TRUE(counts.ok()) << counts.error().message;
    return counts.ok() ? counts.value() : SnapshotRound::Counts();
  }
  void ExpectTheSameAgain() {
    log_.Sync();
    const auto again = log_.Recover(ShardId{0}, shards_.meter());
    ASSERT_NE(again, nullptr);
    EXPECT_EQ(again->history(), shards_.shard().replica().history());
    EXPECT_EQ(again->Digest(), shards_.shard().replica().Digest());
  }

  MemoryJournal log_{/*num_shards=*/1};
  OneShard shards_{log_};
  wal::Snapshots snapshots_{log_.files(), log_.manifest()};
  bool stops_ = false;
};

TEST_F(SnapshotRoundTest, WhatWasThereIsInIt) {
  for (int i = 0; i < 2000; ++i) shards_.Set("k" + std::to_string(i), "v");
  shards_.Delete("k7");
  const auto counts = Round();
  EXPECT_EQ(counts.made, 1U);
  EXPECT_GE(counts.items, 1999U);
  ExpectTheSameAgain();
  shards_.Set("behind", "it");
  ExpectTheSameAgain();
}

TEST_F(SnapshotRoundTest, WhatIsWrittenWhileItIsMadeIsNotLost) {
  for (int i = 0; i < 2000; ++i) shards_.Set("k" + std::to_string(i), "v");
  int writes = 0;
  shards_.between = [&] {
    shards_.Set("k" + std::to_string(writes * 37 % 2000), "new");
    shards_.Delete("k" + std::to_string(writes * 53 % 2000));
    shards_.Set("meanwhile" + std::to_string(writes++), "v");
  };
  EXPECT_EQ(Round().made, 1U);
  EXPECT_GT(writes, 5);
  shards_.between = nullptr;
  ExpectTheSameAgain();
}

TEST_F(SnapshotRoundTest, NothingIsMadeTwiceOfWhatHasNotChanged) {
  shards_.Set("a", "1");
  EXPECT_EQ(Round().made, 1U);
  EXPECT_EQ(Round().kept, 1U);
  shards_.Set("a", "2");
  EXPECT_EQ(Round().made, 1U);
  ExpectTheSameAgain();
}

TEST_F(SnapshotRoundTest, TheLogBeforeItGoes) {
  for (int i = 0; i < 6000; ++i) {
    shards_.Set("k" + std::to_string(i % 10), std::string(500, 'v'));
    if (i % 100 == 0) log_.Sync();
  }
  const std::uint64_t before = log_.bytes();
  Round();
  EXPECT_LT(log_.bytes(), before / 2);
  ExpectTheSameAgain();
}

TEST_F(SnapshotRoundTest, SeveralLargeValuesAreReadBack) {
  for (const char* key : {"a", "b", "c"}) shards_.Set(key, std::string(40 << 20, 'v'));
  for (int i = 0; i < 64; ++i) shards_.Set("k" + std::to_string(i), std::string(100'000, 'v'));
  EXPECT_EQ(Round().items, 67U);
  ExpectTheSameAgain();
}

TEST_F(SnapshotRoundTest, AReplicaThatIsReplacedMeanwhileHasNone) {
  for (int i = 0; i < 2000; ++i) shards_.Set("k" + std::to_string(i), "v");
  int looks = 0;
  shards_.between = [&] {
    if (++looks != 5) return;
    shards_.Forget();
    shards_.Lead();
    shards_.Set("other", "v");
  };
  const auto counts = Round();
  EXPECT_EQ(counts.given_up, 1U);
  EXPECT_EQ(counts.made, 0U);
  shards_.between = nullptr;
  ExpectTheSameAgain();
}

TEST_F(SnapshotRoundTest, OfAShardThatIsNotHereTheLogSaysSo) {
  shards_.Set("a", "1");
  Round();
  shards_.Forget();
  Round();
  log_.Sync();
  EXPECT_EQ(log_.Recover(ShardId{0}, shards_.meter()), nullptr);
  EXPECT_FALSE(snapshots_.manifest().origins.at(ShardId{0}).snapshot);
}

TEST_F(SnapshotRoundTest, AFullDiskCostsTheRoundAlone) {
  for (int i = 0; i < 2000; ++i) shards_.Set("k" + std::to_string(i), "v");
  log_.Sync();
  log_.files().SetCapacity(log_.bytes());
  SnapshotRound round(shards_, snapshots_,
                      {.end = [this] { return log_.end(); },
                       .sync = [] { return Result<Ok>(Ok{}); },
                       .stops = [] { return false; }});
  EXPECT_FALSE(round.Run().ok());
  ExpectTheSameAgain();
  log_.files().SetCapacity(UINT64_MAX);
  EXPECT_EQ(Round().made, 1U);
  ExpectTheSameAgain();
}

}  // namespace
}  // namespace aegis::node
