#include "gossip/membership.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "gossip/codec.h"
#include "model/limits.h"

namespace aegis::gossip {
namespace {

constexpr Duration kReapingInterval = std::chrono::seconds(1);

using Kind = Event::Kind;

// Of two runs of one node. The tie is broken so that all nodes break it alike.
bool IsNewerRun(const Member& a, const Member& b) {
  return std::pair(a.incarnation, a.session) > std::pair(b.incarnation, b.session);
}

bool SameMetadata(const Member& a, const Member& b) {
  return a.gossip_address == b.gossip_address && a.client_address == b.client_address &&
         a.zone == b.zone && a.weight == b.weight && a.software == b.software;
}

std::string DescribeConflict(const Member& known, const Member& newcomer) {
  return fmt::format(
      "node id '{}' is in use by a live member at {}; another node at {} uses it too", known.name,
      known.gossip_address.ToString(), newcomer.gossip_address.ToString());
}

}  // namespace

Membership::Membership(Member self, const Options& options, Rng& rng, Awareness& awareness,
                       Complaints& complaints, Counters& counters, TimePoint now)
    : options_(options),
      awareness_(awareness),
      complaints_(complaints),
      counters_(counters),
      list_(std::move(self), rng, now),
      next_reaping_(now + kReapingInterval) {}

const Member* Membership::Find(NodeId id) const {
  const MemberList::Entry* entry = list_.Find(id);
  return entry == nullptr ? nullptr : &entry->member;
}

std::vector<Member> Membership::members() const {
  std::vector<Member> members;
  members.reserve(list_.size());
  for (const auto& [id, entry] : list_.entries()) members.push_back(entry.member);
  return members;
}

bool Membership::IsLiveMember(NodeId id, Session session) const {
  const Member* member = Find(id);
  return member != nullptr && member->session == session && IsLive(*member);
}

Verdict Membership::Meet(const Member& member, TimePoint now, Effects& effects) {
  const Member* known = Find(member.id);
  if (known == nullptr && list_.size() >= limits::kMembersMax) {
    ++counters_.refused_full;
    complaints_.Add(Kind::kRefusedFull, member,
                    fmt::format("the cluster has {} members already", list_.size()), now, effects);
    return Verdict::kFull;
  }
  const bool is_other_run = known != nullptr && known->session != member.session;
  if (is_other_run && IsLive(*known) &&
      (known == &self() || known->gossip_address != member.gossip_address)) {
    ++counters_.refused_id_conflict;
    complaints_.Add(Kind::kIdConflict, member, DescribeConflict(*known, member), now, effects);
    return Verdict::kIdConflict;
  }
  if (member.state == MemberState::kLeft) {
    ApplyGone({member, member.id}, now, effects);
  } else {
    ApplyAlive(member, now, effects);
  }
  return Verdict::kWelcome;
}

void Membership::Apply(const Rumour& rumour, TimePoint now, Effects& effects) {
  if (rumour.member.id == self().id) return ApplyAboutSelf(rumour, now, effects);
  switch (rumour.member.state) {
    case MemberState::kAlive:
      return ApplyAlive(rumour.member, now, effects);
    case MemberState::kSuspect:
      return ApplySuspect(rumour, now, effects);
    case MemberState::kDead:
    case MemberState::kLeft:
      return ApplyGone(rumour, now, effects);
  }
}

void Membership::Merge(const std::vector<Member>& members, NodeId teller, TimePoint now,
                       Effects& effects) {
  for (Member member : members) {
    if (member.id == teller) continue;  // It has been met.
    if (member.id == self().id) {
      Apply({std::move(member), teller}, now, effects);
      continue;
    }
    if (member.state == MemberState::kSuspect) {
      // The metadata may be news, whatever becomes of the suspicion.
      member.state = MemberState::kAlive;
      ApplyAlive(member, now, effects);
      member.state = MemberState::kSuspect;
    }
    if (member.state == MemberState::kDead) member.state = MemberState::kSuspect;
    Apply({std::move(member), teller}, now, effects);
  }
}

void Membership::ApplyAlive(const Member& member, TimePoint now, Effects& effects) {
  MemberList::Entry* entry = list_.Find(member.id);
  if (entry == nullptr) {
    if (list_.size() >= limits::kMembersMax) {
      ++counters_.refused_full;
      complaints_.Add(Kind::kRefusedFull, member, "a rumour of one member too many", now, effects);
      return;
    }
    list_.Add(member, now);
    Spread(member, kNoNode);
    effects.events.push_back({Kind::kJoined, member, {}});
    return;
  }
  const Member known = entry->member;
  const bool same_run = known.session == member.session;
  if (same_run ? member.incarnation <= known.incarnation : !IsNewerRun(member, known)) return;
  if (!same_run && known.state == MemberState::kAlive &&
      known.gossip_address != member.gossip_address) {
    ++counters_.refused_id_conflict;
    complaints_.Add(Kind::kIdConflict, member, DescribeConflict(known, member), now, effects);
    return;
  }

  entry->member = member;
  Enter(*entry, known.state, MemberState::kAlive, now);
  Spread(member, kNoNode);
  if (!IsLive(known)) {
    if (same_run && known.state == MemberState::kDead) ++counters_.false_deaths;
    effects.events.push_back({Kind::kJoined, member, {}});
  } else if (!same_run) {
    effects.events.push_back({Kind::kRestarted, member, {}});
  } else if (known.state == MemberState::kSuspect) {
    effects.events.push_back({Kind::kRefuted, member, {}});
  }
  if (IsLive(known) && same_run && !SameMetadata(known, member)) {
    effects.events.push_back({Kind::kUpdated, member, {}});
  }
}

void Membership::ApplySuspect(const Rumour& rumour, TimePoint now, Effects& effects) {
  MemberList::Entry* entry = list_.Find(rumour.member.id);
  if (entry == nullptr || entry->member.session != rumour.member.session) return;
  Member& known = entry->member;
  if (rumour.member.incarnation < known.incarnation || !IsLive(known)) return;

  known.incarnation = rumour.member.incarnation;
  if (known.state == MemberState::kSuspect) {
    // A witness is news to others too: their suspicion shrinks with it.
    if (suspicions_.at(known.id).Confirm(rumour.accuser)) Spread(known, rumour.accuser);
    return;
  }
  ++counters_.suspicions;
  Enter(*entry, MemberState::kAlive, MemberState::kSuspect, now);
  const auto bounds = Suspicion::BoundsFor(options_, list_.CountLive());
  suspicions_.emplace(known.id, Suspicion(rumour.accuser, bounds, now));
  Spread(known, rumour.accuser);
  const Member* accuser = Find(rumour.accuser);
  effects.events.push_back(
      {Kind::kSuspected, known,
       "by " + (accuser == nullptr ? std::string("an unknown member") : accuser->name)});
}

void Membership::ApplyGone(const Rumour& rumour, TimePoint now, Effects& effects) {
  MemberList::Entry* entry = list_.Find(rumour.member.id);
  if (entry == nullptr || entry->member.session != rumour.member.session) return;
  Member& known = entry->member;
  if (rumour.member.incarnation < known.incarnation) return;
  const bool farewell = rumour.member.state == MemberState::kLeft;
  if (!IsLive(known) && !(farewell && known.state == MemberState::kDead)) return;

  known.incarnation = rumour.member.incarnation;
  Enter(*entry, known.state, rumour.member.state, now);
  Spread(known, rumour.accuser);
  if (!farewell) ++counters_.deaths;
  effects.events.push_back({farewell ? Kind::kLeft : Kind::kDied, known, {}});
}

void Membership::ApplyAboutSelf(const Rumour& rumour, TimePoint now, Effects& effects) {
  const Member& said = rumour.member;
  if (said.incarnation < self().incarnation) return;
  if (said.session == self().session) {
    const bool harmless =
        said.state == MemberState::kAlive && said.incarnation == self().incarnation;
    if (leaving() || harmless) return;
    ++counters_.refutations;
    if (said.state == MemberState::kSuspect || said.state == MemberState::kDead) {
      awareness_.Worsen(1);
    }
  } else {
    // Another run under our id. One that is gone, or that was here before us, must not overrule
    // us for having had a clock ahead of ours; one that lives elsewhere is the operator's to stop.
    const bool without_address = said.gossip_address == Endpoint{};
    if (said.state == MemberState::kSuspect && without_address) return;
    if (IsLive(said) && said.gossip_address != self().gossip_address) {
      ++counters_.refused_id_conflict;
      complaints_.Add(Kind::kIdConflict, said, DescribeConflict(self(), said), now, effects);
      return;
    }
  }
  RaiseIncarnationAbove(said.incarnation);
  AnnounceSelf();
}

void Membership::SuspectUnanswered(NodeId id, Session session, TimePoint now, Effects& effects) {
  const Member* known = Find(id);
  if (known == nullptr || known->session != session || !IsLive(*known)) return;
  ApplySuspect(AccusationOf(*known), now, effects);
}

void Membership::Expel(NodeId id, Session session, TimePoint now, Effects& effects) {
  if (id == self().id || !IsLiveMember(id, session)) return;
  Member stranger = *Find(id);
  stranger.state = MemberState::kLeft;
  ApplyGone({stranger, self().id}, now, effects);
}

Rumour Membership::AccusationOf(const Member& suspect) const {
  Rumour rumour{.member = suspect, .accuser = self().id};
  rumour.member.state = MemberState::kSuspect;
  return rumour;
}

void Membership::UpdateSelf(const Member& changed, TimePoint now) {
  Member& self = list_.mutable_self();
  const MemberState state = self.state;
  const std::uint64_t incarnation = self.incarnation;
  self = changed;
  self.state = state;
  self.incarnation = incarnation;
  list_.Find(self.id)->since = now;
  RaiseIncarnationAbove(incarnation);
  AnnounceSelf();
}

void Membership::Leave(TimePoint now) {
  if (leaving()) return;
  list_.mutable_self().state = MemberState::kLeft;
  list_.Find(self().id)->since = now;
  AnnounceSelf();
}

void Membership::AnnounceSelf() { Spread(self(), self().id); }

void Membership::RaiseIncarnationAbove(std::uint64_t incarnation) {
  list_.mutable_self().incarnation = std::max(self().incarnation, incarnation) + 1;
}

void Membership::Enter(MemberList::Entry& entry, MemberState from, MemberState to, TimePoint now) {
  entry.member.state = to;
  if (from == MemberState::kSuspect && to != MemberState::kSuspect) {
    suspicions_.erase(entry.member.id);
  }
  if (from != to) entry.since = now;
}

void Membership::Spread(const Member& member, NodeId accuser) {
  rumours_.Add(member.id, EncodeRumour({member, accuser}));
}

void Membership::Tick(TimePoint now, Effects& effects) {
  std::vector<NodeId> expired;
  for (const auto& [id, suspicion] : suspicions_) {
    if (suspicion.deadline() <= now) expired.push_back(id);
  }
  for (const NodeId id : expired) {
    Rumour death{.member = *Find(id), .accuser = self().id};
    death.member.state = MemberState::kDead;
    ApplyGone(death, now, effects);
  }

  if (now < next_reaping_) return;
  next_reaping_ = now + kReapingInterval;
  std::vector<Member> reaped;
  for (const auto& [id, entry] : list_.entries()) {
    const bool gone = id != self().id && !IsLive(entry.member);
    if (gone && now - entry.since >= options_.dead_retention) reaped.push_back(entry.member);
  }
  for (Member& member : reaped) {
    list_.Remove(member.id);
    rumours_.Remove(member.id);
    effects.events.push_back({Kind::kReaped, std::move(member), {}});
  }
}

void Membership::Postpone(Duration by) {
  for (auto& [id, suspicion] : suspicions_) suspicion.Postpone(by);
}

TimePoint Membership::wake_up_at() const {
  TimePoint at = next_reaping_;
  for (const auto& [id, suspicion] : suspicions_) at = std::min(at, suspicion.deadline());
  return at;
}

}  // namespace aegis::gossip
