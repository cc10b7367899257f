// LatencyMonitor: what held a node up for long, for LATENCY. Nothing is kept until somebody sets
// how long that is. Any thread; the threshold is all that is looked at where nothing took long.
//
//   command      One connection's turn: the commands that it had sent, up to a cap.
//   maintenance  One slice of a worker's housekeeping: expiry, eviction, comparisons of copies.
//   loop         A worker's loop came round that much later than it should.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "node/core/node_statistics.h"

namespace aegis::node {

class LatencyMonitor {
 public:
  enum class Event : std::uint8_t { kCommand, kMaintenance, kLoop };

  // Duration::max() while it is off.
  Duration threshold() const { return Duration(threshold_.load(std::memory_order_relaxed)); }
  void Note(Event event, UnixMs at, Duration took) {
    if (took >= threshold()) [[unlikely]]
      Add(event, at, took);
  }

  // 0: off. REQUIRES: not negative.
  void SetThreshold(std::int64_t ms);
  std::int64_t threshold_ms() const;
  std::vector<LatencyEvent> Events() const;  // Those that there were.
  bool Forget(ByteView name);                // False: there was none.

 private:
  static constexpr std::array<ByteView, 3> kNames = {"command", "maintenance", "loop"};

  struct History {
    std::deque<LatencyEvent::Sample> samples;
    std::int64_t worst_ms = 0;
  };

  void Add(Event event, UnixMs at, Duration took);

  std::atomic<Duration::rep> threshold_{Duration::max().count()};
  mutable std::mutex mutex_;
  std::array<History, kNames.size()> histories_;
};

}  // namespace aegis::node
