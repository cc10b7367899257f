#include "bench/core/figure_text.h"

#include <fmt/format.h>

namespace aegis::bench {

std::string FormatLatency(std::chrono::nanoseconds latency) {
  const auto nanoseconds = static_cast<double>(latency.count());
  if (nanoseconds < 1e4) return fmt::format("{:.1f} us", nanoseconds / 1e3);
  if (nanoseconds < 1e6) return fmt::format("{:.0f} us", nanoseconds / 1e3);
  if (nanoseconds < 1e9) return fmt::format("{:.1f} ms", nanoseconds / 1e6);
  return fmt::format("{:.2f} s", nanoseconds / 1e9);
}

std::string Grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

}  // namespace aegis::bench
