#include "replication/recent_records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/rng.h"

namespace aegis::replication {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::uint32_t>::max();

Version At(std::uint32_t epoch, std::uint64_t seq) { return {Epoch{epoch}, Seq{seq}}; }

TEST(RecentRecordsTest, RecordsComeBackFromAnyPosition) {
  RecentRecords recent;
  recent.Append(At(1, 1), "one");
  recent.Append(At(1, 2), "two");
  recent.Append(At(3, 1), "three");
  Version last;
  EXPECT_EQ(recent.After({}, kAll, last).bytes, "onetwothree");
  EXPECT_EQ(last, At(3, 1));
  EXPECT_EQ(recent.After(At(1, 2), kAll, last).bytes, "three");
  EXPECT_EQ(recent.After(At(3, 1), kAll, last).bytes, "");
}

TEST(RecentRecordsTest, ABudgetTakesWholeRecordsButAtLeastOne) {
  RecentRecords recent;
  recent.Append(At(1, 1), "aaaa");
  recent.Append(At(1, 2), "bbbb");
  recent.Append(At(1, 3), "cccc");
  Version last;
  EXPECT_EQ(recent.After({}, 9, last).bytes, "aaaabbbb");
  EXPECT_EQ(last, At(1, 2));
  EXPECT_EQ(recent.After({}, 1, last).bytes, "aaaa");
  EXPECT_EQ(last, At(1, 1));
}

TEST(RecentRecordsTest, TrimmingDropsTheOldestAndSaysSo) {
  RecentRecords recent;
  for (std::uint64_t seq = 1; seq <= 10; ++seq) recent.Append(At(1, seq), "12345678");
  recent.Trim(24, At(1, 10));
  EXPECT_EQ(recent.bytes(), 24U);
  EXPECT_EQ(recent.base(), At(1, 7));
  EXPECT_FALSE(recent.Covers(At(1, 6)));
  EXPECT_TRUE(recent.Covers(At(1, 7)));
  EXPECT_EQ(recent.BytesAfter(At(1, 8)), 16U);
}

TEST(RecentRecordsTest, TrimmingKeepsWhatIsStillNeeded) {
  RecentRecords recent;
  for (std::uint64_t seq = 1; seq <= 10; ++seq) recent.Append(At(1, seq), "12345678");
  recent.Trim(0, At(1, 4));
  EXPECT_TRUE(recent.Covers(At(1, 4)));
  EXPECT_FALSE(recent.Covers(At(1, 3)));
}

TEST(RecentRecordsTest, ASkippedRecordTakesThoseBeforeItAlong) {
  RecentRecords recent;
  recent.Append(At(1, 1), "one");
  recent.Skip(At(1, 2));
  EXPECT_FALSE(recent.Covers(At(1, 1)));
  EXPECT_TRUE(recent.Covers(At(1, 2)));
  EXPECT_EQ(recent.allocated(), 0U);
  recent.Skip(At(1, 3));
  recent.Append(At(1, 4), "four");
  Version last;
  EXPECT_EQ(recent.After(At(1, 3), kAll, last).bytes, "four");
}

TEST(RecentRecordsTest, AfterClearTheRingStartsAtThePosition) {
  RecentRecords recent;
  recent.Append(At(1, 1), "x");
  recent.Clear(At(4, 9));
  EXPECT_FALSE(recent.Covers(At(4, 8)));
  EXPECT_TRUE(recent.Covers(At(4, 9)));
  recent.Append(At(4, 10), "y");
  Version last;
  EXPECT_EQ(recent.After(At(4, 9), kAll, last).bytes, "y");
}

TEST(RecentRecordsTest, ALargeValueIsSharedUntilItsRecordGoes) {
  RecentRecords recent;
  const BlockRef block = Block::Copy("value");
  recent.Append(At(1, 1), "one");
  recent.Append(At(1, 2), "head ", block->bytes(), block);
  recent.Append(At(1, 3), "three");
  EXPECT_FALSE(block->alone());
  EXPECT_EQ(recent.bytes(), 18U);
  EXPECT_EQ(recent.block_bytes(), block->footprint());
  EXPECT_EQ(recent.BytesAfter(At(1, 1)), 15U);
  Version last;
  EXPECT_EQ(recent.After({}, kAll, last).bytes, "one");
  const auto run = recent.After(last, 1, last);
  EXPECT_EQ(run.bytes, "head ");
  EXPECT_EQ(run.value.data(), block->data());
  EXPECT_EQ(run.block, block.get());
  EXPECT_EQ(last, At(1, 2));
  EXPECT_EQ(recent.After(last, kAll, last).bytes, "three");
  recent.Trim(5, last);
  EXPECT_TRUE(block->alone());
  EXPECT_EQ(recent.block_bytes(), 0U);
  EXPECT_EQ(recent.bytes(), 5U);
}

TEST(RecentRecordsTest, ARingThatGoesRoundTakesNoMoreThanItHolds) {
  constexpr std::size_t kRing = 256 * 1024;
  const std::string record(150, 'r');
  RecentRecords recent;
  std::size_t most = 0;
  for (std::uint64_t seq = 1; seq <= 10'000; ++seq) {
    recent.Append(At(1, seq), record);
    recent.Trim(kRing, At(1, seq));
    if (recent.base() != Version{}) most = std::max(most, recent.allocated());
  }
  const std::size_t index = kRing / record.size() * 32;
  EXPECT_LE(most, kRing + index + 3 * 16 * 1024) << "but for the ends of chunks, and a spare one";
  recent.Trim(0, At(1, 10'000));
  EXPECT_EQ(recent.allocated(), 0U);
}

TEST(RecentRecordsTest, AFewRecordsTakeNoWholeChunk) {
  RecentRecords recent;
  recent.Append(At(1, 1), "a few bytes");
  EXPECT_LT(recent.allocated(), 100U);
}

TEST(RecentRecordsTest, RandomAppendsAndTrimsAgreeWithAMap) {
  Rng rng(3);
  RecentRecords recent;
  std::map<Version, std::string> oracle;
  std::uint32_t epoch = 1;
  std::uint64_t seq = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (rng.Chance(0.01)) {
      ++epoch;
      seq = 0;
    }
    const Version version = At(epoch, ++seq);
    const std::size_t size = rng.Chance(0.01) ? 1 + rng.Below(40'000) : 1 + rng.Below(30);
    const std::string record(size, static_cast<char>('a' + step % 26));
    if (size > 10'000 && rng.Chance(0.5)) {
      const BlockRef block = Block::Copy(ByteView(record).substr(40));
      recent.Append(version, ByteView(record).substr(0, 40), block->bytes(), block);
    } else {
      recent.Append(version, record);
    }
    oracle[version] = record;
    if (rng.Chance(0.2)) {
      recent.Trim(300, version);
      while (!oracle.empty() && oracle.begin()->first <= recent.base())
        oracle.erase(oracle.begin());
    }
    std::string expected;
    for (const auto& [at, text] : oracle) expected += text;
    std::string found;
    for (Version last = recent.base(); last != version;) {
      const auto piece = recent.After(last, kAll, last);
      ASSERT_FALSE(piece.empty());
      found.append(piece.bytes).append(piece.value);
    }
    ASSERT_EQ(found, expected);
    ASSERT_EQ(recent.bytes(), expected.size());
    ASSERT_LE(recent.allocated(), 2 * recent.bytes() + 100'000);
  }
}

}  // namespace
}  // namespace aegis::replication
