// Fences: which holders the planner takes their leases from.
//
// A holder that is silent, if that stands in anybody's way: it leads, or its node has departed and
// is to be removed. (Not where there is no other node: nobody could do better.) And one whose node
// asks to go on as another session, silent or not: that is the one way a node gets a new session,
// and it has stopped, or is another process by the name.

#pragma once

#include <set>
#include <vector>

#include "control/command.h"
#include "control/sight.h"
#include "control/state.h"
#include "model/ids.h"

namespace aegis::control {

// `departed`: nodes that left, or have been gone for long.
void PlanFences(const State& state, const Sight& sight, const std::set<NodeId>& departed,
                std::vector<Command>& commands);

}  // namespace aegis::control
