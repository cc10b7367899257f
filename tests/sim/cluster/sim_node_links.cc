// SimNode's two kinds of links: what is said on them arrives in order, or not at all.

#include <algorithm>
#include <utility>
#include <variant>

#include "replication/peer_message.h"
#include "replication/record.h"
#include "sim_node.h"
#include "tampered_records.h"

namespace aegis::sim {

using namespace std::chrono_literals;

namespace {

// What a node says, if that rule is to be broken.
node::ControlMessage Tampered(node::ControlMessage message, BrokenRule broken) {
  if (broken == BrokenRule::kGrantAgesOverstated) {
    if (auto* const report = std::get_if<lease::VoterReport>(&message)) {
      for (lease::StoredFence& fence : report->fences) fence.last_grant.age += 600ms;
    }
  }
  if (broken == BrokenRule::kFencesIgnored) {
    auto* const grant = std::get_if<lease::Grant>(&message);
    if (grant != nullptr && grant->verdict == lease::Verdict::kFenced) {
      grant->verdict = lease::Verdict::kGranted;
    }
  }
  return message;
}

void Unjoin(replication::Record& record) { record.joined = false; }

void Skip(replication::Record& record) {
  if (record.type == replication::RecordType::kClear) {
    record.type = replication::RecordType::kEnd;
  }
}

}  // namespace

// --- Control links ------------------------------------------------------------------------------

void SimNode::DialControl() {
  for (const Member& member : control.LinkedPeers()) {
    const auto peer = cluster.IndexOf(member.id);
    if (!peer || control_links.contains(*peer)) continue;
    const SimNode& other = *cluster.nodes_[*peer];
    if (!other.alive || !other.control.born()) continue;
    if (!cluster.Reaches(index, *peer) || !cluster.Reaches(*peer, index)) continue;
    control_links[*peer] = cluster.rng().Next();
    last_letter[*peer] = cluster.now();
    control.OnControlLinkUp(member.id, now(), effects);
    Perform();
  }
}

void SimNode::BreakControl(std::size_t peer, std::uint64_t serial) {
  const auto link = control_links.find(peer);
  if (link == control_links.end() || link->second != serial) return;
  control_links.erase(link);
  control.OnControlLinkDown(IdOf(peer), now(), effects);
  Perform();
}

// In order; a cut network keeps them until it heals or the link breaks.
void SimNode::SendLetter(const node::ControlLetter& letter) {
  const auto peer = cluster.IndexOf(letter.to);
  const auto link = peer ? control_links.find(*peer) : control_links.end();
  if (link == control_links.end()) return;
  NoticeLetter(letter.message);
  Bytes frame;
  node::AppendControlFrame({letter.lineage, Tampered(letter.message, cluster.options().broken)},
                           frame);
  TimePoint& last = last_letter[*peer];
  last = std::max(last, cluster.now() + cluster.Latency());
  cluster.At(last, [this, to = *peer, serial = link->second, frame = std::move(frame)]() mutable {
    const auto arrive = [this, to, serial, frame = std::move(frame)] {
      const auto still = control_links.find(to);
      if (!alive || still == control_links.end() || still->second != serial) return;
      SimNode& target = *cluster.nodes_[to];
      if (!target.alive) return;
      target.After(Duration{}, [&target, from = node_id, frame] { target.OnLetter(from, frame); });
    };
    Deliver(serial, to, /*both=*/false, arrive);
  });
}

void SimNode::OnLetter(NodeId from, const Bytes& frame) {
  auto envelope = node::DecodeControlEnvelope(ByteView(frame).substr(4));
  if (!envelope.ok()) {
    cluster.invariants().Fail("control message: " + envelope.error().message);
    return;
  }
  if (cluster.options().broken == BrokenRule::kLineagesMixed && control.log() != nullptr) {
    envelope.value().lineage = control.log()->lineage();
  }
  control.OnControlMessage(from, envelope.value(), now(), effects);
  Perform();
}

// --- Links --------------------------------------------------------------------------------------

void SimNode::DialPeers() {
  for (const Member& member : control.LinkedPeers()) {
    const auto peer = cluster.IndexOf(member.id);
    if (!peer || links.contains(*peer) || IdOf(index) > member.id) continue;
    SimNode& other = *cluster.nodes_[*peer];
    if (!other.alive || !cluster.Connected(index, *peer) || !other.control.born()) continue;
    const std::uint64_t serial = cluster.rng().Next();
    const auto identity = [](SimNode& node) {
      return node::PeerSession::Identity{node.control.settings().id, IdOf(node.index), node.session,
                                         "node" + std::to_string(node.index)};
    };
    if (other.links.contains(index)) other.Break(index, other.links.at(index)->serial);
    Attach(
        std::make_unique<SimLink>(serial, *peer, identity(*this), member.id, *this, num_shards()));
    other.Attach(std::make_unique<SimLink>(serial, index, identity(other), std::nullopt, other,
                                           other.num_shards()));
  }
}

void SimNode::Attach(std::unique_ptr<SimLink> link) {
  SimLink& attached = *(links[link->peer] = std::move(link));
  Bytes hello;
  attached.session.AppendHello(hello);
  Send(attached, std::move(hello));
}

void SimNode::Break(std::size_t peer, std::uint64_t serial) {
  const auto link = links.find(peer);
  if (link == links.end() || link->second->serial != serial) return;
  const std::unique_ptr<SimLink> broken = std::move(link->second);
  links.erase(link);
  cluster.BreakFarEnd(index, peer, serial);
  if (!broken->session.established()) return;
  if (cluster.options().broken == BrokenRule::kOldSessionsCounted) {
    TellShardsNotLed([&](node::ShardGuard& shard) {
      shard->OnLinkDown(broken->session.peer(), shard.effects());
    });
  } else {
    broken->session.OnLost();
  }
  control.OnPeerLinkDown(broken->session.peer(), now(), effects);
  Perform();
  PokeSoon();
}

void SimNode::Send(SimLink& link, Bytes bytes) {
  const std::size_t peer = link.peer;
  const std::uint64_t serial = link.serial;
  // Fixed latency keeps the order.
  cluster.After(300us, [this, peer, serial, bytes = std::move(bytes)]() mutable {
    const auto arrive = [this, peer, serial, bytes = std::move(bytes)] {
      SimNode& target = *cluster.nodes_[peer];
      if (!target.alive) return;
      target.After(Duration{},
                   [&target, from = index, serial, bytes] { target.OnBytes(from, serial, bytes); });
    };
    Deliver(serial, peer, /*both=*/true, arrive);
  });
}

void SimNode::OnBytes(std::size_t peer, std::uint64_t serial, const Bytes& bytes) {
  const auto found = links.find(peer);
  if (found == links.end() || found->second->serial != serial) return;
  SimLink& link = *found->second;
  link.inbox += bytes;
  while (true) {
    const std::size_t size = replication::PeerFrameSize(link.inbox).value();
    if (size == 0 || link.inbox.size() < size) break;
    const Bytes frame = link.inbox.substr(4, size - 4);
    link.inbox.erase(0, size);
    const auto message = replication::DecodePeerMessage(frame);
    const bool to_shard = message.ok() && message.value().shard.value() < num_shards();
    if (to_shard && message.value().type == replication::PeerMessageType::kRecords) {
      cluster.invariants().OnRecords(message.value());
    }
    const auto count = [&](std::uint64_t node::ShardCounters::*counter) {
      return to_shard ? shards[message.value().shard.value()]->counters().*counter : 0;
    };
    const std::uint64_t lost = count(&node::ShardCounters::writes_lost);
    const std::uint64_t recovered = count(&node::ShardCounters::writes_recovered);
    const std::uint64_t compared = count(&node::ShardCounters::digests_compared);
    node::PeerSession::Effects done;
    asked_how_fresh = cluster.options().broken == BrokenRule::kFreshWithoutLease && to_shard &&
                      message.value().type == replication::PeerMessageType::kAsk;
    const auto taken = link.session.OnFrame(WrittenOver(Overstated(Altered(frame))), done);
    asked_how_fresh = false;
    if (!taken.ok()) {
      cluster.invariants().Fail("peer link broken: " + taken.error().message);
      return;
    }
    if (count(&node::ShardCounters::writes_lost) > lost) cluster.Sometimes(Rare::kTailDropped);
    if (count(&node::ShardCounters::writes_recovered) > recovered) {
      cluster.Sometimes(Rare::kTailRecovered);
    }
    if (count(&node::ShardCounters::digests_compared) > compared) {
      cluster.Sometimes(Rare::kDigestCompared);
    }
    if (to_shard && cluster.options().broken == BrokenRule::kOldEpochsAccepted) {
      AcknowledgeOldEpoch(link, message.value());
    }
    if (done.established) {
      if (cluster.options().broken == BrokenRule::kOldSessionsCounted) {
        TellShardsNotLed([&](node::ShardGuard& shard) {
          shard->OnLinkUp(link.session.peer(), shard.effects());
        });
      } else {
        link.session.OnEstablished();
      }
      for (const auto& shard : shards) cluster.CheckAcknowledged(*this, shard->id());
      PumpSoon(link);  // Marks made before now woke nobody.
      PokeSoon();
    }
  }
}

// Whoever leads goes on with what it knew of its followers, if that rule is to be broken.
void SimNode::TellShardsNotLed(const std::function<void(node::ShardGuard&)>& tell) {
  for (const auto& shard : shards) {
    node::ShardGuard guard(*this, shard->id(), shard_effects);
    if (guard->Report().role != node::ShardRole::kLeader) tell(guard);
  }
}

void SimNode::AcknowledgeOldEpoch(SimLink& link, const replication::PeerMessage& message) {
  const bool old = message.epoch < shards[message.shard.value()]->Report().epoch;
  if (!old || message.type != replication::PeerMessageType::kRecords) return;
  replication::PeerMessage ack;
  ack.type = replication::PeerMessageType::kAck;
  ack.shard = message.shard;
  ack.epoch = message.epoch;
  ByteView rest = message.records;
  while (true) {
    const auto record = replication::TakeRecord(rest);
    if (!record.ok() || !record.value()) break;
    ack.version = record.value()->version;
  }
  Bytes frame;
  replication::AppendPeerFrame(ack, frame);
  Send(link, std::move(frame));
}

// What is on the way is taken for committed, if that rule is to be broken.
Bytes SimNode::Overstated(const Bytes& frame) const {
  auto message = replication::DecodePeerMessage(frame);
  if (!message.ok() || cluster.options().broken != BrokenRule::kAllTakenForCommitted) return frame;
  message.value().quorum_used = false;
  Bytes altered;
  replication::AppendPeerFrame(message.value(), altered);
  return altered.substr(4);
}

// A replica whose history leaves its leader's is asked for all that it has, and is said to have
// left it only now, if that rule is to be broken.
Bytes SimNode::WrittenOver(const Bytes& frame) const {
  auto decoded = replication::DecodePeerMessage(frame);
  if (!decoded.ok() || cluster.options().broken != BrokenRule::kTailsWrittenOver) return frame;
  replication::PeerMessage& message = decoded.value();
  Bytes tail;
  if (message.type == replication::PeerMessageType::kTailAsk) {
    message.version = {};
  } else if (message.type == replication::PeerMessageType::kWant) {
    const VersionVector& own = shards[message.shard.value()]->replica().history();
    if (VersionVector(message.reigns).WritesBeyond(own) == 0) return frame;
    message.reigns = own.reigns();
    message.reigns.back().seq = Seq{message.reigns.back().seq.value() + 1};
    message.reigns.back().known = {};
  } else if (message.type == replication::PeerMessageType::kTail) {
    const Version last = shards[message.shard.value()]->replica().history().last();
    while (auto record = replication::TakeRecord(message.records).value()) {
      record->version = {last.epoch, Seq{last.seq.value() + 1}};
      replication::AppendRecord(*record, tail);
    }
    message.records = tail;
  } else {
    return frame;
  }
  Bytes altered;
  replication::AppendPeerFrame(message, altered);
  return altered.substr(4);
}

// Records change on the way, if that rule is to be broken: of some, the last byte.
Bytes SimNode::Altered(const Bytes& frame) {
  if (cluster.options().broken == BrokenRule::kBatchesTakenApart) return WithRecords(frame, Unjoin);
  if (cluster.options().broken == BrokenRule::kClearsSkipped) return WithRecords(frame, Skip);
  if (cluster.options().broken != BrokenRule::kRecordsAltered) return frame;
  auto message = replication::DecodePeerMessage(frame);
  const bool alter = message.ok() &&
                     message.value().type == replication::PeerMessageType::kRecords &&
                     !message.value().records.empty() && cluster.rng().Chance(0.01);
  if (!alter) return frame;
  Bytes records(message.value().records);
  records.back() = static_cast<char>(records.back() ^ 1);
  message.value().records = records;
  Bytes altered;
  replication::AppendPeerFrame(message.value(), altered);
  return altered.substr(4);
}

void SimNode::PumpSoon(SimLink& link) {
  if (std::exchange(link.pumping, true)) return;
  const bool slow = cluster.options().broken == BrokenRule::kBatchesNotJoined;
  After(slow ? Duration(3ms) : Duration(50us),
        [this, peer = link.peer, serial = link.serial] { Pump(peer, serial); });
}

void SimNode::Pump(std::size_t peer, std::uint64_t serial) {
  const auto found = links.find(peer);
  if (found == links.end() || found->second->serial != serial) return;
  SimLink& link = *found->second;
  link.pumping = false;
  if (!link.session.established()) return;
  link.dirty.Sleep();
  Bytes out;
  // A frame of one record is a frame like others.
  const BrokenRule broken = cluster.options().broken;
  const bool unjoined = broken == BrokenRule::kBatchesNotJoined;
  const bool singly = unjoined || broken == BrokenRule::kBatchesTakenApart;
  const std::size_t bytes_max = singly ? 1 : 16 * 1024;
  const bool more = link.session.Pump(link.dirty, bytes_max, cluster.unix_now(), out);
  if (unjoined) out = WithRecordsOfAll(out, Unjoin);
  if (!out.empty()) Send(link, std::move(out));
  if (more) PumpSoon(link);
}

}  // namespace aegis::sim
