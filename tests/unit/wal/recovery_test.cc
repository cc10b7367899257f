#include "wal/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "log_samples.h"
#include "support/memory_log_files.h"
#include "wal/entry.h"
#include "wal/file_head.h"
#include "wal/history_sink.h"
#include "wal/log_names.h"
#include "wal/payloads.h"

namespace aegis::wal {
namespace {

using replication::RecordType;
using testing::HasSubstr;

constexpr ShardId kShard{1};
constexpr ShardId kOther{2};

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() : log_(Require(LogWriter::Create(files_, kIdentity, Options(1 << 20)))) {}

  void Records(ShardId shard, const Bytes& records) {
    log_.Write(EntryType::kRecords, shard, records);
  }
  void Set(ShardId shard, Version version, const Bytes& key, const Bytes& value) {
    Records(shard, EncodedSet(version, key, value));
  }
  Bytes Joined(Version version, const Bytes& key, const Bytes& value) {
    return OwnedRecord(RecordType::kSet, version, key, value, 0, /*joined=*/true).Encoded();
  }
  Bytes End(Version version) { return OwnedRecord(RecordType::kEnd, version).Encoded(); }
  static Bytes Adopted(std::vector<Reign> reigns, Version vanished = {}) {
    Bytes bytes;
    AppendAdoption({VersionVector(std::move(reigns)), vanished}, bytes);
    return bytes;
  }
  Recovered Reread(std::size_t piece = 1 << 20) {
    sink_.emplace(meter_);
    return Require(Recover(files_, RecoveryAt(kNextBoot, piece), *sink_));
  }
  std::string Refusal() {
    sink_.emplace(meter_);
    const auto recovered = Recover(files_, RecoveryAt(), *sink_);
    EXPECT_FALSE(recovered.ok());
    return recovered.ok() ? "" : recovered.error().message;
  }
  std::optional<Bytes> Get(const Bytes& key, ShardId shard = kShard) {
    return sink_->Get(shard, key);
  }

  store::MemoryMeter meter_{1 << 30};
  MemoryLogFiles files_;
  WrittenLog log_;
  std::optional<ReplicaSink> sink_;
};

TEST_F(RecoveryTest, RecordsMakeTheTablesAgain) {
  Records(kShard, EncodedBegin(At(1, 1), {}));
  Records(kOther, EncodedBegin(At(4, 1), {}));
  Set(kShard, At(1, 2), "a", "1");
  Set(kOther, At(4, 2), "a", "2");
  // Several records in one entry, as a follower takes them.
  Records(kShard, EncodedSet(At(1, 3), "b", "3") + EncodedSet(At(1, 4), "a", "4"));
  const Recovered recovered = Reread();
  EXPECT_EQ(recovered.counts.records, 6U);
  EXPECT_EQ(recovered.end, log_.writer().end());
  EXPECT_FALSE(recovered.torn);
  EXPECT_FALSE(recovered.repaired);
  EXPECT_EQ(Get("a"), "4");
  EXPECT_EQ(Get("b"), "3");
  EXPECT_EQ(Get("a", kOther), "2");
  EXPECT_EQ(sink_->replicas().at(kShard)->history().last(), At(1, 4));
  EXPECT_TRUE(sink_->replicas().at(kShard)->recent().Covers(At(1, 2))) << "followers can catch up";
}

TEST_F(RecoveryTest, WhateverPiecesItIsReadIn) {
  Records(kShard, EncodedBegin(At(1, 1), {}));
  for (std::uint64_t i = 2; i < 40; ++i) Set(kShard, At(1, i), "k", Bytes(i * 7, 'v'));
  for (const std::size_t piece : {1U, 17U, 60U, 100U, 255U, 4096U}) {
    EXPECT_EQ(Reread(piece).counts.records, 39U) << piece;
    EXPECT_EQ(Get("k"), Bytes(39 * 7, 'v'));
  }
}

TEST_F(RecoveryTest, JoinedRecordsTakeEffectTogetherOrNotAtAll) {
  Records(kShard, EncodedBegin(At(1, 1), {}));
  Records(kShard, Joined(At(1, 2), "a", "1"));
  Records(kShard, Joined(At(1, 3), "b", "1"));
  Recovered recovered = Reread();
  EXPECT_EQ(recovered.counts.unfinished, 2U);
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(sink_->replicas().at(kShard)->history().last(), At(1, 1));
  Records(kShard, End(At(1, 4)));
  recovered = Reread();
  EXPECT_EQ(recovered.counts.unfinished, 0U);
  EXPECT_EQ(Get("a"), "1");
  EXPECT_EQ(Get("b"), "1");
}

TEST_F(RecoveryTest, AnUnfinishedUnitEndsWhereTheNextRunOpensTheLog) {
  Records(kShard, EncodedBegin(At(1, 1), {}));
  Records(kShard, Joined(At(1, 2), "a", "lost"));
  WrittenLog next(Require(LogWriter::Resume(files_, Reread(), Options(1 << 20, 0x52))));
  // What would end it if it went on.
  next.Write(EntryType::kRecords, kShard, EncodedBegin(At(2, 1), At(1, 1)));
  next.Write(EntryType::kRecords, kShard, EncodedSet(At(2, 2), "b", "2"));
  EXPECT_EQ(Reread().counts.unfinished, 1U);
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(Get("b"), "2");
}

TEST_F(RecoveryTest, ACopyTakesThePlaceOfTheReplicaWhenItIsAdopted) {
  Records(kShard, EncodedBegin(At(1, 1), {}));
  Set(kShard, At(1, 2), "old", "1");
  log_.Write(EntryType::kCopyBegun, kShard, "");
  log_.Write(EntryType::kCopied, kShard,
             EncodedSet(At(3, 5), "a", "5") + EncodedSet(At(3, 4), "b", "4"));
  Reread();
  EXPECT_EQ(Get("old"), "1") << "a copy in progress is none";
  EXPECT_TRUE(sink_->copies().empty());

  log_.Write(EntryType::kCopied, kShard, EncodedSet(At(3, 3), "a", "older"));
  log_.Write(EntryType::kCopyAdopted, kShard,
             Adopted({{Epoch{3}, Session{9}, Seq{5}, Seq{}}}, At(2, 7)));
  Set(kShard, At(3, 6), "c", "6");
  Reread();
  EXPECT_EQ(Get("old"), std::nullopt);
  EXPECT_EQ(Get("a"), "5");
  EXPECT_EQ(Get("b"), "4");
  EXPECT_EQ(Get("c"), "6");
  const node::Replica& replica = *sink_->replicas().at(kShard);
  EXPECT_EQ(replica.history().last(), At(3, 6));
  EXPECT_EQ(replica.vanished(), At(2, 7));
}

TEST_F(RecoveryTest, ACopyThatNobodyFinishedIsDropped) {
  log_.Write(EntryType::kCopyBegun, kShard, "");
  log_.Write(EntryType::kCopied, kShard, EncodedSet(At(3, 5), "a", "half"));
  log_.Write(EntryType::kCopyBegun, kShard, "");
  log_.Write(EntryType::kCopied, kShard, EncodedSet(At(3, 6), "b", "whole"));
  log_.Write(EntryType::kCopyAdopted, kShard, Adopted({{Epoch{3}, Session{9}, Seq{6}, Seq{}}}));
  Reread();
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(Get("b"), "whole");

  // The leader answered the second time that no copy is needed.
  log_.Write(EntryType::kCopyBegun, kShard, "");
  Set(kShard, At(3, 7), "c", "7");
  Reread();
  EXPECT_EQ(Get("c"), "7");
  log_.Write(EntryType::kCopied, kShard, EncodedSet(At(3, 5), "a", "half"));
  EXPECT_THAT(Refusal(), HasSubstr("of a copy that was not begun"));
}

TEST_F(RecoveryTest, AReplacedRangeHoldsExactlyWhatReplacedIt) {
  Records(kShard, EncodedBegin(At(1, 1), {}));
  Set(kShard, At(1, 2), "a", "wrong");
  Set(kShard, At(1, 3), "b", "too much");
  Bytes replaced;
  AppendRange(HashRange{}, replaced);
  replaced += EncodedSet(At(1, 2), "a", "right");
  log_.Write(EntryType::kRangeReplaced, kShard, replaced);
  Reread();
  EXPECT_EQ(Get("a"), "right");
  EXPECT_EQ(Get("b"), std::nullopt);
}

TEST_F(RecoveryTest, AReleasedShardIsGone) {
  Records(kShard, EncodedBegin(At(1, 1), {}));
  Set(kShard, At(1, 2), "a", "1");
  log_.Write(EntryType::kReleased, kShard, "");
  Reread();
  EXPECT_FALSE(sink_->replicas().contains(kShard));
  Records(kShard, EncodedBegin(At(5, 1), {}));
  Reread();
  EXPECT_EQ(sink_->replicas().at(kShard)->history().last(), At(5, 1));
}

TEST_F(RecoveryTest, AWholeEntryThatCannotFollowIsRefusedWithItsPlace) {
  Records(kShard, EncodedBegin(At(1, 1), {}));
  const std::uint64_t offset = kSegmentHeadSize + log_.writer().end().value();
  Set(kShard, At(1, 3), "a", "1");
  const std::string refusal = Refusal();
  EXPECT_THAT(refusal, testing::StartsWith("memory/0000000000000000.log: offset " +
                                           std::to_string(offset) + ": "));
  EXPECT_THAT(refusal, HasSubstr("records, that is refused: does not follow"));
  EXPECT_THAT(refusal, HasSubstr("'aegis-cli wal check memory'"));
  EXPECT_THAT(refusal, HasSubstr("'aegis-cli wal repair memory'"));
}

TEST_F(RecoveryTest, WhatNoProgramWritesIsRefused) {
  const auto refusal_of = [&](EntryType type, ShardId shard, const Bytes& payload) {
    MemoryLogFiles files;
    WrittenLog log(Require(LogWriter::Create(files, kIdentity, Options(1 << 20))));
    log.Write(type, shard, payload);
    sink_.emplace(meter_);
    const auto recovered = Recover(files, RecoveryAt(), *sink_);
    return recovered.ok() ? "" : recovered.error().message;
  };
  EXPECT_THAT(refusal_of(EntryType::kRecords, kShard, "x"), HasSubstr("record: cut short"));
  EXPECT_THAT(refusal_of(EntryType::kReleased, ShardId{4}, ""),
              HasSubstr("of shard 4; the cluster has 4"));
  EXPECT_THAT(refusal_of(static_cast<EntryType>(77), kShard, ""),
              HasSubstr("type 77, which this program does not know"));
  EXPECT_THAT(refusal_of(EntryType::kCopyAdopted, kShard, Adopted({})),
              HasSubstr("a copy that was not begun"));
  EXPECT_THAT(refusal_of(EntryType::kRangeReplaced, kShard, "x"), HasSubstr("no range"));
  EXPECT_THAT(refusal_of(EntryType::kOpened, kNoShard, "x"), HasSubstr("no opening"));
  EXPECT_THAT(refusal_of(EntryType::kSynced, kNoShard, EncodeLsn(Lsn{1U << 20U})),
              HasSubstr("says that what follows it was durable"));
}

TEST_F(RecoveryTest, ALogOfAnotherClusterOrNodeIsRefused) {
  HistorySink sink;
  RecoveryOptions options = RecoveryAt();
  options.cluster = ClusterId{0xc2};
  auto recovered = Recover(files_, options, sink);
  ASSERT_FALSE(recovered.ok());
  EXPECT_EQ(recovered.error().message,
            "memory/manifest: offset 8: of cluster 00000000000000c1, not 00000000000000c2. Give "
            "this node another directory for its log, or move memory away");
  options = RecoveryAt();
  options.node = NodeId{0xa2};
  recovered = Recover(files_, options, sink);
  ASSERT_FALSE(recovered.ok());
  EXPECT_THAT(recovered.error().message, HasSubstr("offset 16: of node 00000000000000a1"));
}

TEST_F(RecoveryTest, FilesOfAnotherLogAreRefused) {
  MemoryLogFiles other_files;
  LogIdentity other = kIdentity;
  other.log = LogId{0x1e};
  Require(LogWriter::Create(other_files, other, Options(1 << 20)));
  auto contents = files_.contents();
  const std::string segment = SegmentName(Lsn{});
  contents[segment] = other_files.contents()[segment];
  MemoryLogFiles mixed(contents);
  HistorySink sink;
  const auto recovered = Recover(mixed, RecoveryAt(), sink);
  ASSERT_FALSE(recovered.ok());
  EXPECT_THAT(recovered.error().message,
              HasSubstr("offset 24: of log 000000000000001e, not 000000000000001d"));
}

TEST_F(RecoveryTest, ANewerFormatIsLeftToTheProgramThatWroteIt) {
  for (const std::string& name : {std::string("manifest"), SegmentName(Lsn{})}) {
    auto contents = files_.contents();
    contents[name][4] = 2;
    MemoryLogFiles newer(contents);
    HistorySink sink;
    const auto recovered = Recover(newer, RecoveryAt(), sink);
    ASSERT_FALSE(recovered.ok());
    EXPECT_EQ(recovered.error().message,
              "memory/" + name +
                  ": offset 4: format version 2, this program reads 1. Start the version of "
                  "AegisKV that wrote it");
    EXPECT_EQ(newer.contents(), contents);
  }
}

TEST_F(RecoveryTest, EveryFileThatCannotBeReadIsAnErrorNotDamage) {
  Records(kShard, EncodedBegin(At(1, 1), {}));
  for (std::uint64_t call = 0;; ++call) {
    files_.FailCall(call);
    HistorySink sink;
    const auto recovered = Recover(files_, RecoveryAt(), sink);
    if (!files_.failed()) {
      EXPECT_GT(call, 3U);
      EXPECT_TRUE(recovered.ok());
      return;
    }
    files_.StopFailing();
    ASSERT_FALSE(recovered.ok());
    EXPECT_EQ(recovered.error().code, ErrorCode::kUnavailable);
  }
}

}  // namespace
}  // namespace aegis::wal
