// Assignments: who gets the shards that have nobody who may lead them.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/time.h"
#include "control/command.h"
#include "control/sight.h"
#include "control/state.h"
#include "model/ids.h"

namespace aegis::control {

struct AssignmentRules {
  bool may_begin = false;                 // New shards get their first leader.
  std::optional<Duration> unclean_after;  // Nothing: never.
  Duration reports_patience{};            // For what copies in sync hold.
  // Nodes that said goodbye, or were given up, and are gone: what they held in memory is lost.
  std::set<NodeId> lost = {};
};

// `leaderless_since`: of every shard whose leader may not lead.
void PlanAssignments(const State& state, const Sight& sight, const AssignmentRules& rules,
                     const std::map<ShardId, TimePoint>& leaderless_since, TimePoint now,
                     std::vector<Command>& commands);

// True iff every process that held the shard in sync has been replaced by another, or its node is
// among those that are lost: what a quorum
// acknowledged is lost, and no patience brings it back. An unclean promotion is then the only way
// to go on, whereas with a copy that may come back it is a choice: asked of the state before an
// unclean assignment, this tells the two apart.
// REQUIRES: the shard has been led.
bool NothingCanComeBack(const State& state, const ShardState& shard,
                        const std::set<NodeId>& lost = {});

}  // namespace aegis::control
