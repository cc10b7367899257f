#include "node/core/shard.h"

#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "node/core/executor.h"

namespace aegis::node {

using replication::Record;
using replication::RecordType;

namespace {

constexpr std::size_t kVictimsPerTurn = 64;
constexpr std::size_t kSpareBytesMax = 64 * 1024;  // A larger spare buffer is not worth keeping.

}  // namespace

class Shard::Sink : public RecordSink {
 public:
  Sink(Shard& shard, ShardEffects& effects) : shard_(shard), effects_(effects) {}

  Version Commit(Record& record) override { return shard_.Write(record, effects_); }

  bool MakeRoom(std::size_t key_size, std::size_t value_size) override {
    const std::size_t room = store::Table::ItemBytes(key_size, value_size);
    if (shard_.followers_->pressure()) shard_.EvictBytes(room, effects_);
    if (shard_.Evict(/*victims_max=*/~std::size_t{0}, room, effects_)) return true;
    shard_.room_wanted_ = room;
    return false;
  }

 private:
  Shard& shard_;
  ShardEffects& effects_;
};

Shard::Shard(const Options& options) : options_(options), replica_(NewReplica()) {}

Shard::~Shard() { options_.meter->ResizeRing(ring_metered_, 0); }

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
  if (!operation.IsWrite()) Count(outcome);
  return outcome;
}

void Shard::Count(const Outcome& read) {
  ++(read.status == Status::kOk ? counters_.hits : counters_.misses);
}

Outcome Shard::Run(const Operation& operation, UnixMs now, ShardEffects& effects) {
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

bool Shard::GiveWay(std::size_t room, ShardEffects& effects) {
  if (!leads()) return options_.meter->Fits(room);
  return Evict(kVictimsPerTurn, room, effects);
}

void Shard::Maintain(UnixMs now, std::size_t homes, ShardEffects& effects) {
  if (scratch_.capacity() > kSpareBytesMax) Bytes().swap(scratch_);
  TrimRing();
  tail_.OnTime(now);
  if (followers_) followers_->ResumeCopies(effects);
  if (!leads()) return;
  SweepExpired(Clock(now), homes, effects);

  // A follower's memory is not ours to measure: give a little at a time until it is content.
  if (followers_->pressure()) EvictBytes(1, effects);
  // Staying a little below the limit leaves writes something to take without evicting.
  Evict(kVictimsPerTurn, options_.meter->limit() / 64, effects);
  TrimTombstones(effects);
  followers_->OfferDigests(effects);
  if (commit_.matters()) followers_->TellCommitted(commit_.committed(), effects);
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
  encoded_.clear();
  replication::AppendRecord(record, encoded_);
  replica_->Apply(record, encoded_);
  tail_.OnWritten(record.version, encoded_.size());
  if (encoded_.capacity() > kSpareBytesMax) Bytes().swap(encoded_);
  ++counters_.records_written;
  commit_.OnRecord(record);
  commit_.OnWritten(record.version);
  TrimRing();
  followers_->Wake(effects);
  return record.version;
}

void Shard::SweepExpired(UnixMs now, std::size_t homes, ShardEffects& effects) {
  if (replica_->table().with_expiry() == 0) return;
  struct Due {
    std::uint64_t hash;
    Version version;
  };
  std::vector<Due> due;
  sweep_cursor_ = replica_->table().Scan(sweep_cursor_, homes, [&](const store::ItemView& item) {
    if (item.ExpiredAt(now)) due.push_back({replica_->table().Hash(item.key), item.version});
  });
  for (const Due& item : due) Expire(item.hash, item.version, effects);
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

// Evicts until `room` more bytes fit, at most `victims_max` items. True: they fit now.
bool Shard::Evict(std::size_t victims_max, std::size_t room, ShardEffects& effects) {
  if (room > options_.meter->limit()) return false;
  for (std::size_t i = 0; !options_.meter->Fits(room); ++i) {
    if (i == victims_max || !EvictOne(effects)) return false;
  }
  return true;
}

// Evicts items of at least `bytes` together, if there are as many.
void Shard::EvictBytes(std::size_t bytes, ShardEffects& effects) {
  const std::size_t before = replica_->table().bytes();
  while (replica_->table().bytes() + bytes > before && EvictOne(effects)) {
  }
}

bool Shard::EvictOne(ShardEffects& effects) {
  const auto victim = replica_->table().ProposeVictim();
  if (!victim) return false;
  Record record;
  record.type = RecordType::kEvict;
  record.argument = replica_->table().Hash(victim->key);
  const Bytes version = replication::EncodeVersion(victim->version);
  record.value = version;
  Write(record, effects);
  ++counters_.evicted;
  return true;
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

  options_.meter->ResizeRing(ring_metered_, recent.allocated());
  ring_metered_ = recent.allocated();
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

// --- Reign --------------------------------------------------------------------------------------

void Shard::Lead(Epoch epoch, Session session, bool quorum_used, ShardEffects& effects) {
  AEGIS_CHECK(epoch > epoch_, "an epoch is led once");
  AEGIS_CHECK(epoch.value() <= Version::kEpochMax, "this shard is out of epochs");
  if (!whole_) ReplaceReplica(NewReplica());
  role_ = ShardRole::kLeader;
  epoch_ = epoch;
  leader_ = options_.self;
  lease_session_ = session;
  whole_ = true;
  copy_.reset();
  followers_.emplace(options_.id, epoch, *replica_, counters_, options_.copies,
                     DigestVisits(options_.num_shards));
  commit_.BeginReign(replica_->history().last(), quorum_used);
  tail_ = UnreplicatedTail(options_.tail_bounds, replica_->recent(), commit_.committed(),
                           replica_->history().last(), tail_.now());
  wants_quorum_ = false;
  held_until_ = {};

  unsettled_.reset();
  const Version missing = CountMissing();
  told_ = {};

  Record begin;
  begin.type = RecordType::kBegin;
  begin.argument = options_.session.value();
  Bytes ended = replication::EncodeVersion(replica_->history().last());
  if (missing != Version{}) ended += replication::EncodeVersion(missing);
  begin.value = ended;
  Write(begin, effects);
  effects.changed = true;
  effects.settled = true;
}

void Shard::EndReign() {
  if (followers_ && tail_.bytes() > 0) unsettled_ = tail_.replicated();
  followers_.reset();
  tail_.End();
}

// Of the reign that is over, what this node was told of and does not have. Returns the newest such,
// (0,0) if there is none.
Version Shard::CountMissing() {
  const Version last = replica_->history().last();
  if (told_.epoch != last.epoch || told_ <= last) return {};
  const std::uint64_t missing = told_.seq.value() - last.seq.value();
  counters_.writes_lost += missing;
  AEGIS_LOG(kWarn, "replication",
            "shard {}: this node begins to lead without {} writes that are known to be missing: "
            "epoch {}, seq {} to {}",
            options_.id.value(), missing, last.epoch.value(), last.seq.value() + 1,
            told_.seq.value());
  return told_;
}

// What this node wrote as a leader and shared with nobody goes with its copy.
void Shard::CountWiped() {
  if (!unsettled_) return;
  const std::uint64_t lost = replica_->history().RecordsAfter(*unsettled_);
  counters_.writes_lost += lost;
  AEGIS_LOG(kWarn, "replication",
            "shard {}: {} writes, up to epoch {} seq {}, may be on no other copy and are dropped: "
            "this node is to hold the shard no longer",
            options_.id.value(), lost, replica_->history().last().epoch.value(),
            replica_->history().last().seq.value());
  unsettled_.reset();
}

void Shard::Follow(NodeId leader, Epoch epoch, std::uint32_t change, ShardEffects& effects) {
  AEGIS_CHECK(leader != options_.self, "nobody follows itself");
  if (epoch < epoch_) return;
  const bool follows = role_ == ShardRole::kFollower && leader_ == leader && epoch_ == epoch;
  if (follows && change <= change_) return;
  change_ = std::max(change_, change);
  if (follows) {
    duty_.acked = {};  // Once more, see Admit().
    WakeLeader(effects);
    return;
  }
  role_ = ShardRole::kFollower;
  epoch_ = epoch;
  leader_ = leader;
  copy_.reset();
  EndReign();
  duty_ = {.want = true};
  WakeLeader(effects);
  effects.changed = true;
  effects.settled = true;
}

void Shard::Orphan(ShardEffects& effects) {
  if (role_ == ShardRole::kNone) return;
  role_ = ShardRole::kNone;
  leader_ = kNoNode;
  copy_.reset();
  EndReign();
  effects.changed = true;
  effects.settled = true;
}

void Shard::SetReplicas(const ReplicaSet& set, ShardEffects& effects) {
  if (!followers_ || set.epoch != epoch_) return;
  followers_->Set(set.followers, effects);
  if (commit_.Set(set, replica_->history().last(), Acked())) effects.settled = true;
  MeasureTail();
}

bool Shard::Admit(const control::Copy& copy, std::uint32_t change) {
  return leads() && InSync(copy.node) && commit_.Admit(copy, Acked()) &&
         followers_->Knows(copy, change);
}

void Shard::HandOver(NodeId successor, ShardEffects& effects) {
  if (!leads()) return;
  role_ = ShardRole::kDraining;
  successor_ = successor;
  effects.wake.push_back(successor);
  effects.changed = true;
}

void Shard::Release(ShardEffects& effects) {
  role_ = ShardRole::kNone;
  leader_ = kNoNode;
  whole_ = false;
  copy_.reset();
  EndReign();
  CountWiped();
  told_ = {};
  ReplaceReplica(NewReplica());
  commit_ = {};
  freshness_ = {};
  effects.changed = true;
  effects.settled = true;
}

std::unique_ptr<Replica> Shard::NewReplica() const {
  return std::make_unique<Replica>(options_.hash_seed, *options_.meter,
                                   store::DigestBuckets(options_.num_shards));
}

void Shard::ReplaceReplica(std::unique_ptr<Replica> replica) {
  options_.meter->ResizeRing(ring_metered_, 0);
  ring_metered_ = 0;
  sweep_cursor_ = 0;
  replica_ = std::move(replica);
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
