#include "wal/log_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "log_samples.h"
#include "wal/payloads.h"

namespace aegis::wal {
namespace {

constexpr LogId kLog{0x1d};

Bytes Joined(const LogBatch& batch) {
  std::vector<ByteView> pieces;
  batch.GetPieces(pieces);
  Bytes all;
  for (const ByteView piece : pieces) all.append(piece);
  return all;
}

TEST(LogQueueTest, EntriesLieOneBehindTheOtherAndEachKnowsItsEnd) {
  LogQueue queue(kLog, Lsn{100});
  const Lsn first = queue.Append(EntryType::kRecords, ShardId{1}, PreparedPayload("abc"));
  const Lsn second = queue.Append(EntryType::kReleased, ShardId{2}, PreparedPayload(""));
  EXPECT_EQ(first, Lsn{100 + kEntryHeadSize + 3});
  EXPECT_EQ(second, Behind(first, kEntryHeadSize));
  EXPECT_EQ(queue.end(), second);
  EXPECT_EQ(queue.bytes(), BytesBetween(Lsn{100}, second));

  LogBatch batch;
  ASSERT_TRUE(queue.Take(Lsn{}, batch));
  EXPECT_EQ(batch.begin(), Lsn{100});
  EXPECT_EQ(batch.end(), second);
  Bytes expected;
  AppendEntry(kLog, {Lsn{100}, EntryType::kRecords, ShardId{1}, "abc"}, expected);
  AppendEntry(kLog, {first, EntryType::kReleased, ShardId{2}, ""}, expected);
  EXPECT_EQ(Joined(batch), expected);
  EXPECT_EQ(queue.bytes(), 0U);
  EXPECT_FALSE(queue.Take(Lsn{}, batch));
}

TEST(LogQueueTest, LargeValuesInBlocksAreHeldNotCopied) {
  LogQueue queue(kLog, Lsn{});
  const Bytes value(limits::kBlockValueMin, 'v');
  BlockRef block = Block::Copy(value);
  queue.Append(EntryType::kRecords, ShardId{1},
               PreparedPayload("head", block->bytes(), block.get()));
  queue.Append(EntryType::kRecords, ShardId{1}, PreparedPayload("tail", "more", block.get()));
  EXPECT_FALSE(block->alone());
  LogBatch batch;
  ASSERT_TRUE(queue.Take(Lsn{}, batch));
  std::vector<ByteView> pieces;
  batch.GetPieces(pieces);
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[1].data(), block->bytes().data());

  Bytes expected;
  const Bytes payload = "head" + value;
  const Entry entry{Lsn{}, EntryType::kRecords, ShardId{1}, payload};
  AppendEntry(kLog, entry, expected);
  AppendEntry(kLog, {entry.end(), EntryType::kRecords, ShardId{1}, "tailmore"}, expected);
  EXPECT_EQ(Joined(batch), expected);
  EXPECT_EQ(batch.size(), expected.size());
  batch.Restart(Lsn{});
  EXPECT_TRUE(block->alone());
}

TEST(LogQueueTest, ABatchEndsWithHowFarTheLogWasDurableIfThatHasGrown) {
  LogQueue queue(kLog, Lsn{500});
  LogBatch batch;
  queue.Append(EntryType::kReleased, ShardId{2}, PreparedPayload(""));
  ASSERT_TRUE(queue.Take(Lsn{500}, batch));
  Bytes expected;
  const Entry released{Lsn{500}, EntryType::kReleased, ShardId{2}, ""};
  AppendEntry(kLog, released, expected);
  AppendEntry(kLog, {released.end(), EntryType::kSynced, kNoShard, EncodeLsn(Lsn{500})}, expected);
  EXPECT_EQ(Joined(batch), expected);

  queue.Append(EntryType::kReleased, ShardId{2}, PreparedPayload(""));
  ASSERT_TRUE(queue.Take(Lsn{500}, batch));
  EXPECT_EQ(batch.size(), kEntryHeadSize);
  EXPECT_FALSE(queue.Take(Lsn{600}, batch)) << "a log with nothing to say says nothing";
}

TEST(LogQueueTest, MemoryGoesRoundAndALargeBatchGivesItsMemoryBack) {
  LogQueue queue(kLog, Lsn{});
  LogBatch batch;
  const Bytes small(1000, 's');
  const char* memory[3];
  for (int i = 0; i < 3; ++i) {
    for (int n = 0; n < 100; ++n) {
      queue.Append(EntryType::kRecords, ShardId{1}, PreparedPayload(small));
    }
    ASSERT_TRUE(queue.Take(Lsn{}, batch));
    std::vector<ByteView> pieces;
    batch.GetPieces(pieces);
    memory[i] = pieces[0].data();
  }
  EXPECT_EQ(memory[0], memory[2]);
}

}  // namespace
}  // namespace aegis::wal
