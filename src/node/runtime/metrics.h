// Metrics: what Prometheus sees of a node.
//
// The engine fills a MetricsSnapshot when it is asked for /metrics; RenderMetrics() turns it into
// the text format. To add a metric, add a field here and a line in metrics.cc; the table in
// docs/METRICS.md is made from the same lines.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "node/runtime/latency_recorder.h"
#include "node/runtime/process_stats.h"

namespace aegis::node {

// Counters (..._total below) count since the start of the process. A list that is empty shows
// nothing; give every member of a fixed set, zeros included, so that rates work from the start.
struct MetricsSnapshot {
  std::string version;
  std::string node;     // --node-id
  std::string cluster;  // Cluster id in hexadecimal; empty: none yet.
  Duration uptime{};
  bool ready = false;

  // Data.
  std::uint64_t keys = 0;  // Held here, replicas included.
  std::uint64_t memory_used_bytes = 0;
  std::uint64_t expired_resident_bytes = 0;  // An estimate.
  std::uint64_t memory_rings_bytes = 0;      // Of those.
  std::uint64_t memory_beyond_bytes = 0;     // What the process holds besides those.
  std::uint64_t memory_spare_bytes = 0;      // Of those, pages that wait for items.
  std::uint64_t allocator_allocated_bytes = 0;
  std::uint64_t allocator_resident_bytes = 0;
  std::uint64_t memory_max_bytes = 0;
  std::uint64_t keyspace_hits = 0;
  std::uint64_t keyspace_misses = 0;
  std::uint64_t stale_reads = 0;
  std::uint64_t expired_keys = 0;
  std::uint64_t evicted_keys = 0;

  // Doors.
  struct Protocol {
    std::string protocol;  // "resp", "native", "unknown" (nothing sent yet), "peer"
    std::uint64_t connections = 0;
    std::uint64_t opened = 0;
    std::uint64_t rejected = 0;         // Over the limit of connections.
    std::uint64_t protocol_errors = 0;  // Closed because nobody could read what they sent.
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
  };
  std::vector<Protocol> protocols;

  struct Command {
    std::string command;  // "get", "set", ...
    std::string result;  // "ok", "not_found", "conflict", "error", "unavailable", "unknown_outcome"
    std::uint64_t count = 0;
  };
  std::vector<Command> commands;

  struct CommandClass {
    std::string name;              // "read", "write", "other"
    LatencyDistribution duration;  // From the command's bytes being read to its reply being ready.
  };
  std::vector<CommandClass> command_durations;

  struct Worker {
    std::string worker;  // "0", "1", ...
    std::uint64_t clients = 0;
  };
  std::vector<Worker> workers;

  std::uint64_t forwarded_sent = 0;      // Operations sent to the nodes that lead their shards.
  std::uint64_t forwarded_received = 0;  // Operations run for other nodes.
  std::uint64_t client_held_bytes = 0;   // Kept on account of clients' commands, see limits.h.
  std::uint64_t forward_held_bytes = 0;  // Of operations that wait for other nodes.
  std::uint64_t outcomes_held = 0;       // That wait for other copies.

  // Shards.
  std::uint64_t shards_led = 0;
  std::uint64_t shards_held = 0;  // Led or followed.
  std::uint64_t shards_leaderless = 0;
  std::uint64_t leader_changes = 0;

  // Leases and the control log.
  bool lease_valid = false;
  Duration lease_age{};  // Since the attempt that made it; zero: never had one.
  bool control_leader = false;
  std::uint64_t control_term = 0;
  std::uint64_t control_voters = 0;
  std::uint64_t control_applied = 0;
  std::uint64_t control_entries = 0;
  std::uint64_t shards_moving = 0;
  std::uint64_t shards_to_move = 0;
  std::uint64_t shards_moved = 0;
  std::uint64_t fences = 0;
  std::uint64_t failovers = 0;
  std::uint64_t unclean_promotions = 0;

  // Replication.
  struct Peer {
    std::string peer;  // --node-id of the other node
    bool connected = false;
    std::uint64_t lag_records = 0;  // Led here and not acknowledged by it.
    std::uint64_t lag_bytes = 0;
  };
  std::vector<Peer> peers;
  std::uint64_t tail_bytes = 0;  // Of the largest tail of a shard led here: UnreplicatedTail.
  Duration tail_time{};
  std::uint64_t records_sent = 0;
  std::uint64_t records_received = 0;
  std::uint64_t records_applied = 0;
  std::uint64_t full_copies_started = 0;
  std::uint64_t full_copies_finished = 0;
  // Of the write-ahead log; all 0 without one.
  bool wal_failed = false;
  std::uint64_t wal_entries = 0;
  std::uint64_t wal_bytes = 0;
  std::uint64_t wal_batches = 0;
  std::uint64_t wal_pending_bytes = 0;  // Appended and not durable yet.
  double wal_recovery_seconds = 0;
  std::uint64_t wal_recovered_bytes = 0;
  std::uint64_t wal_snapshots = 0;
  std::uint64_t wal_snapshot_failures = 0;
  std::uint64_t wal_snapshot_bytes = 0;
  double wal_snapshot_seconds = 0;
  std::uint64_t records_lost = 0;  // Acknowledged writes that a failover gave up.
  std::uint64_t keys_recovered = 0;
  std::uint64_t digests_compared = 0;
  std::uint64_t differences_found = 0;
  std::uint64_t differences_repaired = 0;

  // Gossip.
  struct Members {
    std::string state;  // "alive", "suspect", "dead", "left"
    std::uint64_t count = 0;
  };
  std::vector<Members> members;

  struct GossipMessages {
    std::string type;  // "ping", "ping_request", "ack", ..., "push_pull"
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
  };
  std::vector<GossipMessages> gossip;
  struct GossipBytes {
    std::string transport;  // "udp", "tcp"
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
  };
  std::vector<GossipBytes> gossip_bytes;
  std::uint64_t gossip_dropped = 0;  // Datagrams received and not understood.
  std::uint64_t suspicions = 0;
  std::uint64_t refutations = 0;
  std::uint64_t health_score = 0;  // Lifeguard's local health multiplier; 0 is healthy.

  std::optional<ProcessStats> process;
};

inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

std::string RenderMetrics(const MetricsSnapshot& snapshot);

// The table of all metrics, for docs/METRICS.md.
std::string MetricsAsMarkdown();

// A snapshot in which every metric has a value: for tests and MetricsAsMarkdown().
MetricsSnapshot SampleMetrics();

}  // namespace aegis::node
