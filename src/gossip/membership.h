// Membership: what this node believes about every member, and how it changes its mind.
//
// Every belief has an incarnation, which only the member itself raises. For one session, alive
// overrules anything of a lower incarnation; suspect overrules alive, and dead and left overrule
// both, of the same or a lower one. What is news is queued as a rumour, so it reaches everybody.
//
// Between sessions of one node the higher incarnation is the newer run; on a tie the higher
// session, so that all nodes agree. See swim.h for who is refused.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "gossip/awareness.h"
#include "gossip/complaints.h"
#include "gossip/counters.h"
#include "gossip/effects.h"
#include "gossip/member_list.h"
#include "gossip/message.h"
#include "gossip/options.h"
#include "gossip/rumour_queue.h"
#include "gossip/suspicion.h"
#include "model/ids.h"
#include "model/member.h"

namespace aegis::gossip {

enum class Verdict : std::uint8_t {
  kWelcome,     // Known or just become so.
  kIdConflict,  // A live member with this id is at another address.
  kFull,
};

class Membership {
 public:
  // REQUIRES: everything referred to outlives this.
  Membership(Member self, const Options& options, Rng& rng, Awareness& awareness,
             Complaints& complaints, Counters& counters, TimePoint now);

  const Member& self() const { return list_.self(); }
  const Member* Find(NodeId id) const;
  std::vector<Member> members() const;
  bool leaving() const { return self().state == MemberState::kLeft; }

  MemberList& list() { return list_; }
  const MemberList& list() const { return list_; }
  RumourQueue& rumours() { return rumours_; }
  const RumourQueue& rumours() const { return rumours_; }

  // True iff exactly this run of this node is known and alive or suspect.
  bool IsLiveMember(NodeId id, Session session) const;

  // Someone presents itself: its own record in an exchange of state.
  Verdict Meet(const Member& member, TimePoint now, Effects& effects);

  // Applies a rumour from a datagram.
  void Apply(const Rumour& rumour, TimePoint now, Effects& effects);

  // Applies the state that `teller` knows. What it holds for dead is only suspected here: a member
  // that lives gets the time to refute.
  void Merge(const std::vector<Member>& members, NodeId teller, TimePoint now, Effects& effects);

  // Nobody answered a probe of this node.
  void SuspectUnanswered(NodeId id, Session session, TimePoint now, Effects& effects);

  // A member that turned out to belong to another cluster is no member.
  void Expel(NodeId id, Session session, TimePoint now, Effects& effects);

  // The rumour to tell a suspect within the ping itself (Lifeguard's buddy system).
  Rumour AccusationOf(const Member& suspect) const;

  // This node: new metadata; a goodbye; or once more what is known already.
  void UpdateSelf(const Member& changed, TimePoint now);
  void Leave(TimePoint now);
  void AnnounceSelf();

  // Declares dead whose suspicion ran out, forgets who has been dead or gone for long.
  void Tick(TimePoint now, Effects& effects);
  void Postpone(Duration by);
  TimePoint wake_up_at() const;

 private:
  void ApplyAlive(const Member& member, TimePoint now, Effects& effects);
  void ApplySuspect(const Rumour& rumour, TimePoint now, Effects& effects);
  void ApplyGone(const Rumour& rumour, TimePoint now, Effects& effects);
  void ApplyAboutSelf(const Rumour& rumour, TimePoint now, Effects& effects);
  void Enter(MemberList::Entry& entry, MemberState from, MemberState to, TimePoint now);
  void RaiseIncarnationAbove(std::uint64_t incarnation);
  void Spread(const Member& member, NodeId accuser);

  const Options& options_;
  Awareness& awareness_;
  Complaints& complaints_;
  Counters& counters_;
  MemberList list_;
  RumourQueue rumours_;
  std::map<NodeId, Suspicion> suspicions_;  // Invariant: exactly one per suspect member.
  TimePoint next_reaping_;
};

}  // namespace aegis::gossip
