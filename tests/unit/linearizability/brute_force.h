// BruteForce: the definition of linearizability, spelled out: every order of every choice of the
// operations of unknown outcome is tried, over a model of its own. For histories of one key and a
// few operations; what the real checker is compared with.

#pragma once

#include "linearizability/operation.h"

namespace aegis::linearizability {

// REQUIRES: one key, no versions, at most about eight operations.
bool IsLinearizableByBruteForce(const History& history);

}  // namespace aegis::linearizability
