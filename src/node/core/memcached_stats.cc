// stats: what this node can say about itself in memcached's words. Names that would mean something
// that does not exist here (slabs, hash tables, LRU crawlers) are left out.

#include <fmt/format.h>

#include <chrono>

#include "model/limits.h"
#include "node/core/memcached_call.h"

namespace aegis::node::memcached {
namespace {

using wire::AppendMemcachedStat;

class StatLines {
 public:
  explicit StatLines(Bytes& out) : out_(out) {}

  void Add(ByteView name, ByteView value) { AppendMemcachedStat(name, value, out_); }
  void Add(ByteView name, std::uint64_t value) { Add(name, ByteView(std::to_string(value))); }
  void End() { out_.append("END\r\n"); }

 private:
  Bytes& out_;
};

void General(const MemcachedCall& call, const NodeFacts& facts, StatLines& stats) {
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(call.now - facts.started_at);
  stats.Add("pid", static_cast<std::uint64_t>(facts.process_id));
  stats.Add("uptime", static_cast<std::uint64_t>(uptime.count()));
  stats.Add("time", static_cast<std::uint64_t>(call.unix_now.value / 1000));
  stats.Add("version", kMemcachedVersion);
  stats.Add("aegis_version", facts.version);
  stats.Add("pointer_size", 8 * sizeof(void*));
  stats.Add("max_connections", facts.clients_max);
  stats.Add("curr_connections", facts.connected_clients);
  stats.Add("total_connections", facts.connections_received);
  stats.Add("rejected_connections", facts.connections_rejected);
  stats.Add("cmd_get", facts.keyspace_hits + facts.keyspace_misses);
  stats.Add("cmd_set", facts.stores);
  stats.Add("cmd_flush", facts.flushes);
  stats.Add("cmd_touch", facts.touches);
  stats.Add("get_hits", facts.keyspace_hits);
  stats.Add("get_misses", facts.keyspace_misses);
  stats.Add("bytes_read", facts.received_bytes);
  stats.Add("bytes_written", facts.sent_bytes);
  stats.Add("curr_items", facts.keys);
  stats.Add("bytes", facts.used_memory);
  stats.Add("limit_maxbytes", facts.max_memory);
  stats.Add("evictions", facts.evicted_keys);
  stats.Add("threads", facts.worker_threads);
}

void Settings(const NodeFacts& facts, StatLines& stats) {
  stats.Add("maxbytes", facts.max_memory);
  stats.Add("maxconns", facts.clients_max);
  stats.Add("evictions", facts.eviction == EvictionPolicy::kNoEviction ? "off" : "on");
  stats.Add("num_threads", facts.worker_threads);
  stats.Add("cas_enabled", "yes");
  stats.Add("binding_protocol", "ascii");
  stats.Add("auth_enabled_sasl", "no");
  stats.Add("auth_enabled_ascii", "no");
  stats.Add("item_size_max", limits::kValueSizeMax);
  stats.Add("flush_enabled", "yes");
}

}  // namespace

Translation Stats(const MemcachedCall& call) {
  const auto& words = call.request.words;
  const ByteView topic = words.size() < 2 ? ByteView() : words[1];
  StatLines stats(call.out);
  if (topic == "reset") {
    call.node.ResetStatistics();
    return call.Line("RESET");
  }
  if (topic.empty()) {
    General(call, call.node.Facts(), stats);
  } else if (topic == "settings") {
    Settings(call.node.Facts(), stats);
  } else if (topic == "slabs") {
    stats.Add("active_slabs", 0);
    stats.Add("total_malloced", call.node.Facts().used_memory);
  } else if (topic != "items") {
    return call.Line("ERROR");
  }
  stats.End();
  return Translation::kReplied;
}

}  // namespace aegis::node::memcached
