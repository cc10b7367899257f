#include "node/runtime/settings.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <optional>
#include <utility>

#include "model/duration_text.h"
#include "model/limits.h"
#include "model/operation.h"
#include "node/runtime/setting_kinds.h"

namespace aegis::node {

namespace {

constexpr char kIdentity[] = "Who this node is";
constexpr char kAddresses[] = "Addresses";
constexpr char kCluster[] = "Cluster";
constexpr char kBirth[] = "Fixed when the cluster is born";
constexpr char kResources[] = "Resources";
constexpr char kLeases[] = "Leases and failover";
constexpr char kDurability[] = "Durability";
constexpr char kOperation[] = "Operation";

using limits::kReplicationFactorMax;
constexpr std::int32_t kQuorumMax{kReplicationFactorMax};
constexpr std::uint32_t kVirtualNodesMax = 1000;
constexpr std::uint32_t kWeightMax = 100;
constexpr std::uint32_t kThreadsMax = 256;
constexpr std::uint64_t kMemoryMbMax = 64ULL << 20;  // 64 TiB
constexpr std::chrono::milliseconds kDrainTimeoutMax = std::chrono::hours(1);
constexpr std::chrono::milliseconds kLeaseMin(50);
constexpr std::chrono::milliseconds kLeaseMax = std::chrono::minutes(1);
constexpr std::chrono::milliseconds kUncleanMax = std::chrono::hours(24);
constexpr std::chrono::milliseconds kAsyncLagMax = std::chrono::hours(1);
constexpr std::uint64_t kAsyncLagBytesMax = 1ULL << 40;
constexpr std::uint64_t kWalSegmentMbMax = 4096;
constexpr std::chrono::milliseconds kSnapshotIntervalMin = std::chrono::seconds(1);
constexpr std::chrono::milliseconds kSnapshotIntervalMax = std::chrono::hours(24);
constexpr double kDriftMin = 0.001;
constexpr double kDriftMax = 1.0;
constexpr std::uint32_t kRebalanceRateMax = 4096;
constexpr std::uint64_t kCopyRateMbMax = 1ULL << 20;  // 1 TiB/s

constexpr char kAdvertiseAllowed[] =
    "an address that others can dial, like 10.0.0.1:7700 or node1:7700";

bool IsPath(std::string_view text) {
  return !std::ranges::any_of(text, [](unsigned char c) { return std::iscntrl(c) != 0; });
}

std::vector<std::pair<std::string_view, EvictionPolicy>> EvictionPolicies() {
  std::vector<std::pair<std::string_view, EvictionPolicy>> choices;
  for (const auto& [policy, name] : kEvictionPolicies) choices.emplace_back(name, policy);
  return choices;
}

Setting NodeIdSetting() {
  Setting setting =
      TextSetting({"node-id", kIdentity, "NAME", "Name of this node, unique in its cluster"},
                  &Config::node_id, "1 to 128 printable ASCII characters without spaces",
                  [](std::string_view text) { return !text.empty() && IsName(text); });
  setting.default_text = "host name";
  return setting;
}

Setting SeedsSetting() {
  Setting setting = Labelled({"seeds", kCluster, "HOST:PORT,...",
                              "Gossip addresses of nodes to join; without, form a new cluster"});
  setting.is_text = true;
  setting.is_list = true;
  setting.default_text = "none";
  setting.allowed = "a comma-separated list of gossip addresses like node1:7701,10.0.0.2:7701";
  setting.assign = [](std::string_view text, Config& config) {
    auto seeds = ParseEndpoints(text);
    if (!seeds || !std::ranges::all_of(*seeds, IsDialable)) return false;
    config.seeds = *std::move(seeds);
    return true;
  };
  setting.render = [](const Config& config) { return EndpointsText(config.seeds); };
  return setting;
}

Setting ShardsSetting() {
  Setting setting = NumberSetting<std::uint32_t>(
      {"shards", kBirth, "N", "Shards of the keys, a power of two; for tens of nodes 4096"},
      &Config::shards, limits::kShardsMin, limits::kShardsMax);
  setting.other_key = "num_shards";
  setting.allowed = "a power of two from " + std::to_string(limits::kShardsMin) + " to " +
                    std::to_string(limits::kShardsMax);
  setting.assign = [in_range = setting.assign](std::string_view text, Config& config) {
    Config candidate;
    if (!in_range(text, candidate) || !std::has_single_bit(candidate.shards)) return false;
    config.shards = candidate.shards;
    return true;
  };
  return setting;
}

Setting ClockDriftSetting() {
  Setting setting = Labelled({"clock-drift-max", kLeases, "RATIO",
                              "How much faster one node's clock may run than another's"});
  setting.allowed = "a number from 0.001 to 1";
  setting.assign = [](std::string_view text, Config& config) {
    const auto ratio = ParseDecimal(text);
    if (!ratio || !(*ratio >= kDriftMin && *ratio <= kDriftMax)) return false;
    config.clock_drift_max = *ratio;
    return true;
  };
  setting.render = [](const Config& config) {
    std::string text = std::to_string(config.clock_drift_max);
    text.erase(text.find_last_not_of('0') + 1);
    return text;
  };
  return setting;
}

Setting UncleanPromotionSetting() {
  Setting setting = Labelled({"unclean-promotion-after", kLeases, "DURATION",
                              "Wait for a copy that was in sync before another leads; or never"});
  setting.is_text = true;
  setting.allowed = "a duration with its unit, like 10s, at most 24h, or never";
  setting.assign = [](std::string_view text, Config& config) {
    if (text == "never") {
      config.unclean_after.reset();
      return true;
    }
    const auto duration = ParseDuration(text);
    if (!duration || *duration > kUncleanMax) return false;
    config.unclean_after = *duration;
    return true;
  };
  setting.render = [](const Config& config) {
    return config.unclean_after ? RenderDuration(*config.unclean_after) : std::string("never");
  };
  return setting;
}

Setting Named(Setting setting, const char* other_key, const char* default_text = "") {
  setting.other_key = other_key;
  setting.default_text = default_text;
  return setting;
}

std::vector<Setting> MakeSettings() {
  return {
      NodeIdSetting(),
      Named(
          TextSetting({"zone", kIdentity, "NAME", "Failure domain; replicas go to different zones"},
                      &Config::zone, "up to 128 printable ASCII characters without spaces", IsName),
          "", "none"),
      NumberSetting<std::uint32_t>(
          {"weight", kIdentity, "N", "Share of the shards relative to others"}, &Config::weight, 1,
          kWeightMax),

      Named(ListenAddressSetting({"bind", kAddresses, "HOST:PORT", "Where clients connect"},
                                 &Config::bind),
            "bind_addr"),
      Named(ListenAddressSetting({"gossip", kAddresses, "HOST:PORT", "Where other nodes connect"},
                                 &Config::gossip),
            "gossip_bind_addr"),
      Named(OptionalAddressSetting({"client-advertise", kAddresses, "HOST:PORT",
                                    "Address told to clients, behind NAT or in containers"},
                                   &Config::client_advertise, kAdvertiseAllowed, ParseDialAddress),
            "", "found out"),
      Named(OptionalAddressSetting({"gossip-advertise", kAddresses, "HOST:PORT",
                                    "Address told to other nodes, behind NAT or in containers"},
                                   &Config::gossip_advertise, kAdvertiseAllowed, ParseDialAddress),
            "", "found out"),
      Named(OptionalAddressSetting(
                {"memcached-addr", kAddresses, "HOST:PORT", "Where clients of memcached connect"},
                &Config::memcached_addr, kListenAllowed, ParseListenAddress),
            "", "off"),
      Named(OptionalAddressSetting({"health-addr", kAddresses, "HOST:PORT",
                                    "HTTP: /health, /ready, /metrics and /status"},
                                   &Config::health_addr, kListenAllowed, ParseListenAddress),
            "", "off"),

      SeedsSetting(),
      NumberSetting<std::uint32_t>({"bootstrap-expect", kCluster, "N",
                                    "Form the cluster when N nodes have met; 0: do not wait"},
                                   &Config::bootstrap_expect, 0,
                                   std::uint32_t{limits::kMembersMax}),

      NumberSetting<std::uint32_t>({"replication-factor", kBirth, "N", "Copies of every key"},
                                   &Config::replication_factor, 1, kReplicationFactorMax),
      ShardsSetting(),
      NumberSetting<std::uint32_t>(
          {"virtual-nodes", kBirth, "N", "Points on the ring per unit of weight"},
          &Config::virtual_nodes, 1, kVirtualNodesMax),

      DurationSetting({"lease-duration", kLeases, "DURATION", "How long a majority's yes holds"},
                      &Config::lease_duration, kLeaseMin, kLeaseMax),
      DurationSetting({"lease-silence", kLeases, "DURATION",
                       "Without a renewal for so long a node loses what it leads"},
                      &Config::lease_silence, kLeaseMin, kLeaseMax),
      ClockDriftSetting(),
      UncleanPromotionSetting(),
      NumberSetting<std::int32_t>(
          {"write-quorum", kLeases, "N",
           "Copies that hold a write before it is acknowledged: 0 the leader's "
           "alone, N all in sync and at least N, -1 all"},
          &Config::write_quorum, kAllCopies, kQuorumMax),
      NumberSetting<std::int32_t>(
          {"read-quorum", kLeases, "N",
           "Copies that confirm the leader before a read is answered: 0 none, -1 "
           "all"},
          &Config::read_quorum, kAllCopies, kQuorumMax),
      NumberSetting<std::uint64_t>(
          {"max-async-lag-bytes", kLeases, "BYTES",
           "Of a shard's writes that no other node has yet; beyond, writes wait, "
           "then BUSY; 0: no bound"},
          &Config::max_async_lag_bytes, 0, kAsyncLagBytesMax),
      DurationSetting({"max-async-lag", kLeases, "DURATION",
                       "Likewise their age; longer than other nodes ever pause; 0: no bound"},
                      &Config::max_async_lag, std::chrono::milliseconds(0), kAsyncLagMax),
      NumberSetting<std::uint32_t>(
          {"min-in-sync", kLeases, "N",
           "Copies in sync, the leader's included, without which writes are "
           "refused; 1: the leader suffices"},
          &Config::min_in_sync, 1, kReplicationFactorMax),
      NumberSetting<std::uint32_t>(
          {"rebalance-rate", kLeases, "N", "Shards on the move at the same time"},
          &Config::rebalance_rate, 1, kRebalanceRateMax),
      Named(NumberSetting<std::uint64_t>(
                {"copy-rate", kLeases, "MB",
                 "Per second that this node sends of whole shards, to nodes that "
                 "join, return or replace others; 0: no limit"},
                &Config::copy_rate_mb, 0, kCopyRateMbMax),
            "copy_rate_mb"),

      Named(NumberSetting<std::uint64_t>({"max-memory", kResources, "MB",
                                          "All memory of this process, as the system counts it"},
                                         &Config::max_memory_mb, 1, kMemoryMbMax),
            "max_memory_mb"),
      ChoiceSetting<EvictionPolicy>({"eviction-policy", kResources, "POLICY",
                                     "What goes when memory is full: slru, s3fifo, lru, random, "
                                     "volatile-ttl, or noeviction: writes are refused"},
                                    &Config::eviction_policy, EvictionPolicies()),
      Named(NumberSetting<std::uint32_t>(
                {"threads", kResources, "N", "Worker threads; 0: one per core"}, &Config::threads,
                0, kThreadsMax),
            "", "cores"),
      TextSetting({"data-dir", kResources, "DIR", "What this node remembers; created if missing"},
                  &Config::data_dir, "a path without control characters",
                  [](std::string_view text) { return !text.empty() && IsPath(text); }),

      Named(ChoiceSetting<WalMode>(
                {"wal", kDurability, "MODE",
                 "Write-ahead log: off, write: writes survive the process, or "
                 "fsync: a power failure"},
                &Config::wal,
                {{"off", WalMode::kOff}, {"write", WalMode::kWrite}, {"fsync", WalMode::kFsync}}),
            "wal_mode"),
      Named(TextSetting({"wal-dir", kDurability, "DIR", "Where the log lies; created if missing"},
                        &Config::wal_dir, "a path without control characters, or empty", IsPath),
            "", "wal in --data-dir"),
      NumberSetting<std::uint64_t>(
          {"wal-segment-mb", kDurability, "MB", "Of one of the log's files"},
          &Config::wal_segment_mb, 1, kWalSegmentMbMax),
      DurationSetting({"snapshot-interval", kDurability, "DURATION",
                       "How often snapshots take the place of old parts of the log"},
                      &Config::snapshot_interval, kSnapshotIntervalMin, kSnapshotIntervalMax),

      ChoiceSetting<LogLevel>({"log-level", kOperation, "LEVEL", "debug, info, warn or error"},
                              &Config::log_level,
                              {{"debug", LogLevel::kDebug},
                               {"info", LogLevel::kInfo},
                               {"warn", LogLevel::kWarn},
                               {"error", LogLevel::kError}}),
      ChoiceSetting<LogFormat>({"log-format", kOperation, "FORMAT", "text or json"},
                               &Config::log_format,
                               {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}),
      ChoiceSetting<Redirect>(
          {"redirect", kOperation, "HOW",
           "Of a Redis client's command on a key led elsewhere: forward, or moved"},
          &Config::redirect, {{"forward", Redirect::kForward}, {"moved", Redirect::kMoved}}),
      DurationSetting({"drain-timeout", kOperation, "DURATION",
                       "Time to leave gracefully on SIGTERM or SIGINT"},
                      &Config::drain_timeout, std::chrono::milliseconds(0), kDrainTimeoutMax),
      Named(
          TextSetting({"pid-file", kOperation, "FILE", "Holds the process id while the node runs"},
                      &Config::pid_file, "a path without control characters, or empty", IsPath),
          "", "none"),
  };
}

}  // namespace

const std::vector<Setting>& Settings() {
  static const std::vector<Setting> settings = MakeSettings();
  return settings;
}

const std::vector<std::string>& AbsentFlags() {
  static const std::vector<std::string> flags = {
      "auth-token", "gossip-secret", "rate-burst", "rate-limit", "tls-ca", "tls-cert", "tls-key"};
  return flags;
}

const std::vector<std::string>& AbsentFileKeys() {
  static const std::vector<std::string> keys = {"tls_ca_file", "tls_cert_file", "tls_enabled",
                                                "tls_key_file"};
  return keys;
}

}  // namespace aegis::node
