// Removals: of nodes that are gone for good.
//
// A node that is dead keeps its place: it may be back in a moment. Once it has departed and is
// fenced it is due, and gets no place any more; once no target names it, it leads nothing, and no
// shard without a leader may need its copy, it is removed.

#pragma once

#include <set>
#include <vector>

#include "control/command.h"
#include "control/sight.h"
#include "control/state.h"
#include "model/ids.h"

namespace aegis::control {

// Those of the departed nodes that are due for removal.
std::set<NodeId> DueForRemoval(const State& state, const std::set<NodeId>& departed);

// Of those, the ones that have said goodbye, or that an operator gave up: nobody has to wait for
// what their processes held. One that was leaving when it was lost is none of them: it may be cut
// off, with what it had not handed over yet.
std::set<NodeId> LostForGood(const State& state, const Sight& sight, const std::set<NodeId>& due);

// `lost`: LostForGood().
void PlanRemovals(const State& state, const std::set<NodeId>& due, const std::set<NodeId>& lost,
                  std::vector<Command>& commands);

}  // namespace aegis::control
