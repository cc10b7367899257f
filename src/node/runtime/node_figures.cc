#include "node/runtime/node_figures.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "node/runtime/clocks.h"
#include "node/runtime/control_summary.h"
#include "node/runtime/memory_watch.h"
#include "node/runtime/version.h"
#include "node/runtime/worker.h"

namespace aegis::node {

using nlohmann::ordered_json;

namespace {

std::uint64_t ResidentBytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long total = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  return read == 2 ? std::uint64_t{resident} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))
                   : 0;
}

std::string_view NameOf(ShardRole role) {
  switch (role) {
    case ShardRole::kNone:
      return "none";
    case ShardRole::kFollower:
      return "follower";
    case ShardRole::kLeader:
      return "leader";
    case ShardRole::kDraining:
      return "draining";
  }
  return "";
}

std::string Hex(std::uint64_t id) { return fmt::format("{:016x}", id); }

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

ShardFigures LookAt(Shard& shard, UnixMs now) {
  ShardFigures figures;
  figures.report = shard.Report();
  figures.history = shard.replica().history();
  figures.lags = shard.Lags();
  figures.committed = shard.committed();
  figures.tail_bytes = shard.tail().bytes();
  figures.tail_time = shard.tail().time();
  const store::Table& table = shard.replica().table();
  figures.keys = table.items();
  figures.keys_with_expiry = table.with_expiry();
  figures.bytes = table.bytes();
  // Another place each time.
  const auto where = static_cast<std::uint32_t>(now.value * 2'654'435'761);
  figures.expired_bytes = table.EstimateExpired(now, where);
  return figures;
}

ordered_json MemberJson(const Member& member) {
  return {{"id", Hex(member.id.value())},
          {"name", member.name},
          {"state", NameOf(member.state)},
          {"client_address", member.client_address.ToString()},
          {"gossip_address", member.gossip_address.ToString()},
          {"zone", member.zone},
          {"weight", member.weight},
          {"version", member.software},
          {"incarnation", member.incarnation}};
}

ordered_json NameOrNull(const RoutingTable& table, NodeId node) {
  if (node == kNoNode) return nullptr;
  const Member* const member = table.Find(node);
  return member == nullptr ? Hex(node.value()) : member->name;
}

ordered_json ShardJson(const RoutingTable& table, std::size_t id, const ShardFigures& figures) {
  const ShardRoute& route = table.shards[id];
  ordered_json replicas = ordered_json::array();
  for (const NodeId node : route.replicas) replicas.push_back(NameOrNull(table, node));
  ordered_json followers = ordered_json::array();
  for (const FollowerLag& lag : figures.lags) {
    followers.push_back({{"node", NameOrNull(table, lag.follower)},
                         {"in_sync", lag.in_sync},
                         {"copying", lag.copying},
                         {"lag_records", lag.records},
                         {"lag_bytes", lag.bytes}});
  }
  ordered_json history = ordered_json::array();
  for (const Reign& reign : figures.history.reigns()) {
    history.push_back({{"epoch", reign.epoch.value()},
                       {"writer", Hex(reign.writer.value())},
                       {"seq", reign.seq.value()}});
  }
  return {{"id", id},
          {"epoch", route.epoch.value()},
          {"leader", NameOrNull(table, route.leader)},
          {"replicas", std::move(replicas)},
          {"role", NameOf(figures.report.role)},
          {"whole", figures.report.whole},
          {"keys", figures.keys},
          {"bytes", figures.bytes},
          {"history", std::move(history)},
          {"committed",
           {{"epoch", figures.committed.epoch.value()}, {"seq", figures.committed.seq.value()}}},
          {"followers", std::move(followers)}};
}

ordered_json NamesJson(const RoutingTable& table, const std::vector<NodeId>& nodes) {
  ordered_json names = ordered_json::array();
  for (const NodeId node : nodes) names.push_back(NameOrNull(table, node));
  return names;
}

// Which copies of a shard the control log counts on, and where it wants them.
void PutAgreed(ordered_json& json, const RoutingTable& table, const Control& control,
               std::size_t id) {
  if (control.log() == nullptr || id >= control.log()->state().shards().size()) return;
  const control::ShardState& shard = control.log()->state().shards()[id];
  std::vector<NodeId> in_sync;
  for (const control::Copy& copy : shard.in_sync) {
    if (control.log()->state().IsCurrent(copy)) in_sync.push_back(copy.node);
  }
  json["in_sync"] = NamesJson(table, in_sync);
  json["target"] = NamesJson(table, shard.target);
}

ordered_json ControlJson(const RoutingTable& table, const Control& control,
                         const std::string& disk_problem, TimePoint now) {
  const TimePoint until = control.lease_until();
  const bool holds = now < until;
  const Duration left = holds ? until - now : Duration{};  // Without a lease there is no end.
  const auto remaining = std::chrono::duration_cast<std::chrono::milliseconds>(left);
  const ordered_json lease = {{"holds", holds},
                              {"remaining_ms", remaining.count()},
                              {"session", Hex(control.holder().session.value())}};
  const ControlLog* const log = control.log();
  if (log == nullptr) return {{"role", "none"}, {"lease", lease}, {"disk_problem", disk_problem}};
  ordered_json fences = ordered_json::array();
  for (const control::StandingFence& fence : log->state().fences()) {
    fences.push_back({{"node", NameOrNull(table, fence.holder.node)},
                      {"session", Hex(fence.holder.session.value())},
                      {"index", fence.index}});
  }
  ordered_json missing = ordered_json::array();
  for (const VoterRoll::Absent& voter : control.CallVoters(now).absent) {
    const auto silent = std::chrono::duration_cast<std::chrono::milliseconds>(voter.silent);
    missing.push_back({{"name", voter.name},
                       {"id", Hex(voter.node.value())},
                       {"address", voter.address ? voter.address->ToString() : ""},
                       {"silent_ms", silent.count()}});
  }
  const consensus::RaftNode& raft = log->raft();
  return {{"role", RoleOf(control)},
          {"leader", NameOrNull(table, log->leader())},
          {"term", raft.term()},
          {"voters", NamesJson(table, log->voters())},
          {"voters_missing", std::move(missing)},
          {"lineage", Hex(log->lineage().value())},
          {"recoveries", log->state().recoveries().size()},
          {"problem", ProblemOf(control, now)},
          {"formed", log->formed()},
          {"applied", log->state().applied().index},
          {"log_entries", raft.last_index() + 1 - raft.first_index()},
          {"lease", lease},
          {"fences", std::move(fences)},
          {"disk_problem", disk_problem}};
}

}  // namespace

NodeFigures Look(NodeState& node) {
  NodeFigures figures;
  ShardEffects effects;
  const UnixMs now = UnixNow();
  const std::uint32_t count = node.shards.num_shards();
  figures.shards.reserve(count);
  for (std::uint32_t id = 0; id < count; ++id) {
    ShardGuard shard(node.shards, ShardId{id}, effects);
    figures.counters.Add(shard->counters());
    figures.shards.push_back(LookAt(*shard, now));
  }
  for (const ShardFigures& shard : figures.shards) {
    figures.keys += shard.keys;
    if (shard.report.role == ShardRole::kFollower) ++figures.shards_followed;
    if (shard.report.role != ShardRole::kLeader) continue;
    ++figures.shards_led;
    figures.keys_led += shard.keys;
    figures.keys_led_with_expiry += shard.keys_with_expiry;
    figures.expired_bytes += shard.expired_bytes;
    figures.tail_bytes = std::max(figures.tail_bytes, shard.tail_bytes);
    figures.tail_time = std::max(figures.tail_time, shard.tail_time);
  }
  for (const Worker* const worker : node.workers) {
    const WorkerCounters& counters = worker->counters();
    figures.commands += counters.commands.Get();
    figures.forwards_sent += counters.forwards_sent.Get();
    figures.forwards_served += counters.forwards_served.Get();
    figures.forwards_pending += worker->forwards_pending();
    figures.outcomes_held += worker->outcomes_held();
  }
  figures.memory_used = node.shards.meter().used();
  figures.memory_resident = ResidentBytes();
  return figures;
}

namespace {

Duration TimeOf(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

void AddProcess(NodeFacts& facts) {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    facts.cpu_user = TimeOf(usage.ru_utime);
    facts.cpu_system = TimeOf(usage.ru_stime);
  }
  utsname names{};
  if (::uname(&names) == 0) {
    facts.system = fmt::format("{} {} {}", names.sysname, names.release, names.machine);
  }
  facts.system_memory = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L)) *
                        static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const AllocatorFigures allocator = ReadAllocator();
  facts.allocator_allocated = allocator.allocated;
  facts.allocator_resident = allocator.resident;
}

void AddWorker(const Worker& worker, NodeFacts& facts) {
  const WorkerCounters& counters = worker.counters();
  for (std::size_t i = 0; i < kProtocols; ++i) {
    const ProtocolCounters& protocol = counters.protocols[i];
    const bool peer = static_cast<Protocol>(i) == Protocol::kPeer;
    (peer ? facts.peer_received_bytes : facts.received_bytes) += protocol.received_bytes.Get();
    (peer ? facts.peer_sent_bytes : facts.sent_bytes) += protocol.sent_bytes.Get();
  }
  facts.stores += counters.Counted(OpCode::kSet) + counters.Counted(OpCode::kAppend) +
                  counters.Counted(OpCode::kPrepend);
  facts.touches += counters.Counted(OpCode::kExpire) + counters.Counted(OpCode::kGetExpire);
  facts.flushes += counters.Counted(OpCode::kClear);
  facts.commands_per_second += worker.rates().commands.per_second();
  facts.received_bytes_per_second += worker.rates().received.per_second();
  facts.sent_bytes_per_second += worker.rates().sent.per_second();
  facts.peer_received_bytes_per_second += worker.rates().peer_received.per_second();
  facts.peer_sent_bytes_per_second += worker.rates().peer_sent.per_second();
  facts.clients_memory += worker.client_held_bytes();
  for (std::size_t code = 0; code < kErrorCodes.size(); ++code) {
    facts.errors[code] += counters.resp.errors(code);
  }
}

}  // namespace

NodeFacts FactsOf(const NodeState& node, const NodeFigures& figures) {
  NodeFacts facts;
  facts.version = SoftwareVersion();
  facts.node_name = node.self.name;
  facts.run_id = node.self.session.value();
  facts.process_id = ::getpid();
  facts.tcp_port = node.config.bind.port;
  facts.started_at = node.started_at;
  facts.connected_clients = node.clients.load();
  facts.clients_max = node.clients_max;
  facts.connections_received = node.clients_accepted.load();
  facts.connections_rejected = node.clients_rejected.load();
  facts.commands_processed = figures.commands;
  facts.keyspace_hits = figures.counters.hits;
  facts.keyspace_misses = figures.counters.misses;
  facts.expired_keys = figures.counters.expired;
  facts.evicted_keys = figures.counters.evicted;
  facts.used_memory = figures.memory_used;
  facts.used_memory_rss = figures.memory_resident;
  facts.used_memory_peak = std::max(node.memory_peak.load(), figures.memory_used);
  facts.rings_memory = node.shards.meter().rings();
  facts.max_memory = node.shards.meter().limit();
  facts.eviction = node.config.eviction_policy;
  facts.keys = figures.keys_led;
  facts.keys_with_expiry = figures.keys_led_with_expiry;
  facts.cluster_nodes = node.board.Get()->members.size();
  facts.worker_threads = static_cast<std::uint32_t>(node.workers.size());
  AddProcess(facts);
  for (const Worker* const worker : node.workers) AddWorker(*worker, facts);
  facts.flushes /= std::max(1U, node.shards.num_shards());  // Each clears every shard.
  return facts;
}

Bytes StatisticsJson(NodeState& node) {
  const NodeFigures figures = Look(node);
  const auto table = node.board.Get();
  const ControlSummary control = node.control_board.Get();
  const ordered_json json = {
      {"node", node.self.name},
      {"version", SoftwareVersion()},
      {"cluster", Hex(table->settings.id.value())},
      {"uptime_seconds", Seconds(SteadyNow() - node.started_at)},
      {"members", table->members.size()},
      {"clients", node.clients.load()},
      {"commands", figures.commands},
      {"keys", figures.keys_led},
      {"keys_held", figures.keys},
      {"shards_led", figures.shards_led},
      {"shards_followed", figures.shards_followed},
      {"hits", figures.counters.hits},
      {"misses", figures.counters.misses},
      {"expired", figures.counters.expired},
      {"evicted", figures.counters.evicted},
      {"writes_lost", figures.counters.writes_lost},
      {"writes_recovered", figures.counters.writes_recovered},
      {"forwards_sent", figures.forwards_sent},
      {"forwards_served", figures.forwards_served},
      {"forwards_pending", figures.forwards_pending},
      {"outcomes_held", figures.outcomes_held},
      {"memory_used_bytes", figures.memory_used},
      {"memory_limit_bytes", node.shards.meter().limit()},
      {"memory_resident_bytes", figures.memory_resident},
      {"control",
       {{"role", control.role},
        {"lease", node.lease.Holds(control.session)},
        {"leader", control.leader.empty() ? ordered_json() : ordered_json(control.leader)},
        {"term", control.term},
        {"voters", control.voters},
        {"fences", control.fences},
        {"problem", control.problem},
        {"shards_moving", control.movement.moving},
        {"shards_to_move", control.movement.waiting},
        {"shards_moved", control.movement.moved}}},
  };
  return json.dump();
}

Bytes StatusJson(NodeState& node, const Control& control, const std::string& disk_problem) {
  const TimePoint now = SteadyNow();
  const Readiness readiness = control.readiness(now);
  const NodeFigures figures = Look(node);
  const auto table = node.board.Get();
  ordered_json members = ordered_json::array();
  for (const Member& member : table->members) members.push_back(MemberJson(member));
  ordered_json shards = ordered_json::array();
  for (std::size_t id = 0; id < table->shards.size() && id < figures.shards.size(); ++id) {
    shards.push_back(ShardJson(*table, id, figures.shards[id]));
    PutAgreed(shards.back(), *table, control, id);
  }
  const ordered_json json = {
      {"node",
       {{"id", Hex(node.self.id.value())},
        {"name", node.self.name},
        {"version", SoftwareVersion()},
        {"uptime_seconds", Seconds(SteadyNow() - node.started_at)},
        {"ready", readiness.ready},
        {"reason", readiness.reason},
        {"clients", node.clients.load()},
        {"keys", figures.keys_led},
        {"shards_led", figures.shards_led},
        {"shards_followed", figures.shards_followed},
        {"memory_used_bytes", figures.memory_used},
        {"memory_limit_bytes", node.shards.meter().limit()}}},
      {"cluster",
       {{"id", Hex(table->settings.id.value())},
        {"shards", table->settings.num_shards},
        {"replication_factor", table->settings.replication_factor},
        {"routing_version", table->version}}},
      {"control", ControlJson(*table, control, disk_problem, now)},
      {"members", std::move(members)},
      {"shards", std::move(shards)},
  };
  return json.dump(2) + "\n";
}

}  // namespace aegis::node
