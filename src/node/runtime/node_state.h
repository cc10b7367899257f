// NodeState: what all threads of one node share. Made before they start, gone after they end.

#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/config.h"
#include "model/limits.h"
#include "model/member.h"
#include "node/core/resp_commands.h"
#include "node/runtime/command_figures.h"
#include "node/runtime/control_summary.h"
#include "node/runtime/latency_monitor.h"
#include "node/runtime/lease_clock.h"
#include "node/runtime/log_keeper.h"
#include "node/runtime/routing_board.h"
#include "node/runtime/shard_host.h"
#include "node/runtime/slow_log.h"

namespace aegis::node {

class Worker;

struct NodeState {
  NodeState(Config with, Member who, TimePoint now)
      : config(std::move(with)),
        self(std::move(who)),
        started_at(now),
        shards(self.id, self.session,
               {.memory = config.max_memory_mb << 20U,
                .copy_rate = config.copy_rate_mb << 20U,
                .eviction = config.eviction_policy},
               {.write = config.write_quorum,
                .read = config.read_quorum,
                .tail = {.bytes = config.max_async_lag_bytes, .time = config.max_async_lag},
                .min_in_sync = config.min_in_sync},
               lease),
        log({.mode = config.wal,
             .directory = config.wal_dir,
             .segment_size = config.wal_segment_mb << 20U,
             .snapshot_interval = config.snapshot_interval,
             .node = self.id,
             .session = self.session},
            shards),
        board(self.id) {}

  // What is accounted to items now may be the most so far.
  void NoteMemory() {
    const std::uint64_t used = shards.meter().used();
    std::uint64_t peak = memory_peak.load(std::memory_order_relaxed);
    while (used > peak && !memory_peak.compare_exchange_weak(peak, used)) {
    }
  }

  const Config config;  // With the ports that were really bound.
  const Member self;    // As it was at the start.
  const TimePoint started_at;

  LeaseClock lease;
  ShardHost shards;
  LogKeeper log;  // Ends before the shards that it makes snapshots of.
  RoutingBoard board;
  ControlBoard control_board;
  std::vector<Worker*> workers;  // Complete before any thread runs.

  // What the process' limit of open files leaves after a reserve for peers, files and HTTP.
  std::size_t clients_max = limits::kConnectionsMax;
  std::atomic<std::size_t> clients{0};  // Connected now.
  std::atomic<std::uint64_t> clients_accepted{0};
  std::atomic<std::uint64_t> clients_rejected{0};
  std::atomic<std::uint64_t> last_client_id{0};

  SlowLog slow_log;
  LatencyMonitor latency;
  std::atomic<std::uint64_t> memory_peak{
      0};  // The most that was accounted to items, seen each second.

  std::mutex baseline_mutex;
  NodeFacts baseline;  // What INFO counts from: the figures at the last CONFIG RESETSTAT.
  CommandFigures command_baseline;  // Likewise.
};

}  // namespace aegis::node
