#include "bench/exit_status.h"

namespace aegis::bench {

int ExitStatusOf(const Expected<LoadReport>& outcome) {
  if (outcome.ok()) return outcome->failed() == 0 ? 0 : 1;
  switch (outcome.error().code) {
    case Errc::kInvalid:
    case Errc::kTooLarge:
      return 2;
    case Errc::kUnknownOutcome:
      return 4;
    default:
      return 3;
  }
}

}  // namespace aegis::bench
