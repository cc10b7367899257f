// The exit status of a load, the same for aegis-bench and aegis-cli bench.

#pragma once

#include "bench/load.h"

namespace aegis::bench {

// 0: all calls were answered. 1: some failed; the report names how many and why.
// No report: 2: the load itself is wrong. 3: the cluster could not be reached or did not take the
// preload. 4: the answer to a write of the preload was lost.
int ExitStatusOf(const Expected<LoadReport>& outcome);

}  // namespace aegis::bench
