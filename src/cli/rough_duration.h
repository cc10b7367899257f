// A duration as people say it; model/duration_text.h is for those that are read back.

#pragma once

#include <chrono>
#include <string>

namespace aegis::cli {

// The two largest units that say something: "1h 5m", "59.812s", "3d 2h".
std::string RoughDuration(std::chrono::milliseconds duration);

}  // namespace aegis::cli
