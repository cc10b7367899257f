// INFO: the node's facts in Redis' sections and fields, those that have a meaning here.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "node/core/resp_call.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

// "1.84M", as Redis shows bytes to people.
std::string HumanBytes(std::uint64_t bytes) {
  constexpr std::string_view kUnits = "BKMGTPE";
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
  return unit == 0 ? fmt::format("{}B", bytes) : fmt::format("{:.2f}{}", amount, kUnits[unit]);
}

// Pairs of "name:value" lines.
class Lines {
 public:
  template <class Value>
  Lines& Add(ByteView name, const Value& value) {
    text_ += fmt::format("{}:{}\r\n", name, value);
    return *this;
  }
  // Two lines, one of which is for people.
  Lines& AddBytes(ByteView name, std::uint64_t bytes) {
    Add(name, bytes);
    text_ += fmt::format("{}_human:{}\r\n", name, HumanBytes(bytes));
    return *this;
  }
  // With so many digits behind the point.
  Lines& AddDecimal(ByteView name, double value, int digits) {
    text_ += fmt::format("{}:{:.{}f}\r\n", name, value, digits);
    return *this;
  }
  Lines& AddRatio(ByteView name, std::uint64_t part, std::uint64_t whole) {
    const double ratio = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
    return AddDecimal(name, ratio, 2);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

double Microseconds(Duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

double KilobytesOf(std::uint64_t bytes) { return static_cast<double>(bytes) / 1024; }

std::string Server(const RespCall& call, const NodeFacts& facts) {
  const auto uptime =
      std::chrono::duration_cast<std::chrono::seconds>(call.now - facts.started_at).count();
  return Lines()
      .Add("redis_version", kRedisVersion)
      .Add("aegis_version", facts.version)
      .Add("redis_mode", "standalone")
      .Add("os", facts.system)
      .Add("arch_bits", sizeof(void*) * 8)
      .Add("multiplexing_api", "epoll")
      .Add("process_id", facts.process_id)
      .Add("run_id", fmt::format("{:040x}", facts.run_id))
      .Add("tcp_port", facts.tcp_port)
      .Add("server_time_usec", call.unix_now.value * 1000)
      .Add("uptime_in_seconds", uptime)
      .Add("uptime_in_days", uptime / 86'400)
      .Add("io_threads_active", facts.worker_threads > 1 ? 1 : 0)
      .text();
}

// No command of a client waits for another client.
std::string Clients(const RespCall& /*call*/, const NodeFacts& facts) {
  return Lines()
      .Add("connected_clients", facts.connected_clients)
      .Add("cluster_connections", facts.cluster_nodes - 1)
      .Add("maxclients", facts.clients_max)
      .Add("blocked_clients", 0)
      .Add("tracking_clients", 0)
      .text();
}

std::string Memory(const RespCall& /*call*/, const NodeFacts& facts) {
  Lines lines;
  lines.AddBytes("used_memory", facts.used_memory)
      .AddBytes("used_memory_rss", facts.used_memory_rss)
      .AddBytes("used_memory_peak", facts.used_memory_peak)
      .Add("used_memory_overhead", facts.rings_memory)
      .Add("used_memory_dataset",
           facts.used_memory - std::min(facts.rings_memory, facts.used_memory))
      .AddBytes("total_system_memory", facts.system_memory)
      .AddBytes("maxmemory", facts.max_memory)
      .Add("maxmemory_policy", RedisNameOf(facts.eviction))
      .AddRatio("mem_fragmentation_ratio", facts.used_memory_rss, facts.used_memory)
      .Add("mem_replication_backlog", facts.rings_memory)
      .Add("mem_clients_normal", facts.clients_memory);
  if (facts.allocator_allocated == 0) return lines.Add("mem_allocator", "libc").text();
  return lines.Add("mem_allocator", "jemalloc")
      .Add("allocator_allocated", facts.allocator_allocated)
      .Add("allocator_resident", facts.allocator_resident)
      .text();
}

// Clients wait for loading:0. A node that is not ready does not take connections' commands at all.
std::string Persistence(const RespCall& /*call*/, const NodeFacts& /*facts*/) {
  return "loading:0\r\nasync_loading:0\r\nrdb_bgsave_in_progress:0\r\naof_enabled:0\r\n"
         "aof_rewrite_in_progress:0\r\n";
}

std::string Stats(const RespCall& /*call*/, const NodeFacts& facts) {
  std::uint64_t errors = 0;
  for (const std::uint64_t count : facts.errors) errors += count;
  return Lines()
      .Add("total_connections_received", facts.connections_received)
      .Add("total_commands_processed", facts.commands_processed)
      .Add("instantaneous_ops_per_sec", facts.commands_per_second)
      .Add("total_net_input_bytes", facts.received_bytes)
      .Add("total_net_output_bytes", facts.sent_bytes)
      .Add("total_net_repl_input_bytes", facts.peer_received_bytes)
      .Add("total_net_repl_output_bytes", facts.peer_sent_bytes)
      .AddDecimal("instantaneous_input_kbps", KilobytesOf(facts.received_bytes_per_second), 2)
      .AddDecimal("instantaneous_output_kbps", KilobytesOf(facts.sent_bytes_per_second), 2)
      .AddDecimal("instantaneous_input_repl_kbps",
                  KilobytesOf(facts.peer_received_bytes_per_second), 2)
      .AddDecimal("instantaneous_output_repl_kbps", KilobytesOf(facts.peer_sent_bytes_per_second),
                  2)
      .Add("rejected_connections", facts.connections_rejected)
      .Add("expired_keys", facts.expired_keys)
      .Add("evicted_keys", facts.evicted_keys)
      .Add("keyspace_hits", facts.keyspace_hits)
      .Add("keyspace_misses", facts.keyspace_misses)
      .Add("pubsub_channels", 0)
      .Add("pubsub_patterns", 0)
      .Add("total_error_replies", errors)
      .text();
}

// Every node takes writes; what is replicated to whom is the cluster's affair, not a client's.
std::string Replication(const RespCall& /*call*/, const NodeFacts& /*facts*/) {
  return "role:master\r\nconnected_slaves:0\r\n";
}

// Nothing is done by children.
std::string Cpu(const RespCall& /*call*/, const NodeFacts& facts) {
  return Lines()
      .AddDecimal("used_cpu_sys", Seconds(facts.cpu_system), 6)
      .AddDecimal("used_cpu_user", Seconds(facts.cpu_user), 6)
      .AddDecimal("used_cpu_sys_children", 0, 6)
      .AddDecimal("used_cpu_user_children", 0, 6)
      .text();
}

std::string Modules(const RespCall& /*call*/, const NodeFacts& /*facts*/) { return {}; }

std::string CommandStats(const RespCall& call, const NodeFacts& /*facts*/) {
  std::string text;
  for (const CommandUsage& usage : call.node.CommandUsages()) {
    const double calls = std::max(1.0, static_cast<double>(usage.calls));
    text += fmt::format(
        "cmdstat_{}:calls={},usec={},usec_per_call={:.2f},rejected_calls={},failed_calls={}\r\n",
        usage.name, usage.calls,
        std::chrono::duration_cast<std::chrono::microseconds>(usage.total).count(),
        Microseconds(usage.total) / calls, usage.rejected, usage.failed);
  }
  return text;
}

std::string ErrorStats(const RespCall& /*call*/, const NodeFacts& facts) {
  std::string text;
  for (std::size_t code = 0; code < kErrorCodes.size(); ++code) {
    if (facts.errors[code] == 0) continue;
    text += fmt::format("errorstat_{}:count={}\r\n", kErrorCodes[code], facts.errors[code]);
  }
  return text;
}

std::string LatencyStats(const RespCall& call, const NodeFacts& /*facts*/) {
  std::string text;
  for (const CommandUsage& usage : call.node.CommandUsages()) {
    if (usage.calls == 0) continue;
    text += fmt::format("latency_percentiles_usec_{}:p50={:.3f},p99={:.3f},p99.9={:.3f}\r\n",
                        usage.name, Microseconds(usage.p50), Microseconds(usage.p99),
                        Microseconds(usage.p999));
  }
  return text;
}

// A node by itself is as a single Redis; clients of clusters want more than one.
std::string Cluster(const RespCall& /*call*/, const NodeFacts& facts) {
  return fmt::format("cluster_enabled:{}\r\n", facts.cluster_nodes > 1 ? 1 : 0);
}

std::string Aegis(const RespCall& /*call*/, const NodeFacts& facts) {
  return Lines()
      .Add("aegis_node", facts.node_name)
      .Add("aegis_nodes", facts.cluster_nodes)
      .Add("aegis_threads", facts.worker_threads)
      .text();
}

std::string Keyspace(const RespCall& /*call*/, const NodeFacts& facts) {
  if (facts.keys == 0) return {};
  return fmt::format("db0:keys={},expires={},avg_ttl=0\r\n", facts.keys, facts.keys_with_expiry);
}

struct Section {
  ByteView name;
  std::string (*write)(const RespCall& call, const NodeFacts& facts);
  bool by_default = true;  // Else only of INFO ALL, or by its name.
};
constexpr Section kSections[] = {
    {"Server", Server},
    {"Clients", Clients},
    {"Memory", Memory},
    {"Persistence", Persistence},
    {"Stats", Stats},
    {"Replication", Replication},
    {"CPU", Cpu},
    {"Modules", Modules},
    {"Commandstats", CommandStats, false},
    {"Errorstats", ErrorStats},
    {"Latencystats", LatencyStats, false},
    {"Cluster", Cluster},
    {"Aegis", Aegis},
    {"Keyspace", Keyspace},
};

bool IsAskedFor(const Section& section, std::span<const ByteView> asked) {
  if (asked.empty()) return section.by_default;
  return std::ranges::any_of(asked, [&](ByteView name) {
    return EqualsIgnoringCase(name, section.name) ||
           (EqualsIgnoringCase(name, "default") && section.by_default) ||
           EqualsIgnoringCase(name, "all") || EqualsIgnoringCase(name, "everything");
  });
}

}  // namespace

Translation Info(RespCall& call) {
  const NodeFacts facts = call.node.Facts();
  std::string text;
  for (const Section& section : kSections) {
    if (!IsAskedFor(section, call.argv.subspan(1))) continue;
    if (!text.empty()) text += "\r\n";
    text += fmt::format("# {}\r\n{}", section.name, section.write(call, facts));
  }
  call.Reply().Verbatim(text);
  return Translation::kReplied;
}

}  // namespace aegis::node::resp
