// Random nodes on a disk that loses, tears and reorders what was not synced, fails at any call and
// fills up: shards that are written, copied, repaired, released and emptied, snapshots that are
// made meanwhile, crashes of the process and of the power. Whatever was acknowledged is there
// afterwards; what is there is, for every shard, exactly what it was at the place where the log
// ends.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "log_samples.h"
#include "support/memory_log_files.h"
#include "wal/payloads.h"
#include "wal/snapshots.h"

namespace aegis::wal {
namespace {

using replication::Record;
using replication::RecordType;

// How often the rare branches were taken, over all seeds.
struct Sometimes {
  int power_failures = 0;
  int failed_calls = 0;
  int full_disks = 0;
  int torn_ends = 0;
  int torn_with_whole_entries = 0;
  int unacknowledged_entries_kept = 0;
  int failed_resumptions = 0;
  int snapshots_finished = 0;
  int snapshots_across_writes = 0;
  int snapshots_given_up = 0;
  int snapshots_kept = 0;
  int manifests = 0;
  int segments_gone = 0;
  int copies_adopted = 0;
  int copies_dropped = 0;
  int units = 0;
  int units_cut = 0;
  int ranges = 0;
  int releases = 0;
};

struct Holdings {
  VersionVector history;
  std::uint64_t digest = 0;
  std::size_t items = 0;
};

Holdings HoldingsOf(const node::Replica* replica) {
  if (replica == nullptr) return {};
  return {replica->history(), replica->Digest(), replica->table().items()};
}

// One shard as the node has it.
struct ModelShard {
  ShardId id;
  std::unique_ptr<node::Replica> replica = {};  // Null: nothing.
  std::unique_ptr<node::Replica> copy = {};
  std::uint64_t copied = 0;    // Highest seq in the copy.
  std::uint64_t replaced = 0;  // How often the replica was.
  Lsn last = {};               // Where the shard's newest entry ends.
  // What it held from this place of the log on.
  std::vector<std::pair<Lsn, Holdings>> held = {{Lsn{}, Holdings{}}};
};

class Life {
 public:
  Life(std::uint64_t seed, Sometimes& sometimes)
      : rng_(seed),
        sometimes_(sometimes),
        durability_(rng_.Chance(0.6) ? Durability::kFsync : Durability::kWrite),
        segment_size_(200 + rng_.Below(1500)),
        files_(rng_.Chance(0.5) ? 16 : 64) {
    for (std::uint32_t i = 0; i < kIdentity.num_shards; ++i) shards_.push_back({.id = ShardId{i}});
  }

  void Play() {
    Create();
    for (int round = 0; round < 8 && !testing::Test::HasFailure(); ++round) {
      PrepareFailure();
      const int steps = 20 + static_cast<int>(rng_.Below(60));
      for (int i = 0; i < steps && log_; ++i) Step();
      Restart();
    }
  }

 private:
  LogWriter::Options NextOptions() {
    return {{Session{++session_}, boot_, durability_}, segment_size_};
  }

  void Create() {
    while (true) {
      if (rng_.Chance(0.2)) files_.FailCall(rng_.Below(12), rng_.Unit());
      auto created = LogWriter::Create(files_, kIdentity, NextOptions());
      files_.StopFailing();
      if (created.ok()) {
        Manifest manifest;
        manifest.identity = kIdentity;
        return GoOn(std::move(created).value(), std::move(manifest));
      }
      if (rng_.Chance(0.5)) FailPower();
      if (Require(LogExists(files_))) return Restart();
    }
  }

  void GoOn(LogWriter writer, Manifest manifest) {
    acknowledged_ = written_ = writer.end();
    log_.emplace(std::move(writer));
    snapshots_ = std::make_unique<Snapshots>(files_, std::move(manifest));
  }

  void FailPower() {
    ++sometimes_.power_failures;
    files_.Crash(rng_);
    boot_ = {boot_.high, boot_.low + 1};
  }

  void PrepareFailure() {
    const auto kind = rng_.Below(5);
    if (kind == 0) files_.FailCall(rng_.Below(80), rng_.Unit());
    if (kind == 1) files_.FailSync(rng_.Below(40));
    if (kind == 2) {
      std::uint64_t used = 0;
      for (const auto& [name, bytes] : files_.contents()) used += bytes.size();
      files_.SetCapacity(used + rng_.Below(4000));
      disk_fills_ = true;
    }
  }

  ModelShard& AnyShard() { return shards_[rng_.Below(shards_.size())]; }

  void Step() {
    ModelShard& shard = AnyShard();
    switch (rng_.Below(20)) {
      case 0:
        return BeginCopy(shard);
      case 1:
      case 2:
        return CopySome(shard);
      case 3:
        return AdoptCopy(shard);
      case 4:
        return ReplaceRange(shard);
      case 5:
        return rng_.Chance(0.3) ? Release(shard) : WriteUnit(shard);
      case 6:
      case 7:
      case 8:
        return Snapshot();
      case 9:
        return Publish();
      case 10:
      case 11:
      case 12:
        return Flush();
      default:
        return WriteSome(shard);
    }
  }

  // --- What happens to shards
  // ---------------------------------------------------------------------

  void Append(ModelShard& shard, EntryType type, ByteView payload) {
    shard.last = log_->Append(type, shard.id, payload);
  }
  void Note(ModelShard& shard) {
    shard.held.emplace_back(log_->queue().end(), HoldingsOf(shard.replica.get()));
  }
  std::unique_ptr<node::Replica> NewReplica() {
    return std::make_unique<node::Replica>(kHashSeed, meter_, 16);
  }
  Bytes AnyKey() { return "key " + std::to_string(rng_.Below(12)); }

  // The next record of the shard's history, of any kind; `joined`: it waits for its end.
  Bytes NextRecord(ModelShard& shard, bool joined = false) {
    if (!shard.replica) shard.replica = NewReplica();
    node::Replica& replica = *shard.replica;
    const Version last = replica.history().last();
    const bool begins = last == Version{} || (!joined && !in_unit_ && rng_.Chance(0.05));
    if (begins) return EncodedBegin(At(last.epoch.value() + 1, 1), last);
    const Version next{last.epoch, Seq{last.seq.value() + 1}};
    const auto item = replica.table().Find(AnyKey());
    switch (rng_.Below(10)) {
      case 0:
        return OwnedRecord(RecordType::kErase, next, AnyKey(), "", 0, joined).Encoded();
      case 1:
        if (!item) break;
        return OwnedRecord(rng_.Chance(0.5) ? RecordType::kEvict : RecordType::kExpire, next, "",
                           replication::EncodeVersion(item->version),
                           replica.table().Hash(item->key), joined)
            .Encoded();
      case 2:
        if (rng_.Chance(0.7)) break;
        return OwnedRecord(RecordType::kClear, next, "", "", 0, joined).Encoded();
      case 3:
        if (rng_.Chance(0.5)) break;
        return OwnedRecord(RecordType::kTrim, next, "", "", last.Pack(), joined).Encoded();
      default:
        break;
    }
    return OwnedRecord(
               RecordType::kSet, next, AnyKey(),
               Bytes(static_cast<std::size_t>(rng_.Below(90)), static_cast<char>(rng_.Below(256))),
               rng_.Chance(0.3) ? rng_.Below(1000) : 0, joined)
        .Encoded();
  }

  void ApplyTo(node::Replica& replica, const Bytes& records) {
    Require(ForEachRecord(records, [&](const Record& record, ByteView encoded) {
      replica.Apply(record, encoded);
      replica.TakeCleared();
      return Result<Ok>(Ok{});
    }));
  }

  // As a leader, one record an entry; as a follower, some at once.
  void WriteSome(ModelShard& shard) {
    DropCopy(shard);
    Bytes records;
    for (std::uint64_t i = rng_.Chance(0.3) ? rng_.Below(4) : 0;; --i) {
      const Bytes record = NextRecord(shard);
      ApplyTo(*shard.replica, record);
      records += record;
      if (i == 0) break;
    }
    Append(shard, EntryType::kRecords, records);
    Note(shard);
  }

  // Joined records, each an entry; perhaps the node ends in the middle.
  void WriteUnit(ModelShard& shard) {
    WriteSome(shard);
    ++sometimes_.units;
    in_unit_ = true;
    Bytes records;
    for (std::uint64_t i = 1 + rng_.Below(3); i > 0; --i) {
      const Bytes record = NextRecord(shard, /*joined=*/true);
      ApplyTo(*shard.replica, record);
      Append(shard, EntryType::kRecords, record);
    }
    in_unit_ = false;
    const Version last = shard.replica->history().last();
    const Bytes end =
        OwnedRecord(RecordType::kEnd, {last.epoch, Seq{last.seq.value() + 1}}).Encoded();
    if (rng_.Chance(0.2)) {  // A batch of the log ends within it.
      Flush();
      if (!log_) return;
    }
    ApplyTo(*shard.replica, end);
    Append(shard, EntryType::kRecords, end);
    Note(shard);
  }

  void BeginCopy(ModelShard& shard) {
    DropCopy(shard);
    shard.copy = NewReplica();
    shard.copied = 0;
    Append(shard, EntryType::kCopyBegun, "");
  }
  void DropCopy(ModelShard& shard) {
    sometimes_.copies_dropped += shard.copy ? 1 : 0;
    shard.copy.reset();
  }
  std::uint32_t CopyEpoch(const ModelShard& shard) const {
    return shard.replica ? shard.replica->history().last().epoch.value() + 1 : 1;
  }
  void CopySome(ModelShard& shard) {
    if (!shard.copy) return;
    Bytes records;
    for (std::uint64_t i = rng_.Below(5) + 1; i > 0; --i) {
      const std::uint64_t seq = 1 + rng_.Below(40);
      shard.copied = std::max(shard.copied, seq);
      const auto type = rng_.Chance(0.2) ? RecordType::kErase : RecordType::kSet;
      records += OwnedRecord(type, At(CopyEpoch(shard), seq), AnyKey(),
                             type == RecordType::kSet ? "copied " + std::to_string(seq) : "")
                     .Encoded();
    }
    Require(ForEachRecord(records, [&](const Record& record, ByteView) {
      shard.copy->Absorb(record);
      return Result<Ok>(Ok{});
    }));
    Append(shard, EntryType::kCopied, records);
  }
  void AdoptCopy(ModelShard& shard) {
    if (!shard.copy || shard.copied == 0) return;
    ++sometimes_.copies_adopted;
    Adoption adoption;
    adoption.history =
        VersionVector({{Epoch{CopyEpoch(shard)}, Session{rng_.Next()}, Seq{shard.copied}, Seq{}}});
    adoption.vanished = At(0, rng_.Below(5));
    Bytes payload;
    AppendAdoption(adoption, payload);
    shard.copy->Adopt(adoption.history, adoption.vanished);
    shard.replica = std::move(shard.copy);
    ++shard.replaced;
    Append(shard, EntryType::kCopyAdopted, payload);
    Note(shard);
  }

  void ReplaceRange(ModelShard& shard) {
    if (!shard.replica || shard.replica->history().empty()) return;
    ++sometimes_.ranges;
    const Version last = shard.replica->history().last();
    const Bytes key = AnyKey();
    const auto hash = static_cast<std::uint32_t>(shard.replica->table().Hash(key));
    const HashRange range = rng_.Chance(0.3) ? HashRange{} : HashRange{hash, hash + 1ULL};
    Bytes items;
    if (rng_.Chance(0.7)) {
      items = EncodedSet({last.epoch, Seq{1 + rng_.Below(last.seq.value())}}, key, "repaired");
    }
    std::vector<Record> records;
    Require(ForEachRecord(items, [&](const Record& record, ByteView) {
      records.push_back(record);
      return Result<Ok>(Ok{});
    }));
    shard.replica->ReplaceRange(range, records);
    Bytes payload;
    AppendRange(range, payload);
    Append(shard, EntryType::kRangeReplaced, payload + items);
    Note(shard);
  }

  void Release(ModelShard& shard) {
    ++sometimes_.releases;
    DropCopy(shard);
    shard.replica.reset();
    ++shard.replaced;
    Append(shard, EntryType::kReleased, "");
    Note(shard);
  }

  // --- The log
  // --------------------------------------------------------------------------------------

  void Flush() {
    if (!log_->Flush().ok()) return Stop();
    // A process that ends loses nothing that the system has; the power may take what is not synced.
    acknowledged_ = log_->writer().synced();
    written_ = log_->writer().end();
  }
  void Stop() {
    log_.reset();
    snapshots_.reset();
    snapshot_.reset();
  }

  // --- Snapshots
  // ------------------------------------------------------------------------------------

  void Snapshot() {
    if (snapshot_) return ContinueSnapshot();
    ModelShard& shard = AnyShard();
    if (shard.copy) return;
    const Lsn now = log_->queue().end();
    if (!shard.replica) return snapshots_->SetEmpty(shard.id, now);
    const auto origin = snapshots_->manifest().origins.find(shard.id);
    const bool has = origin != snapshots_->manifest().origins.end() && origin->second.snapshot;
    if (has && shard.last <= origin->second.start) {
      ++sometimes_.snapshots_kept;
      return snapshots_->Touch(shard.id, now);
    }
    auto begun = snapshots_->Begin(shard.id, now);
    if (!begun.ok()) return;
    snapshot_ = std::move(begun).value();
    snapshot_of_ = &shard;
    snapshot_replaced_ = shard.replaced;
    snapshot_begun_ = now;
    cursor_ = 0;
    ended_scan_ = false;
  }

  void ContinueSnapshot() {
    ModelShard& shard = *snapshot_of_;
    if (shard.replaced != snapshot_replaced_) {
      ++sometimes_.snapshots_given_up;
      (void)snapshots_->GiveUp(std::move(snapshot_)).ok();
      return;
    }
    if (!ended_scan_) {
      Bytes records;
      std::uint64_t items = 0;
      cursor_ = shard.replica->table().Scan(cursor_, 3, [&](const store::ItemView& item) {
        replication::AppendRecord(node::RecordOf(item), records);
        ++items;
      });
      ended_scan_ = cursor_ == 0;
      if (!snapshot_->Add(records, items).ok()) snapshot_.reset();
      return;
    }
    const auto finished = snapshots_->Finish(*snapshot_, log_->queue().end(),
                                             {shard.replica->history(), shard.replica->vanished()});
    snapshot_.reset();
    if (!finished.ok()) return;
    ++sometimes_.snapshots_finished;
    sometimes_.snapshots_across_writes += shard.last > snapshot_begun_ ? 1 : 0;
  }

  void Publish() {
    Flush();
    if (!log_) return;
    if (!log_->writer().Sync().ok()) return Stop();
    acknowledged_ = log_->writer().synced();
    const std::size_t before = files_.contents().size();
    if (!snapshots_->Publish().ok()) return;
    ++sometimes_.manifests;
    sometimes_.segments_gone += files_.contents().size() < before ? 1 : 0;
  }

  // --- Endings
  // --------------------------------------------------------------------------------------

  // The process ends, or the power fails; it is started until its log opens.
  void Restart() {
    sometimes_.failed_calls += files_.failed() ? 1 : 0;
    sometimes_.full_disks += std::exchange(disk_fills_, false) && !log_ ? 1 : 0;
    files_.StopFailing();
    Stop();
    Lsn kept = written_;
    if (rng_.Chance(0.6)) {
      FailPower();
      kept = acknowledged_;
    }
    for (ModelShard& shard : shards_) shard.copy.reset();
    while (!testing::Test::HasFailure()) {
      meter_sinks_.push_back(std::make_unique<ReplicaSink>(meter_));
      ReplicaSink& sink = *meter_sinks_.back();
      const auto recovered = Recover(files_, RecoveryAt(boot_, 1 + rng_.Below(300)), sink);
      ASSERT_TRUE(recovered.ok()) << recovered.error().message;
      const Recovered& log = recovered.value();
      ASSERT_GE(log.end, kept) << "what was acknowledged is gone";
      sometimes_.unacknowledged_entries_kept += log.end > acknowledged_ ? 1 : 0;
      sometimes_.torn_ends += log.torn ? 1 : 0;
      sometimes_.torn_with_whole_entries += log.torn && log.torn->entries > 0 ? 1 : 0;
      sometimes_.units_cut += log.counts.unfinished > 0 ? 1 : 0;
      ASSERT_NO_FATAL_FAILURE(ExpectHeld(sink, log.end));
      for (ModelShard& shard : shards_) {
        std::erase_if(shard.held, [&](const auto& entry) { return entry.first > log.end; });
      }
      if (rng_.Chance(0.3)) files_.FailCall(rng_.Below(12), rng_.Unit());
      auto resumed = LogWriter::Resume(files_, log, NextOptions());
      files_.StopFailing();
      if (resumed.ok()) {
        TakeOver(sink, log.end);
        GoOn(std::move(resumed).value(), log.manifest);
        return;
      }
      ++sometimes_.failed_resumptions;
      if (rng_.Chance(0.5)) {
        FailPower();
        kept = acknowledged_;
      }
    }
  }

  void ExpectHeld(ReplicaSink& sink, Lsn end) {
    EXPECT_TRUE(sink.copies().empty());
    for (const ModelShard& shard : shards_) {
      const auto behind = std::ranges::upper_bound(shard.held, end, {},
                                                   [](const auto& entry) { return entry.first; });
      const Holdings& expected = std::prev(behind)->second;
      const auto found = sink.replicas().find(shard.id);
      const node::Replica* replica = found == sink.replicas().end() ? nullptr : found->second.get();
      const Holdings actual = HoldingsOf(replica);
      ASSERT_EQ(actual.history, expected.history) << "shard " << shard.id.value();
      ASSERT_EQ(actual.items, expected.items) << "shard " << shard.id.value();
      ASSERT_EQ(actual.digest, expected.digest) << "shard " << shard.id.value();
    }
  }

  void TakeOver(ReplicaSink& sink, Lsn end) {
    for (ModelShard& shard : shards_) {
      shard.replica = std::move(sink.replicas()[shard.id]);
      ++shard.replaced;
      shard.last = end;
    }
  }

  Rng rng_;
  Sometimes& sometimes_;
  const Durability durability_;
  const std::uint64_t segment_size_;
  store::MemoryMeter meter_{1 << 30};
  std::vector<std::unique_ptr<ReplicaSink>> meter_sinks_;
  MemoryLogFiles files_;
  BootId boot_{1, 1};
  std::uint64_t session_ = 0;
  std::vector<ModelShard> shards_;
  std::optional<WrittenLog> log_;
  std::unique_ptr<Snapshots> snapshots_;
  Lsn acknowledged_;  // Survives a power failure,
  Lsn written_;       // the end of the process.
  bool in_unit_ = false;
  bool disk_fills_ = false;

  std::unique_ptr<ShardSnapshot> snapshot_;
  ModelShard* snapshot_of_ = nullptr;
  std::uint64_t snapshot_replaced_ = 0;
  Lsn snapshot_begun_;
  std::uint64_t cursor_ = 0;
  bool ended_scan_ = false;
};

TEST(LogCrashTest, WhatWasAcknowledgedIsThereAndNothingElseThanWhatWas) {
  Sometimes sometimes;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life(seed, sometimes).Play();
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(sometimes.power_failures, 1000);
  EXPECT_GT(sometimes.failed_calls, 1000);
  EXPECT_GT(sometimes.full_disks, 100);
  EXPECT_GT(sometimes.torn_ends, 500);
  EXPECT_GT(sometimes.torn_with_whole_entries, 50);
  EXPECT_GT(sometimes.unacknowledged_entries_kept, 500);
  EXPECT_GT(sometimes.failed_resumptions, 500);
  EXPECT_GT(sometimes.snapshots_finished, 1000);
  EXPECT_GT(sometimes.snapshots_across_writes, 500);
  EXPECT_GT(sometimes.snapshots_given_up, 100);
  EXPECT_GT(sometimes.snapshots_kept, 100);
  EXPECT_GT(sometimes.manifests, 1000);
  EXPECT_GT(sometimes.segments_gone, 50);
  EXPECT_GT(sometimes.copies_adopted, 500);
  EXPECT_GT(sometimes.copies_dropped, 500);
  EXPECT_GT(sometimes.units, 500);
  EXPECT_GT(sometimes.units_cut, 20);
  EXPECT_GT(sometimes.ranges, 500);
  EXPECT_GT(sometimes.releases, 500);
}

}  // namespace
}  // namespace aegis::wal
