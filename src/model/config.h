// Config: everything an operator can set about one node. Filled by node/runtime/config_loader.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "model/endpoint.h"
#include "model/eviction_policy.h"

namespace aegis {

// What a RESP command on a key that another node leads is answered with.
enum class Redirect : std::uint8_t {
  kForward,  // What that node answers.
  kMoved,    // Which node that is: -MOVED, as in Redis Cluster.
};

// What a write waits for before it is acknowledged, besides its copies.
enum class WalMode : std::uint8_t {
  kOff,    // There is no log.
  kWrite,  // It is handed to the operating system: it survives the end of the process.
  kFsync,  // It is on the disk: it survives a power failure.
};

enum class LogFormat : std::uint8_t { kText, kJson };

struct Config {
  std::string node_id;  // Default: the host name.
  Endpoint bind{"0.0.0.0", 7700};
  Endpoint gossip{"0.0.0.0", 7701};
  std::optional<Endpoint> gossip_advertise;  // Host may be a name; resolved at start.
  std::optional<Endpoint> client_advertise;
  std::vector<Endpoint> seeds;
  std::uint32_t bootstrap_expect = 0;  // 0: do not wait for others.
  std::string data_dir = "./data";
  WalMode wal = WalMode::kOff;
  std::string wal_dir;  // Empty: in data_dir.
  std::uint64_t wal_segment_mb = 64;
  Duration snapshot_interval = std::chrono::minutes(5);
  std::uint32_t replication_factor = 3;
  std::uint32_t shards = 256;  // A power of two.
  std::uint32_t virtual_nodes = 100;
  std::uint32_t weight = 1;
  std::string zone;
  std::uint64_t max_memory_mb = 1024;
  EvictionPolicy eviction_policy = EvictionPolicy::kSlru;
  std::uint32_t threads = 0;  // 0: one per core.
  std::optional<Endpoint> memcached_addr;
  std::optional<Endpoint> health_addr;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  Duration lease_duration = std::chrono::milliseconds(600);
  Duration lease_silence = std::chrono::milliseconds(300);
  double clock_drift_max = 0.1;
  std::int32_t write_quorum = 0;  // See Operation::quorum.
  std::int32_t read_quorum = 0;
  std::uint64_t max_async_lag_bytes = 16ULL << 20;    // Of one shard; see UnreplicatedTail.
  Duration max_async_lag = std::chrono::seconds(10);  // Likewise.
  std::uint32_t min_in_sync = 1;
  std::uint32_t rebalance_rate = 16;  // Shards on the move at once.
  std::uint64_t copy_rate_mb = 16;    // Per second, of shards that are sent whole; 0: no limit.
  std::optional<Duration> unclean_after = std::chrono::seconds(10);  // Nothing: never.
  Redirect redirect = Redirect::kForward;
  Duration drain_timeout = std::chrono::seconds(30);
  std::string pid_file;
};

}  // namespace aegis
