#include "node/core/shard.h"

#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "node/core/executor.h"
#include "node/core/shard_sink.h"

namespace aegis::node {

using replication::Record;
using replication::RecordType;

namespace {

constexpr std::size_t kVictimsPerTurn = 64;
constexpr std::size_t kVictimsPerWrite = 32;
// What one write evicts of its own shard, under one hold of its lock: well below a millisecond.
// What is still missing then is given by turns, see making_room.h.
constexpr std::size_t kVictimsPerHold = 256;
// Rings of recent records are metered in such steps: the meter is everybody's, and each write to it
// costs.
constexpr std::size_t kMeteredStep = 1024;
constexpr std::size_t kSpareBytesMax = 64 * 1024;  // A larger spare buffer is not worth keeping.

std::size_t RoundUp(std::size_t bytes, std::size_t step) {
  return (bytes + step - 1) / step * step;
}

}  // namespace

Shard::Shard(const Options& options)
    : options_(options), journal_(options.journal, options.id), replica_(NewReplica()) {}

Shard::~Shard() { MeterRing(0, 0); }

// --- Commands -----------------------------------------------------------------------------------

Outcome Shard::Execute(const Operation& operation, UnixMs now, ShardEffects& effects) {
  if (!leads() || !LeaseHolds()) return NotLed();
  if (operation.IsWrite()) {
    if (auto refusal = Brake(operation, now)) return *std::move(refusal);
  }
  return operation.session ? ExecuteInSession(operation, now, effects)
                           : ExecuteLed(operation, now, effects);
}

Outcome Shard::ExecuteLed(const Operation& operation, UnixMs now, ShardEffects& effects) {
  if (commit_.matters() || WaitsForCopies(operation))
    return ExecuteCarefully(operation, now, effects);
  Outcome outcome = Run(operation, now, effects);
  if (!LeaseHolds()) return WithoutLease(operation, std::move(outcome));
  Count(operation, outcome);
  return outcome;
}

void Shard::Count(const Operation& operation, const Outcome& outcome) {
  if (!operation.LooksUp()) return;
  if (outcome.status == Status::kOk) ++counters_.hits;
  if (outcome.status == Status::kNotFound) ++counters_.misses;
}

Outcome Shard::Run(const Operation& operation, UnixMs now, ShardEffects& effects) {
  if (operation.code == OpCode::kBatch) return RunBatch(operation, now, effects);
  Sink sink(*this, effects);
  Executor executor(replica_->table(), sink, scratch_);
  return executor.Execute(operation, Clock(now));
}

Outcome Shard::NotLed() const {
  Outcome outcome;
  outcome.status = Status::kNotLeader;
  outcome.leader = role_ == ShardRole::kFollower ? leader_ : kNoNode;
  return outcome;
}

// Of an operation that was applied when the lease held, and it does not any more. Once the lease
// holds again, under the same session and in the same reign, nobody else can have led meanwhile.
Outcome Shard::WithoutLease(const Operation& operation, Outcome outcome) const {
  if (!operation.IsWrite()) return NotLed();
  outcome.hold.reign = epoch_;
  outcome.hold.lease = true;
  return outcome;
}

std::size_t Shard::GiveWay(std::size_t room, ShardEffects& effects) {
  if (!leads()) return 0;
  std::size_t given = 0;
  for (std::size_t i = 0; i < kVictimsPerTurn && given < room; ++i) {
    const std::size_t gone = EvictOne(effects);
    if (gone == 0) break;
    given += gone;
  }
  return given;
}

bool Shard::Maintain(UnixMs now, std::size_t items, ShardEffects& effects) {
  if (scratch_.capacity() > kSpareBytesMax) Bytes().swap(scratch_);
  if (batch_.capacity() > kSpareBytesMax) Bytes().swap(batch_);
  TrimRing();
  tail_.OnTime(now);
  if (followers_) followers_->ResumeCopies(effects);
  if (!leads()) return false;
  const bool many = SweepExpired(Clock(now), items, effects);

  // A follower's memory is not ours to measure: give a little at a time until it is content.
  if (short_follower()) EvictOne(effects);
  // Staying a little below the limit leaves writes something to take without evicting.
  const std::uint64_t spare = options_.meter->limit() / 64;
  std::size_t evicted = 0;
  while (evicted < kVictimsPerTurn && !options_.meter->Fits(spare) && EvictOne(effects) > 0) {
    ++evicted;
  }
  TrimTombstones(effects);
  followers_->OfferDigests(effects);
  if (commit_.matters()) {
    if (journal_.on()) commit_.OnDurable(journal_.DurableOf(replica_->history().last()));
    followers_->TellCommitted(commit_.committed_durably(), effects);
  }
  return many || evicted == kVictimsPerTurn;
}

Version Shard::Write(Record& record, ShardEffects& effects) {
  AEGIS_CHECK(leads(), "only a leader writes");
  const Version last = replica_->history().last();
  if (record.type == RecordType::kBegin) {
    record.version = {epoch_, Seq{1}};
  } else {
    AEGIS_CHECK(last.epoch == epoch_, "a reign begins with its begin record");
    AEGIS_CHECK(last.seq.value() < Version::kSeqMax, "an epoch is out of sequence numbers");
    record.version = {epoch_, Seq{last.seq.value() + 1}};
  }
  record.joined = record.joined || joins_;
  const std::size_t size = replication::EncodedSize(record);
  const bool alone = followers_->none();
  BlockRef block;
  if (!alone || journal_.on()) {
    if (replication::WantsBlock(record)) [[unlikely]]
      block = replication::PutInBlock(record);
    encoded_.clear();
    replication::AppendRecordHead(record, encoded_);
    if (record.block == nullptr) encoded_.append(record.value);
    journal_.Record(encoded_, record.block == nullptr ? ByteView() : record.value, record.block);
  }
  if (alone) {
    replica_->ApplyAlone(record);
  } else {
    replica_->Apply(record, encoded_);
  }
  if (encoded_.capacity() > kSpareBytesMax) Bytes().swap(encoded_);
  GiveCleared(*replica_, effects);
  tail_.OnWritten(record.version, size);
  ++counters_.records_written;
  commit_.OnRecord(record);
  commit_.OnWritten(record.version);
  TrimRing();
  followers_->Wake(effects);
  return record.version;
}

void Shard::GiveCleared(Replica& replica, ShardEffects& effects) {
  if (auto cleared = replica.TakeCleared()) effects.cleared.push_back(*std::move(cleared));
}

// True: at least one in kManyDue was due.
bool Shard::SweepExpired(UnixMs now, std::size_t items, ShardEffects& effects) {
  constexpr std::size_t kManyDue = 8;
  const store::Table& table = replica_->table();
  if (table.with_expiry() == 0) return false;
  std::size_t seen = 0;
  due_.clear();
  sweep_cursor_ = table.Scan(sweep_cursor_, items, [&](const store::ItemView& item) {
    ++seen;
    if (item.ExpiredAt(now)) due_.push_back({table.Hash(item.key), item.version});
  });
  for (const Due& item : due_) Expire(item.hash, item.version, effects);
  return !due_.empty() && due_.size() * kManyDue >= seen;
}

void Shard::Expire(std::uint64_t hash, Version version, ShardEffects& effects) {
  Record record;
  record.type = RecordType::kExpire;
  record.argument = hash;
  const Bytes encoded = replication::EncodeVersion(version);
  record.value = encoded;
  Write(record, effects);
  ++counters_.expired;
}

// Makes room for one item. True: it may be stored now, although the limit may be passed by it: what
// is evicted may leave holes that are too small for it, pages that are not empty yet, or blocks
// that somebody else holds. Who has evicted, here or elsewhere, as much as it brings has done its
// part, and Maintain() does the rest.
bool Shard::MakeRoom(std::size_t key_size, const Incoming& value, ShardEffects& effects) {
  const std::size_t whole = store::Table::ItemBytes(key_size, value.size);
  const std::size_t stored = value.held ? 0 : value.size;
  const std::size_t size = store::Table::ItemBytes(key_size, stored);
  const std::size_t granted = std::exchange(room_granted_, 0);
  room_wanted_ = {};
  if (size > options_.meter->limit()) return false;
  if (granted >= size) return true;
  const store::Table& table = replica_->table();
  // A follower that is short of memory gives up as much as it is to take: of this shard, because
  // it may hold no other.
  const std::size_t owed = short_follower() ? whole - std::min(whole, Replaced(value)) : 0;
  std::size_t evicted = 0;
  for (std::size_t i = 0; i < kVictimsPerHold; ++i) {
    const bool fits = options_.meter->Fits(table.RoomFor(key_size, stored)) ||
                      (i >= kVictimsPerWrite && evicted >= 2 * size);
    if (fits && evicted >= owed) return true;
    const std::size_t gone = EvictOne(effects);
    evicted += gone;
    if (gone > 0) continue;
    if (fits || evicted >= size) return true;
    if (options_.eviction != EvictionPolicy::kNoEviction) room_wanted_ = {size, /*here=*/false};
    return false;
  }
  if (evicted >= std::max(size, owed)) return true;
  room_wanted_ = evicted < owed ? RoomWanted{std::max(size, owed), /*here=*/true}
                                : RoomWanted{size, /*here=*/false};
  return false;
}

// The bytes of the item that it takes the place of.
std::size_t Shard::Replaced(const Incoming& value) const {
  const auto item = value.key.empty() ? std::nullopt : replica_->table().Find(value.key);
  return item ? store::Table::ItemBytes(item->key.size(), item->value.size()) : 0;
}

// Returns how many bytes the item had; 0: there is none to evict.
std::size_t Shard::EvictOne(ShardEffects& effects) {
  const auto victim = replica_->table().ProposeVictim();
  if (!victim) return 0;
  const std::size_t size = store::Table::ItemBytes(victim->key.size(), victim->value.size());
  Record record;
  record.type = RecordType::kEvict;
  record.argument = replica_->table().Hash(victim->key);
  const Bytes version = replication::EncodeVersion(victim->version);
  record.value = version;
  Write(record, effects);
  ++counters_.evicted;
  return size;
}

// Keeps what connected followers were not sent yet, within limits, besides the usual ring. A leader
// without followers has nobody to keep anything for.
void Shard::TrimRing() {
  replication::RecentRecords& recent = replica_->recent();
  const Version last = replica_->history().last();
  const bool alone = followers_ && followers_->none();
  const std::size_t usual = alone ? 0 : options_.ring_bytes;
  recent.Trim(usual, followers_ ? followers_->SentToAll() : last);
  // Beyond that a follower is better served by a copy.
  const std::size_t unsent = options_.meter->rings_crowded() ? usual : limits::kUnsentRecordsBytes;
  if (last.seq != Seq{}) recent.Trim(unsent, {last.epoch, Seq{last.seq.value() - 1}});

  MeterRing(RoundUp(recent.allocated(), kMeteredStep), recent.block_bytes());
}

void Shard::MeterRing(std::size_t bytes, std::size_t block_bytes) {
  if (bytes != ring_metered_) options_.meter->ResizeRing(ring_metered_, bytes);
  if (block_bytes != ring_blocks_metered_) {
    options_.meter->ResizeRingBlocks(ring_blocks_metered_, block_bytes);
  }
  ring_metered_ = bytes;
  ring_blocks_metered_ = block_bytes;
}

void Shard::TrimTombstones(ShardEffects& effects) {
  const Version oldest = replica_->oldest_tombstone();
  if (oldest == Version{}) return;
  Version passed = followers_->AckedByAll();
  if (passed < oldest) {
    if (replica_->tombstones() <= limits::kTombstonesMax) return;
    passed = replica_->AllTombstonesBut(limits::kTombstonesMax);
  }
  Record record;
  record.type = RecordType::kTrim;
  record.argument = passed.Pack();
  Write(record, effects);
}

// --- Looking in ---------------------------------------------------------------------------------

ShardReport Shard::Report() const {
  ShardReport report;
  report.shard = options_.id;
  report.role = role_;
  report.epoch = epoch_;
  report.change = change_;
  report.leader = role_ == ShardRole::kDraining ? successor_ : leader_;
  report.whole = whole_;
  report.last = replica_->history().last();
  report.wants_quorum = wants_quorum_ && !commit_.recorded();
  return report;
}

}  // namespace aegis::node
