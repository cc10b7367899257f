#include "gossip/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace aegis::gossip {
namespace {

using Kind = Event::Kind;

Kind EventOf(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kForeignCluster:
      return Kind::kRefusedForeign;
    case RefusalReason::kIdConflict:
      return Kind::kIdConflict;
    case RefusalReason::kFull:
      return Kind::kRefusedFull;
    case RefusalReason::kMalformed:
    case RefusalReason::kNotMe:
      break;
  }
  return Kind::kMalformed;
}

// For an operator: what a node was started with against what its cluster has.
std::string Differences(const ClusterSettings& ours, const ClusterSettings& theirs) {
  std::string text;
  const auto compare = [&](const char* name, std::uint32_t own, std::uint32_t adopted) {
    if (own == adopted) return;
    text += fmt::format("{}{} {} instead of {}", text.empty() ? "" : ", ", name, adopted, own);
  };
  compare("shards", ours.num_shards, theirs.num_shards);
  compare("replication-factor", ours.replication_factor, theirs.replication_factor);
  compare("virtual-nodes", ours.virtual_nodes, theirs.virtual_nodes);
  if (ours.born() && ours.hash_seed != theirs.hash_seed) {
    text += text.empty() ? "another hash seed" : ", another hash seed";
  }
  return text;
}

Duration Jittered(Duration interval, Rng& rng) {
  return std::chrono::duration_cast<Duration>(interval * (0.75 + 0.5 * rng.Unit()));
}

}  // namespace

Exchange::Exchange(const Options& options, ClusterSettings& settings, Membership& membership,
                   Prober& prober, const Post& post, Streams& streams, Complaints& complaints,
                   Rng& rng, Counters& counters, TimePoint now)
    : options_(options),
      settings_(settings),
      membership_(membership),
      prober_(prober),
      post_(post),
      streams_(streams),
      complaints_(complaints),
      rng_(rng),
      counters_(counters),
      seed_backoff_(options.join_backoff_min),
      next_push_pull_(now + Jittered(options.push_pull_interval, rng)),
      next_dead_contact_(now + Jittered(options.dead_contact_interval, rng)),
      next_introduction_(now) {}

// --- When and with whom -------------------------------------------------------------------------

void Exchange::Join(std::span<const Endpoint> seeds, TimePoint now, Effects& effects) {
  seeds_.clear();
  for (const Endpoint& address : seeds) seeds_.push_back({address, kNoNode});
  seed_backoff_ = options_.join_backoff_min;
  TrySeeds(now, effects);
}

bool Exchange::IsMissing(const Seed& seed) const {
  const Member& self = membership_.self();
  if (seed.address == self.gossip_address || seed.answered == self.id) return false;
  const Member* answered = membership_.Find(seed.answered);
  if (answered != nullptr && IsLive(*answered)) return false;
  return std::ranges::none_of(membership_.list().entries(), [&](const auto& known) {
    const Member& member = known.second.member;
    return IsLive(member) && member.gossip_address == seed.address;
  });
}

void Exchange::TrySeeds(TimePoint now, Effects& effects) {
  std::vector<Endpoint> missing;
  for (const Seed& seed : seeds_) {
    if (IsMissing(seed)) missing.push_back(seed.address);
  }
  std::shuffle(missing.begin(), missing.end(), rng_);
  missing.resize(std::min(missing.size(), kSeedsAtOnce));
  for (const Endpoint& address : missing) PushPull(address, now, effects);

  if (joined_ && settings_.born()) {
    next_seeds_ = now + Jittered(options_.seed_interval, rng_);
  } else {
    next_seeds_ = now + Jittered(seed_backoff_, rng_);
    seed_backoff_ = std::min(2 * seed_backoff_, options_.join_backoff_max);
  }
  if (seeds_.empty()) next_seeds_ = TimePoint::max();
}

void Exchange::Introduce(const Endpoint& to, TimePoint now, Effects& effects) {
  if (now < next_introduction_) return;
  next_introduction_ = now + kIntroductionInterval;
  PushPull(to, now, effects);
}

void Exchange::PushPull(const Endpoint& to, TimePoint now, Effects& effects) {
  if (membership_.leaving()) return;
  streams_.Open({.to = to, .deadline = now + options_.stream_timeout},
                {.sender = post_.Signature(), .body = OwnState()}, effects);
}

void Exchange::PushPullRandom(std::size_t count, MemberState state, TimePoint now,
                              Effects& effects) {
  const auto partners = membership_.list().Pick(
      count, [&](const MemberList::Entry& entry) { return entry.member.state == state; });
  for (const Member* partner : partners) PushPull(partner->gossip_address, now, effects);
}

Duration Exchange::PushPullInterval() const {
  constexpr std::size_t kMembersAtBaseRate = 32;
  const std::size_t members = membership_.list().CountLive();
  if (members <= kMembersAtBaseRate) return options_.push_pull_interval;
  const auto doublings = std::bit_width((members - 1) / kMembersAtBaseRate);
  return options_.push_pull_interval * (1 + static_cast<int>(doublings));
}

void Exchange::SpreadBirth(TimePoint now) { spread_birth_at_ = now; }

void Exchange::Tick(TimePoint now, Effects& effects) {
  if (spread_birth_at_ <= now) {
    spread_birth_at_ = TimePoint::max();
    // Whoever hears a datagram of a born node asks for its state, so any rumour will do.
    membership_.AnnounceSelf();
    PushPullRandom(kBirthFanout, MemberState::kAlive, now, effects);
  }
  if (next_seeds_ <= now) TrySeeds(now, effects);
  if (next_push_pull_ <= now) {
    next_push_pull_ = now + Jittered(PushPullInterval(), rng_);
    PushPullRandom(1, MemberState::kAlive, now, effects);
  }
  if (next_dead_contact_ <= now) {
    next_dead_contact_ = now + Jittered(options_.dead_contact_interval, rng_);
    PushPullRandom(1, MemberState::kDead, now, effects);
  }
}

TimePoint Exchange::wake_up_at() const {
  if (membership_.leaving()) return TimePoint::max();
  return std::min({spread_birth_at_, next_seeds_, next_push_pull_, next_dead_contact_});
}

// --- What is said -------------------------------------------------------------------------------

State Exchange::OwnState() const { return {settings_, membership_.members()}; }

StreamAnswer Exchange::OnState(const Endpoint& from, const StreamQuestion& question,
                               const State& state, TimePoint now, Effects& effects) {
  if (auto refusal = Receive(from, question.sender, state, now, effects)) {
    return {post_.Signature(), std::move(*refusal)};
  }
  return {post_.Signature(), OwnState()};
}

void Exchange::OnAnswer(const Streams::Purpose& purpose, const StreamAnswer& answer, TimePoint now,
                        Effects& effects) {
  for (Seed& seed : seeds_) {
    if (seed.address == purpose.to) seed.answered = answer.sender.id;
  }
  if (const auto* refusal = std::get_if<Refusal>(&answer.body)) {
    OnRefusal(purpose.to, answer.sender, *refusal, now, effects);
  } else if (const auto* state = std::get_if<State>(&answer.body)) {
    const auto refused = Receive(purpose.to, answer.sender, *state, now, effects);
    refusal_ = refused ? refused->message : "";
  }
}

std::optional<Refusal> Exchange::RefuseForeign(const Sender& sender, const Endpoint& from,
                                               TimePoint now, Effects& effects) {
  if (!settings_.born() || sender.cluster == ClusterId{} || sender.cluster == settings_.id) {
    return std::nullopt;
  }
  const Member& self = membership_.self();
  std::string message =
      fmt::format("the node at {} belongs to cluster {:016x}, node '{}' at {} to cluster {:016x}",
                  from.ToString(), sender.cluster.value(), self.name,
                  self.gossip_address.ToString(), settings_.id.value());
  ++counters_.refused_foreign;
  Member stranger;
  stranger.id = sender.id;
  stranger.session = sender.session;
  stranger.gossip_address = from;
  complaints_.Add(Kind::kRefusedForeign, std::move(stranger), message, now, effects);
  // It may have been a member while neither of us was born, or while we were not.
  membership_.Expel(sender.id, sender.session, now, effects);
  return Refusal{RefusalReason::kForeignCluster, std::move(message)};
}

std::optional<Refusal> Exchange::Receive(const Endpoint& from, const Sender& sender,
                                         const State& state, TimePoint now, Effects& effects) {
  const Member& self = membership_.self();
  if (sender.id == self.id && sender.session == self.session) return std::nullopt;
  if (auto refusal = RefuseForeign(sender, from, now, effects)) return refusal;

  if (settings_.born() && state.settings.born() && state.settings != settings_) {
    // Mixed up they would put the same key into different places.
    ++counters_.refused_foreign;
    return Refusal{RefusalReason::kForeignCluster,
                   fmt::format("the same cluster with other settings: {}",
                               Differences(state.settings, settings_))};
  }

  const auto own = std::ranges::find_if(state.members, [&](const Member& member) {
    return member.id == sender.id && member.session == sender.session;
  });
  switch (membership_.Meet(*own, now, effects)) {
    case Verdict::kWelcome:
      break;
    case Verdict::kIdConflict: {
      // If the known one is dead, the newcomer should not have to wait longer than it must.
      prober_.ProbeNow(own->id, now, effects);
      const Member& known = *membership_.Find(own->id);
      return Refusal{RefusalReason::kIdConflict,
                     fmt::format("node id '{}' is in use by a live member at {}: choose another "
                                 "--node-id, or wait until that one is dead",
                                 known.name, known.gossip_address.ToString())};
    }
    case Verdict::kFull:
      return Refusal{RefusalReason::kFull,
                     fmt::format("the cluster has {} members already", membership_.list().size())};
  }
  if (!settings_.born() && state.settings.born()) Adopt(state.settings, sender.id, now, effects);
  membership_.Merge(state.members, sender.id, now, effects);
  joined_ = true;
  return std::nullopt;
}

void Exchange::Adopt(const ClusterSettings& settings, NodeId from, TimePoint now,
                     Effects& effects) {
  std::string differences = Differences(settings_, settings);
  settings_ = settings;
  SpreadBirth(now);
  effects.events.push_back({Kind::kAdopted, *membership_.Find(from), std::move(differences)});
}

void Exchange::OnRefusal(const Endpoint& from, const Sender& sender, const Refusal& refusal,
                         TimePoint now, Effects& effects) {
  refusal_ = refusal.message;
  counters_.refused_foreign += refusal.reason == RefusalReason::kForeignCluster ? 1 : 0;
  counters_.refused_id_conflict += refusal.reason == RefusalReason::kIdConflict ? 1 : 0;
  counters_.refused_full += refusal.reason == RefusalReason::kFull ? 1 : 0;
  if (refusal.reason == RefusalReason::kNotMe) return;
  Member refuser;
  refuser.id = sender.id;
  refuser.session = sender.session;
  refuser.gossip_address = from;
  complaints_.Add(EventOf(refusal.reason), std::move(refuser),
                  fmt::format("refused by {}: {}", from.ToString(), refusal.message), now, effects);
}

}  // namespace aegis::gossip
