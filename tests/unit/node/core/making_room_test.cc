#include "node/core/making_room.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "test_lease.h"

namespace aegis::node {
namespace {

constexpr UnixMs kNow{1'000'000};

// Shards that all lead, without locks; fails a test that holds two at a time.
class FewShards : public ShardSpace {
 public:
  FewShards(std::uint32_t count, std::uint64_t limit,
            EvictionPolicy eviction = EvictionPolicy::kSlru)
      : meter_(limit) {
    for (std::uint32_t id = 0; id < count; ++id) {
      Shard::Options options;
      options.id = ShardId{id};
      options.self = NodeId{1};
      options.session = Session{1};
      options.meter = &meter_;
      options.lease = &lease_;
      options.eviction = eviction;
      shards_.push_back(std::make_unique<Shard>(options));
      ShardEffects effects;
      shards_.back()->Lead(Epoch{1}, TestLease::kSession, /*quorum_used=*/false, effects);
      shards_.back()->SetReplicas({.epoch = Epoch{1}}, effects);
    }
  }

  std::uint32_t num_shards() const override { return static_cast<std::uint32_t>(shards_.size()); }
  Shard& Acquire(ShardId id) override {
    EXPECT_FALSE(held_);
    ++acquired_;
    held_ = true;
    evicted_before_ = shards_[id.value()]->counters().evicted;
    return *shards_[id.value()];
  }
  void Release(ShardId id, ShardEffects&) override {
    most_evicted_ =
        std::max(most_evicted_, shards_[id.value()]->counters().evicted - evicted_before_);
    held_ = false;
  }
  void GiveTurn(ShardId) override {
    EXPECT_FALSE(held_);
    ++turns_given_;
  }

  Status Set(std::uint32_t shard, const std::string& key, std::size_t value_size) {
    const std::string value(value_size, 'v');
    const Operation operation{.code = OpCode::kSet, .key = key, .value = value};
    Status status{};
    ShardEffects effects;
    RunMakingRoom(
        *this, ShardId{shard}, effects,
        [&](Shard& on) { return on.Execute(operation, kNow, effects); },
        [&](const Outcome& outcome) {
          EXPECT_TRUE(held_);
          status = outcome.status;
        });
    EXPECT_FALSE(held_);
    return status;
  }

  const store::MemoryMeter& meter() const { return meter_; }
  Shard& at(std::uint32_t id) { return *shards_[id]; }
  int acquired() const { return acquired_; }
  int turns_given() const { return turns_given_; }
  // Items evicted under one hold of a shard, since ForgetMost().
  std::uint64_t most_evicted() const { return most_evicted_; }
  void ForgetMost() {
    most_evicted_ = 0;
    acquired_ = 0;
  }

 private:
  TestLease lease_;
  store::MemoryMeter meter_;
  std::vector<std::unique_ptr<Shard>> shards_;
  bool held_ = false;
  int acquired_ = 0;
  int turns_given_ = 0;
  std::uint64_t evicted_before_ = 0;
  std::uint64_t most_evicted_ = 0;
};

TEST(MakingRoomTest, AnEmptyShardTakesAWriteWhenOthersHoldTheMemory) {
  FewShards shards(4, 1 << 20);
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(shards.Set(1 + static_cast<std::uint32_t>(i) % 3, std::to_string(i), 10'000),
              Status::kOk);
  }
  EXPECT_EQ(shards.Set(0, "k", 500'000), Status::kOk);
  EXPECT_EQ(shards.at(0).replica().table().items(), 1U);
  EXPECT_LE(shards.meter().used(), shards.meter().limit());
}

TEST(MakingRoomTest, WhatIsLargerThanTheMemoryIsRefusedAndEvictsNothing) {
  FewShards shards(2, 1 << 20);
  ASSERT_EQ(shards.Set(1, "k", 10'000), Status::kOk);
  EXPECT_EQ(shards.Set(0, "huge", 2 << 20), Status::kOutOfMemory);
  EXPECT_EQ(shards.at(1).replica().table().items(), 1U);
}

TEST(MakingRoomTest, ManySmallItemsOfOtherShardsMakeRoomForOneThatIsLarge) {
  FewShards shards(4, 1 << 20);
  for (int i = 0; i < 6000; ++i) {
    ASSERT_EQ(shards.Set(1 + static_cast<std::uint32_t>(i) % 3, std::to_string(i), 100),
              Status::kOk);
  }
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(shards.Set(0, "large" + std::to_string(i), 5'000), Status::kOk);
    ASSERT_LE(shards.meter().used(), shards.meter().limit() * 105 / 100);
  }
}

TEST(MakingRoomTest, AValueOfAQuarterOfTheMemoryIsStoredAlthoughItsShardHasLittleToGive) {
  FewShards shards(32, 8 << 20);
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_EQ(shards.Set(static_cast<std::uint32_t>(i) % 32, std::to_string(i), 100), Status::kOk);
  }
  EXPECT_EQ(shards.Set(0, "large", 2 << 20), Status::kOk);
  std::size_t left = 0;
  for (std::uint32_t id = 1; id < 32; ++id) left += shards.at(id).replica().table().items();
  EXPECT_GT(left, 5'000U) << "not all had to go for it";
}

TEST(MakingRoomTest, NoLockIsHeldForManyVictimsOfALargeValue) {
  FewShards shards(4, 8 << 20);
  for (int i = 0; i < 60'000; ++i) {
    ASSERT_EQ(shards.Set(static_cast<std::uint32_t>(i) % 4, std::to_string(i), 100), Status::kOk);
  }
  shards.ForgetMost();
  EXPECT_EQ(shards.Set(0, "large", 2 << 20), Status::kOk);
  EXPECT_GT(shards.acquired(), 100);
  EXPECT_LE(shards.most_evicted(), 256U);
  EXPECT_LE(shards.meter().used(), shards.meter().limit() * 101 / 100);
}

TEST(MakingRoomTest, AShardThatIsAloneMakesRoomByTurnsToo) {
  FewShards shards(1, 8 << 20);
  for (int i = 0; i < 60'000; ++i) {
    ASSERT_EQ(shards.Set(0, std::to_string(i), 100), Status::kOk);
  }
  shards.ForgetMost();
  EXPECT_EQ(shards.Set(0, "large", 2 << 20), Status::kOk);
  EXPECT_LE(shards.most_evicted(), 256U);
  EXPECT_GT(shards.turns_given(), 100);
  EXPECT_GT(shards.at(0).replica().table().items(), 5000U);
}

TEST(MakingRoomTest, WithNoEvictionNobodyElseIsAsked) {
  FewShards shards(4, 1 << 20, EvictionPolicy::kNoEviction);
  int stored = 0;
  while (shards.Set(1, std::to_string(stored), 10'000) == Status::kOk) ++stored;
  EXPECT_GT(stored, 80);
  EXPECT_EQ(shards.at(1).replica().table().items(), static_cast<std::size_t>(stored));
  const int before = shards.acquired();
  EXPECT_EQ(shards.Set(0, "k", 10'000), Status::kOutOfMemory);
  EXPECT_EQ(shards.acquired(), before + 1);
}

}  // namespace
}  // namespace aegis::node
