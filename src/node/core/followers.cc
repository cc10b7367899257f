#include "node/core/followers.h"

#include <algorithm>
#include <utility>

#include "model/limits.h"

namespace aegis::node {

using replication::PeerMessage;
using replication::PeerMessageType;

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

void Followers::OnWant(const control::Copy& from, const VersionVector& history,
                       std::uint32_t change, ShardEffects& effects) {
  const auto found = progress_.find(from.node);
  if (found == progress_.end()) return;
  Progress& progress = found->second;
  progress = {};
  progress.memory = from.memory;
  progress.change = change;
  progress.invited = true;
  if (history.IsPrefixOf(replica_.history()) && replica_.recent().Covers(history.last())) {
    progress.state = Progress::State::kTailing;
    progress.sent = history.last();
    progress.acked = history.last();
  } else if (history.WritesBeyond(replica_.history()) > 0) {
    progress.state = Progress::State::kGiving;
    progress.common = history.CommonWith(replica_.history());
    // All that it has would be too much, and hardly any of it could be taken.
    if (progress.common == Version{} && replica_.vanished() != Version{}) copies_.Start(progress);
  } else {
    copies_.Start(progress);
  }
  effects.wake.push_back(from.node);
  effects.changed = true;
}

const Version* Followers::AskedBehind(const control::Copy& copy) const {
  const Progress* const progress = Find(copy);
  const bool asked =
      progress != nullptr && progress->state == Progress::State::kGiving && progress->asked;
  return asked ? &progress->common : nullptr;
}

void Followers::OnGiven(const control::Copy& copy, const replication::TailFate& fate) {
  Progress* const progress = Find(copy);
  progress->fate.recovered += fate.recovered;
  progress->fate.passed_over += fate.passed_over;
}

replication::TailFate Followers::OnAllGiven(const control::Copy& copy, ShardEffects& effects) {
  Progress* const progress = Find(copy);
  copies_.Start(*progress);
  effects.wake.push_back(copy.node);
  return std::exchange(progress->fate, {});
}

std::optional<Version> Followers::OnAck(const control::Copy& from,
                                        const PeerMessage& acknowledgement, ShardEffects& effects) {
  const Version version = acknowledgement.version;
  Progress* const progress = Find(from);
  if (progress == nullptr || progress->state != Progress::State::kTailing ||
      version > progress->sent) {
    return std::nullopt;
  }
  const bool was_in_sync = InSync(*progress);
  const Version before = progress->acked;
  progress->acked = std::max(before, version);
  progress->pressure = acknowledgement.pressure;
  const bool knows_more = acknowledgement.change > progress->change;
  progress->change = acknowledgement.change;
  if (knows_more || (!was_in_sync && InSync(*progress))) effects.changed = true;
  if (version <= before) return std::nullopt;
  return before;
}

std::uint64_t Followers::Probe(ShardEffects& effects) {
  ++round_;
  Wake(effects);
  return round_;
}

void Followers::OnConfirm(const control::Copy& from, std::uint64_t round) {
  Progress* const progress = Find(from);
  if (progress == nullptr || round > progress->probed) return;
  progress->confirmed = std::max(progress->confirmed, round);
}

Followers::Progress* Followers::Find(const control::Copy& copy) {
  const auto found = progress_.find(copy.node);
  return found != progress_.end() && found->second.memory == copy.memory ? &found->second : nullptr;
}

const Followers::Progress* Followers::Find(const control::Copy& copy) const {
  const auto found = progress_.find(copy.node);
  return found != progress_.end() && found->second.memory == copy.memory ? &found->second : nullptr;
}

void Followers::OnAsk(const control::Copy& from, std::uint64_t round, ShardEffects& effects) {
  Progress* const progress = Find(from);
  if (progress == nullptr || progress->state != Progress::State::kTailing) return;
  progress->question = round;
  progress->question_end = last();
  effects.wake.push_back(from.node);
}

void Followers::TellCommitted(Version committed, ShardEffects& effects) {
  for (auto& [node, progress] : progress_) {
    if (progress.state != Progress::State::kTailing || progress.told >= committed) continue;
    progress.tell = true;
    effects.wake.push_back(node);
  }
}

void Followers::OnDigestQuestion(NodeId from, std::span<const HashRange> ranges,
                                 ShardEffects& effects) {
  const auto found = progress_.find(from);
  if (found == progress_.end() || found->second.state != Progress::State::kTailing) return;
  DigestOffers::OnQuestion(found->second.digests, ranges);
  effects.wake.push_back(from);
}

void Followers::OfferDigests(ShardEffects& effects) {
  if (!digests_.IsTime()) return;
  for (auto& [node, progress] : progress_) {
    if (progress.state != Progress::State::kTailing) continue;
    progress.digests.digest = true;
    effects.wake.push_back(node);
  }
}

bool Followers::Pump(NodeId follower, std::size_t bytes_max, UnixMs clock,
                     const CommitPoint& commit, OutgoingTail out) {
  const auto found = progress_.find(follower);
  if (found == progress_.end()) return false;
  Progress& progress = found->second;
  if (progress.state == Progress::State::kSilent) {
    if (!progress.invited) replication::AppendPeerFrame(Message(PeerMessageType::kRecords), out);
    progress.invited = true;
    return false;
  }
  if (progress.probed < round_) {
    PeerMessage probe = Message(PeerMessageType::kProbe);
    probe.round = progress.probed = round_;
    replication::AppendPeerFrame(probe, out);
  }
  if (progress.state == Progress::State::kGiving) {
    if (std::exchange(progress.asked, true)) return false;
    PeerMessage ask = Message(PeerMessageType::kTailAsk);
    ask.version = progress.common;
    replication::AppendPeerFrame(ask, out);
    return false;
  }
  // Too far behind for the ring: start (over) with a copy.
  if (!replica_.recent().Covers(progress.sent)) copies_.Start(progress);
  if (progress.state == Progress::State::kCopying) copies_.Begin(progress, out);
  const std::size_t start = out.size();
  while (progress.sent != last()) {
    if (out.size() - start >= bytes_max) return true;
    PumpRecords(progress, bytes_max, clock, commit, out);
    if (progress.question != 0) PumpFreshness(progress, commit, out);
  }
  if (progress.state == Progress::State::kTailing) {
    PumpFreshness(progress, commit, out);
    return digests_.Pump(progress.digests, bytes_max, out.bytes());
  }
  copies_.Pump(progress, bytes_max, commit, out);
  return progress.state == Progress::State::kCopying && !progress.copy_waits;
}

void Followers::ResumeCopies(ShardEffects& effects) {
  for (auto& [node, progress] : progress_) {
    if (progress.state != Progress::State::kCopying || !copies_.Resume(progress)) continue;
    effects.wake.push_back(node);
  }
}

void Followers::PumpRecords(Progress& progress, std::size_t bytes_max, UnixMs clock,
                            const CommitPoint& commit, OutgoingTail out) {
  Version end;
  const auto records = replica_.recent().After(progress.sent, bytes_max, end);
  if (records.empty()) return;
  PeerMessage message = Message(PeerMessageType::kRecords);
  if (progress.state == Progress::State::kCopying) message.copy_id = progress.copy_id;
  message.records = records.bytes;
  message.records_end = records.value;
  message.block = records.block;
  message.clock_ms = clock.value;
  message.newest = last();
  message.committed = commit.committed_durably();
  message.quorum_used = commit.matters();
  // One that takes a copy does not look at it.
  if (progress.state == Progress::State::kTailing) progress.told = message.committed;
  replication::AppendPeerFrame(message, out);
  // Exact within a reign; records of a reign that has ended are few and not counted.
  const bool same_reign = progress.sent.epoch == end.epoch;
  counters_.records_sent += end.seq.value() - (same_reign ? progress.sent.seq.value() : 0);
  progress.sent = end;
}

// What the follower asked for, once it was sent all that was there then; and what is committed, if
// no record has told it and reads on a follower depend on it.
void Followers::PumpFreshness(Progress& progress, const CommitPoint& commit,
                              OutgoingTail out) const {
  const bool answers = progress.question != 0 && progress.sent >= progress.question_end;
  const bool tells =
      std::exchange(progress.tell, false) && progress.told < commit.committed_durably();
  if (!answers && !tells) return;
  PeerMessage fresh = Message(PeerMessageType::kFresh);
  fresh.version = progress.sent;
  fresh.committed = progress.told = commit.committed_durably();
  fresh.quorum_used = commit.matters();
  if (answers) {
    fresh.version = progress.question_end;
    fresh.round = std::exchange(progress.question, 0);
  }
  replication::AppendPeerFrame(fresh, out);
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

bool Followers::AckedAll(NodeId follower) const {
  const auto found = progress_.find(follower);
  return found != progress_.end() && found->second.state == Progress::State::kTailing &&
         found->second.acked == last();
}

Version Followers::SentToAll() const {
  Version sent = last();
  for (const auto& [node, progress] : progress_) {
    const bool fed =
        progress.state == Progress::State::kTailing || progress.state == Progress::State::kCopying;
    if (fed) sent = std::min(sent, progress.sent);
  }
  return sent;
}

Version Followers::AckedByAll() const {
  if (!told_) return {};
  Version acked = last();
  for (const auto& [node, progress] : progress_) acked = std::min(acked, progress.acked);
  return acked;
}

Version Followers::AckedBy(const control::Copy& copy) const {
  const Progress* const progress = Find(copy);
  return progress == nullptr ? Version{} : progress->acked;
}

bool Followers::Knows(const control::Copy& copy, std::uint32_t change) const {
  const Progress* const progress = Find(copy);
  return progress != nullptr && progress->change >= change;
}

bool Followers::Confirmed(const control::Copy& copy, std::uint64_t round) const {
  const Progress* const progress = Find(copy);
  return progress != nullptr && progress->confirmed >= round;
}

bool Followers::ConfirmedByAll() const {
  return std::ranges::all_of(progress_, [this](const auto& entry) {
    const Progress& progress = entry.second;
    return progress.state != Progress::State::kTailing || progress.confirmed >= round_;
  });
}

Version Followers::BestWhole() const {
  Version best;
  for (const auto& [node, progress] : progress_) {
    if (progress.state == Progress::State::kTailing) best = std::max(best, progress.acked);
  }
  return best;
}

std::uint32_t Followers::HoldersOf(Version version) const {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      progress_, [&](const auto& entry) { return entry.second.acked >= version; }));
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
    lag.change = progress.change;
    lag.records = replica_.history().RecordsAfter(progress.acked);
    const bool covered = replica_.recent().Covers(progress.acked);
    lag.bytes = covered ? replica_.recent().BytesAfter(progress.acked) : replica_.recent().bytes();
    lags.push_back(lag);
  }
  return lags;
}

}  // namespace aegis::node
