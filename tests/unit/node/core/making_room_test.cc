#include "node/core/making_room.h"

#include <gtest/gtest.h>

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
  FewShards(std::uint32_t count, std::uint64_t limit) : meter_(limit) {
    for (std::uint32_t id = 0; id < count; ++id) {
      Shard::Options options;
      options.id = ShardId{id};
      options.self = NodeId{1};
      options.session = Session{1};
      options.meter = &meter_;
      options.lease = &lease_;
      shards_.push_back(std::make_unique<Shard>(options));
      ShardEffects effects;
      shards_.back()->Lead(Epoch{1}, TestLease::kSession, /*quorum_used=*/false, effects);
      shards_.back()->SetReplicas({.epoch = Epoch{1}}, effects);
    }
  }

  std::uint32_t num_shards() const override { return static_cast<std::uint32_t>(shards_.size()); }
  Shard& Acquire(ShardId id) override {
    EXPECT_FALSE(held_);
    held_ = true;
    return *shards_[id.value()];
  }
  void Release(ShardId, ShardEffects&) override { held_ = false; }

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

 private:
  TestLease lease_;
  store::MemoryMeter meter_;
  std::vector<std::unique_ptr<Shard>> shards_;
  bool held_ = false;
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

}  // namespace
}  // namespace aegis::node
