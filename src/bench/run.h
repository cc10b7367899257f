// RunOverSockets: a whole run of aegis-bench over raw sockets: connect, fill, warm up, measure.

#pragma once

#include "base/result.h"
#include "bench/core/run_report.h"
#include "bench/run_options.h"

namespace aegis::bench {

// Errors: kInvalid, when the options do not fit each other, or there is no such server process;
// kUnavailable, when a connection cannot be opened or a server process ended meanwhile. Calls that
// fail are no error: the report counts them.
Result<RunReport> RunOverSockets(const RunOptions& options);

}  // namespace aegis::bench
