#include "node/core/lease_keeper.h"

#include "base/log.h"

namespace aegis::node {

LeaseKeeper::LeaseKeeper(lease::Options options, Holder self, TimePoint now)
    : self_(self.node), voter_(self.node, now), candidate_(options, self) {}

void LeaseKeeper::Tick(std::span<const NodeId> voters, bool healthy, TimePoint now,
                       AgreementEffects& effects) {
  NoteChange(now);
  const auto attempt = candidate_.Tick(voters, healthy, now);
  if (!attempt) return;
  for (const NodeId voter : attempt->voters) {
    if (voter == self_) {
      candidate_.OnGrant(self_, voter_.OnRequest(attempt->request, now), now);
    } else {
      effects.letters.push_back({voter, attempt->request});
    }
  }
}

void LeaseKeeper::StartOver(Session session, TimePoint now) {
  voter_.StartOver(now);
  candidate_.StartOver(session);
}

// Renewals are not worth a line; that it ran out, and that it is back, are.
void LeaseKeeper::NoteChange(TimePoint now) {
  const bool holds = now < candidate_.valid_until();
  if (holds == held_) return;
  held_ = holds;
  if (!holds) {
    AEGIS_LOG(kWarn, "lease", "the lease is over: this node leads nothing until it has another");
  } else if (was_held_) {
    AEGIS_LOG(kInfo, "lease", "this node holds a lease again");
  }
  was_held_ = true;
}

void LeaseKeeper::OnRequest(NodeId from, const lease::Request& request, TimePoint now,
                            AgreementEffects& effects) {
  if (request.holder.node != from) return;
  effects.letters.push_back({from, voter_.OnRequest(request, now)});
}

void LeaseKeeper::OnGrant(NodeId from, const lease::Grant& grant, TimePoint now) {
  candidate_.OnGrant(from, grant, now);
}

void LeaseKeeper::OnQuestion(NodeId from, const VoterQuestion& question, TimePoint now,
                             AgreementEffects& effects) {
  effects.letters.push_back({from, voter_.Report(question.number, now)});
}

}  // namespace aegis::node
