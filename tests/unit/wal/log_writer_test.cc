#include "wal/log_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "log_samples.h"
#include "support/memory_log_files.h"
#include "wal/entry.h"
#include "wal/file_head.h"
#include "wal/history_sink.h"
#include "wal/log_names.h"

namespace aegis::wal {
namespace {

using testing::HasSubstr;

const Bytes kBegun = EncodedBegin(At(1, 1), {});
constexpr ShardId kShard{1};

WrittenLog NewLog(LogFiles& files, std::uint64_t segment_size,
                  Durability durability = Durability::kFsync) {
  return WrittenLog(
      Require(LogWriter::Create(files, kIdentity, Options(segment_size, 0x51, durability))));
}

Recovered Reread(LogFiles& files) {
  HistorySink sink;
  return Require(Recover(files, RecoveryAt(), sink));
}

std::vector<std::string> Names(const MemoryLogFiles& files) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : files.contents()) names.push_back(name);
  return names;
}

TEST(LogWriterTest, AllThatWaitsIsOneWriteAndOneSync) {
  MemoryLogFiles files;
  WrittenLog log = NewLog(files, 1 << 20);
  const std::uint64_t appends = files.appends();
  const std::uint64_t syncs = files.syncs();
  for (int i = 0; i < 100; ++i) log.Append(EntryType::kReleased, kShard, "");
  ASSERT_TRUE(log.Flush().ok());
  EXPECT_EQ(files.appends() - appends, 1U);
  EXPECT_EQ(files.syncs() - syncs, 1U);
  EXPECT_EQ(log.writer().end(), log.queue().end());
  EXPECT_EQ(log.writer().synced(), log.queue().end());
}

TEST(LogWriterTest, WithoutFsyncNothingIsSyncedUntilAskedFor) {
  MemoryLogFiles files;
  WrittenLog log = NewLog(files, 1 << 20, Durability::kWrite);
  const Lsn before = log.writer().synced();
  const std::uint64_t syncs = files.syncs();
  log.Write(EntryType::kReleased, kShard, "");
  EXPECT_EQ(files.syncs(), syncs);
  EXPECT_EQ(log.writer().synced(), before);
  ASSERT_TRUE(log.writer().Sync().ok());
  ASSERT_TRUE(log.writer().Sync().ok());
  EXPECT_EQ(files.syncs(), syncs + 1) << "what is durable is not synced again";
  EXPECT_EQ(log.writer().synced(), log.queue().end());
}

TEST(LogWriterTest, SegmentsAreSetAsideNamedByTheirFirstEntryAndSealedWhenFull) {
  MemoryLogFiles files;
  constexpr std::uint64_t kSize = 200;
  WrittenLog log = NewLog(files, kSize);
  EXPECT_EQ(files.contents().at(SegmentName(Lsn{})).size(), kSegmentHeadSize + kSize);
  std::vector<Lsn> firsts = {Lsn{}};
  Lsn before = log.writer().end();
  while (firsts.size() < 4) {
    log.Write(EntryType::kReleased, kShard, "");
    const std::string name = SegmentName(before);
    if (files.contents().contains(name)) firsts.push_back(before);
    before = log.writer().end();
  }
  std::vector<std::string> names;
  for (const Lsn first : firsts) names.push_back(SegmentName(first));
  names.emplace_back("manifest");
  EXPECT_EQ(Names(files), names);
  for (std::size_t i = 0; i + 1 < firsts.size(); ++i) {
    const std::uint64_t entries = BytesBetween(firsts[i], firsts[i + 1]);
    EXPECT_LE(entries, kSize);
    EXPECT_EQ(files.contents().at(SegmentName(firsts[i])).size(),
              kSegmentHeadSize + entries + kEntryHeadSize)
        << "entries and a seal";
  }
  EXPECT_EQ(Reread(files).end, log.writer().end());
}

TEST(LogWriterTest, ABatchIsNeverSplitAndALargeOneMakesALongSegment) {
  MemoryLogFiles files;
  WrittenLog log = NewLog(files, 200);
  const Lsn before = log.writer().end();
  log.Append(EntryType::kRecords, kShard, kBegun);
  log.Write(EntryType::kRecords, kShard, EncodedSet(At(1, 2), "k", Bytes(1000, 'v')));
  const Lsn behind = log.writer().end();
  log.Write(EntryType::kReleased, kShard, "");
  EXPECT_THAT(Names(files), testing::ElementsAre(SegmentName(Lsn{}), SegmentName(before),
                                                 SegmentName(behind), "manifest"));
  EXPECT_EQ(Reread(files).end, log.writer().end());
}

TEST(LogWriterTest, AfterAFailureNothingIsTriedAgain) {
  for (const bool of_sync : {true, false}) {
    MemoryLogFiles files;
    WrittenLog log = NewLog(files, 1 << 20);
    log.Write(EntryType::kReleased, kShard, "");
    const Lsn durable = log.writer().synced();
    if (of_sync) files.FailSync(0);
    if (!of_sync) files.FailCall(0);
    log.Append(EntryType::kReleased, kShard, "");
    const auto failed = log.Flush();
    ASSERT_FALSE(failed.ok());
    EXPECT_THAT(failed.error().message,
                HasSubstr(of_sync ? "cannot be synced: Input/output error" : "cannot be written"));
    EXPECT_EQ(log.writer().failure(), failed.error().message);
    EXPECT_EQ(log.writer().synced(), durable);

    const std::uint64_t calls = files.calls();
    LogQueue queue(kIdentity.log, log.writer().end());
    LogBatch batch;
    queue.Append(EntryType::kReleased, kShard, PreparedPayload(""));
    ASSERT_TRUE(queue.Take(Lsn{}, batch));
    for (const auto& again : {log.writer().Write(batch), log.writer().Sync()}) {
      ASSERT_FALSE(again.ok());
      EXPECT_EQ(
          again.error().message,
          "the write-ahead log takes nothing more since this failure: " + failed.error().message);
    }
    EXPECT_EQ(files.calls(), calls);
  }
}

TEST(LogWriterTest, EveryStepOfANewSegmentMayFailAndTheLogIsStillOne) {
  for (std::uint64_t step = 0;; ++step) {
    MemoryLogFiles files;
    WrittenLog log = NewLog(files, 100);
    log.Write(EntryType::kReleased, kShard, "");
    const Lsn durable = log.writer().synced();
    files.FailCall(step);
    log.Append(EntryType::kRecords, kShard, kBegun);
    const bool done = log.Flush().ok();
    if (!files.failed()) {
      EXPECT_GT(step, 6U);
      EXPECT_TRUE(done);
      return;
    }
    EXPECT_FALSE(done);
    files.StopFailing();
    const Recovered recovered = Reread(files);
    EXPECT_GE(recovered.end, durable) << "step " << step;
    WrittenLog again(Require(LogWriter::Resume(files, recovered, Options(100))));
    again.Write(EntryType::kReleased, kShard, "");
    EXPECT_EQ(Reread(files).end, again.writer().end());
    for (const std::string& name : Names(files)) EXPECT_FALSE(name.ends_with(".new")) << name;
  }
}

TEST(LogWriterTest, ADiskThatIsFullIsAFailureWithItsReason) {
  MemoryLogFiles files;
  WrittenLog log = NewLog(files, 100);
  files.SetCapacity(400);
  for (int i = 0; i < 100; ++i) {
    log.Append(EntryType::kReleased, kShard, "");
    if (const auto done = log.Flush(); !done.ok()) {
      EXPECT_THAT(done.error().message, HasSubstr("No space left on device"));
      EXPECT_EQ(Reread(files).torn.has_value(), false);
      return;
    }
  }
  FAIL() << "it never filled up";
}

TEST(LogWriterTest, WhoResumesSaysSoAndGoesOnAtTheEnd) {
  MemoryLogFiles files;
  Lsn end;
  {
    WrittenLog log = NewLog(files, 1 << 20);
    end = log.Write(EntryType::kReleased, kShard, "");
    end = log.writer().end();
  }
  Recovered recovered = Reread(files);
  EXPECT_EQ(recovered.end, end);
  EXPECT_EQ(recovered.last, (Opening{Session{0x51}, kBoot, Durability::kFsync}));
  WrittenLog log(Require(
      LogWriter::Resume(files, recovered, Options(1 << 20, 0x52, Durability::kWrite, kNextBoot))));
  EXPECT_GT(log.writer().end(), end);
  EXPECT_EQ(log.writer().synced(), log.writer().end());
  recovered = Reread(files);
  EXPECT_EQ(recovered.last, (Opening{Session{0x52}, kNextBoot, Durability::kWrite}));
  EXPECT_EQ(recovered.end, log.writer().end());
}

// A sync failed, the process ended, and the system took what it could not write for written.
TEST(LogWriterTest, WhoResumesWritesAgainWhatMayNeverHaveReachedTheDisk) {
  Rng rng(1);
  for (int round = 0; round < 50; ++round) {
    MemoryLogFiles files;
    {
      WrittenLog log = NewLog(files, 1 << 20);
      log.Write(EntryType::kRecords, kShard, kBegun);
      files.FailSync(0);
      log.Append(EntryType::kRecords, kShard, EncodedSet(At(1, 2), "k", Bytes(300, 'v')));
      ASSERT_FALSE(log.Flush().ok());
    }
    files.StopFailing();
    const Recovered recovered = Reread(files);
    EXPECT_EQ(recovered.counts.records, 2U);
    Require(LogWriter::Resume(files, recovered, Options(1 << 20)));
    files.Crash(rng);
    EXPECT_EQ(Reread(files).counts.records, 2U) << "shown as durable, and lost";
  }
}

TEST(LogWriterTest, ALogThatWasBeingCreatedIsCreatedAgain) {
  for (std::uint64_t step = 0;; ++step) {
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
      MemoryLogFiles files;
      files.FailCall(step, 0.5);
      const auto created = LogWriter::Create(files, kIdentity, Options(100));
      if (!files.failed()) {
        EXPECT_GT(step, 8U);
        return;
      }
      EXPECT_FALSE(created.ok());
      files.StopFailing();
      if (seed > 1) {
        Rng rng(seed);
        files.Crash(rng);
      }
      if (!Require(LogExists(files))) {
        Require(LogWriter::Create(files, kIdentity, Options(100)));
      }
      EXPECT_EQ(Reread(files).counts.entries, 0U);
    }
  }
}

TEST(LogWriterTest, ALogWithEntriesExistsWhateverIsMissing) {
  MemoryLogFiles files;
  WrittenLog log = NewLog(files, 1 << 20);
  EXPECT_TRUE(Require(LogExists(files)));
  log.Write(EntryType::kReleased, kShard, "");
  ASSERT_TRUE(files.Remove("manifest").ok());
  EXPECT_TRUE(Require(LogExists(files)));
  MemoryLogFiles none;
  EXPECT_FALSE(Require(LogExists(none)));
}

}  // namespace
}  // namespace aegis::wal
