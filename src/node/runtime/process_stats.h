// ProcessStats: what the operating system counts about this process.

#pragma once

#include <cstdint>
#include <optional>

namespace aegis::node {

struct ProcessStats {
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  double cpu_seconds = 0;         // User and system.
  double start_time_seconds = 0;  // Unix time.
  std::uint64_t threads = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
};

// Nothing where /proc cannot be read.
std::optional<ProcessStats> ReadProcessStats();

}  // namespace aegis::node
