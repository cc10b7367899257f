#include "node/core/followers.h"

#include <algorithm>

#include "model/limits.h"

namespace aegis::node {

using replication::PeerMessage;
using replication::PeerMessageType;
using replication::Record;
using replication::RecordType;

void Followers::Set(std::span<const NodeId> followers, ShardEffects& effects) {
  told_ = true;
  std::erase_if(progress_, [&](const auto& entry) {
    return std::find(followers.begin(), followers.end(), entry.first) == followers.end();
  });
  for (const NodeId node : followers) {
    if (progress_.try_emplace(node).second) effects.wake.push_back(node);
  }
  effects.changed = true;
}

void Followers::OnLinkUp(NodeId follower, ShardEffects& effects) {
  const auto found = progress_.find(follower);
  if (found == progress_.end()) return;
  found->second = {};
  effects.wake.push_back(follower);
}

void Followers::OnLinkDown(NodeId follower, ShardEffects& effects) {
  const auto found = progress_.find(follower);
  if (found == progress_.end()) return;
  found->second = {};
  effects.changed = true;
}

void Followers::OnWant(NodeId from, const VersionVector& history, ShardEffects& effects) {
  const auto found = progress_.find(from);
  if (found == progress_.end()) return;
  Progress& progress = found->second;
  progress = {};
  progress.invited = true;
  if (history.IsPrefixOf(replica_.history()) && replica_.recent().Covers(history.last())) {
    progress.state = Progress::State::kTailing;
    progress.sent = history.last();
    progress.acked = history.last();
  } else {
    StartCopy(progress);
  }
  effects.wake.push_back(from);
  effects.changed = true;
}

void Followers::OnAck(NodeId from, Version version, bool pressure, ShardEffects& effects) {
  const auto found = progress_.find(from);
  if (found == progress_.end()) return;
  Progress& progress = found->second;
  if (progress.state != Progress::State::kTailing || version > progress.sent) return;
  const bool was_in_sync = InSync(progress);
  progress.acked = std::max(progress.acked, version);
  progress.pressure = pressure;
  if (!was_in_sync && InSync(progress)) effects.changed = true;
}

void Followers::StartCopy(Progress& progress) {
  progress.state = Progress::State::kCopying;
  progress.copy_id = next_copy_id_++;
  progress.copy_cursor = 0;
  progress.copy_begun = false;
  progress.sent = last();
  progress.acked = {};
  progress.pressure = false;  // Of what it no longer has.
}

bool Followers::Pump(NodeId follower, std::size_t bytes_max, UnixMs clock, Bytes& out) {
  const auto found = progress_.find(follower);
  if (found == progress_.end()) return false;
  Progress& progress = found->second;
  if (progress.state == Progress::State::kSilent) {
    if (!progress.invited) replication::AppendPeerFrame(Message(PeerMessageType::kRecords), out);
    progress.invited = true;
    return false;
  }
  // Too far behind for the ring: start (over) with a copy.
  if (!replica_.recent().Covers(progress.sent)) StartCopy(progress);
  if (progress.state == Progress::State::kCopying && !progress.copy_begun) {
    PeerMessage begin = Message(PeerMessageType::kCopyBegin);
    begin.copy_id = progress.copy_id;
    replication::AppendPeerFrame(begin, out);
    ++counters_.copies_started;
    progress.copy_begun = true;
  }
  const std::size_t start = out.size();
  while (progress.sent != last()) {
    if (out.size() - start >= bytes_max) return true;
    PumpRecords(progress, bytes_max, clock, out);
  }
  if (progress.state == Progress::State::kTailing) return false;
  PumpCopyChunk(progress, bytes_max, out);
  return progress.state == Progress::State::kCopying;
}

void Followers::PumpRecords(Progress& progress, std::size_t bytes_max, UnixMs clock, Bytes& out) {
  Version end;
  const ByteView records = replica_.recent().After(progress.sent, bytes_max, end);
  if (records.empty()) return;
  PeerMessage message = Message(PeerMessageType::kRecords);
  if (progress.state == Progress::State::kCopying) message.copy_id = progress.copy_id;
  message.records = records;
  message.clock_ms = clock.value;
  replication::AppendPeerFrame(message, out);
  // Exact within a reign; records of a reign that has ended are few and not counted.
  const bool same_reign = progress.sent.epoch == end.epoch;
  counters_.records_sent += end.seq.value() - (same_reign ? progress.sent.seq.value() : 0);
  progress.sent = end;
}

// The next piece of the copy; behind the last piece, its end. Everything up to the present end of
// the history was sent before, so that the end of the copy may name it.
void Followers::PumpCopyChunk(Progress& progress, std::size_t bytes_max, Bytes& out) {
  Bytes items;
  const auto flush = [&] {
    if (items.empty()) return;
    PeerMessage chunk = Message(PeerMessageType::kCopyChunk);
    chunk.copy_id = progress.copy_id;
    chunk.records = items;
    replication::AppendPeerFrame(chunk, out);
    items.clear();
  };
  const std::size_t start = out.size();
  do {
    progress.copy_cursor =
        replica_.table().Scan(progress.copy_cursor, /*homes=*/1, [&](const store::ItemView& item) {
          Record record;
          record.type = item.tombstone ? RecordType::kErase : RecordType::kSet;
          record.version = item.version;
          if (!item.tombstone) record.argument = static_cast<std::uint64_t>(item.expires_at);
          record.client_flags = item.client_flags;
          record.key = item.key;
          record.value = item.value;
          replication::AppendRecord(record, items);
          if (items.size() >= limits::kCopyChunkBytes) flush();
        });
  } while (progress.copy_cursor != 0 && out.size() - start + items.size() < bytes_max);
  flush();
  if (progress.copy_cursor != 0) return;
  PeerMessage end = Message(PeerMessageType::kCopyEnd);
  end.copy_id = progress.copy_id;
  end.reigns = replica_.history().reigns();
  replication::AppendPeerFrame(end, out);
  progress.state = Progress::State::kTailing;
  ++counters_.copies_sent;
}

PeerMessage Followers::Message(PeerMessageType type) const {
  PeerMessage message;
  message.type = type;
  message.shard = shard_;
  message.epoch = epoch_;
  return message;
}

void Followers::Wake(ShardEffects& effects) const {
  for (const auto& [node, progress] : progress_) {
    if (progress.state != Progress::State::kSilent) effects.wake.push_back(node);
  }
}

bool Followers::InSync(NodeId follower) const {
  const auto found = progress_.find(follower);
  return found != progress_.end() && InSync(found->second);
}

bool Followers::InSync(const Progress& progress) const {
  return progress.state == Progress::State::kTailing && replica_.recent().Covers(progress.acked) &&
         replica_.recent().BytesAfter(progress.acked) <= limits::kInSyncLagBytes;
}

bool Followers::SentAll(NodeId follower) const {
  const auto found = progress_.find(follower);
  return found != progress_.end() && found->second.state == Progress::State::kTailing &&
         found->second.sent == last();
}

std::uint64_t Followers::Settled(NodeId leader) const {
  std::uint64_t sum = leader.value();
  for (const auto& [node, progress] : progress_) {
    if (!InSync(progress)) return 0;
    sum += node.value();
  }
  return sum;
}

Version Followers::SentToAll() const {
  Version sent = last();
  for (const auto& [node, progress] : progress_) {
    if (progress.state != Progress::State::kSilent) sent = std::min(sent, progress.sent);
  }
  return sent;
}

Version Followers::AckedByAll() const {
  Version acked = last();
  for (const auto& [node, progress] : progress_) acked = std::min(acked, progress.acked);
  return acked;
}

bool Followers::pressure() const {
  return std::any_of(progress_.begin(), progress_.end(),
                     [](const auto& entry) { return entry.second.pressure; });
}

std::vector<FollowerLag> Followers::Lags() const {
  std::vector<FollowerLag> lags;
  for (const auto& [node, progress] : progress_) {
    FollowerLag lag;
    lag.follower = node;
    lag.in_sync = InSync(progress);
    lag.copying = progress.state == Progress::State::kCopying;
    const bool same_reign = progress.acked.epoch == last().epoch;
    lag.records = last().seq.value() - (same_reign ? progress.acked.seq.value() : 0);
    const bool covered = replica_.recent().Covers(progress.acked);
    lag.bytes = covered ? replica_.recent().BytesAfter(progress.acked) : replica_.recent().bytes();
    lags.push_back(lag);
  }
  return lags;
}

}  // namespace aegis::node
