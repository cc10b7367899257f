// Registrations: those that were asked for and that the state would accept now.

#pragma once

#include <vector>

#include "control/command.h"
#include "control/sight.h"
#include "control/state.h"

namespace aegis::control {

void PlanRegistrations(const State& state, const Sight& sight, std::vector<Command>& commands);

}  // namespace aegis::control
