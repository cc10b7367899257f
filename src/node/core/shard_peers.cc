// What a shard and its peers tell each other, see Shard.

#include <utility>

#include "base/log.h"
#include "node/core/shard.h"

namespace aegis::node {

using replication::PeerMessage;
using replication::PeerMessageType;
using replication::Record;

// --- Peers: taking ------------------------------------------------------------------------------

void Shard::OnLinkUp(NodeId peer, ShardEffects& effects) {
  if (followers_) {
    followers_->OnLinkUp(peer, effects);
    MeasureTail();
  }
  if (role_ == ShardRole::kFollower && leader_ == peer) {
    copy_.reset();
    unit_.Clear();
    duty_ = {.want = true};
    WakeLeader(effects);
  }
}

void Shard::OnLinkDown(NodeId peer, ShardEffects& effects) {
  if (!followers_) return;
  followers_->OnLinkDown(peer, effects);
  MeasureTail();
}

Result<Ok> Shard::OnMessage(const control::Copy& from, const PeerMessage& message,
                            ShardEffects& effects) {
  const bool of_this_reign = message.epoch == epoch_;
  switch (message.type) {
    case PeerMessageType::kWant:
    case PeerMessageType::kAck:
    case PeerMessageType::kConfirm:
    case PeerMessageType::kAsk:
    case PeerMessageType::kDigestQuestion:
      // From a follower, for a leader.
      if (of_this_reign && followers_) OnFollower(from, message, effects);
      return Ok{};
    case PeerMessageType::kTail:
      return of_this_reign && followers_ ? OnTail(from, message, effects) : Ok{};
    case PeerMessageType::kProbe:
    case PeerMessageType::kFresh:
    case PeerMessageType::kTailAsk:
    case PeerMessageType::kRecords:
    case PeerMessageType::kCopyBegin:
    case PeerMessageType::kCopyChunk:
    case PeerMessageType::kCopyEnd:
    case PeerMessageType::kDigest:
    case PeerMessageType::kDigestSums:
    case PeerMessageType::kDigestRepair:
      break;
    case PeerMessageType::kHello:
      return Error{ErrorCode::kMalformed, "not a message to a shard"};
  }
  // From a leader, for a follower. What an ended reign still had on its way is not for us.
  if (!of_this_reign || role_ != ShardRole::kFollower || from.node != leader_) return Ok{};
  clock_floor_ = std::max(clock_floor_, UnixMs{message.clock_ms});
  if (message.newest.epoch == epoch_) told_ = std::max(told_, message.newest);
  switch (message.type) {
    case PeerMessageType::kProbe:
      duty_.round = message.round;
      WakeLeader(effects);
      return Ok{};
    case PeerMessageType::kFresh:
      OnFresh(message);
      return Ok{};
    case PeerMessageType::kTailAsk:
      OnTailAsk(message, effects);
      return Ok{};
    case PeerMessageType::kRecords:
      return OnRecords(message, effects);
    case PeerMessageType::kCopyBegin:
      OnCopyBegin(message);
      return Ok{};
    case PeerMessageType::kDigest:
    case PeerMessageType::kDigestSums:
    case PeerMessageType::kDigestRepair:
      return OnDigests(message, effects);
    case PeerMessageType::kCopyChunk:
      if (!copy_ || message.copy_id != copy_id_) return Ok{};
      return AbsorbAll(message.records, effects);
    default:
      return OnCopyEnd(message, effects);
  }
}

void Shard::OnFollower(const control::Copy& from, const PeerMessage& message,
                       ShardEffects& effects) {
  const Version committed = commit_.committed();
  if (message.type == PeerMessageType::kWant) {
    followers_->OnWant(from, VersionVector(message.reigns), message.change, effects);
    effects.settled = true;  // It may have more than it ever acknowledged.
  } else if (message.type == PeerMessageType::kConfirm) {
    followers_->OnConfirm(from, message.round);
    effects.settled = true;
    if (drained()) effects.changed = true;
    return;
  } else if (message.type == PeerMessageType::kAsk) {
    if (leads() && LeaseHolds()) followers_->OnAsk(from, message.round, effects);
    return;
  } else if (message.type == PeerMessageType::kDigestQuestion) {
    followers_->OnDigestQuestion(from.node, message.ranges, effects);
    return;
  } else {
    const auto before = followers_->OnAck(from, message, effects);
    if (before && *before < held_until_) effects.settled = true;
  }
  tail_.OnAcked(from, followers_->AckedBy(from));
  if (commit_.followers_in_sync().empty()) MeasureTail();
  const bool more = commit_.Advance(replica_->history().last(), Acked());
  if (more && committed < held_until_) effects.settled = true;
  if (drained()) effects.changed = true;
}

Result<Ok> Shard::OnRecords(const PeerMessage& message, ShardEffects& effects) {
  if (message.records.empty()) {  // An invitation.
    copy_.reset();
    unit_.Clear();
    duty_.want = true;
    WakeLeader(effects);
    return Ok{};
  }
  if (copy_ && message.copy_id != 0) {
    return message.copy_id == copy_id_ ? AbsorbAll(message.records, effects) : Ok{};
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
    const ByteView encoded = before.substr(0, before.size() - rest.size());
    if (unit_.Continues(*record.value())) {
      TakeJoined(*record.value(), encoded, effects);
      continue;
    }
    if (record.value()->version <= replica_->history().last()) {
      // Sent twice because this replica asked twice: our acknowledgement may have crossed the
      // second question, which made the leader forget it.
      duty_.acked = {};
      continue;
    }
    if (!replica_->IsNext(*record.value())) {
      unit_.Clear();
      duty_.want = true;
      break;
    }
    TakeJoined(*record.value(), encoded, effects);
  }
  if (!duty_.want) commit_.Learn(message.committed, message.quorum_used);
  unsettled_.reset();  // What it has is a part of the leader's history.
  if (!whole_) {
    whole_ = true;  // The history was followed from its first record.
    effects.changed = true;
  }
  TrimRing();
  WakeLeader(effects);
  return Ok{};
}

// Applies the next record, with those that waited for it; or keeps it until those that it is
// joined to are there.
void Shard::TakeJoined(const Record& record, ByteView encoded, ShardEffects& effects) {
  const auto apply = [&](const Record& next, ByteView bytes) {
    journal_.Records(bytes);
    replica_->Apply(next, bytes);
    GiveCleared(*replica_, effects);
    commit_.OnRecord(next);
    ++counters_.records_applied;
  };
  if (!unit_.Continues(record)) unit_.Clear();
  if (record.joined) return unit_.Add(record, encoded);
  unit_.ForEach(apply);
  unit_.Clear();
  apply(record, encoded);
}

Result<Ok> Shard::AbsorbAll(ByteView records, ShardEffects& effects) {
  ByteView rest = records;
  while (true) {
    const auto record = replication::TakeRecord(rest);
    if (!record.ok() || !record.value()) {
      journal_.Copied(records.substr(0, records.size() - rest.size()));
      return record.ok() ? Result<Ok>(Ok{}) : record.error();
    }
    copy_->Absorb(*record.value());
    GiveCleared(*copy_, effects);
    ++counters_.records_received;
    ++counters_.records_applied;
  }
}

void Shard::OnCopyBegin(const PeerMessage& message) {
  unit_.Clear();
  journal_.CopyBegun();
  copy_ = NewReplica();
  copy_id_ = message.copy_id;
  duty_.tail.reset();  // It is given up, or was given.
}

Result<Ok> Shard::OnCopyEnd(const PeerMessage& message, ShardEffects& effects) {
  if (!copy_ || message.copy_id != copy_id_) return Ok{};
  VersionVector history(message.reigns);
  if (history.last().epoch != epoch_) {
    return Error{ErrorCode::kMalformed, "a copy that ends in another epoch"};
  }
  const std::uint64_t lost = replica_->history().WritesBeyond(history);
  if (lost > 0) {
    const std::uint64_t uncounted = replica_->history().UncountedBeyond(history);
    counters_.writes_lost += uncounted;
    AEGIS_LOG(kWarn, "replication",
              "shard {}: {} writes of this replica, up to epoch {} seq {}, are not in the history "
              "of the leader of epoch {} and are dropped; {} of them are counted as lost only now",
              options_.id.value(), lost, replica_->history().last().epoch.value(),
              replica_->history().last().seq.value(), epoch_.value(), uncounted);
  }
  unsettled_.reset();
  if (journal_.on()) journal_.CopyAdopted({.history = history, .vanished = message.version});
  copy_->Adopt(std::move(history), message.version);
  ReplaceReplica(std::move(copy_));
  commit_.OnVanished(replica_->history().last());
  commit_.Learn({}, message.quorum_used);
  whole_ = true;
  duty_.acked = {};  // An earlier copy's end does not stand for this one's.
  ++counters_.copies_received;
  WakeLeader(effects);
  effects.changed = true;
  return Ok{};
}

Result<Ok> Shard::OnDigests(const PeerMessage& message, ShardEffects& effects) {
  const auto taken =
      DigestCheck(options_.id, *replica_, journal_, counters_).Take(message, duty_.question);
  if (!duty_.question.empty()) WakeLeader(effects);
  return taken;
}

// --- Peers: giving ------------------------------------------------------------------------------

bool Shard::Pump(NodeId peer, std::size_t bytes_max, UnixMs now, OutgoingTail out) {
  if (role_ == ShardRole::kFollower) {
    return peer == leader_ && PumpDuty(bytes_max, out.bytes());
  }
  if (!followers_) return false;
  if (journal_.on()) commit_.OnDurable(journal_.DurableOf(replica_->history().last()));
  const bool more = followers_->Pump(peer, bytes_max, Clock(now), commit_, out);
  TrimRing();
  return more;
}

PeerMessage Shard::Message(PeerMessageType type) const {
  PeerMessage message;
  message.type = type;
  message.shard = options_.id;
  message.epoch = epoch_;
  return message;
}

bool Shard::PumpDuty(std::size_t bytes_max, Bytes& out) {
  if (duty_.round != 0) {
    PeerMessage confirm = Message(PeerMessageType::kConfirm);
    confirm.round = std::exchange(duty_.round, 0);
    replication::AppendPeerFrame(confirm, out);
  }
  if (const std::uint64_t question = freshness_.TakeQuestion(); question != 0) {
    PeerMessage ask = Message(PeerMessageType::kAsk);
    ask.round = question;
    replication::AppendPeerFrame(ask, out);
  }
  const Version last = replica_->history().last();
  const Version durable = copy_ ? Version{} : journal_.DurableOf(last);
  if (duty_.want) {
    if (!journal_.all_durable()) return false;  // It tells what this replica holds.
    PeerMessage want = Message(PeerMessageType::kWant);
    want.change = change_;
    if (whole_) want.reigns = replica_->history().reigns();
    replication::AppendPeerFrame(want, out);
    duty_.want = false;
    duty_.tail.reset();  // To be asked for again.
    duty_.acked = last;
    return false;
  }
  if (duty_.tail && PumpTail(bytes_max, out)) return true;
  PumpQuestion(out);
  if (copy_ || durable == Version{} || durable == duty_.acked) return false;
  PeerMessage ack = Message(PeerMessageType::kAck);
  ack.version = durable;
  // Not where it is something else that fills the memory: then nothing that goes would help.
  const store::MemoryMeter& meter = *options_.meter;
  ack.pressure = !meter.Fits(0) && meter.used() > meter.limit() / 8;
  ack.change = change_;
  replication::AppendPeerFrame(ack, out);
  duty_.acked = durable;
  return false;
}

void Shard::PumpQuestion(Bytes& out) {
  const DigestQuestion question = std::exchange(duty_.question, {});
  PeerMessage message = Message(PeerMessageType::kDigestQuestion);
  if (question.sums) replication::AppendPeerFrame(message, out);
  message.ranges = question.ranges;
  if (!message.ranges.empty()) replication::AppendPeerFrame(message, out);
}

void Shard::WakeLeader(ShardEffects& effects) const { effects.wake.push_back(leader_); }

}  // namespace aegis::node
