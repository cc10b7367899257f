#include "bench/server_watch.h"

#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "bench/core/process_figures.h"

namespace aegis::bench {
namespace {

namespace fs = std::filesystem;

std::string TextOf(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<double> CpuSecondsOf(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    return std::nullopt;
  }
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Each thread has its own count.
std::uint64_t VoluntarySwitchesOf(const fs::path& process) {
  std::uint64_t sum = 0;
  std::error_code gone;
  for (const auto& thread : fs::directory_iterator(process / "task", gone)) {
    const std::string status = TextOf(thread.path() / "status");
    sum += StatusNumber(status, "voluntary_ctxt_switches").value_or(0);
  }
  return sum;
}

}  // namespace

Result<ServerWatch> ServerWatch::Of(std::vector<pid_t> pids) {
  ServerWatch watch(std::move(pids));
  if (const auto sample = watch.Read(); !sample.ok()) {
    return Error{ErrorCode::kInvalid, sample.error().message};
  }
  return watch;
}

Result<ServerWatch::Sample> ServerWatch::Read() const {
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  Sample sum;
  for (const pid_t pid : pids_) {
    const fs::path process = "/proc/" + std::to_string(pid);
    const auto cpu_seconds = CpuSecondsOf(pid);
    const auto ticks = TicksOf(TextOf(process / "stat"));
    const auto rss_kib = StatusNumber(TextOf(process / "status"), "VmRSS");
    if (!cpu_seconds || !ticks || !rss_kib) {
      return Error{ErrorCode::kUnavailable,
                   "process " + std::to_string(pid) + " does not run, or is not to be watched"};
    }
    sum.cpu_seconds += *cpu_seconds;
    sum.user_seconds += static_cast<double>(ticks->user) / ticks_per_second;
    sum.system_seconds += static_cast<double>(ticks->system) / ticks_per_second;
    sum.voluntary_switches += VoluntarySwitchesOf(process);
    sum.rss += *rss_kib * 1024;
  }
  return sum;
}

}  // namespace aegis::bench
