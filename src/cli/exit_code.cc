#include "cli/exit_code.h"

namespace aegis::cli {

ExitCode ExitCodeOf(Errc code) {
  switch (code) {
    case Errc::kNotFound:
    case Errc::kConflict:
      return ExitCode::kNo;
    case Errc::kInvalid:
    case Errc::kTooLarge:
      return ExitCode::kUsage;
    case Errc::kUnknownOutcome:
      return ExitCode::kUnknownOutcome;
    case Errc::kTimeout:
    case Errc::kUnavailable:
    case Errc::kBusy:
    case Errc::kMaxRetries:
    case Errc::kProtocol:
    case Errc::kSessionLost:
    case Errc::kClosed:
      break;
  }
  return ExitCode::kUnavailable;
}

}  // namespace aegis::cli
