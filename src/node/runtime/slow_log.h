// SlowLog: the commands that took this node longest lately, for SLOWLOG. Bounded; the newest are
// kept, without the passwords in them. Any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "node/core/resp_commands.h"

namespace aegis::node {

class SlowLog {
 public:
  // Longer than this is slow. A command is timed by itself if this is short, or if it is one that
  // may take long; what is left takes some microseconds.
  Duration threshold() const { return Duration(threshold_.load(std::memory_order_relaxed)); }

  void Add(std::span<const ByteView> argv, const RespSession& session, UnixMs at, Duration took);

  SlowLogSettings settings() const;
  void Set(const SlowLogSettings& settings);
  std::vector<SlowCommand> Commands() const;  // The newest first.
  void Forget();

 private:
  void Trim();

  std::atomic<Duration::rep> threshold_{Duration(std::chrono::milliseconds(10)).count()};
  mutable std::mutex mutex_;
  SlowLogSettings settings_;
  std::deque<SlowCommand> commands_;
  std::uint64_t next_id_ = 0;
};

}  // namespace aegis::node
