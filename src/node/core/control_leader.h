// ControlLeader: what the node that leads the control log does besides: it asks the voters who has
// gone silent, hears every node's report, and lets the planner and the electorate take their steps.
//
// Begun anew with every term, once an entry of that term has been applied. Pure; owned by the
// control thread.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/time.h"
#include "control/planner.h"
#include "lease/fence_watch.h"
#include "lease/voter.h"
#include "model/ids.h"
#include "node/core/control_log.h"
#include "node/core/control_message.h"
#include "node/core/electorate.h"

namespace aegis::node {

class ControlLeader {
 public:
  struct Options {
    lease::Options lease;
    control::PlannerOptions planner;
  };

  // What gossip says.
  struct Seen {
    std::set<NodeId> live;  // Alive or suspect; this node included.
    std::set<NodeId> left;
  };

  // REQUIRES: log and voter outlive this; log.in_charge().
  ControlLeader(Options options, NodeId self, ControlLog& log, lease::Voter& voter, TimePoint now);

  // Looks at everything and takes the next steps. Each look costs as much as there are shards and
  // nodes: ask PostponesLook() before.
  void Tick(const Seen& seen, TimePoint now, AgreementEffects& effects);
  // True: the last look was a moment ago, and the state is as it was then; the next one is at
  // wake_up_at(), whatever else comes until then.
  bool PostponesLook(TimePoint now);
  TimePoint wake_up_at() const { return postponed_ ? next_look_ : TimePoint::max(); }
  void OnVoterReport(NodeId from, const lease::VoterReport& report, TimePoint now);
  void OnNodeReport(NodeId from, const NodeReport& report, TimePoint now);
  void OnLinkDown(NodeId peer) { reports_.erase(peer); }

  consensus::Term term() const { return term_; }
  const Electorate& electorate() const { return electorate_; }
  const control::Movement& movement() const { return planner_.movement(); }

 private:
  struct Heard {
    NodeReport report;
    TimePoint at;
  };

  void Plan(const Seen& seen, TimePoint now, AgreementEffects& effects);
  control::Sight Look(const Seen& seen, TimePoint now) const;
  // Members that could vote.
  std::set<NodeId> Usable(const Seen& seen) const;

  const Options options_;
  const NodeId self_;
  const consensus::Term term_;
  ControlLog& log_;
  lease::Voter& voter_;
  lease::FenceWatch watch_;
  control::Planner planner_;
  Electorate electorate_;
  std::map<NodeId, Heard> reports_;

  control::Applied looked_at_;  // The state at the last look.
  TimePoint next_look_ = TimePoint::min();
  bool postponed_ = false;

  // Commands that were proposed and whose fate is open are not proposed again for a while.
  std::map<Bytes, TimePoint> proposed_;
};

}  // namespace aegis::node
