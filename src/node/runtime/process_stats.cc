#include "node/runtime/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <system_error>

#include "node/runtime/files.h"

namespace aegis::node {

namespace {

constexpr std::size_t kProcFileSizeMax = 1 << 20;

// Seconds since 1970 at which this machine was started; 0 if unknown.
double BootTime() {
  const auto stat = ReadFile("/proc/stat", kProcFileSizeMax);
  if (!stat.ok()) return 0;
  const auto line = stat.value().find("\nbtime ");
  if (line == std::string::npos) return 0;
  double seconds = 0;
  std::istringstream(stat.value().substr(line + 7)) >> seconds;
  return seconds;
}

std::uint64_t OpenFds() {
  std::uint64_t count = 0;
  std::error_code error;
  std::filesystem::directory_iterator fds("/proc/self/fd", error);
  for (; !error && fds != std::filesystem::directory_iterator(); fds.increment(error)) ++count;
  return count > 0 ? count - 1 : 0;  // One was the directory itself.
}

}  // namespace

std::optional<ProcessStats> ReadProcessStats() {
  const auto stat = ReadFile("/proc/self/stat", kProcFileSizeMax);
  if (!stat.ok()) return std::nullopt;
  // proc(5): the second field is the program's name in parentheses and may hold anything.
  const auto name_end = stat.value().rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.value().substr(name_end + 1));
  const auto skip = [&fields](int count) {
    std::string ignored;
    for (int i = 0; i < count; ++i) fields >> ignored;
  };
  double user_ticks = 0;
  double system_ticks = 0;
  double start_ticks = 0;
  std::uint64_t resident_pages = 0;
  ProcessStats stats;
  skip(11);  // Fields 3 to 13.
  fields >> user_ticks >> system_ticks;
  skip(4);
  fields >> stats.threads;
  skip(1);
  fields >> start_ticks >> stats.virtual_bytes >> resident_pages;
  if (!fields) return std::nullopt;

  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  stats.cpu_seconds = (user_ticks + system_ticks) / ticks_per_second;
  stats.start_time_seconds = BootTime() + start_ticks / ticks_per_second;
  stats.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  stats.open_fds = OpenFds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.max_fds = limit.rlim_cur;
  return stats;
}

}  // namespace aegis::node
