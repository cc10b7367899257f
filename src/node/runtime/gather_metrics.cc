// GatherMetrics: the node's figures, the workers' counters and gossip's, as one snapshot.

#include <fmt/format.h>

#include <map>
#include <string>

#include "node/runtime/clocks.h"
#include "node/runtime/health_pages.h"
#include "node/runtime/memory_watch.h"
#include "node/runtime/node_figures.h"
#include "node/runtime/version.h"
#include "node/runtime/worker.h"

namespace aegis::node {

namespace {

void AddProtocols(const NodeState& node, MetricsSnapshot& snapshot) {
  std::uint64_t identified = 0;  // Client connections whose protocol is known.
  for (std::size_t i = 0; i < kProtocols; ++i) {
    MetricsSnapshot::Protocol protocol;
    protocol.protocol = kProtocolNames[i];
    std::uint64_t closed = 0;
    for (const Worker* const worker : node.workers) {
      const ProtocolCounters& counters = worker->counters().protocols[i];
      closed += counters.closed.Get();
      protocol.opened += counters.opened.Get();
      protocol.protocol_errors += counters.errors.Get();
      protocol.received_bytes += counters.received_bytes.Get();
      protocol.sent_bytes += counters.sent_bytes.Get();
    }
    protocol.connections = protocol.opened < closed ? 0 : protocol.opened - closed;
    const auto which = static_cast<Protocol>(i);
    if (which == Protocol::kResp || which == Protocol::kNative) identified += protocol.connections;
    snapshot.protocols.push_back(std::move(protocol));
  }
  MetricsSnapshot::Protocol& unknown = snapshot.protocols.front();
  const std::uint64_t clients = node.clients.load();
  unknown.connections = clients < identified ? 0 : clients - identified;
  unknown.rejected = node.clients_rejected.load();
}

void AddCommands(const NodeState& node, MetricsSnapshot& snapshot) {
  for (std::size_t code = 1; code < kOperations; ++code) {
    for (std::size_t result = 0; result < kResults; ++result) {
      MetricsSnapshot::Command command;
      command.command = kOperationNames[code];
      command.result = kResultNames[result];
      for (const Worker* const worker : node.workers) {
        command.count += worker->counters().operations[code][result].Get();
      }
      snapshot.commands.push_back(std::move(command));
    }
  }
  for (std::size_t kind = 0; kind < kCommandClasses; ++kind) {
    MetricsSnapshot::CommandClass durations;
    durations.name = kCommandClassNames[kind];
    for (const Worker* const worker : node.workers) {
      worker->counters().durations[kind].AddTo(durations.duration);
    }
    snapshot.command_durations.push_back(std::move(durations));
  }
}

void AddShards(const RoutingTable& table, const NodeFigures& figures, MetricsSnapshot& snapshot) {
  snapshot.shards_led = figures.shards_led;
  snapshot.shards_held = figures.shards_led + figures.shards_followed;
  for (const ShardRoute& route : table.shards) {
    if (route.leader == kNoNode) ++snapshot.shards_leaderless;
  }
}

void AddControl(const Control& control, Duration lease, TimePoint now, MetricsSnapshot& snapshot) {
  const TimePoint until = control.lease_until();
  snapshot.lease_valid = now < until;
  if (until != TimePoint::min()) snapshot.lease_age = now - (until - lease);
  const ControlLog* const log = control.log();
  if (log == nullptr) return;
  const consensus::RaftNode& raft = log->raft();
  snapshot.control_leader = raft.leads();
  snapshot.control_term = raft.term();
  snapshot.control_voters = log->voters().size();
  snapshot.control_applied = log->state().applied().index;
  snapshot.control_entries = raft.last_index() + 1 - raft.first_index();
  if (const ControlLeader* const leader = control.leader()) {
    snapshot.shards_moving = leader->movement().moving;
    snapshot.shards_to_move = leader->movement().waiting;
    snapshot.shards_moved = leader->movement().moved;
  }
  snapshot.fences = log->counters().fences;
  snapshot.failovers = log->counters().failovers;
  snapshot.unclean_promotions = log->counters().unclean_promotions;
}

void AddPeers(const RoutingTable& table, const ControlLoop& control, const NodeFigures& figures,
              MetricsSnapshot& snapshot) {
  std::map<NodeId, MetricsSnapshot::Peer> peers;
  for (const Member& member : table.members) {
    if (member.id == table.self) continue;
    peers[member.id].peer = member.name;
    peers[member.id].connected = control.HasLink(member.id);
  }
  for (const ShardFigures& shard : figures.shards) {
    for (const FollowerLag& lag : shard.lags) {
      const auto peer = peers.find(lag.follower);
      if (peer == peers.end()) continue;
      peer->second.lag_records += lag.records;
      peer->second.lag_bytes += lag.bytes;
    }
  }
  for (auto& [node, peer] : peers) snapshot.peers.push_back(std::move(peer));
}

void AddGossip(const gossip::Swim& swim, MetricsSnapshot& snapshot) {
  snapshot.members = {{"alive", 0}, {"suspect", 0}, {"dead", 0}, {"left", 0}};
  for (const Member& member : swim.members()) {
    ++snapshot.members[static_cast<std::size_t>(member.state)].count;
  }
  const gossip::Counters& counters = swim.counters();
  for (std::size_t kind = 0; kind < gossip::kMessageKinds; ++kind) {
    MetricsSnapshot::GossipMessages traffic;
    traffic.type = gossip::kMessageKindNames[kind];
    traffic.sent = counters.sent.messages[kind];
    traffic.received = counters.received.messages[kind];
    snapshot.gossip.push_back(std::move(traffic));
  }
  snapshot.gossip_bytes = {{"udp", counters.sent.datagram_bytes, counters.received.datagram_bytes},
                           {"tcp", counters.sent.stream_bytes, counters.received.stream_bytes}};
  snapshot.gossip_dropped = counters.malformed + counters.oversized;
  snapshot.suspicions = counters.suspicions;
  snapshot.refutations = counters.refutations;
  snapshot.health_score = static_cast<std::uint64_t>(swim.health_score());
}

void AddLog(const LogKeeper& keeper, MetricsSnapshot& snapshot) {
  const LogKeeper::Figures figures = keeper.figures();
  snapshot.wal_recovery_seconds = figures.recovery_seconds;
  snapshot.wal_recovered_bytes = figures.recovered_bytes;
  snapshot.wal_snapshots = figures.snapshots;
  snapshot.wal_snapshot_failures = figures.snapshot_failures;
  snapshot.wal_snapshot_bytes = figures.snapshot_bytes;
  snapshot.wal_snapshot_seconds = figures.last_snapshot_seconds;
  const NodeLog* const log = keeper.log();
  if (log == nullptr) return;
  const NodeLog::Figures written = log->figures();
  snapshot.wal_failed = log->failed();
  snapshot.wal_entries = written.entries;
  snapshot.wal_bytes = written.bytes;
  snapshot.wal_batches = written.batches;
  const wal::Lsn durable = log->durable();
  snapshot.wal_pending_bytes = wal::BytesBetween(durable, log->end());
}

}  // namespace

MetricsSnapshot GatherMetrics(NodeState& node, const ControlLoop& control) {
  const NodeFigures figures = Look(node);
  const auto table = node.board.Get();
  const TimePoint now = SteadyNow();
  MetricsSnapshot snapshot;
  snapshot.version = SoftwareVersion();
  snapshot.node = node.self.name;
  if (table->settings.born()) snapshot.cluster = fmt::format("{:016x}", table->settings.id.value());
  snapshot.uptime = now - node.started_at;
  snapshot.ready = control.control().readiness(now).ready;
  snapshot.keys = figures.keys;
  snapshot.memory_used_bytes = figures.memory_used;
  snapshot.expired_resident_bytes = figures.expired_bytes;
  snapshot.memory_rings_bytes = node.shards.meter().rings();
  snapshot.memory_beyond_bytes = node.shards.meter().beyond();
  snapshot.memory_spare_bytes = node.shards.pages().spare_bytes();
  const AllocatorFigures allocator = ReadAllocator();
  snapshot.allocator_allocated_bytes = allocator.allocated;
  snapshot.allocator_resident_bytes = allocator.resident;
  snapshot.memory_max_bytes = node.shards.meter().limit();
  snapshot.keyspace_hits = figures.counters.hits;
  snapshot.keyspace_misses = figures.counters.misses;
  snapshot.stale_reads = figures.counters.stale_reads;
  snapshot.expired_keys = figures.counters.expired;
  snapshot.evicted_keys = figures.counters.evicted;
  AddProtocols(node, snapshot);
  AddCommands(node, snapshot);
  snapshot.forwarded_sent = figures.forwards_sent;
  snapshot.forwarded_received = figures.forwards_served;
  for (const Worker* const worker : node.workers) {
    snapshot.workers.push_back({std::to_string(snapshot.workers.size()), worker->clients()});
    snapshot.client_held_bytes += worker->client_held_bytes();
    snapshot.forward_held_bytes += worker->forward_held_bytes();
    snapshot.outcomes_held += worker->outcomes_held();
  }
  AddShards(*table, figures, snapshot);
  snapshot.leader_changes = control.leader_changes();
  AddControl(control.control(), node.config.lease_duration, now, snapshot);
  AddPeers(*table, control, figures, snapshot);
  snapshot.tail_bytes = figures.tail_bytes;
  snapshot.tail_time = figures.tail_time;
  snapshot.records_sent = figures.counters.records_sent;
  snapshot.records_received = figures.counters.records_received;
  snapshot.records_applied = figures.counters.records_applied;
  snapshot.full_copies_started = figures.counters.copies_started;
  snapshot.full_copies_finished = figures.counters.copies_sent;
  snapshot.records_lost = figures.counters.writes_lost;
  snapshot.keys_recovered = figures.counters.writes_recovered;
  AddLog(node.log, snapshot);
  snapshot.digests_compared = figures.counters.digests_compared;
  snapshot.differences_found = figures.counters.differences_found;
  snapshot.differences_repaired = figures.counters.differences_repaired;
  AddGossip(control.control().swim(), snapshot);
  snapshot.process = ReadProcessStats();
  return snapshot;
}

}  // namespace aegis::node
