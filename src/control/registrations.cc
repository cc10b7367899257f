#include "control/registrations.h"

namespace aegis::control {

void PlanRegistrations(const State& state, const Sight& sight, std::vector<Command>& commands) {
  for (const auto& [id, seen] : sight.nodes) {
    // Nobody registers another.
    if (seen.wants && seen.wants->node == id && state.MayRegister(*seen.wants)) {
      commands.emplace_back(*seen.wants);
    }
  }
}

}  // namespace aegis::control
