// NodeReporter: what this node tells the control log's leader of itself, and when.
//
// Now and then it says how far it has come, what it asks for as a member, and which shards without
// a leader it holds; at once, when that is news, or when somebody else leads the log.
//
// Pure; owned by the control thread.

#pragma once

#include <set>
#include <vector>

#include "base/time.h"
#include "consensus/log.h"
#include "control/state.h"
#include "model/holder.h"
#include "model/ids.h"
#include "model/member.h"
#include "node/core/agreement_effects.h"
#include "node/core/control_message.h"
#include "node/core/shard_report.h"

namespace aegis::node {

class NodeReporter {
 public:
  static constexpr Duration kEvery = std::chrono::milliseconds(100);

  // What there is to report.
  struct Facts {
    const control::State& state;
    const Member& self;
    Holder holder;   // This node under its present lease session,
    Session memory;  // and as a process.
    consensus::ServerId server;
    Duration lease;  // For how long it asks.
    const std::vector<ShardReport>& shards;
  };
  static NodeReport ReportOf(const Facts& facts);

  explicit NodeReporter(NodeId self) : self_(self) {}

  // Tells `leader`, or whoever has a link, if that is not known or has none, if it is time.
  void Tell(NodeId leader, const std::set<NodeId>& links, NodeReport report, TimePoint now,
            AgreementEffects& effects);
  // What was on its way there is lost.
  void OnLinkDown(NodeId peer);
  // Nobody has been told anything.
  void StartOver(TimePoint now);
  // When to call Tell() even if nothing happens.
  TimePoint next() const { return next_; }

 private:
  const NodeId self_;
  NodeReport told_;  // As last sent ...
  NodeId told_to_;   // ... to whoever led the log; kNoNode: nobody did.
  TimePoint next_ = TimePoint::min();
};

}  // namespace aegis::node
