#include "cli/duration_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>

namespace aegis::cli {
namespace {

// Milliseconds of a unit; 0: there is no such unit.
double UnitMs(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit.empty() || unit == "s") return 1e3;
  if (unit == "m") return 60e3;
  if (unit == "h") return 3600e3;
  if (unit == "d") return 86400e3;
  return 0;
}

}  // namespace

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  double number = 0;
  const auto [rest, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const double unit = UnitMs(text.substr(static_cast<std::size_t>(rest - text.data())));
  const double ms = number * unit;
  constexpr double kMost = 9e15;  // What a double counts exactly.
  if (error != std::errc() || unit == 0 || !(std::abs(ms) <= kMost)) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("\"{}\" is no duration; write 500ms, 60s, 5m, 1h or 7d", text)};
  }
  return std::chrono::milliseconds(std::llround(ms));
}

std::string FormatDuration(std::chrono::milliseconds duration) {
  const std::int64_t ms = duration.count();
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (ms < 60'000) return fmt::format("{:.3f}s", static_cast<double>(ms) / 1e3);
  const std::int64_t seconds = ms / 1000;
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86'400, seconds / 3600 % 24);
}

}  // namespace aegis::cli
