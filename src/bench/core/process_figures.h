// What Linux tells about a process under /proc/PID, read from the texts of its files (proc(5)).

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace aegis::bench {

// "key:   123 kB" or "key:  123" of a status file; without its unit.
std::optional<std::uint64_t> StatusNumber(std::string_view status, std::string_view key);

// utime and stime of a stat file, in clock ticks. The name of the process may hold anything,
// blanks and brackets included.
struct Ticks {
  std::uint64_t user = 0;
  std::uint64_t system = 0;
};
std::optional<Ticks> TicksOf(std::string_view stat);

}  // namespace aegis::bench
