#include "store/eviction.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "store/table.h"

namespace aegis::store {
namespace {

// A table that holds so many keys at most, as a cache would be used: what is missing is put.
class Cache {
 public:
  Cache(EvictionPolicy policy, std::size_t capacity)
      : table_(9, meter_, 64, policy), capacity_(capacity) {}

  // True: it was there.
  bool Access(std::uint64_t key, std::int64_t expires_at = 0) {
    const std::string text = std::to_string(key);
    if (table_.Find(text, /*touch=*/true)) return true;
    while (table_.items() >= capacity_) {
      if (!EvictOne()) return false;
    }
    ItemValue value;
    value.value = "v";
    value.version = {Epoch{1}, Seq{++seq_}};
    value.expires_at = expires_at;
    table_.Put(text, value);
    return false;
  }
  bool EvictOne() {
    const auto victim = table_.ProposeVictim();
    if (!victim) return false;
    last_victim_ = std::stoull(std::string(victim->key));
    last_expiry_ = victim->expires_at;
    EXPECT_TRUE(table_.Erase(table_.Hash(victim->key), victim->version));
    return true;
  }
  bool Has(std::uint64_t key) { return table_.Find(std::to_string(key)).has_value(); }
  std::size_t CountOf(std::uint64_t begin, std::uint64_t end) {
    std::size_t count = 0;
    for (std::uint64_t key = begin; key < end; ++key) count += Has(key) ? 1U : 0U;
    return count;
  }

  std::uint64_t last_victim() const { return last_victim_; }
  std::int64_t last_expiry() const { return last_expiry_; }
  Table& table() { return table_; }

 private:
  MemoryMeter meter_{1ULL << 40};
  Table table_;
  std::size_t capacity_;
  std::uint64_t seq_ = 0;
  std::uint64_t last_victim_ = 0;
  std::int64_t last_expiry_ = 0;
};

constexpr std::size_t kCapacity = 4000;

class EveryPolicyTest : public ::testing::TestWithParam<EvictionPolicyName> {};

TEST_P(EveryPolicyTest, EvictsEverythingOneByOneAndThenNothing) {
  const EvictionPolicy policy = GetParam().policy;
  Cache cache(policy, kCapacity);
  Rng rng(5);
  for (std::uint64_t key = 0; key < kCapacity; ++key) {
    cache.Access(key, /*expires_at=*/1 + static_cast<std::int64_t>(rng.Below(1000)));
    for (std::uint64_t i = rng.Below(5); i > 0; --i) cache.Access(rng.Below(key + 1));
  }
  std::size_t evicted = 0;
  while (cache.EvictOne()) ++evicted;
  EXPECT_EQ(evicted, policy == EvictionPolicy::kNoEviction ? 0 : kCapacity);
}

TEST_P(EveryPolicyTest, MarksCountTheItemsOfEachQueue) {
  Cache cache(GetParam().policy, kCapacity);
  Rng rng(6);
  for (int i = 0; i < 200'000; ++i) cache.Access(rng.Below(3 * kCapacity), /*expires_at=*/1);
  // Whatever the queues say, all of it can go.
  if (GetParam().policy == EvictionPolicy::kNoEviction) return;
  std::size_t evicted = 0;
  while (cache.EvictOne()) ++evicted;
  EXPECT_EQ(evicted, kCapacity);
}

INSTANTIATE_TEST_SUITE_P(Policies, EveryPolicyTest, ::testing::ValuesIn(kEvictionPolicies),
                         [](const auto& which) {
                           std::string name(which.param.name);
                           std::erase(name, '-');
                           return name;
                         });

// Of those that keep what is used: used keys stay while a scan of others passes through.
class ScanTest : public ::testing::TestWithParam<EvictionPolicyName> {};

TEST_P(ScanTest, KeysInUseOutliveAScanOfAllTheMemory) {
  Cache cache(GetParam().policy, kCapacity);
  constexpr std::uint64_t kUsed = kCapacity / 2;
  Rng rng(1);
  for (int i = 0; i < 200'000; ++i) cache.Access(rng.Below(kUsed));
  for (std::uint64_t i = 0; i < kCapacity; ++i) cache.Access(1'000'000 + i);
  EXPECT_GE(cache.CountOf(0, kUsed), kUsed * 97 / 100);
}

INSTANTIATE_TEST_SUITE_P(Policies, ScanTest,
                         ::testing::Values(kEvictionPolicies[0], kEvictionPolicies[1]),
                         [](const auto& which) { return std::string(which.param.name); });

TEST(EvictionTest, SlruLetsTheOldestNewcomersGoFirst) {
  Cache cache(EvictionPolicy::kSlru, kCapacity);
  for (std::uint64_t key = 0; key < kCapacity; ++key) cache.Access(key);
  for (std::uint64_t key = 0; key < kCapacity; ++key) cache.Access(kCapacity + key);
  for (std::uint64_t key = 0; key < kCapacity / 2; ++key) cache.Access(2 * kCapacity + key);
  EXPECT_LE(cache.CountOf(kCapacity, kCapacity + kCapacity / 4), kCapacity / 20);
  EXPECT_GE(cache.CountOf(2 * kCapacity - kCapacity / 4, 2 * kCapacity), kCapacity / 5);
}

TEST(EvictionTest, SlruForgetsWhatWasPopularOnce) {
  Cache cache(EvictionPolicy::kSlru, kCapacity);
  Rng rng(2);
  for (int i = 0; i < 100'000; ++i) cache.Access(rng.Below(kCapacity));
  for (int i = 0; i < 300'000; ++i) cache.Access(kCapacity + rng.Below(kCapacity));
  EXPECT_GE(cache.CountOf(kCapacity, 2 * kCapacity), kCapacity * 95 / 100);
}

TEST(EvictionTest, LruLetsTheLeastRecentlyUsedGo) {
  Cache cache(EvictionPolicy::kLru, kCapacity);
  for (std::uint64_t key = 0; key < kCapacity; ++key) cache.Access(key);
  for (std::uint64_t key = 0; key < kCapacity; key += 2) cache.Access(key);
  for (std::uint64_t i = 0; i < kCapacity / 4; ++i) cache.Access(kCapacity + i);
  std::size_t used = 0;
  for (std::uint64_t key = 0; key < kCapacity; key += 2) used += cache.Has(key) ? 1U : 0U;
  EXPECT_GE(used, kCapacity / 2 * 95 / 100);
}

TEST(EvictionTest, S3FifoTakesBackWhoComesAgain) {
  Cache cache(EvictionPolicy::kS3Fifo, kCapacity);
  for (std::uint64_t key = 0; key < 2 * kCapacity; ++key) cache.Access(key);
  // Some of those that are gone come again; then a scan, which they outlive.
  std::vector<std::uint64_t> again;
  for (std::uint64_t key = kCapacity; key > 0 && again.size() < 200; --key) {
    if (!cache.Has(key)) again.push_back(key);
  }
  ASSERT_EQ(again.size(), 200U);
  for (const std::uint64_t key : again) cache.Access(key);
  for (std::uint64_t i = 0; i < kCapacity / 2; ++i) cache.Access(1'000'000 + i);
  std::size_t stayed = 0;
  for (const std::uint64_t key : again) stayed += cache.Has(key) ? 1U : 0U;
  EXPECT_GE(stayed, 150U);
}

TEST(EvictionTest, RandomSparesNobody) {
  Cache cache(EvictionPolicy::kRandom, kCapacity);
  for (std::uint64_t key = 0; key < kCapacity; ++key) cache.Access(key);
  for (int i = 0; i < 10; ++i) {
    for (std::uint64_t key = 0; key < 100; ++key) cache.Access(key);
  }
  for (std::uint64_t i = 0; i < kCapacity; ++i) cache.Access(kCapacity + i);
  EXPECT_LT(cache.CountOf(0, 100), 80U);
}

TEST(EvictionTest, VolatileTtlTakesOnlyKeysWithATtlAndRatherThoseThatExpireSoon) {
  Cache cache(EvictionPolicy::kVolatileTtl, kCapacity);
  for (std::uint64_t key = 0; key < kCapacity; ++key) {
    cache.Access(key, key % 2 == 0 ? 0 : 1'000 + static_cast<std::int64_t>(key));
  }
  std::int64_t sum = 0;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(cache.EvictOne());
    ASSERT_NE(cache.last_expiry(), 0);
    sum += cache.last_expiry() - 1'000;
  }
  EXPECT_LT(sum / 100, static_cast<std::int64_t>(kCapacity) / 4);
  while (cache.EvictOne()) {
  }
  EXPECT_EQ(cache.table().items(), kCapacity / 2) << "those without";
}

TEST(EvictionTest, ATombstoneIsInNoQueueAndAValueInItsPlaceIs) {
  for (const EvictionPolicyName& policy : kEvictionPolicies) {
    if (policy.policy == EvictionPolicy::kNoEviction) continue;
    MemoryMeter meter(1 << 20);
    Table table(9, meter, 64, policy.policy);
    ItemValue value;
    value.version = {Epoch{1}, Seq{1}};
    value.expires_at = 5;
    table.Put("k", value);
    ItemValue tombstone;
    tombstone.tombstone = true;
    tombstone.version = {Epoch{1}, Seq{2}};
    table.Put("k", tombstone);
    EXPECT_FALSE(table.ProposeVictim()) << policy.name;
    value.version = {Epoch{1}, Seq{3}};
    table.Put("k", value);
    const auto victim = table.ProposeVictim();
    ASSERT_TRUE(victim) << policy.name;
    EXPECT_TRUE(table.Erase(table.Hash("k"), victim->version));
    EXPECT_FALSE(table.ProposeVictim()) << policy.name;
  }
}

TEST(EvictionTest, GhostsAreAccounted) {
  MemoryMeter meter(1ULL << 40);
  {
    Table table(9, meter, 64, EvictionPolicy::kS3Fifo);
    for (std::uint64_t i = 1; i <= 10'000; ++i) {
      ItemValue value;
      value.version = {Epoch{1}, Seq{i}};
      table.Put(std::to_string(i), value);
    }
    const std::size_t before = table.bytes();
    ASSERT_TRUE(table.ProposeVictim());
    EXPECT_GE(table.bytes(), before + 2 * 10'000);
    EXPECT_EQ(meter.used(), table.bytes());
  }
  EXPECT_EQ(meter.used(), 0U);
}

TEST(EvictionTest, ALookForAVictimEndsHoweverFewThereAre) {
  constexpr std::uint64_t kItems = 200'000;
  Cache cache(EvictionPolicy::kVolatileTtl, 2 * kItems);
  for (std::uint64_t key = 0; key < kItems; ++key) cache.Access(key, key == 7 ? 1000 : 0);
  int looks = 0;
  while (!cache.EvictOne()) ASSERT_LT(++looks, 20) << "each goes on where the last one ended";
  EXPECT_EQ(cache.last_victim(), 7U);
  EXPECT_GT(looks, 0) << "none takes the whole table at once, unless it was lucky";
}

TEST(EvictionTest, WithNobodyOnProbationTheProtectedGo) {
  Cache cache(EvictionPolicy::kSlru, kCapacity);
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t key = 0; key < kCapacity; ++key) cache.Access(key);
  }
  for (std::uint64_t key = kCapacity; key < kCapacity + 100; ++key) cache.Access(key);
  // All newcomers are deleted again, but one.
  for (std::uint64_t key = kCapacity + 1; key < kCapacity + 100; ++key) {
    const std::string text = std::to_string(key);
    const auto found = cache.table().Find(text);
    if (found) cache.table().Erase(cache.table().Hash(text), found->version);
  }
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(cache.EvictOne());
}

}  // namespace
}  // namespace aegis::store
