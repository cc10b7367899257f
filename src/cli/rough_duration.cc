#include "cli/rough_duration.h"

#include <fmt/format.h>

#include <cstdint>

namespace aegis::cli {

std::string RoughDuration(std::chrono::milliseconds duration) {
  const std::int64_t ms = duration.count();
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (ms < 60'000) return fmt::format("{:.3f}s", static_cast<double>(ms) / 1e3);
  const std::int64_t seconds = ms / 1000;
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86'400, seconds / 3600 % 24);
}

}  // namespace aegis::cli
