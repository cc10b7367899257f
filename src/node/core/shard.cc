#include "node/core/shard.h"

#include "base/check.h"
#include "base/log.h"
#include "node/core/executor.h"

namespace aegis::node {

using replication::PeerMessage;
using replication::PeerMessageType;
using replication::Record;
using replication::RecordType;
using replication::ShardReport;
using replication::ShardRole;

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

Shard::Shard(const Options& options)
    : options_(options), replica_(std::make_unique<Replica>(options.hash_seed, *options.meter)) {}

Shard::~Shard() { options_.meter->ResizeRing(ring_metered_, 0); }

// --- Commands -----------------------------------------------------------------------------------

Outcome Shard::Execute(const Operation& operation, UnixMs now, ShardEffects& effects) {
  if (!leads()) {
    Outcome outcome;
    outcome.status = Status::kNotLeader;
    outcome.leader = role_ == ShardRole::kFollower ? leader_ : kNoNode;
    return outcome;
  }
  Sink sink(*this, effects);
  Executor executor(replica_->table(), sink, scratch_);
  Outcome outcome = executor.Execute(operation, Clock(now));
  if (!operation.IsWrite()) ++(outcome.status == Status::kOk ? counters_.hits : counters_.misses);
  return outcome;
}

bool Shard::GiveWay(std::size_t room, ShardEffects& effects) {
  if (!leads()) return options_.meter->Fits(room);
  return Evict(kVictimsPerTurn, room, effects);
}

void Shard::Maintain(UnixMs now, std::size_t homes, ShardEffects& effects) {
  if (scratch_.capacity() > kSpareBytesMax) Bytes().swap(scratch_);
  TrimRing();
  if (!leads()) return;
  SweepExpired(Clock(now), homes, effects);

  // A follower's memory is not ours to measure: give a little at a time until it is content.
  if (followers_->pressure()) EvictBytes(1, effects);
  // Staying a little below the limit leaves writes something to take without evicting.
  Evict(kVictimsPerTurn, options_.meter->limit() / 64, effects);
  TrimTombstones(effects);
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
  if (encoded_.capacity() > kSpareBytesMax) Bytes().swap(encoded_);
  ++counters_.records_written;
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
  for (const Due& item : due) {
    Record record;
    record.type = RecordType::kExpire;
    record.argument = item.hash;
    const Bytes version = replication::EncodeVersion(item.version);
    record.value = version;
    Write(record, effects);
    ++counters_.expired;
  }
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
    passed = oldest;
  }
  Record record;
  record.type = RecordType::kTrim;
  record.argument = passed.Pack();
  Write(record, effects);
}

// --- Reign --------------------------------------------------------------------------------------

void Shard::Lead(Epoch epoch, ShardEffects& effects) {
  AEGIS_CHECK(epoch > epoch_, "an epoch is led once");
  AEGIS_CHECK(epoch.value() <= Version::kEpochMax, "this shard is out of epochs");
  if (!whole_) ReplaceReplica(std::make_unique<Replica>(options_.hash_seed, *options_.meter));
  role_ = ShardRole::kLeader;
  epoch_ = epoch;
  leader_ = options_.self;
  whole_ = true;
  copy_.reset();
  followers_.emplace(options_.id, epoch, *replica_, counters_);

  Record begin;
  begin.type = RecordType::kBegin;
  begin.argument = options_.session.value();
  const Bytes ended = replication::EncodeVersion(replica_->history().last());
  begin.value = ended;
  Write(begin, effects);
  effects.changed = true;
}

void Shard::Follow(NodeId leader, Epoch epoch, ShardEffects& effects) {
  AEGIS_CHECK(leader != options_.self, "nobody follows itself");
  if (epoch < epoch_) return;
  if (role_ == ShardRole::kFollower && leader_ == leader && epoch_ == epoch) return;
  role_ = ShardRole::kFollower;
  epoch_ = epoch;
  leader_ = leader;
  copy_.reset();
  followers_.reset();
  duty_ = {.want = true, .acked = {}};
  WakeLeader(effects);
  effects.changed = true;
}

void Shard::Orphan(ShardEffects& effects) {
  if (role_ == ShardRole::kNone) return;
  role_ = ShardRole::kNone;
  leader_ = kNoNode;
  copy_.reset();
  followers_.reset();
  effects.changed = true;
}

void Shard::SetFollowers(std::span<const NodeId> followers, ShardEffects& effects) {
  if (leads()) followers_->Set(followers, effects);
}

void Shard::HandOver(NodeId successor, ShardEffects& effects) {
  if (!leads()) return;
  role_ = ShardRole::kDraining;
  successor_ = successor;
  hand_over_sent_ = false;
  effects.wake.push_back(successor);
  effects.changed = true;
}

void Shard::Release(ShardEffects& effects) {
  role_ = ShardRole::kNone;
  leader_ = kNoNode;
  whole_ = false;
  copy_.reset();
  followers_.reset();
  ReplaceReplica(std::make_unique<Replica>(options_.hash_seed, *options_.meter));
  effects.changed = true;
}

void Shard::ReplaceReplica(std::unique_ptr<Replica> replica) {
  options_.meter->ResizeRing(ring_metered_, 0);
  ring_metered_ = 0;
  sweep_cursor_ = 0;
  replica_ = std::move(replica);
}

// --- Peers: taking ------------------------------------------------------------------------------

void Shard::OnLinkUp(NodeId peer, ShardEffects& effects) {
  if (followers_) followers_->OnLinkUp(peer, effects);
  if (peer == successor_) hand_over_sent_ = false;
  if (role_ == ShardRole::kFollower && leader_ == peer) {
    copy_.reset();
    duty_ = {.want = true, .acked = {}};
    WakeLeader(effects);
  }
}

void Shard::OnLinkDown(NodeId peer, ShardEffects& effects) {
  if (followers_) followers_->OnLinkDown(peer, effects);
}

Result<Ok> Shard::OnMessage(NodeId from, const PeerMessage& message, ShardEffects& effects) {
  const bool of_this_reign = message.epoch == epoch_;
  switch (message.type) {
    case PeerMessageType::kWant:
    case PeerMessageType::kAck:
      // From a follower, for a leader.
      if (!of_this_reign || !followers_) return Ok{};
      if (message.type == PeerMessageType::kWant) {
        followers_->OnWant(from, VersionVector(message.reigns), effects);
        if (from == successor_) hand_over_sent_ = false;  // It did not take what was sent before.
      } else {
        followers_->OnAck(from, message.version, message.pressure, effects);
      }
      return Ok{};
    case PeerMessageType::kRecords:
    case PeerMessageType::kCopyBegin:
    case PeerMessageType::kCopyChunk:
    case PeerMessageType::kCopyEnd:
    case PeerMessageType::kHandOver:
      break;
    case PeerMessageType::kHello:
    case PeerMessageType::kReports:
      return Error{ErrorCode::kMalformed, "not a message to a shard"};
  }
  // From a leader, for a follower. What an ended reign still had on its way is not for us.
  if (!of_this_reign || role_ != ShardRole::kFollower || from != leader_) return Ok{};
  clock_floor_ = std::max(clock_floor_, UnixMs{message.clock_ms});
  switch (message.type) {
    case PeerMessageType::kRecords:
      return OnRecords(message, effects);
    case PeerMessageType::kCopyBegin:
      OnCopyBegin(message);
      return Ok{};
    case PeerMessageType::kCopyChunk:
      if (!copy_ || message.copy_id != copy_id_) return Ok{};
      return AbsorbAll(message.records);
    case PeerMessageType::kCopyEnd:
      return OnCopyEnd(message, effects);
    default:
      OnHandOver(message, effects);
      return Ok{};
  }
}

Result<Ok> Shard::OnRecords(const PeerMessage& message, ShardEffects& effects) {
  if (message.records.empty()) {  // An invitation.
    copy_.reset();
    duty_.want = true;
    WakeLeader(effects);
    return Ok{};
  }
  if (copy_ && message.copy_id != 0) {
    return message.copy_id == copy_id_ ? AbsorbAll(message.records) : Ok{};
  }
  if (message.copy_id != 0 || duty_.want) return Ok{};  // Of what was asked for before.
  copy_.reset();  // Asked twice, the leader answered the second time that no copy is needed.

  ByteView rest = message.records;
  while (true) {
    const ByteView before = rest;
    const auto record = replication::TakeRecord(rest);
    if (!record.ok()) return record.error();
    if (!record.value()) break;
    ++counters_.records_received;
    if (record.value()->version.epoch > epoch_) {
      return Error{ErrorCode::kMalformed, "a record of an epoch that has not begun"};
    }
    if (record.value()->version <= replica_->history().last()) {
      // Sent twice because this replica asked twice: our acknowledgement may have crossed the
      // second question, which made the leader forget it.
      duty_.acked = {};
      continue;
    }
    if (!replica_->IsNext(*record.value())) {
      duty_.want = true;
      break;
    }
    replica_->Apply(*record.value(), before.substr(0, before.size() - rest.size()));
    ++counters_.records_applied;
  }
  if (!whole_) {
    whole_ = true;  // The history was followed from its first record.
    effects.changed = true;
  }
  TrimRing();
  WakeLeader(effects);
  return Ok{};
}

Result<Ok> Shard::AbsorbAll(ByteView records) {
  while (true) {
    const auto record = replication::TakeRecord(records);
    if (!record.ok()) return record.error();
    if (!record.value()) return Ok{};
    copy_->Absorb(*record.value());
    ++counters_.records_received;
    ++counters_.records_applied;
  }
}

void Shard::OnCopyBegin(const PeerMessage& message) {
  copy_ = std::make_unique<Replica>(options_.hash_seed, *options_.meter);
  copy_id_ = message.copy_id;
}

Result<Ok> Shard::OnCopyEnd(const PeerMessage& message, ShardEffects& effects) {
  if (!copy_ || message.copy_id != copy_id_) return Ok{};
  VersionVector history(message.reigns);
  if (history.last().epoch != epoch_) {
    return Error{ErrorCode::kMalformed, "a copy that ends in another epoch"};
  }
  const std::uint64_t lost = replica_->history().WritesBeyond(history);
  if (lost > 0) {
    counters_.writes_lost += lost;
    AEGIS_LOG(kWarn, "replication",
              "shard {}: {} writes of this replica, up to epoch {} seq {}, are not in the history "
              "of the leader of epoch {} and are dropped",
              options_.id.value(), lost, replica_->history().last().epoch.value(),
              replica_->history().last().seq.value(), epoch_.value());
  }
  copy_->Adopt(std::move(history));
  ReplaceReplica(std::move(copy_));
  whole_ = true;
  duty_.acked = {};  // An earlier copy's end does not stand for this one's.
  ++counters_.copies_received;
  WakeLeader(effects);
  effects.changed = true;
  return Ok{};
}

void Shard::OnHandOver(const PeerMessage& message, ShardEffects& effects) {
  // Everything before came over the same link, so only a broken promise makes these differ.
  if (copy_ || replica_->history() != VersionVector(message.reigns)) return;
  if (epoch_.value() == Version::kEpochMax) return;
  Lead(Epoch{epoch_.value() + 1}, effects);
}

// --- Peers: giving ------------------------------------------------------------------------------

bool Shard::Pump(NodeId peer, std::size_t bytes_max, UnixMs now, Bytes& out) {
  if (role_ == ShardRole::kFollower) {
    if (peer == leader_) PumpDuty(out);
    return false;
  }
  if (!followers_) return false;
  const bool more = followers_->Pump(peer, bytes_max, Clock(now), out);
  TrimRing();
  if (role_ == ShardRole::kDraining && peer == successor_ && !hand_over_sent_ &&
      followers_->SentAll(peer)) {
    PeerMessage hand_over = Message(PeerMessageType::kHandOver);
    hand_over.reigns = replica_->history().reigns();
    replication::AppendPeerFrame(hand_over, out);
    hand_over_sent_ = true;
  }
  return more;
}

PeerMessage Shard::Message(PeerMessageType type) const {
  PeerMessage message;
  message.type = type;
  message.shard = options_.id;
  message.epoch = epoch_;
  return message;
}

void Shard::PumpDuty(Bytes& out) {
  if (duty_.want) {
    PeerMessage want = Message(PeerMessageType::kWant);
    if (whole_) want.reigns = replica_->history().reigns();
    replication::AppendPeerFrame(want, out);
    duty_ = {.want = false, .acked = replica_->history().last()};
    return;
  }
  const Version last = replica_->history().last();
  if (copy_ || last == duty_.acked) return;
  PeerMessage ack = Message(PeerMessageType::kAck);
  ack.version = last;
  ack.pressure = !options_.meter->Fits(0);
  replication::AppendPeerFrame(ack, out);
  duty_.acked = last;
}

// --- Looking in ---------------------------------------------------------------------------------

ShardReport Shard::Report() const {
  ShardReport report;
  report.shard = options_.id;
  report.role = role_;
  report.epoch = epoch_;
  report.leader = role_ == ShardRole::kDraining ? successor_ : leader_;
  report.whole = whole_;
  if (leads()) report.settled = followers_->Settled(options_.self);
  if (role_ == ShardRole::kNone) report.last = replica_->history().last();
  return report;
}

void Shard::WakeLeader(ShardEffects& effects) const { effects.wake.push_back(leader_); }

}  // namespace aegis::node
