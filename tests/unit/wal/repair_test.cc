// What check says of a log and what repair makes of it, whatever is damaged.

#include "wal/repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "log_samples.h"
#include "support/memory_log_files.h"
#include "wal/entry.h"
#include "wal/file_head.h"
#include "wal/history_sink.h"
#include "wal/log_names.h"
#include "wal/manifest.h"
#include "wal/snapshots.h"
#include "wal/survey.h"

namespace aegis::wal {
namespace {

using State = FileVerdict::State;
using testing::Contains;
using testing::HasSubstr;

using Contents = MemoryLogFiles::Contents;

// Two shards in several segments, a snapshot of the first, another one that ends late.
struct Sample {
  Contents files;
  std::vector<std::string> segments;
  std::string snapshot;
};

Sample MakeSample(bool with_snapshot) {
  MemoryLogFiles files;
  WrittenLog log(Require(LogWriter::Create(files, kIdentity, Options(300))));
  Snapshots snapshots(files, {kIdentity, {}, {}});
  store::MemoryMeter meter(1 << 30);
  ReplicaSink model(meter);
  const auto write = [&](std::uint32_t shard, const Bytes& records) {
    log.Write(EntryType::kRecords, ShardId{shard}, records);
    Require(ForEachRecord(records, [&](const replication::Record& record, ByteView encoded) {
      return model.Apply(ShardId{shard}, record, encoded);
    }));
  };
  write(1, EncodedBegin(At(1, 1), {}));
  write(2, EncodedBegin(At(1, 1), {}));
  for (std::uint64_t i = 2; i < 8; ++i) {
    write(1, EncodedSet(At(1, i), "key " + std::to_string(i), Bytes(40, 'v')));
    write(2, EncodedSet(At(1, i), "key " + std::to_string(i), Bytes(40, 'w')));
  }
  Sample sample;
  if (with_snapshot) {
    const Lsn begun = log.queue().end();
    const node::Replica& replica = *model.replicas().at(ShardId{1});
    const auto snapshot = Require(snapshots.Begin(ShardId{1}, begun));
    replica.table().Scan(0, 1000, [&](const store::ItemView& item) {
      Bytes record;
      replication::AppendRecord(node::RecordOf(item), record);
      Require(snapshot->Add(record, 1));
    });
    write(1, EncodedSet(At(1, 8), "key 8", "meanwhile"));
    Require(
        snapshots.Finish(*snapshot, log.queue().end(), {replica.history(), replica.vanished()}));
    Require(snapshots.Publish());
    sample.snapshot = SnapshotName({ShardId{1}, begun});
  }
  write(2, EncodedSet(At(1, 8), "key 8", "last"));
  sample.files = files.contents();
  for (const auto& [name, bytes] : sample.files) {
    if (name.ends_with(".log")) sample.segments.push_back(name);
  }
  return sample;
}

State StateOf(const Survey& survey, const std::string& name) {
  return std::ranges::find(survey.files, name, &FileVerdict::name)->state;
}

// Repairs, and returns the plan. Afterwards the log opens, and everything that was there is.
struct Repaired {
  RepairPlan plan;
  Recovered recovered;
  Contents files;
};

Repaired Repair(const Contents& contents) {
  MemoryLogFiles files(contents);
  Repaired repaired;
  repaired.plan = Require(PlanRepair(files, kNextBoot));
  EXPECT_TRUE(repaired.plan.needed);
  EXPECT_EQ(files.contents(), contents) << "a plan changed something";
  const auto asides = Require(CarryOut(files, repaired.plan));
  repaired.files = files.contents();
  for (const SetAside& aside : asides) {
    EXPECT_EQ(repaired.files.at(aside.now), contents.at(aside.name)) << aside.name;
  }
  for (const auto& [name, bytes] : contents) {
    const bool kept = repaired.files.contains(name) && repaired.files.at(name) == bytes;
    const bool aside = std::ranges::count(asides, name, &SetAside::name) != 0;
    EXPECT_TRUE(kept || aside) << name << " is gone";
  }
  store::MemoryMeter meter(1 << 30);
  ReplicaSink sink(meter);
  repaired.recovered = Require(Recover(files, RecoveryAt(), sink));
  EXPECT_TRUE(repaired.recovered.repaired);
  EXPECT_FALSE(repaired.recovered.torn);
  EXPECT_FALSE(Require(PlanRepair(files, kNextBoot)).needed);

  // It goes on from there, and the next run knows nothing of a repair.
  WrittenLog log(Require(LogWriter::Resume(files, repaired.recovered, Options(300))));
  log.Write(EntryType::kReleased, ShardId{3}, "");
  ReplicaSink again(meter);
  EXPECT_FALSE(Require(Recover(files, RecoveryAt(), again)).repaired);
  return repaired;
}

TEST(SurveyTest, AWholeLogIsWhole) {
  const Sample sample = MakeSample(true);
  Contents contents = sample.files;
  contents["0000000000000000.log.aside-1"] = "old";
  contents["manifest.new"] = "half";
  MemoryLogFiles files(contents);
  const Survey survey = Require(SurveyLog(files, kNextBoot));
  EXPECT_EQ(survey.files.size(), contents.size());
  for (const FileVerdict& verdict : survey.files) {
    const bool ours = sample.files.contains(verdict.name);
    EXPECT_EQ(verdict.state, ours ? State::kWhole : State::kNotNeeded) << verdict.name;
    EXPECT_NE(verdict.what, "");
  }
  EXPECT_EQ(survey.refusal, "");
  ASSERT_TRUE(survey.recovered);
  EXPECT_FALSE(survey.recovered->torn);
  MemoryLogFiles same(contents);
  EXPECT_FALSE(Require(PlanRepair(same, kNextBoot)).needed);
}

TEST(SurveyTest, ATornEndIsToldFromDamage) {
  const Sample sample = MakeSample(false);
  Contents torn = sample.files;
  Bytes& newest = torn[sample.segments.back()];
  newest.resize(newest.find_last_not_of('\0') - 2);
  MemoryLogFiles files(torn);
  Survey survey = Require(SurveyLog(files, kNextBoot));
  EXPECT_EQ(StateOf(survey, sample.segments.back()), State::kTorn);
  ASSERT_TRUE(survey.recovered);
  EXPECT_TRUE(survey.recovered->torn);
  EXPECT_FALSE(Require(PlanRepair(files, kNextBoot)).needed) << "a recovery does that";

  Contents damaged = sample.files;
  damaged[sample.segments[1]][kSegmentHeadSize + 20] ^= 1;
  MemoryLogFiles others(damaged);
  survey = Require(SurveyLog(others, kNextBoot));
  EXPECT_EQ(StateOf(survey, sample.segments[0]), State::kWhole);
  EXPECT_EQ(StateOf(survey, sample.segments[1]), State::kDamaged);
  EXPECT_EQ(StateOf(survey, sample.segments[2]), State::kWhole);
  EXPECT_FALSE(survey.recovered);
  EXPECT_THAT(survey.refusal, HasSubstr(sample.segments[1] + ": offset "));
}

TEST(RepairTest, ADamagedSegmentIsCutOffThereAndNewerOnesAreSetAside) {
  const Sample sample = MakeSample(false);
  ASSERT_GT(sample.segments.size(), 3U);
  Contents contents = sample.files;
  Bytes& segment = contents[sample.segments[1]];
  segment[kSegmentHeadSize + 150] ^= 1;
  const Repaired repaired = Repair(contents);
  EXPECT_THAT(repaired.plan.damage, HasSubstr(sample.segments[1]));
  ASSERT_TRUE(repaired.plan.newest);
  EXPECT_EQ(SegmentName(repaired.plan.newest->first), sample.segments[1]);
  EXPECT_EQ(repaired.plan.set_aside,
            std::vector<std::string>(sample.segments.begin() + 2, sample.segments.end()));
  EXPECT_TRUE(repaired.files.contains(sample.segments[1] + ".aside-1"));
  EXPECT_TRUE(repaired.files.contains("manifest.aside-1"));
  EXPECT_THAT(repaired.plan.losses, Contains(HasSubstr("of shard 1")));
  EXPECT_THAT(repaired.plan.losses, Contains(HasSubstr(sample.segments[2] + " as a whole")));
  EXPECT_EQ(repaired.recovered.segments.back().first, repaired.plan.newest->first);
}

TEST(RepairTest, ASecondRepairSetsAsideUnderAnotherName) {
  const Sample sample = MakeSample(false);
  Contents contents = sample.files;
  contents[sample.segments[3]][kSegmentHeadSize + 50] ^= 1;
  contents = Repair(contents).files;
  contents[sample.segments[1]][kSegmentHeadSize + 50] ^= 1;
  const Repaired again = Repair(contents);
  EXPECT_TRUE(again.files.contains("manifest.aside-2"));
  EXPECT_TRUE(again.files.contains(sample.segments[3] + ".aside-2"));
}

TEST(RepairTest, AMissingSegmentEndsTheLogBeforeIt) {
  const Sample sample = MakeSample(false);
  for (std::size_t i = 1; i < sample.segments.size(); ++i) {
    Contents contents = sample.files;
    contents.erase(sample.segments[i]);
    const Repaired repaired = Repair(contents);
    EXPECT_EQ(SegmentName(repaired.recovered.segments.back().first), sample.segments[i - 1]);
    EXPECT_EQ(SegmentName(repaired.recovered.end), sample.segments[i]);
  }
}

TEST(RepairTest, AMissingBeginningCostsTheShardsThatNeedIt) {
  const Sample sample = MakeSample(false);
  Contents contents = sample.files;
  contents.erase(sample.segments[0]);
  const Repaired repaired = Repair(contents);
  EXPECT_THAT(repaired.plan.losses, Contains(HasSubstr("shard 1, all that this node holds")));
  EXPECT_THAT(repaired.plan.losses, Contains(HasSubstr("shard 2, all that this node holds")));
  EXPECT_EQ(repaired.recovered.counts.records, 0U);
}

TEST(RepairTest, ABrokenSnapshotIsSetAsideAndItsShardBeginsEmpty) {
  const Sample sample = MakeSample(true);
  for (const bool missing : {false, true}) {
    Contents contents = sample.files;
    contents[sample.snapshot][100] ^= 1;
    if (missing) contents.erase(sample.snapshot);
    const Repaired repaired = Repair(contents);
    EXPECT_FALSE(repaired.plan.newest) << "the log is whole";
    EXPECT_EQ(repaired.plan.losses.size(), 1U);
    EXPECT_THAT(repaired.plan.losses[0],
                testing::StartsWith("shard 1, all that this node holds of it: its snapshot " +
                                    sample.snapshot));
    EXPECT_EQ(repaired.files.contains(sample.snapshot + ".aside-1"), !missing);
    const Origin& origin = repaired.plan.manifest.origins.at(ShardId{1});
    EXPECT_FALSE(origin.snapshot);
    EXPECT_EQ(origin.start, repaired.recovered.end);
  }
}

TEST(RepairTest, ASnapshotThatNeedsWhatIsCutOffGoesToo) {
  const Sample sample = MakeSample(true);
  Contents contents = sample.files;
  contents[sample.segments[1]][kSegmentHeadSize + 50] ^= 1;
  const Repaired repaired = Repair(contents);
  EXPECT_THAT(repaired.plan.losses, Contains(HasSubstr("it needs the log up to")));
  EXPECT_TRUE(repaired.files.contains(sample.snapshot + ".aside-1"));
}

TEST(RepairTest, ALostManifestIsMadeAgainIfTheLogIsWholeFromItsBeginning) {
  const Sample sample = MakeSample(true);
  Contents contents = sample.files;
  contents["manifest"][50] ^= 1;
  const Repaired repaired = Repair(contents);
  EXPECT_EQ(repaired.recovered.counts.records, 16U);
  EXPECT_TRUE(repaired.files.contains(sample.snapshot + ".aside-1"));

  contents.erase(sample.segments[0]);
  MemoryLogFiles files(contents);
  const auto plan = PlanRepair(files, kNextBoot);
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(plan.error().message, HasSubstr("Move it away"));
}

TEST(RepairTest, WhatANewerProgramWroteIsLeftAlone) {
  Contents contents = MakeSample(false).files;
  contents["manifest"][4] = 2;
  MemoryLogFiles files(contents);
  EXPECT_FALSE(PlanRepair(files, kNextBoot).ok());
}

TEST(RepairTest, WhateverBitIsFlippedItOpensAfterwards) {
  for (const bool with_snapshot : {false, true}) {
    const Sample sample = MakeSample(with_snapshot);
    for (const auto& [name, bytes] : sample.files) {
      for (std::size_t at = 0; at < bytes.size(); at += name == "manifest" ? 1 : 3) {
        SCOPED_TRACE(name + " offset " + std::to_string(at));
        Contents contents = sample.files;
        contents[name][at] = static_cast<char>(contents[name][at] ^ 0x10);
        MemoryLogFiles files(contents);
        const auto plan = PlanRepair(files, kNextBoot);
        if (!plan.ok()) {
          EXPECT_THAT(plan.error().message, HasSubstr("format version"));
        } else if (plan.value().needed) {
          Repair(contents);
        }
        ASSERT_FALSE(testing::Test::HasFailure());
      }
    }
  }
}

TEST(RepairTest, OneThatWasInterruptedIsRepairedAgain) {
  const Sample sample = MakeSample(true);
  Contents contents = sample.files;
  contents[sample.segments[1]][kSegmentHeadSize + 50] ^= 1;
  for (std::uint64_t call = 0;; ++call) {
    MemoryLogFiles files(contents);
    const RepairPlan plan = Require(PlanRepair(files, kNextBoot));
    Rng rng(call);
    files.FailCall(call, rng.Unit());
    const bool done = CarryOut(files, plan).ok();
    if (!files.failed()) {
      EXPECT_GT(call, 10U);
      EXPECT_TRUE(done);
      return;
    }
    files.StopFailing();
    if (rng.Chance(0.5)) files.Crash(rng);
    const RepairPlan again = Require(PlanRepair(files, kNextBoot));
    if (again.needed) Require(CarryOut(files, again));
    HistorySink sink;
    Require(Recover(files, RecoveryAt(), sink));
    ASSERT_FALSE(testing::Test::HasFailure()) << "call " << call;
  }
}

}  // namespace
}  // namespace aegis::wal
