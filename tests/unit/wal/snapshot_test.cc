#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "log_samples.h"
#include "support/memory_log_files.h"
#include "wal/log_names.h"
#include "wal/retention.h"
#include "wal/snapshot_reader.h"
#include "wal/snapshots.h"

namespace aegis::wal {
namespace {

using replication::RecordType;
using testing::HasSubstr;

constexpr ShardId kShard{1};

Adoption AdoptionAt(std::uint32_t epoch, std::uint64_t seq) {
  return {VersionVector({{Epoch{epoch}, Session{0x51}, Seq{seq}, Seq{}}}), {}};
}

// What a snapshot of these items reads back as.
struct ReadBack {
  SnapshotContent content;
  Bytes records;
  std::size_t calls = 0;
};

ReadBack WriteAndRead(const std::vector<Bytes>& items, std::size_t* output_max = nullptr) {
  MemoryLogFiles files;
  const SnapshotId id{kShard, Lsn{100}};
  SnapshotWriter writer(kIdentity, id);
  Bytes file;
  const auto drain = [&] {
    if (output_max != nullptr) *output_max = std::max(*output_max, writer.output().size());
    file.append(writer.output());
    writer.ClearOutput();
  };
  for (const Bytes& item : items) {
    writer.Add(item, 1);
    drain();
  }
  writer.Finish(Lsn{900}, AdoptionAt(2, 7));
  drain();
  MemoryLogFiles written(MemoryLogFiles::Contents{{SnapshotName(id), file}});
  ReadBack read;
  read.content = Require(ReadSnapshot(written, id, [&](ByteView records) {
    read.records.append(records);
    ++read.calls;
    return Result<Ok>(Ok{});
  }));
  return read;
}

TEST(SnapshotTest, WhatIsWrittenIsRead) {
  std::vector<Bytes> items;
  Bytes all;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    items.push_back(EncodedSet(At(2, i + 2), "key " + std::to_string(i), Bytes(200, 'v')));
    all += items.back();
  }
  std::size_t output_max = 0;
  const ReadBack read = WriteAndRead(items, &output_max);
  EXPECT_EQ(read.records, all);
  EXPECT_EQ(read.content.head.identity, kIdentity);
  EXPECT_EQ(read.content.head.id, (SnapshotId{kShard, Lsn{100}}));
  EXPECT_EQ(read.content.end.end, Lsn{900});
  EXPECT_EQ(read.content.end.items, 5000U);
  EXPECT_EQ(read.content.end.adoption, AdoptionAt(2, 7));
  EXPECT_GT(read.calls, 3U);
  EXPECT_LT(output_max, 2 * kBlockSize) << "more than a block is kept";
}

TEST(SnapshotTest, NothingAndOneHugeItemAreSnapshotsToo) {
  EXPECT_EQ(WriteAndRead({}).content.end.items, 0U);
  const Bytes huge = EncodedSet(At(1, 2), "k", Bytes(3 << 20, 'v'));
  EXPECT_EQ(WriteAndRead({huge, huge}).records, huge + huge);
}

// A shard that is written while snapshots of it are made.
class SnapshotsTest : public testing::Test {
 protected:
  SnapshotsTest()
      : log_(Require(LogWriter::Create(files_, kIdentity, Options(300)))),
        snapshots_(files_, {kIdentity, {}, {}}) {
    Apply(EncodedBegin(At(1, 1), {}));
  }

  void Apply(const Bytes& records) {
    log_.Write(EntryType::kRecords, kShard, records);
    Require(ForEachRecord(records, [&](const replication::Record& record, ByteView encoded) {
      return model_.Apply(kShard, record, encoded);
    }));
  }
  void Set(const Bytes& key, const Bytes& value) {
    const Version last = replica().history().last();
    Apply(EncodedSet({last.epoch, Seq{last.seq.value() + 1}}, key, value));
  }
  node::Replica& replica() { return *model_.replicas().at(kShard); }

  void AddAll(ShardSnapshot& snapshot) {
    replica().table().Scan(0, 1 << 20, [&](const store::ItemView& item) {
      Bytes record;
      replication::AppendRecord(node::RecordOf(item), record);
      Require(snapshot.Add(record, 1));
    });
  }
  void Finish(ShardSnapshot& snapshot) {
    Require(snapshots_.Finish(snapshot, log_.queue().end(),
                              {replica().history(), replica().vanished()}));
  }
  void OthersAreEmpty() {
    for (const std::uint32_t shard : {0U, 2U, 3U}) {
      snapshots_.SetEmpty(ShardId{shard}, log_.queue().end());
    }
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files_.contents()) names.push_back(name);
    return names;
  }
  Recovered Reread() {
    sink_.emplace(meter_);
    return Require(Recover(files_, RecoveryAt(), *sink_));
  }
  void ExpectRecovered() {
    Reread();
    const node::Replica& recovered = *sink_->replicas().at(kShard);
    EXPECT_EQ(recovered.history(), replica().history());
    EXPECT_EQ(recovered.Digest(), replica().Digest());
    EXPECT_EQ(recovered.vanished(), replica().vanished());
  }

  store::MemoryMeter meter_{1 << 30};
  ReplicaSink model_{meter_};
  MemoryLogFiles files_;
  WrittenLog log_;
  Snapshots snapshots_;
  std::optional<ReplicaSink> sink_;
};

TEST_F(SnapshotsTest, WhatHappensMeanwhileIsInTheLogAndCountsOnce) {
  for (int i = 0; i < 20; ++i) Set("key " + std::to_string(i), "old");
  const auto snapshot = Require(snapshots_.Begin(kShard, log_.queue().end()));
  Set("key 1", "before the scan");
  AddAll(*snapshot);
  Set("key 2", "after the scan");
  const Version version = replica().table().Find("key 3")->version;
  Apply(OwnedRecord(RecordType::kEvict, At(1, replica().history().last().seq.value() + 1), "",
                    replication::EncodeVersion(version), replica().table().Hash("key 3"))
            .Encoded());
  Apply(OwnedRecord(RecordType::kErase, At(1, replica().history().last().seq.value() + 1), "key 4")
            .Encoded());
  Finish(*snapshot);
  Set("key 5", "behind it");
  Require(snapshots_.Publish());
  ExpectRecovered();
  EXPECT_EQ(sink_->Get(kShard, "key 1"), "before the scan");
  EXPECT_EQ(sink_->Get(kShard, "key 2"), "after the scan");
  EXPECT_EQ(sink_->Get(kShard, "key 3"), std::nullopt);
  EXPECT_EQ(sink_->Get(kShard, "key 4"), std::nullopt);
  EXPECT_EQ(sink_->Get(kShard, "key 5"), "behind it");
}

TEST_F(SnapshotsTest, AClearMeanwhileLeavesWhatWasWrittenBehindIt) {
  Set("a", "1");
  const auto snapshot = Require(snapshots_.Begin(kShard, log_.queue().end()));
  Apply(
      OwnedRecord(RecordType::kClear, At(1, replica().history().last().seq.value() + 1)).Encoded());
  Set("b", "2");
  AddAll(*snapshot);
  Finish(*snapshot);
  Require(snapshots_.Publish());
  ExpectRecovered();
  EXPECT_EQ(sink_->Get(kShard, "a"), std::nullopt);
  EXPECT_EQ(sink_->Get(kShard, "b"), "2");
}

TEST_F(SnapshotsTest, SegmentsGoOnceEveryShardDoesWithoutThem) {
  for (int i = 0; i < 20; ++i) Set("key", Bytes(50, 'v'));
  const std::size_t before = files_.contents().size();
  ASSERT_GT(before, 5U);
  const auto snapshot = Require(snapshots_.Begin(kShard, log_.queue().end()));
  AddAll(*snapshot);
  Finish(*snapshot);
  Require(snapshots_.Publish());
  EXPECT_EQ(files_.contents().size(), before + 1) << "the other shards need the log still";
  OthersAreEmpty();
  Require(snapshots_.Publish());
  EXPECT_LE(files_.contents().size(), 4U);
  ExpectRecovered();
}

TEST_F(SnapshotsTest, ASnapshotGoesOnceANewerOneIsNamed) {
  OthersAreEmpty();
  std::string name;
  for (int round = 0; round < 3; ++round) {
    Set("key", std::to_string(round));
    const std::string before = std::exchange(name, SnapshotName({kShard, log_.queue().end()}));
    const auto snapshot = Require(snapshots_.Begin(kShard, log_.queue().end()));
    AddAll(*snapshot);
    Finish(*snapshot);
    if (round > 0) {
      EXPECT_THAT(Names(), testing::Contains(before));
    }
    Require(snapshots_.Publish());
    EXPECT_THAT(Names(), testing::Not(testing::Contains(before)));
    EXPECT_THAT(Names(), testing::Contains(name));
    ExpectRecovered();
  }
}

TEST_F(SnapshotsTest, OneThatIsKeptForLaterLetsTheLogGo) {
  Set("key", "value");
  const auto snapshot = Require(snapshots_.Begin(kShard, log_.queue().end()));
  AddAll(*snapshot);
  Finish(*snapshot);
  Require(snapshots_.Publish());
  // Another shard writes; this one does not.
  for (int i = 0; i < 30; ++i) log_.Write(EntryType::kReleased, ShardId{2}, "");
  snapshots_.Touch(kShard, log_.queue().end());
  OthersAreEmpty();
  Require(snapshots_.Publish());
  EXPECT_THAT(Names(), testing::Not(testing::Contains(SegmentName(Lsn{}))));
  ExpectRecovered();
  Set("key", "newer");
  ExpectRecovered();
}

TEST_F(SnapshotsTest, AReleasedShardLosesItsSnapshotAndAnEmptyOneNeedsNone) {
  Set("key", "value");
  const auto snapshot = Require(snapshots_.Begin(kShard, log_.queue().end()));
  AddAll(*snapshot);
  Finish(*snapshot);
  Require(snapshots_.Publish());
  log_.Write(EntryType::kReleased, kShard, "");
  Reread();
  EXPECT_FALSE(sink_->replicas().contains(kShard));
  snapshots_.SetEmpty(kShard, log_.queue().end());
  Require(snapshots_.Publish());
  EXPECT_THAT(Names(), testing::Each(testing::Not(testing::EndsWith(".snap"))));
  Reread();
  EXPECT_FALSE(sink_->replicas().contains(kShard));
}

TEST_F(SnapshotsTest, OneAcrossAReplacementOfItsShardIsRefused) {
  for (const bool released : {true, false}) {
    MemoryLogFiles files;
    WrittenLog log(Require(LogWriter::Create(files, kIdentity, Options(1 << 20))));
    Snapshots snapshots(files, {kIdentity, {}, {}});
    const auto snapshot = Require(snapshots.Begin(kShard, log.queue().end()));
    Bytes adopted;
    AppendAdoption(AdoptionAt(3, 3), adopted);
    if (released) log.Write(EntryType::kReleased, kShard, "");
    if (!released) log.Write(EntryType::kCopyBegun, kShard, "");
    if (!released) log.Write(EntryType::kCopyAdopted, kShard, adopted);
    Require(snapshots.Finish(*snapshot, log.queue().end(), AdoptionAt(3, 3)));
    Require(snapshots.Publish());
    store::MemoryMeter meter(1 << 30);
    ReplicaSink sink(meter);
    const auto recovered = Recover(files, RecoveryAt(), sink);
    ASSERT_FALSE(recovered.ok());
    EXPECT_THAT(recovered.error().message, HasSubstr("within its snapshot's time"));
  }
}

TEST_F(SnapshotsTest, OneThatIsGivenUpLeavesNothing) {
  const auto before = Names();
  auto snapshot = Require(snapshots_.Begin(kShard, log_.queue().end()));
  AddAll(*snapshot);
  EXPECT_NE(Names(), before);
  Require(snapshots_.GiveUp(std::move(snapshot)));
  EXPECT_EQ(Names(), before);
}

TEST_F(SnapshotsTest, ALogThatEndsBeforeItsSnapshotIsRefused) {
  Set("key", "value");
  const auto snapshot = Require(snapshots_.Begin(kShard, log_.queue().end()));
  AddAll(*snapshot);
  // It is named before the log is durable up to it.
  log_.Append(EntryType::kReleased, ShardId{2}, "");
  Finish(*snapshot);
  Require(snapshots_.Publish());
  sink_.emplace(meter_);
  const auto recovered = Recover(files_, RecoveryAt(), *sink_);
  ASSERT_FALSE(recovered.ok());
  EXPECT_THAT(recovered.error().message, HasSubstr("the log ends here, and shard 1 was as in its "
                                                   "snapshot only at"));
}

TEST(RetentionTest, WhatLiesBeforeTheOldestOriginGoesAndTheNewestSegmentNever) {
  LogNames names;
  for (const std::uint64_t first : {0U, 100U, 200U, 300U}) names.segments.push_back({Lsn{first}});
  names.snapshots = {{ShardId{0}, Lsn{50}}, {ShardId{0}, Lsn{150}}, {ShardId{1}, Lsn{50}}};
  Manifest manifest;
  manifest.identity = kIdentity;
  manifest.identity.num_shards = 2;
  const auto going = [&] { return NotNeeded(manifest, names); };
  const std::string old0 = SnapshotName({ShardId{0}, Lsn{50}});
  const std::string new0 = SnapshotName({ShardId{0}, Lsn{150}});
  const std::string of1 = SnapshotName({ShardId{1}, Lsn{50}});
  EXPECT_THAT(going(), testing::ElementsAre(old0, new0, of1));
  manifest.origins[ShardId{0}] = {Lsn{150}, Lsn{150}, Lsn{190}};
  EXPECT_THAT(going(), testing::ElementsAre(old0, of1)) << "shard 1 needs the whole log";
  manifest.origins[ShardId{1}] = {std::nullopt, Lsn{199}, Lsn{199}};
  EXPECT_THAT(going(), testing::ElementsAre(old0, of1, SegmentName(Lsn{0})));
  manifest.origins[ShardId{0}] = {Lsn{150}, Lsn{200}, Lsn{200}};
  manifest.origins[ShardId{1}] = {std::nullopt, Lsn{200}, Lsn{200}};
  EXPECT_THAT(going(), testing::ElementsAre(old0, of1, SegmentName(Lsn{0}), SegmentName(Lsn{100})));
  manifest.origins[ShardId{0}].start = manifest.origins[ShardId{1}].start = Lsn{1000};
  EXPECT_THAT(going(), testing::Not(testing::Contains(SegmentName(Lsn{300}))));
}

TEST(ManifestTest, WhatIsEncodedIsDecodedAndNothingElseIs) {
  Manifest manifest;
  manifest.identity = kIdentity;
  manifest.origins[ShardId{0}] = {Lsn{5}, Lsn{6}, Lsn{7}};
  manifest.origins[ShardId{3}] = {std::nullopt, Lsn{8}, Lsn{8}};
  manifest.repaired = Lsn{4};
  const Bytes bytes = EncodeManifest(manifest);
  EXPECT_EQ(Require(DecodeManifest(bytes)), manifest);
  EXPECT_EQ(manifest.Needed(), Lsn{}) << "shards that it does not name need everything";
  EXPECT_EQ(manifest.Covered(), Lsn{8});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeManifest(ByteView(bytes).substr(0, size)).ok());
  }
  const auto refused = [](Manifest wrong) { return !DecodeManifest(EncodeManifest(wrong)).ok(); };
  Manifest wrong = manifest;
  wrong.origins[ShardId{4}] = {};
  EXPECT_TRUE(refused(wrong)) << "a shard that the cluster does not have";
  wrong = manifest;
  wrong.origins[ShardId{0}].end = Lsn{5};
  EXPECT_TRUE(refused(wrong)) << "ends before it starts";
  wrong = manifest;
  wrong.origins[ShardId{0}].snapshot = Lsn{7};
  EXPECT_TRUE(refused(wrong)) << "starts before it was begun";
}

}  // namespace
}  // namespace aegis::wal
