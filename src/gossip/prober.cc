#include "gossip/prober.h"

#include <algorithm>

namespace aegis::gossip {

Prober::Prober(const Options& options, Membership& membership, Awareness& awareness, Post& post,
               Streams& streams, Rng& rng, Counters& counters, TimePoint now)
    : options_(options),
      membership_(membership),
      awareness_(awareness),
      post_(post),
      streams_(streams),
      counters_(counters),
      next_seq_(static_cast<std::uint32_t>(rng.Next())) {
  // Nodes that start together do not all probe at the same moment.
  next_probe_ = now + std::chrono::duration_cast<Duration>(options_.probe_interval * rng.Unit());
}

std::uint32_t Prober::NextSeq() {
  // 0 means none, and a number in use is not given again, 2^32 probes later.
  do {
    ++next_seq_;
  } while (next_seq_ == 0 || probes_.contains(next_seq_) || relays_.contains(next_seq_));
  return next_seq_;
}

void Prober::Tick(TimePoint now, Effects& effects) {
  TickRelays(now, effects);
  if (membership_.leaving()) {
    probes_.clear();
    return;
  }
  for (auto it = probes_.begin(); it != probes_.end();) {
    Probe& probe = it->second;
    if (probe.fail_at <= now) {
      const Probe failed = probe;
      it = probes_.erase(it);
      Fail(failed, now, effects);
      continue;
    }
    if (probe.escalate_at <= now) Escalate(it->first, probe, effects);
    ++it;
  }
  if (next_probe_ > now) return;
  next_probe_ = now + awareness_.Scale(options_.probe_interval);
  if (const Member* target = membership_.list().NextToProbe()) Begin(*target, false, now, effects);
}

void Prober::ProbeNow(NodeId id, TimePoint now, Effects& effects) {
  const Member* target = membership_.Find(id);
  if (membership_.leaving() || id == membership_.self().id) return;
  if (target == nullptr || !IsLive(*target)) return;
  const bool under_way = std::ranges::any_of(
      probes_, [&](const auto& probe) { return probe.second.target == id && probe.second.urgent; });
  if (!under_way) Begin(*target, true, now, effects);
}

void Prober::Begin(const Member& target, bool urgent, TimePoint now, Effects& effects) {
  ++counters_.probes;
  const std::uint32_t seq = NextSeq();
  // An urgent probe waits just long enough for a relay to say that it has heard nothing either.
  const Duration patience = urgent ? std::min(2 * options_.probe_timeout, options_.probe_interval)
                                   : options_.probe_interval;
  Probe& probe = probes_[seq];
  probe = {.target = target.id,
           .session = target.session,
           .escalate_at = now + awareness_.Scale(options_.probe_timeout),
           .fail_at = now + awareness_.Scale(patience),
           .urgent = urgent};
  post_.SendPing(target, {seq, target.id, target.session}, effects);
  if (urgent) Escalate(seq, probe, effects);
}

void Prober::Escalate(std::uint32_t seq, Probe& probe, Effects& effects) {
  probe.escalate_at = TimePoint::max();
  const Member* target = membership_.Find(probe.target);
  if (target == nullptr || target->session != probe.session) return;

  const auto relays = membership_.list().Pick(
      static_cast<std::size_t>(options_.indirect_probes), [&](const MemberList::Entry& entry) {
        return entry.member.state == MemberState::kAlive && entry.member.id != probe.target;
      });
  for (const Member* relay : relays) {
    post_.Send(relay->gossip_address, PingRequest{seq, probe.target, probe.session}, effects);
  }
  probe.relays = static_cast<int>(relays.size());
  probe.relays_silent = probe.relays;

  const StreamQuestion question{.sender = post_.Signature(),
                                .body = StreamProbe{probe.target, probe.session}};
  streams_.Open({.to = target->gossip_address, .probe_seq = seq, .deadline = probe.fail_at},
                question, effects);
}

void Prober::Fail(const Probe& probe, TimePoint now, Effects& effects) {
  if (!membership_.IsLiveMember(probe.target, probe.session)) return;
  ++counters_.probes_failed;
  // Relays that stay silent too point at this node; with no relay to ask there is only doubt.
  awareness_.Worsen(probe.relays > 0 ? probe.relays_silent : 1);
  membership_.SuspectUnanswered(probe.target, probe.session, now, effects);
}

bool Prober::Succeed(std::uint32_t seq) {
  if (probes_.erase(seq) == 0) return false;
  awareness_.Improve();
  return true;
}

void Prober::OnAck(NodeId from, const Ack& ack, Effects& effects) {
  if (const auto relayed = relays_.find(ack.seq); relayed != relays_.end()) {
    post_.Send(relayed->second.origin, Ack{relayed->second.origin_seq}, effects);
    relays_.erase(relayed);
    return;
  }
  const auto probe = probes_.find(ack.seq);
  if (probe == probes_.end()) return;
  const bool through_relay = probe->second.target != from;
  if (Succeed(ack.seq) && through_relay) ++counters_.probes_saved_by_relay;
}

void Prober::OnNack(const Nack& nack) {
  const auto probe = probes_.find(nack.seq);
  if (probe != probes_.end() && probe->second.relays_silent > 0) --probe->second.relays_silent;
}

void Prober::OnStreamAck(std::uint32_t seq) {
  if (Succeed(seq)) ++counters_.probes_saved_by_stream;
}

void Prober::OnPingRequest(const Endpoint& from, const PingRequest& request, TimePoint now,
                           Effects& effects) {
  const Member* target = membership_.Find(request.target);
  if (target == nullptr || target->session != request.target_session) {
    post_.Send(from, Nack{request.seq}, effects);
    return;
  }
  if (relays_.size() >= kRelaysMax) return;
  const std::uint32_t seq = NextSeq();
  relays_[seq] = {.origin = from,
                  .origin_seq = request.seq,
                  .nack_at = now + options_.probe_timeout,
                  .forget_at = now + options_.probe_interval};
  post_.SendPing(*target, {seq, request.target, request.target_session}, effects);
}

void Prober::TickRelays(TimePoint now, Effects& effects) {
  for (auto it = relays_.begin(); it != relays_.end();) {
    Relay& relay = it->second;
    if (relay.nack_at <= now) {
      relay.nack_at = TimePoint::max();
      post_.Send(relay.origin, Nack{relay.origin_seq}, effects);
    }
    it = relay.forget_at <= now ? relays_.erase(it) : std::next(it);
  }
}

void Prober::Postpone(Duration by) {
  for (auto& [seq, probe] : probes_) {
    if (probe.escalate_at != TimePoint::max()) probe.escalate_at += by;
    probe.fail_at += by;
  }
}

TimePoint Prober::wake_up_at() const {
  TimePoint at = membership_.leaving() ? TimePoint::max() : next_probe_;
  if (!membership_.leaving()) {
    for (const auto& [seq, probe] : probes_) {
      at = std::min({at, probe.escalate_at, probe.fail_at});
    }
  }
  for (const auto& [seq, relay] : relays_) at = std::min({at, relay.nack_at, relay.forget_at});
  return at;
}

}  // namespace aegis::gossip
