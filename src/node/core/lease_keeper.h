// LeaseKeeper: both halves of the lease protocol on one node, and the letters between them.
//
// Pure; owned by the control thread.

#pragma once

#include <span>

#include "base/time.h"
#include "lease/candidate.h"
#include "lease/lease.h"
#include "lease/voter.h"
#include "model/holder.h"
#include "node/core/agreement_effects.h"
#include "node/core/control_message.h"

namespace aegis::node {

class LeaseKeeper {
 public:
  LeaseKeeper(lease::Options options, Holder self, TimePoint now);

  // Asks the voters if it is time. `healthy`: this node's workers tick.
  void Tick(std::span<const NodeId> voters, bool healthy, TimePoint now, AgreementEffects& effects);

  void OnRequest(NodeId from, const lease::Request& request, TimePoint now,
                 AgreementEffects& effects);
  void OnGrant(NodeId from, const lease::Grant& grant, TimePoint now);
  void OnQuestion(NodeId from, const VoterQuestion& question, TimePoint now,
                  AgreementEffects& effects);

  // Fenced, but alive: goes on under another session. REQUIRES: session was never used.
  void Renew(Session session) { candidate_.Renew(session); }

  // Goes on in another control log, under another session: no lease, and no grant, is of both.
  void StartOver(Session session, TimePoint now);

  lease::Voter& voter() { return voter_; }
  const lease::Voter& voter() const { return voter_; }
  const Holder& holder() const { return candidate_.holder(); }
  TimePoint valid_until() const { return candidate_.valid_until(); }
  TimePoint wake_up_at() const { return candidate_.wake_up_at(); }

 private:
  void NoteChange(TimePoint now);

  const NodeId self_;
  bool held_ = false;      // As last noted.
  bool was_held_ = false;  // Ever.
  lease::Voter voter_;
  lease::Candidate candidate_;
};

}  // namespace aegis::node
