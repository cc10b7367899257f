// ServerWatch: what the processes of a server cost while they are loaded: CPU time, voluntary
// context switches, resident memory.
//
// CPU time is the scheduler's own account in nanoseconds, of all threads that ever ran, and does
// not depend on what else the machine does; user and system time are sampled in ticks. Any thread,
// one at a time.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace aegis::bench {

class ServerWatch {
 public:
  // Errors: kInvalid, when there is no such process of ours to watch; it is named.
  static Result<ServerWatch> Of(std::vector<pid_t> pids);

  struct Sample {
    double cpu_seconds = 0;
    double user_seconds = 0;
    double system_seconds = 0;
    std::uint64_t voluntary_switches = 0;
    std::uint64_t rss = 0;  // Bytes.
  };
  // Sums over all processes. Errors: kUnavailable, when one of them has ended; it is named.
  Result<Sample> Read() const;

 private:
  explicit ServerWatch(std::vector<pid_t> pids) : pids_(std::move(pids)) {}

  std::vector<pid_t> pids_;
};

}  // namespace aegis::bench
