#include "store/digest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/rng.h"
#include "store/table.h"

namespace aegis::store {
namespace {

constexpr std::uint64_t kHashSeed = 42;
constexpr std::uint32_t kBuckets = 64;

ItemValue Value(ByteView value, std::uint64_t seq) {
  ItemValue item;
  item.value = value;
  item.version = {Epoch{1}, Seq{seq}};
  return item;
}

std::vector<std::uint64_t> SumsOf(const Table& table) {
  std::vector<std::uint64_t> sums;
  for (std::uint32_t i = 0; i < table.digest().buckets(); ++i)
    sums.push_back(table.digest().sum(i));
  return sums;
}

// The same items, put into a new table in another order.
Table CopyOf(const Table& table, MemoryMeter& meter) {
  std::vector<std::pair<std::string, ItemValue>> items;
  std::vector<std::string> values;
  table.VisitRange({}, Table::kEverything, [&](const ItemView& item) {
    items.emplace_back(item.key, item);
    values.emplace_back(item.value);
  });
  Table copy(kHashSeed, meter, table.digest().buckets());
  for (std::size_t i = items.size(); i-- > 0;) {
    items[i].second.value = values[i];
    copy.Put(items[i].first, items[i].second);
  }
  return copy;
}

TEST(DigestTest, AllShardsTogetherStayWithinTheirMemory) {
  EXPECT_EQ(DigestBuckets(1), limits::kDigestBucketsMax);
  EXPECT_EQ(DigestBuckets(256), 256U);
  for (std::uint32_t shards = 1; shards <= limits::kShardsMax; shards *= 2) {
    EXPECT_LE(std::uint64_t{DigestBuckets(shards)} * shards, limits::kDigestSumsMax);
    EXPECT_GE(DigestBuckets(shards), 4U);
    const Digest digest(DigestBuckets(shards));
    EXPECT_EQ(digest.RangeOf(digest.buckets() - 1).end, HashRange::kEnd);
  }
}

TEST(DigestTest, EveryHashIsInTheRangeOfItsBucket) {
  Rng rng(1);
  for (const std::uint32_t buckets : {1U, 2U, 1024U, 65'536U}) {
    const Digest digest(buckets);
    for (int i = 0; i < 1000; ++i) {
      const auto hash = static_cast<std::uint32_t>(rng.Next());
      EXPECT_TRUE(digest.RangeOf(digest.BucketOf(hash)).Holds(hash));
    }
    EXPECT_EQ(digest.BucketOf(0), 0U);
    EXPECT_EQ(digest.BucketOf(~0U), buckets - 1);
  }
}

TEST(DigestTest, WhatCameAndWentLeavesNothing) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter, kBuckets);
  table.Put("k", Value("v", 1));
  table.Put("k", Value("w", 2));
  EXPECT_NE(table.digest().root(), 0U);
  EXPECT_TRUE(table.Erase(table.Hash("k"), {Epoch{1}, Seq{2}}));
  EXPECT_EQ(SumsOf(table), std::vector<std::uint64_t>(kBuckets, 0));
}

TEST(DigestTest, EveryPartOfAnItemsHeaderIsInIt) {
  MemoryMeter meter(1 << 20);
  const auto root = [&](ByteView key, const ItemValue& value) {
    Table table(kHashSeed, meter, kBuckets);
    table.Put(key, value);
    return table.digest().root();
  };
  const std::uint64_t plain = root("k", Value("v", 1));
  EXPECT_EQ(root("k", Value("v", 1)), plain);
  EXPECT_NE(root("l", Value("v", 1)), plain);
  EXPECT_NE(root("k", Value("v", 2)), plain);
  EXPECT_NE(root("k", Value("vv", 1)), plain);
  ItemValue other = Value("v", 1);
  other.expires_at = 1;
  EXPECT_NE(root("k", other), plain);
  other = Value("v", 1);
  other.client_flags = 1;
  EXPECT_NE(root("k", other), plain);
  other = Value("v", 1);
  other.tombstone = true;
  EXPECT_NE(root("k", other), plain);
}

TEST(DigestTest, ContentIsEveryBitOfTheValueToo) {
  MemoryMeter meter(1 << 20);
  Table one(kHashSeed, meter, kBuckets);
  Table other(kHashSeed, meter, kBuckets);
  one.Put("k", Value("value", 1));
  other.Put("k", Value("valuf", 1));
  EXPECT_EQ(one.digest().root(), other.digest().root()) << "the version stands for the value";
  EXPECT_NE(one.ContentSum({}), other.ContentSum({}));
  other.Put("k", Value("value", 1));
  EXPECT_EQ(one.ContentSum({}), other.ContentSum({}));
}

void ChangeAtRandom(Table& table, Rng& rng, std::uint64_t step) {
  const std::string key = "key" + std::to_string(rng.Below(2000));
  const auto present = table.Find(key);
  switch (rng.Below(8)) {
    case 0:
      if (present) table.Erase(table.Hash(key), present->version);
      break;
    case 1:
      table.Erase(table.Hash(key), {Epoch{1}, Seq{step}});  // Not here.
      break;
    case 2: {
      ItemValue tombstone = Value("", step);
      tombstone.tombstone = true;
      table.Put(key, tombstone);
      break;
    }
    case 3:
      if (const auto victim = table.ProposeVictim()) {
        table.Erase(table.Hash(victim->key), victim->version);
      }
      break;
    default: {
      const std::string bytes(rng.Below(60), static_cast<char>('a' + step % 26));
      ItemValue value = Value(bytes, step);
      value.expires_at = static_cast<std::int64_t>(rng.Below(3));
      value.client_flags = static_cast<std::uint32_t>(rng.Below(3));
      table.Put(key, value);
    }
  }
  if (rng.Chance(0.01)) {
    const std::uint64_t begin = rng.Below(HashRange::kEnd);
    table.EraseRange({begin, begin + 1 + rng.Below((HashRange::kEnd - begin) / 50 + 1)});
  }
}

TEST(DigestTest, AfterRandomChangesItIsTheSumOfWhatIsThere) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    MemoryMeter meter(1 << 26);
    const std::uint32_t buckets = 1U << (seed % 11);
    Table table(kHashSeed, meter, buckets);
    Rng rng(seed);
    for (std::uint64_t step = 1; step <= 20'000; ++step) ChangeAtRandom(table, rng, step);
    const std::vector<std::uint64_t> kept = SumsOf(table);
    EXPECT_EQ(SumsOf(CopyOf(table, meter)), kept) << "seed " << seed;
    for (std::uint32_t i = 0; i < buckets; ++i) EXPECT_TRUE(table.Recount(i)) << "seed " << seed;
    EXPECT_EQ(SumsOf(table), kept);
  }
}

TEST(DigestTest, MovedTablesTakeTheirSumsAlong) {
  MemoryMeter meter(1 << 20);
  Table from(kHashSeed, meter, kBuckets);
  from.Put("k", Value("v", 1));
  const std::vector<std::uint64_t> sums = SumsOf(from);
  Table to(std::move(from));
  EXPECT_EQ(SumsOf(to), sums);
  from = Table(kHashSeed, meter, kBuckets);
  from.Put("l", Value("v", 1));
  EXPECT_NE(from.digest().root(), 0U);
}

// Where the parts of a walk begin and end must not matter, nor the sizes of the tables.
TEST(DigestTest, AWalkInPiecesSeesEveryItemOnce) {
  MemoryMeter meter(1 << 26);
  Table table(kHashSeed, meter, kBuckets);
  Rng rng(7);
  for (std::uint64_t step = 1; step <= 5000; ++step) ChangeAtRandom(table, rng, step);
  const Table copy = CopyOf(table, meter);
  std::size_t seen = 0;
  std::uint64_t sum = 0;
  for (HashRange rest; rest.begin != HashRange::kEnd;) {
    const std::uint64_t most = std::min(rest.begin + 1 + rng.Below(1U << 28U), HashRange::kEnd);
    const std::uint64_t end =
        table.VisitRange({rest.begin, most}, 1 + rng.Below(500), [&](const ItemView&) { ++seen; });
    ASSERT_GT(end, rest.begin);
    ASSERT_LE(end, most);
    EXPECT_EQ(table.ContentSum({rest.begin, end}), copy.ContentSum({rest.begin, end}));
    sum += copy.ContentSum({rest.begin, end});
    rest.begin = end;
  }
  EXPECT_EQ(seen, table.items() + table.tombstones());
  EXPECT_EQ(sum, table.ContentSum({}));
}

TEST(DigestTest, ErasingARangeLeavesTheRest) {
  MemoryMeter meter(1 << 26);
  Rng rng(8);
  for (int round = 0; round < 200; ++round) {
    Table table(kHashSeed, meter, kBuckets);
    const std::size_t steps = 1 + rng.Below(300);
    for (std::uint64_t step = 1; step <= steps; ++step) ChangeAtRandom(table, rng, step);
    const std::uint64_t begin = rng.Below(HashRange::kEnd);
    const HashRange range{begin, begin + 1 + rng.Below(HashRange::kEnd - begin)};
    const std::size_t all = table.items() + table.tombstones();
    const std::uint64_t content = table.ContentSum({});
    const std::uint64_t going = table.ContentSum(range);
    std::size_t count = 0;
    table.VisitRange(range, Table::kEverything, [&](const ItemView&) { ++count; });
    table.EraseRange(range);
    EXPECT_EQ(table.items() + table.tombstones(), all - count);
    EXPECT_EQ(table.ContentSum({}), content - going);
    EXPECT_EQ(table.ContentSum(range), 0U);
    EXPECT_EQ(SumsOf(CopyOf(table, meter)), SumsOf(table));
    table.VisitRange({}, Table::kEverything, [&](const ItemView& item) {
      EXPECT_TRUE(table.Find(item.key)) << "no longer reached by probing";
    });
  }
  EXPECT_EQ(meter.used(), 0U);
}

// As a failing memory would, behind the table's back.
void Flip(ByteView bytes) { const_cast<char&>(bytes.front()) ^= 1; }

TEST(DigestTest, AnItemThatWasDamagedAndThenWentIsNoticedByRecounting) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter, kBuckets);
  table.Put("k", Value("v", 1));
  constexpr std::ptrdiff_t kExpiryBeforeKey = 16;  // As drawn in item.h.
  Flip({table.Find("k")->key.data() - kExpiryBeforeKey, 1});
  EXPECT_EQ(table.Find("k")->expires_at, 1);
  table.Put("k", Value("v", 2));
  const auto bucket = table.digest().BucketOf(static_cast<std::uint32_t>(table.Hash("k")));
  const std::uint64_t kept = table.digest().sum(bucket);
  EXPECT_FALSE(table.Recount(bucket));
  EXPECT_NE(table.digest().sum(bucket), kept);
  EXPECT_TRUE(table.Recount(bucket));
  EXPECT_EQ(SumsOf(CopyOf(table, meter)), SumsOf(table));
}

TEST(DigestTest, WhatCannotBeFoundUnderItsKeyIsErasedAndNothingElse) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter, kBuckets);
  for (int i = 0; i < 100; ++i) table.Put("k" + std::to_string(i), Value("v", 1));
  Flip(table.Find("k7")->key);
  Flip(table.Find("k70")->key);
  table.EraseMisplaced({});
  EXPECT_EQ(table.items(), 98U);
  EXPECT_TRUE(table.Find("k8"));
  EXPECT_EQ(SumsOf(CopyOf(table, meter)), SumsOf(table));
}

TEST(DigestTest, ADamagedKeyIsErasedWithItsRange) {
  MemoryMeter meter(1 << 20);
  Table table(kHashSeed, meter, kBuckets);
  table.Put("k", Value("v", 1));
  const auto hash = static_cast<std::uint32_t>(table.Hash("k"));
  Flip(table.Find("k")->key);
  EXPECT_FALSE(table.Find("k"));
  table.EraseRange({hash, std::uint64_t{hash} + 1});
  EXPECT_EQ(table.items(), 0U);
}

}  // namespace
}  // namespace aegis::store
