// Every bit of every file of a small log flipped, every file cut short at every place, every file
// missing. In the newest segment, what lies before the damage is kept, and what follows is
// reported, unless an entry behind the damage shows that it is no crash; all other damage is
// refused, with file, offset and remedy. Never a wrong value, never a change to what is refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "log_samples.h"
#include "support/memory_log_files.h"
#include "wal/entry.h"
#include "wal/file_head.h"
#include "wal/log_names.h"
#include "wal/snapshots.h"

namespace aegis::wal {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// What a node holds: per shard the end of its history, and a number for its items.
using Image = std::map<ShardId, std::pair<Version, std::uint64_t>>;

Image ImageOf(ReplicaSink& sink) {
  Image image;
  for (const auto& [shard, replica] : sink.replicas()) {
    image[shard] = {replica->history().last(), replica->Digest()};
  }
  return image;
}

struct Sample {
  MemoryLogFiles::Contents files;
  std::string newest;        // The newest segment,
  Lsn first;                 // its first entry,
  std::vector<Lsn> entries;  // all of them, and the end;
  Lsn durable;               // up to where the entries in it say that the log was durable.
  std::vector<std::pair<Lsn, Image>> images;  // What there is once the log reaches so far.

  Lsn end() const { return entries.back(); }
  const Image& ImageAt(Lsn lsn) const {
    const auto behind =
        std::ranges::upper_bound(images, lsn, {}, [](const auto& entry) { return entry.first; });
    return std::prev(behind)->second;
  }
  // The entry that this byte of the newest segment is of; the end if it is of none.
  Lsn EntryAt(std::size_t offset) const {
    const Lsn lsn = Behind(first, offset - kSegmentHeadSize);
    if (lsn >= end()) return end();
    return *std::prev(std::ranges::upper_bound(entries, lsn));
  }
};

// Writes a log and keeps account.
class Scribe {
 public:
  explicit Scribe(std::uint64_t segment_size)
      : log_(Require(LogWriter::Create(files_, kIdentity, Options(segment_size)))),
        snapshots_(files_, {kIdentity, {}, {}}) {
    Note();
  }

  void Begin(std::uint32_t shard) {
    Records(shard, EncodedBegin(At(1, 1), {}));
    last_[ShardId{shard}] = 1;
  }
  void Set(std::uint32_t shard, const Bytes& key, const Bytes& value) {
    Records(shard, EncodedSet(At(1, ++last_[ShardId{shard}]), key, value));
  }
  void Flush() { Require(log_.Flush()); }

  // Of a shard to which something happens meanwhile.
  void Snapshot(std::uint32_t number) {
    const ShardId shard{number};
    const node::Replica& replica = *model_.replicas().at(shard);
    const auto snapshot = Require(snapshots_.Begin(shard, log_.queue().end()));
    Set(number, "meanwhile", "1");
    replica.table().Scan(0, 1000, [&](const store::ItemView& item) {
      Bytes record;
      replication::AppendRecord(node::RecordOf(item), record);
      Require(snapshot->Add(record, 1));
    });
    Set(number, "meanwhile", "2");
    Require(
        snapshots_.Finish(*snapshot, log_.queue().end(), {replica.history(), replica.vanished()}));
  }
  void Empty(std::uint32_t number) { snapshots_.SetEmpty(ShardId{number}, log_.queue().end()); }
  void Publish() {
    Flush();
    Require(snapshots_.Publish());
  }

  Sample Finish() {
    Sample sample;
    sample.files = files_.contents();
    for (const auto& [name, bytes] : sample.files) {
      if (name.ends_with(".log")) sample.newest = name;
    }
    const auto listed = Require(files_.List());
    sample.first = SortNames(listed).segments.back().first;
    auto reader = Require(SegmentReader::Open(files_, {sample.first, 0}));
    while (const auto entry = Require(reader.Next())) {
      sample.entries.push_back(entry->lsn);
      if (entry->type == EntryType::kSynced) {
        sample.durable = std::max(sample.durable, Require(DecodeLsn(entry->payload)));
      }
    }
    sample.entries.push_back(reader.position());
    sample.images = images_;
    return sample;
  }

 private:
  void Records(std::uint32_t number, const Bytes& records) {
    log_.Append(EntryType::kRecords, ShardId{number}, records);
    Require(ForEachRecord(records, [&](const replication::Record& record, ByteView encoded) {
      return model_.Apply(ShardId{number}, record, encoded);
    }));
    Note();
  }
  void Note() { images_.emplace_back(log_.queue().end(), ImageOf(model_)); }

  store::MemoryMeter meter_{1 << 30};
  ReplicaSink model_{meter_};
  MemoryLogFiles files_;
  WrittenLog log_;
  Snapshots snapshots_;
  std::map<ShardId, std::uint64_t> last_;
  std::vector<std::pair<Lsn, Image>> images_;
};

// Three segments, no snapshots; the newest ends with a batch of three entries.
Sample PlainLog() {
  Scribe scribe(400);
  scribe.Begin(1);
  scribe.Flush();
  scribe.Begin(2);
  for (int i = 0; i < 9; ++i) {
    scribe.Set(1 + static_cast<std::uint32_t>(i % 2), "key " + std::to_string(i), Bytes(9, 'v'));
    scribe.Flush();
  }
  scribe.Set(1, "a", "in the last batch");
  scribe.Set(2, "b", "too");
  scribe.Set(1, "a", "");
  scribe.Flush();
  return scribe.Finish();
}

// Snapshots of all shards that hold anything, made while they changed, and segments behind them.
Sample LogWithSnapshots() {
  Scribe scribe(300);
  scribe.Empty(0);
  scribe.Empty(3);
  scribe.Begin(1);
  scribe.Begin(2);
  for (int i = 0; i < 8; ++i) {
    scribe.Set(1 + static_cast<std::uint32_t>(i % 2), "key " + std::to_string(i), Bytes(50, 'v'));
    scribe.Flush();
  }
  scribe.Snapshot(1);
  scribe.Flush();
  scribe.Empty(0);
  scribe.Empty(3);
  scribe.Snapshot(2);
  scribe.Publish();
  for (int i = 0; i < 5; ++i) {
    scribe.Set(2, "key " + std::to_string(i), "new");
    scribe.Flush();
  }
  return scribe.Finish();
}

std::vector<Sample> Samples() { return {PlainLog(), LogWithSnapshots()}; }

struct Outcome {
  std::optional<Recovered> recovered;
  Image image;
  std::string refusal;
};

Outcome Reopen(const MemoryLogFiles::Contents& contents, BootId boot = kNextBoot) {
  store::MemoryMeter meter(1 << 30);
  ReplicaSink sink(meter);
  MemoryLogFiles files(contents);
  auto recovered = Recover(files, RecoveryAt(boot, /*piece=*/4096), sink);
  EXPECT_EQ(files.contents(), contents) << "a recovery changed something";
  Outcome outcome;
  if (recovered.ok()) {
    outcome.recovered = std::move(recovered).value();
    outcome.image = ImageOf(sink);
  } else {
    EXPECT_EQ(recovered.error().code, ErrorCode::kInvalid);
    outcome.refusal = recovered.error().message;
  }
  return outcome;
}

void ExpectRefused(const Outcome& outcome, const std::string& name) {
  ASSERT_FALSE(outcome.recovered) << "not refused";
  EXPECT_THAT(outcome.refusal, MatchesRegex("memory/" + name + ": offset [0-9]+: .*\\. .*"));
  EXPECT_THAT(outcome.refusal, testing::AnyOf(HasSubstr("'aegis-cli wal repair memory'"),
                                              HasSubstr("Start the version of AegisKV that"),
                                              HasSubstr("or move memory away")));
}

// The log ends at `end`, and says so if anything stood behind that.
void ExpectRecovered(const Outcome& outcome, const Sample& sample, Lsn end, bool torn) {
  ASSERT_TRUE(outcome.recovered) << outcome.refusal;
  EXPECT_EQ(outcome.recovered->end, end);
  EXPECT_EQ(outcome.image, sample.ImageAt(end));
  ASSERT_EQ(outcome.recovered->torn.has_value(), torn);
  if (!torn) return;
  EXPECT_EQ(outcome.recovered->torn->file, "memory/" + sample.newest);
  EXPECT_EQ(outcome.recovered->torn->offset, kSegmentHeadSize + BytesBetween(sample.first, end));
  EXPECT_THAT(outcome.recovered->torn->Describe(), HasSubstr("bytes at its end"));
}

TEST(RecoveryDamageTest, TheSamplesHaveWhatCanBeDamaged) {
  for (const Sample& sample : Samples()) {
    ExpectRecovered(Reopen(sample.files), sample, sample.end(), /*torn=*/false);
    EXPECT_GE(std::ranges::count_if(sample.files,
                                    [](const auto& file) { return file.first.ends_with(".log"); }),
              2);
    EXPECT_GE(sample.entries.size(), 5U);
    EXPECT_GT(sample.files.at(sample.newest).size(),
              kSegmentHeadSize + BytesBetween(sample.first, sample.end()));
  }
  EXPECT_EQ(LogWithSnapshots().files.size(), 6U) << "manifest, snapshots and segments";
}

TEST(RecoveryDamageTest, EveryFlippedBitIsRefusedOrCostsTheEndThatACrashMayHaveTorn) {
  int refused = 0;
  int recovered = 0;
  for (const Sample& sample : Samples()) {
    for (const auto& [name, bytes] : sample.files) {
      for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
          SCOPED_TRACE(name + " offset " + std::to_string(at) + " bit " + std::to_string(bit));
          auto files = sample.files;
          files[name][at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ 1U << bit);
          const Outcome outcome = Reopen(files);
          if (name == sample.newest && at >= kSegmentHeadSize) {
            const Lsn entry = sample.EntryAt(at);
            if (entry < sample.durable) {
              ExpectRefused(outcome, name);
              ++refused;
            } else {
              ExpectRecovered(outcome, sample, entry, /*torn=*/true);
              ++recovered;
            }
          } else if (name.ends_with(".log") && at + kEntryHeadSize >= bytes.size()) {
            // A seal: that there is a newer segment says the same.
            ExpectRecovered(outcome, sample, sample.end(), /*torn=*/false);
          } else {
            ExpectRefused(outcome, name);
            ++refused;
          }
          ASSERT_FALSE(testing::Test::HasFailure());
        }
      }
    }
  }
  EXPECT_GT(refused, 10'000);
  EXPECT_GT(recovered, 1000);
}

TEST(RecoveryDamageTest, WholeEntriesBehindTheDamageAreDamageUnlessThePowerFailed) {
  const Sample sample = PlainLog();
  // The last batch: three entries, and how far the log was durable before.
  const Lsn first_of_batch = sample.entries[sample.entries.size() - 5];
  EXPECT_EQ(first_of_batch, sample.durable);
  auto files = sample.files;
  const std::size_t at = kSegmentHeadSize + BytesBetween(sample.first, first_of_batch);
  files[sample.newest][at + 1] ^= 1;
  const Outcome torn = Reopen(files, kNextBoot);
  ExpectRecovered(torn, sample, first_of_batch, /*torn=*/true);
  EXPECT_EQ(torn.recovered->torn->entries, 3U);
  EXPECT_THAT(torn.recovered->torn->Describe(), HasSubstr(", 3 whole entries among them"));
  ExpectRecovered(Reopen(files, BootId{}), sample, first_of_batch, /*torn=*/true);
  const Outcome damaged = Reopen(files, kBoot);
  ExpectRefused(damaged, sample.newest);
  EXPECT_THAT(damaged.refusal, HasSubstr("but whole entries follow, from"));
}

TEST(RecoveryDamageTest, EveryShortFileIsRefusedOrCostsTheEntriesThatAreNotWhole) {
  for (const Sample& sample : Samples()) {
    const Lsn covered = Require(DecodeManifest(sample.files.at("manifest"))).Covered();
    for (const auto& [name, bytes] : sample.files) {
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        SCOPED_TRACE(name + " cut to " + std::to_string(size));
        auto files = sample.files;
        files[name].resize(size);
        const Outcome outcome = Reopen(files);
        if (name == sample.newest && size >= kSegmentHeadSize) {
          const Lsn end = sample.EntryAt(size);
          const bool whole = size >= kSegmentHeadSize + BytesBetween(sample.first, sample.end()) ||
                             size == kSegmentHeadSize + BytesBetween(sample.first, end);
          if (end < covered) {
            ExpectRefused(outcome, name);
          } else {
            ExpectRecovered(outcome, sample, end, /*torn=*/!whole);
          }
        } else if (name.ends_with(".log") && name != sample.newest &&
                   size + kEntryHeadSize >= bytes.size()) {
          ExpectRecovered(outcome, sample, sample.end(), /*torn=*/false);
        } else {
          ExpectRefused(outcome, name);
        }
        ASSERT_FALSE(testing::Test::HasFailure());
      }
    }
  }
}

TEST(RecoveryDamageTest, EveryMissingFileIsMissed) {
  for (const Sample& sample : Samples()) {
    for (const auto& [name, bytes] : sample.files) {
      SCOPED_TRACE(name);
      auto files = sample.files;
      files.erase(name);
      const Outcome outcome = Reopen(files);
      ASSERT_FALSE(outcome.recovered);
      EXPECT_THAT(outcome.refusal, HasSubstr("missing"));
      EXPECT_THAT(outcome.refusal, HasSubstr("'aegis-cli wal repair memory'"));
    }
  }
}

TEST(RecoveryDamageTest, WhateverFollowsTheLastEntryIsTorn) {
  for (const Sample& sample : Samples()) {
    const std::size_t end = kSegmentHeadSize + BytesBetween(sample.first, sample.end());
    const Bytes& newest = sample.files.at(sample.newest);
    const Bytes entries = newest.substr(kSegmentHeadSize, end - kSegmentHeadSize);
    Bytes elsewhere;  // Whole, but of another place.
    AppendEntry(kIdentity.log, {Lsn{77}, EntryType::kReleased, ShardId{1}, {}}, elsewhere);
    Bytes foreign;  // In its place, but of another log.
    AppendEntry(LogId{9}, {sample.end(), EntryType::kReleased, ShardId{1}, {}}, foreign);
    for (const Bytes& tail :
         {Bytes(1, 'x'), Bytes(100, '\xff'), entries, elsewhere, foreign, Bytes(40, '\0') + 'x'}) {
      SCOPED_TRACE(testing::PrintToString(tail));
      auto files = sample.files;
      files[sample.newest] = newest.substr(0, end) + tail;
      const Outcome outcome = Reopen(files, kBoot);
      ExpectRecovered(outcome, sample, sample.end(), /*torn=*/true);
      EXPECT_EQ(outcome.recovered->torn->bytes, tail.find_last_not_of('\0') + 1);
      EXPECT_EQ(outcome.recovered->torn->entries, 0U);
    }
    auto files = sample.files;
    files[sample.newest] = newest.substr(0, end) + Bytes(100'000, '\0');
    ExpectRecovered(Reopen(files), sample, sample.end(), /*torn=*/false);
  }
}

TEST(RecoveryDamageTest, ATornEndIsCutOffBeforeTheLogGoesOn) {
  const Sample sample = PlainLog();
  for (std::size_t cut = 1; cut < 60; cut += 7) {
    const std::size_t end = kSegmentHeadSize + BytesBetween(sample.first, sample.end());
    auto contents = sample.files;
    contents[sample.newest].resize(end - cut);
    contents[sample.newest].append(200, '\xee');
    MemoryLogFiles files(contents);
    store::MemoryMeter meter(1 << 30);
    ReplicaSink sink(meter);
    const Recovered recovered = Require(Recover(files, RecoveryAt(), sink));
    ASSERT_TRUE(recovered.torn);
    WrittenLog log(Require(LogWriter::Resume(files, recovered, Options(400))));
    log.Write(EntryType::kReleased, ShardId{3}, "");
    ReplicaSink again(meter);
    const Recovered reread = Require(Recover(files, RecoveryAt(), again));
    EXPECT_FALSE(reread.torn);
    EXPECT_EQ(reread.end, log.writer().end());
    EXPECT_EQ(ImageOf(again), ImageOf(sink));
  }
}

TEST(RecoveryDamageTest, NamesThatLookLikeOursAndAreNotAreRefused) {
  for (const char* name : {"1.log", "000000000000000g.log", "00001.snap",
                           "99999-0000000000000000.snap", "00000000000000000.log"}) {
    auto files = PlainLog().files;
    files[name] = "";
    ExpectRefused(Reopen(files), name);
  }
  auto files = PlainLog().files;
  files["lost+found"] = files["0000000000000000.log.aside-1"] = files["x.log.new"] = "x";
  EXPECT_TRUE(Reopen(files).recovered);
}

}  // namespace
}  // namespace aegis::wal
