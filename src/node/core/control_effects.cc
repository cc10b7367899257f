#include "node/core/control_effects.h"

namespace aegis::node {

void ControlEffects::Clear() {
  new_log.reset();
  born = false;
  disk.clear();
  letters.clear();
  commands.clear();
  replicas.clear();
  lease_until = TimePoint::min();
  routing.reset();
  gossip.Clear();
  membership_changed = false;
  look_again = false;
  wake_up_at = TimePoint::max();
}

}  // namespace aegis::node
