// Durations as people write and read them: "500ms", "60s", "5m", "1h", "7d"; a bare number is
// seconds.

#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aegis::cli {

// Errors: kInvalid, naming the text and what is allowed.
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

// The two largest units that say something: "1h 5m", "59.812s", "3d 2h".
std::string FormatDuration(std::chrono::milliseconds duration);

}  // namespace aegis::cli
