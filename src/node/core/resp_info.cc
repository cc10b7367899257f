// INFO: the node's facts in Redis' sections and fields, those that have a meaning here.

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

#include "model/limits.h"
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

std::string Server(const RespCall& call, const NodeFacts& facts) {
  const auto uptime =
      std::chrono::duration_cast<std::chrono::seconds>(call.now - facts.started_at).count();
  return fmt::format(
      "redis_version:{}\r\naegis_version:{}\r\nredis_mode:standalone\r\narch_bits:{}\r\n"
      "process_id:{}\r\nrun_id:{:040x}\r\ntcp_port:{}\r\nserver_time_usec:{}\r\n"
      "uptime_in_seconds:{}\r\nuptime_in_days:{}\r\nio_threads_active:{}\r\n",
      kRedisVersion, facts.version, sizeof(void*) * 8, facts.process_id, facts.run_id,
      facts.tcp_port, call.unix_now.value * 1000, uptime, uptime / 86'400,
      facts.worker_threads > 1 ? 1 : 0);
}

std::string Clients(const RespCall& /*call*/, const NodeFacts& facts) {
  return fmt::format("connected_clients:{}\r\nmaxclients:{}\r\nblocked_clients:0\r\n",
                     facts.connected_clients, limits::kConnectionsMax);
}

std::string Memory(const RespCall& /*call*/, const NodeFacts& facts) {
  return fmt::format(
      "used_memory:{}\r\nused_memory_human:{}\r\nused_memory_rss:{}\r\n"
      "used_memory_rss_human:{}\r\nmaxmemory:{}\r\nmaxmemory_human:{}\r\n"
      "maxmemory_policy:allkeys-lru\r\n",
      facts.used_memory, HumanBytes(facts.used_memory), facts.used_memory_rss,
      HumanBytes(facts.used_memory_rss), facts.max_memory, HumanBytes(facts.max_memory));
}

// Clients wait for loading:0. A node that is not ready does not take connections' commands at all.
std::string Persistence(const RespCall& /*call*/, const NodeFacts& /*facts*/) {
  return "loading:0\r\nrdb_bgsave_in_progress:0\r\naof_enabled:0\r\n";
}

std::string Stats(const RespCall& /*call*/, const NodeFacts& facts) {
  return fmt::format(
      "total_connections_received:{}\r\ntotal_commands_processed:{}\r\n"
      "rejected_connections:{}\r\nexpired_keys:{}\r\nevicted_keys:{}\r\nkeyspace_hits:{}\r\n"
      "keyspace_misses:{}\r\n",
      facts.connections_received, facts.commands_processed, facts.connections_rejected,
      facts.expired_keys, facts.evicted_keys, facts.keyspace_hits, facts.keyspace_misses);
}

// Every node takes writes; what is replicated to whom is the cluster's affair, not a client's.
std::string Replication(const RespCall& /*call*/, const NodeFacts& /*facts*/) {
  return "role:master\r\nconnected_slaves:0\r\n";
}

std::string Cluster(const RespCall& /*call*/, const NodeFacts& /*facts*/) {
  return "cluster_enabled:0\r\n";
}

std::string Aegis(const RespCall& /*call*/, const NodeFacts& facts) {
  return fmt::format("aegis_node:{}\r\naegis_nodes:{}\r\naegis_threads:{}\r\n", facts.node_name,
                     facts.cluster_nodes, facts.worker_threads);
}

std::string Keyspace(const RespCall& /*call*/, const NodeFacts& facts) {
  if (facts.keys == 0) return {};
  return fmt::format("db0:keys={},expires={},avg_ttl=0\r\n", facts.keys, facts.keys_with_expiry);
}

struct Section {
  ByteView name;
  std::string (*write)(const RespCall& call, const NodeFacts& facts);
};
constexpr Section kSections[] = {
    {"Server", Server},           {"Clients", Clients}, {"Memory", Memory},
    {"Persistence", Persistence}, {"Stats", Stats},     {"Replication", Replication},
    {"Cluster", Cluster},         {"Aegis", Aegis},     {"Keyspace", Keyspace},
};

bool IsAskedFor(ByteView section, std::span<const ByteView> asked) {
  if (asked.empty()) return true;
  for (const ByteView name : asked) {
    if (EqualsIgnoringCase(name, section) || EqualsIgnoringCase(name, "default") ||
        EqualsIgnoringCase(name, "all") || EqualsIgnoringCase(name, "everything")) {
      return true;
    }
  }
  return false;
}

}  // namespace

Translation Info(RespCall& call) {
  const NodeFacts facts = call.node.Facts();
  std::string text;
  for (const Section& section : kSections) {
    if (!IsAskedFor(section.name, call.argv.subspan(1))) continue;
    if (!text.empty()) text += "\r\n";
    text += fmt::format("# {}\r\n{}", section.name, section.write(call, facts));
  }
  call.Reply().Verbatim(text);
  return Translation::kReplied;
}

}  // namespace aegis::node::resp
