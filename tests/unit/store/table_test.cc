#include "store/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"

namespace aegis::store {
namespace {

constexpr std::uint64_t kHashSeed = 42;

ItemValue Value(ByteView value, std::uint64_t seq, std::int64_t expires_at = 0) {
  ItemValue item;
  item.value = value;
  item.version = {Epoch{1}, Seq{seq}};
  item.expires_at = expires_at;
  return item;
}

TEST(TableTest, AStoredItemComesBackWhole) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter);
  ItemValue stored = Value("v", 7, 123456);
  stored.client_flags = 99;
  table.Put("k", stored);
  const auto found = table.Find("k");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key, "k");
  EXPECT_EQ(found->value, "v");
  EXPECT_EQ(found->version, stored.version);
  EXPECT_EQ(found->expires_at, 123456);
  EXPECT_EQ(found->client_flags, 99U);
  EXPECT_FALSE(found->tombstone);
}

TEST(TableTest, AnItemExpiresAtItsInstantNotBefore) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter);
  table.Put("k", Value("v", 1, 1000));
  EXPECT_FALSE(table.Find("k")->ExpiredAt(UnixMs{999}));
  EXPECT_TRUE(table.Find("k")->ExpiredAt(UnixMs{1000}));
}

TEST(TableTest, AValueMayBorrowFromTheItemItReplaces) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter);
  table.Put("k", Value("a long enough value to be its own allocation", 1));
  ItemValue again = *table.Find("k");
  again.version = {Epoch{1}, Seq{2}};
  table.Put("k", again);
  EXPECT_EQ(table.Find("k")->value, "a long enough value to be its own allocation");
}

TEST(TableTest, EraseNeedsTheVersion) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter);
  table.Put("k", Value("v", 1));
  EXPECT_FALSE(table.Erase(table.Hash("k"), {Epoch{1}, Seq{2}}));
  EXPECT_TRUE(table.Find("k"));
  EXPECT_TRUE(table.Erase(table.Hash("k"), {Epoch{1}, Seq{1}}));
  EXPECT_FALSE(table.Find("k"));
}

TEST(TableTest, TheMeterGetsBackEveryByte) {
  MemoryMeter meter(1 << 20);
  {
    Table table(kHashSeed, meter);
    for (std::uint64_t i = 1; i <= 1000; ++i) table.Put(std::to_string(i % 300), Value("v", i));
    EXPECT_EQ(meter.used(), table.bytes());
    EXPECT_GT(meter.used(), 0U);
  }
  EXPECT_EQ(meter.used(), 0U);
}

TEST(TableTest, MovingATableMovesItsBytes) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter);
  table.Put("old", Value("v", 1));
  Table other(kHashSeed, meter);
  other.Put("new", Value("v", 2));
  table = std::move(other);
  EXPECT_FALSE(table.Find("old"));
  EXPECT_TRUE(table.Find("new"));
  EXPECT_EQ(meter.used(), table.bytes());
}

TEST(TableTest, AMillionRandomStepsAgreeWithAMap) {
  struct Expected {
    std::string value;
    std::uint64_t seq;
    bool tombstone;
  };
  MemoryMeter meter(1 << 30);
  Table table(kHashSeed, meter);
  std::map<std::string, Expected> oracle;
  Rng rng(1);
  for (std::uint64_t step = 1; step <= 1'000'000; ++step) {
    const std::string key = "key" + std::to_string(rng.Below(3000));
    const auto known = oracle.find(key);
    switch (rng.Below(4)) {
      case 0: {
        const std::string value(rng.Below(40), static_cast<char>('a' + step % 26));
        table.Put(key, Value(value, step));
        oracle[key] = {value, step, false};
        break;
      }
      case 1: {
        ItemValue tombstone = Value("", step);
        tombstone.tombstone = true;
        if (known == oracle.end()) break;
        table.Put(key, tombstone);
        known->second = {"", step, true};
        break;
      }
      case 2: {
        const std::uint64_t seq = known == oracle.end() ? step : known->second.seq;
        EXPECT_EQ(table.Erase(table.Hash(key), {Epoch{1}, Seq{seq}}), known != oracle.end());
        oracle.erase(key);
        break;
      }
      default: {
        const auto found = table.Find(key, /*touch=*/true);
        ASSERT_EQ(found.has_value(), known != oracle.end()) << key;
        if (!found) break;
        EXPECT_EQ(found->value, known->second.value);
        EXPECT_EQ(found->version.seq, Seq{known->second.seq});
        EXPECT_EQ(found->tombstone, known->second.tombstone);
      }
    }
  }
  std::size_t tombstones = 0;
  for (const auto& [key, expected] : oracle) tombstones += expected.tombstone ? 1 : 0;
  EXPECT_EQ(table.tombstones(), tombstones);
  EXPECT_EQ(table.items(), oracle.size() - tombstones);
}

TEST(TableTest, AScanSeesEveryItemThatStaysWhateverElseHappens) {
  MemoryMeter meter(1 << 30);
  Rng rng(2);
  for (int round = 0; round < 50; ++round) {
    Table table(kHashSeed, meter);
    std::uint64_t seq = 0;
    std::set<std::string> staying;
    std::map<std::string, std::uint64_t> passing;
    const std::uint64_t count = rng.Below(200);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string key = std::to_string(i);
      table.Put(key, Value("", ++seq));
      if (rng.Chance(0.5)) {
        staying.insert(key);
      } else {
        passing[key] = seq;
      }
    }
    std::set<std::string> seen;
    std::uint64_t cursor = 0;
    do {
      cursor = table.Scan(cursor, 1 + rng.Below(8),
                          [&](const ItemView& item) { seen.insert(std::string(item.key)); });
      // Removals shift items, insertions make the table grow.
      if (!passing.empty() && rng.Chance(0.7)) {
        const auto gone = passing.begin();
        EXPECT_TRUE(table.Erase(table.Hash(gone->first), {Epoch{1}, Seq{gone->second}}));
        passing.erase(gone);
      }
      for (std::uint64_t more = rng.Below(4); more > 0; --more) {
        table.Put("new" + std::to_string(rng.Below(1000)), Value("", ++seq));
      }
    } while (cursor != 0);
    for (const std::string& key : staying) EXPECT_TRUE(seen.contains(key)) << key;
  }
}

TEST(TableTest, AScanSeesEveryItemThatStaysWhileTheTableShrinks) {
  constexpr std::uint64_t kItems = 20'000;
  MemoryMeter meter(1 << 30);
  Rng rng(3);
  for (int round = 0; round < 10; ++round) {
    Table table(kHashSeed, meter);
    std::set<std::string> staying;
    std::vector<std::uint64_t> passing;
    for (std::uint64_t i = 1; i <= kItems; ++i) {
      table.Put(std::to_string(i), Value("", i));
      if (rng.Chance(0.02)) {
        staying.insert(std::to_string(i));
      } else {
        passing.push_back(i);
      }
    }
    std::shuffle(passing.begin(), passing.end(), rng);
    const std::size_t bytes = table.bytes();
    std::set<std::string> seen;
    std::uint64_t cursor = 0;
    do {
      cursor = table.Scan(cursor, 1 + rng.Below(64),
                          [&](const ItemView& item) { seen.insert(std::string(item.key)); });
      // All of them are gone when about half of the table has been scanned.
      for (std::uint64_t more = rng.Below(480); more > 0 && !passing.empty(); --more) {
        const std::uint64_t gone = passing.back();
        passing.pop_back();
        EXPECT_TRUE(table.Erase(table.Hash(std::to_string(gone)), {Epoch{1}, Seq{gone}}));
      }
    } while (cursor != 0);
    EXPECT_TRUE(passing.empty());
    EXPECT_LT(seen.size(), kItems) << "it shrank meanwhile";
    EXPECT_LT(table.bytes(), bytes / 4);
    for (const std::string& key : staying) EXPECT_TRUE(seen.contains(key)) << key;
  }
}

TEST(TableTest, VictimsAreWhatWasNotUsedLately) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter);
  for (std::uint64_t i = 1; i <= 100; ++i) table.Put(std::to_string(i), Value("v", i));
  for (std::uint64_t i = 1; i <= 50; ++i) table.Find(std::to_string(i), /*touch=*/true);
  for (int evicted = 0; evicted < 35; ++evicted) {
    const auto victim = table.ProposeVictim();
    ASSERT_TRUE(victim);
    EXPECT_GT(std::stoi(std::string(victim->key)), 50);
    table.Erase(table.Hash(victim->key), victim->version);
  }
}

TEST(TableTest, ATombstoneIsNoVictim) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter);
  ItemValue tombstone = Value("", 1);
  tombstone.tombstone = true;
  table.Put("gone", tombstone);
  EXPECT_FALSE(table.ProposeVictim());
  EXPECT_EQ(table.items(), 0U);
  EXPECT_EQ(table.tombstones(), 1U);
}

TEST(TableTest, FetchingAheadChangesNothing) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter);
  table.FetchItem(table.FetchSlots("k"));
  EXPECT_EQ(table.bytes(), 0U);
  table.Put("k", Value("v", 1));
  const std::size_t bytes = table.bytes();
  EXPECT_EQ(table.FetchSlots("k"), table.Hash("k"));
  table.FetchItem(table.Hash("k"));
  table.FetchItem(table.Hash("absent"));
  EXPECT_EQ(table.bytes(), bytes);
  EXPECT_EQ(table.Find("k")->value, "v");
}

TEST(TableTest, AnExpiryBeyondTheYear10000AndClientFlagsAreKeptExactly) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter);
  for (const std::int64_t expires_at :
       {std::int64_t{1}, Item::kNearMax, Item::kNearMax + 1, std::int64_t{INT64_MAX}}) {
    for (const std::uint32_t flags : {0U, 1U, UINT32_MAX}) {
      ItemValue value = Value("value", 1, expires_at);
      value.client_flags = flags;
      table.Put("key", value);
      const auto found = table.Find("key");
      ASSERT_TRUE(found);
      EXPECT_EQ(found->expires_at, expires_at);
      EXPECT_EQ(found->client_flags, flags);
      EXPECT_EQ(found->key, "key");
      EXPECT_EQ(found->value, "value");
    }
  }
}

TEST(TableTest, AHundredBytesCostFortyEightMoreAtMost) {
  MemoryMeter meter(1ULL << 40);
  Table table(kHashSeed, meter, 64);
  const std::string value(100, 'v');
  double worst = 0;
  for (std::uint64_t i = 1; i <= 60'000; ++i) {
    std::string key = std::to_string(i);
    key.insert(0, 16 - key.size(), '0');
    table.Put(key, Value(value, i, /*expires_at=*/i % 2 == 0 ? 0 : 1'000'000));
    if (i < 4000) continue;
    worst = std::max(worst, static_cast<double>(table.bytes()) / static_cast<double>(i) - 116);
  }
  EXPECT_LE(worst, 48) << "bytes, with a TTL or without, at the least favourable number of items";
}

TEST(TableTest, MemoryComesBackAfterMassDeletion) {
  MemoryMeter meter(1ULL << 40);
  Table table(kHashSeed, meter, 64);
  constexpr std::uint64_t kItems = 50'000;
  const std::string value(100, 'v');
  for (std::uint64_t i = 1; i <= kItems; ++i) table.Put(std::to_string(i), Value(value, i));
  const std::size_t full = table.bytes();
  for (std::uint64_t i = 1; i <= kItems; ++i) {
    if (i % 10 == 0) continue;
    ASSERT_TRUE(table.Erase(table.Hash(std::to_string(i)), {Epoch{1}, Seq{i}}));
  }
  EXPECT_LT(table.bytes(), full / 8);
  for (std::uint64_t i = 10; i <= kItems; i += 10) {
    ASSERT_EQ(table.Find(std::to_string(i))->value, value);
  }
}

TEST(TableTest, WhatHasExpiredAndIsStillThereIsEstimated) {
  MemoryMeter meter(1ULL << 40);
  Table table(kHashSeed, meter, 64);
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    table.Put(std::to_string(i), Value("v", i, i % 4 == 0 ? 100 : 1000));
  }
  double sum = 0;
  Rng rng(5);
  for (int look = 0; look < 200; ++look) {
    sum += static_cast<double>(
        table.EstimateExpired(UnixMs{500}, static_cast<std::uint32_t>(rng.Next())));
  }
  EXPECT_NEAR(sum / 200 / static_cast<double>(table.bytes()), 0.25, 0.05);
  EXPECT_EQ(table.EstimateExpired(UnixMs{50}, 0), 0U);
}

TEST(TableTest, WhatIsCondemnedIsNoLongerUsedAndLeavesNothing) {
  MemoryMeter meter(1 << 20);
  {
    Table table(kHashSeed, meter, 64);
    for (std::uint64_t i = 1; i <= 2000; ++i) table.Put(std::to_string(i), Value("value", i));
    table.Put("large", Value(std::string(100'000, 'v'), 1));
    const std::size_t bytes = table.bytes();
    table.Condemn();
    EXPECT_EQ(meter.used(), 0U);
    EXPECT_EQ(meter.accounted(), bytes);
    EXPECT_EQ(meter.condemned().used(), bytes);
    EXPECT_EQ(meter.BeyondOf(bytes + 100, bytes), 100U) << "it is known of";
    Table moved(std::move(table));
    EXPECT_EQ(moved.items(), 2001U);
  }
  EXPECT_EQ(meter.accounted(), 0U);
}

}  // namespace
}  // namespace aegis::store
