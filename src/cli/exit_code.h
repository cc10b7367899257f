// The exit statuses of aegis-cli, for scripts.

#pragma once

#include "aegis/result.h"

namespace aegis::cli {

enum class ExitCode : int {
  kOk = 0,
  kNo = 1,              // No such key, or a condition that does not hold: nothing was written.
                        // bench: some of its calls failed.
  kUsage = 2,           // The command itself is wrong, or its key or value too large.
  kUnavailable = 3,     // No node answered, or not in time. Nothing was written.
  kUnknownOutcome = 4,  // A write may or may not have happened.
};

ExitCode ExitCodeOf(Errc code);

// The worse one: unknown outcome, unavailable, usage, no, ok.
inline ExitCode Worse(ExitCode a, ExitCode b) { return a > b ? a : b; }

}  // namespace aegis::cli
