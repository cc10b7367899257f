#include "gossip/swim.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "base/check.h"
#include "gossip/codec.h"

namespace aegis::gossip {
namespace {

// How many members hear a goodbye at once, so that the process may end soon after.
constexpr std::size_t kFarewellFanout = 16;

using Kind = Event::Kind;

MessageKind KindOf(const StreamAnswer& answer) {
  constexpr std::array kKinds = {MessageKind::kRefusal, MessageKind::kPushPull,
                                 MessageKind::kStreamProbe};
  static_assert(kKinds.size() == std::variant_size_v<decltype(answer.body)>);
  return kKinds[answer.body.index()];
}

}  // namespace

Swim::Swim(Member self, ClusterSettings settings, Options options, Rng rng, TimePoint now)
    : options_(options),
      rng_(rng),
      settings_(settings),
      awareness_(options_.awareness_max),
      membership_(std::move(self), options_, rng_, awareness_, complaints_, counters_, now),
      post_(settings_, membership_, options_, counters_),
      streams_(counters_),
      prober_(options_, membership_, awareness_, post_, streams_, rng_, counters_, now),
      exchange_(options_, settings_, membership_, prober_, post_, streams_, complaints_, rng_,
                counters_, now),
      next_spread_(now),
      wake_up_at_(NextDeadline()) {
  const Member& me = this->self();
  AEGIS_CHECK(me.id != kNoNode && me.session != Session{}, "a member has an id and a session");
  AEGIS_CHECK(CheckMember(me).ok(), "what this node tells about itself must be well-formed");
  AEGIS_CHECK(me.state == MemberState::kAlive, "a node starts alive");
}

// --- Time ---------------------------------------------------------------------------------------

void Swim::Begin(TimePoint now) {
  // A node that was not run (stopped, swapped out, suspended) has heard nobody in that time, and
  // what they said may still lie unread: nobody else's silence is proven by it.
  const Duration late = wake_up_at_ == TimePoint::max() ? Duration::zero() : now - wake_up_at_;
  if (late <= options_.probe_timeout) return;
  ++counters_.stalls;
  awareness_.Worsen(1);
  prober_.Postpone(late);
  membership_.Postpone(late);
}

TimePoint Swim::NextDeadline() const {
  const TimePoint spread = membership_.rumours().empty() ? TimePoint::max() : next_spread_;
  return std::min({spread, membership_.wake_up_at(), prober_.wake_up_at(), exchange_.wake_up_at(),
                   streams_.wake_up_at()});
}

void Swim::End(TimePoint now, Effects& effects) {
  wake_up_at_ = std::max(now, NextDeadline());
  effects.wake_up_at = wake_up_at_;
}

void Swim::Tick(TimePoint now, Effects& effects) {
  Begin(now);
  streams_.Tick(now);
  membership_.Tick(now, effects);
  prober_.Tick(now, effects);
  exchange_.Tick(now, effects);
  SpreadRumours(now, effects);
  End(now, effects);
}

void Swim::SpreadRumours(TimePoint now, Effects& effects) {
  if (membership_.rumours().empty() || now < next_spread_) return;
  Spread(static_cast<std::size_t>(options_.rumour_fanout), now, effects);
}

void Swim::Spread(std::size_t fanout, TimePoint now, Effects& effects) {
  next_spread_ = now + options_.rumour_interval;
  const auto listeners = membership_.list().Pick(fanout, [&](const MemberList::Entry& entry) {
    const MemberState state = entry.member.state;
    return IsLive(entry.member) ||
           (state == MemberState::kDead && now - entry.since < options_.rumours_to_the_dead);
  });
  for (const Member* listener : listeners) {
    if (membership_.rumours().empty()) break;
    post_.Send(listener->gossip_address, std::monostate(), effects);
  }
}

// --- What arrives -------------------------------------------------------------------------------

void Swim::OnDatagram(const Endpoint& from, ByteView body, TimePoint now, Effects& effects) {
  Begin(now);
  const auto decoded = DecodeDatagram(body);
  if (!decoded.ok()) {
    ++(decoded.error().code == ErrorCode::kTooLarge ? counters_.oversized : counters_.malformed);
    complaints_.Add(Kind::kMalformed, {},
                    fmt::format("datagram of {} bytes from {}: {}", body.size(), from.ToString(),
                                decoded.error().message),
                    now, effects);
    return End(now, effects);
  }
  const DatagramMessage& message = decoded.value();
  counters_.received.Count(KindOf(message.body));
  counters_.received.datagram_bytes += body.size();
  // Under our own id speaks an echo, an earlier run or an impostor; exchanges tell which.
  const bool is_self = message.sender.id == self().id;
  if (!is_self && !exchange_.RefuseForeign(message.sender, from, now, effects)) {
    const bool is_born_before_us = !settings_.born() && message.sender.cluster != ClusterId{};
    // A node that counted members of a cluster before it is one of them might form another one.
    if (!is_born_before_us) OnRumours(message, now, effects);
    OnBody(from, message, now, effects);
    if (is_born_before_us || IsStranger(message.sender)) exchange_.Introduce(from, now, effects);
  }
  End(now, effects);
}

bool Swim::IsStranger(const Sender& sender) const {
  const Member* known = Find(sender.id);
  // One that has left is known for good: it only says goodbye.
  return known == nullptr || known->session != sender.session || known->state == MemberState::kDead;
}

void Swim::OnRumours(const DatagramMessage& message, TimePoint now, Effects& effects) {
  for (const Rumour& rumour : message.rumours) membership_.Apply(rumour, now, effects);
}

void Swim::OnBody(const Endpoint& from, const DatagramMessage& message, TimePoint now,
                  Effects& effects) {
  if (const auto* ping = std::get_if<Ping>(&message.body)) {
    if (ping->target != self().id) return;
    if (ping->target_session == self().session) {
      post_.Send(from, Ack{ping->seq}, effects);
    } else {
      // Whoever asks for an earlier run should hear that there is a new one.
      exchange_.Introduce(from, now, effects);
    }
  } else if (const auto* request = std::get_if<PingRequest>(&message.body)) {
    prober_.OnPingRequest(from, *request, now, effects);
  } else if (const auto* ack = std::get_if<Ack>(&message.body)) {
    prober_.OnAck(message.sender.id, *ack, effects);
  } else if (const auto* nack = std::get_if<Nack>(&message.body)) {
    prober_.OnNack(*nack);
  }
}

Bytes Swim::OnStreamRequest(const Endpoint& from, ByteView request, TimePoint now,
                            Effects& effects) {
  Begin(now);
  const auto decoded = DecodeQuestion(request);
  StreamAnswer answer{post_.Signature(), StreamAck{}};
  counters_.received.stream_bytes += request.size();
  if (!decoded.ok()) {
    ++(decoded.error().code == ErrorCode::kTooLarge ? counters_.oversized : counters_.malformed);
    complaints_.Add(Kind::kMalformed, {},
                    fmt::format("stream from {}: {}", from.ToString(), decoded.error().message),
                    now, effects);
    answer.body = Refusal{RefusalReason::kMalformed, decoded.error().message};
  } else if (const auto* probe = std::get_if<StreamProbe>(&decoded.value().body)) {
    counters_.received.Count(MessageKind::kStreamProbe);
    const bool is_me = probe->target == self().id && probe->target_session == self().session;
    if (auto refusal = exchange_.RefuseForeign(decoded.value().sender, from, now, effects)) {
      answer.body = std::move(*refusal);
    } else if (!is_me) {
      answer.body = Refusal{RefusalReason::kNotMe, "another node, or a later run, answers here"};
    }
  } else {
    counters_.received.Count(MessageKind::kPushPull);
    const auto& state = std::get<State>(decoded.value().body);
    answer = exchange_.OnState(from, decoded.value(), state, now, effects);
  }
  Bytes reply = EncodeAnswer(answer);
  counters_.sent.Count(KindOf(answer));
  counters_.sent.stream_bytes += reply.size();
  End(now, effects);
  return reply;
}

void Swim::OnStreamReply(std::uint64_t id, const Result<Bytes>& reply, TimePoint now,
                         Effects& effects) {
  Begin(now);
  const auto purpose = streams_.Close(id);
  if (!purpose) return End(now, effects);
  if (!reply.ok()) {
    ++counters_.streams_failed;
    return End(now, effects);
  }
  counters_.received.stream_bytes += reply.value().size();
  const auto decoded = DecodeAnswer(reply.value());
  if (!decoded.ok()) {
    ++(decoded.error().code == ErrorCode::kTooLarge ? counters_.oversized : counters_.malformed);
    complaints_.Add(
        Kind::kMalformed, {},
        fmt::format("reply from {}: {}", purpose->to.ToString(), decoded.error().message), now,
        effects);
    return End(now, effects);
  }
  counters_.received.Count(KindOf(decoded.value()));
  if (purpose->probe_seq == 0) {
    exchange_.OnAnswer(*purpose, decoded.value(), now, effects);
  } else if (std::holds_alternative<StreamAck>(decoded.value().body)) {
    prober_.OnStreamAck(purpose->probe_seq);
  }
  End(now, effects);
}

// --- What the owner wants -----------------------------------------------------------------------

void Swim::Join(std::span<const Endpoint> seeds, TimePoint now, Effects& effects) {
  Begin(now);
  exchange_.Join(seeds, now, effects);
  End(now, effects);
}

void Swim::ProbeSoon(NodeId id, TimePoint now, Effects& effects) {
  Begin(now);
  prober_.ProbeNow(id, now, effects);
  End(now, effects);
}

void Swim::Leave(TimePoint now, Effects& effects) {
  Begin(now);
  if (!membership_.leaving()) {
    membership_.Leave(now);
    Spread(kFarewellFanout, now, effects);
  }
  End(now, effects);
}

bool Swim::farewell_said() const {
  if (!membership_.leaving()) return false;
  return membership_.list().CountLive() == 0 || !membership_.rumours().Contains(self().id);
}

void Swim::SetSettings(const ClusterSettings& settings, TimePoint now) {
  AEGIS_CHECK(!settings_.born() && settings.born(), "a node is born once");
  Begin(now);
  settings_ = settings;
  exchange_.SpreadBirth(now);
  wake_up_at_ = now;
}

void Swim::UpdateSelf(const Member& changed, TimePoint now, Effects& effects) {
  AEGIS_CHECK(
      changed.id == self().id && changed.session == self().session && changed.name == self().name,
      "a node cannot become another");
  AEGIS_CHECK(CheckMember(changed).ok(), "what this node tells about itself must be well-formed");
  Begin(now);
  membership_.UpdateSelf(changed, now);
  End(now, effects);
}

}  // namespace aegis::gossip
