// Durations as people write them, the one grammar of all flags, files and commands: parts of days,
// hours, minutes, seconds and milliseconds, "500ms", "30s", "1m30s", "1d2h"; and "0".

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aegis {

// What a number without a unit is, where somebody may write one out of habit.
enum class BareNumber : std::uint8_t {
  kRefused,  // Settings: they are read by others than the one who wrote them.
  kSeconds,  // Commands: as in Redis.
};

// The whole text, or nothing if it is no duration or more than 64 bits of milliseconds.
std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text,
                                                       BareNumber bare = BareNumber::kRefused);

// The shortest text that is read so. REQUIRES: not negative.
std::string DurationText(std::chrono::milliseconds duration);

}  // namespace aegis
