// ShardEffects: what a call on a shard wants done outside of it.

#pragma once

#include <vector>

#include "model/ids.h"
#include "store/table.h"

namespace aegis::node {

// What the shell does after a call, once the shard's lock is released.
struct ShardEffects {
  std::vector<NodeId> wake;  // Peers that Pump() has something for.
  bool changed = false;      // Report() changed in what the control plane acts on.
  bool settled = false;      // Outcomes that were held may be shown now, or never: Settle().
  // What a clear took out. To destroy it may take long, and needs no lock.
  std::vector<store::Table> cleared;

  void Clear() {
    wake.clear();
    changed = false;
    settled = false;
    cleared.clear();
  }
};

}  // namespace aegis::node
