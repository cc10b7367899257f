#include "aegis/result.h"

namespace aegis {

std::string_view NameOf(Errc code) {
  switch (code) {
    case Errc::kNotFound:
      return "NotFound";
    case Errc::kConflict:
      return "Conflict";
    case Errc::kInvalid:
      return "Invalid";
    case Errc::kTooLarge:
      return "TooLarge";
    case Errc::kTimeout:
      return "Timeout";
    case Errc::kUnavailable:
      return "Unavailable";
    case Errc::kBusy:
      return "Busy";
    case Errc::kMaxRetries:
      return "MaxRetries";
    case Errc::kUnknownOutcome:
      return "UnknownOutcome";
    case Errc::kProtocol:
      return "Protocol";
    case Errc::kSessionLost:
      return "SessionLost";
    case Errc::kClosed:
      return "Closed";
  }
  return "Unknown";
}

}  // namespace aegis
