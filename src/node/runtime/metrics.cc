#include "node/runtime/metrics.h"

#include <fmt/format.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <chrono>
#include <utility>

namespace aegis::node {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr std::array<Duration, 16> kDurationBounds = {
    std::chrono::microseconds(25),   std::chrono::microseconds(50),  std::chrono::microseconds(100),
    std::chrono::microseconds(250),  std::chrono::microseconds(500), std::chrono::milliseconds(1),
    std::chrono::microseconds(2500), std::chrono::milliseconds(5),   std::chrono::milliseconds(10),
    std::chrono::milliseconds(25),   std::chrono::milliseconds(50),  std::chrono::milliseconds(100),
    std::chrono::milliseconds(250),  std::chrono::milliseconds(500), std::chrono::seconds(1),
    std::chrono::seconds(5)};

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

ClientMetric::Histogram AsHistogram(const LatencyDistribution& distribution) {
  ClientMetric::Histogram histogram;
  for (const Duration bound : kDurationBounds) {
    histogram.bucket.push_back({distribution.CountAtMost(bound), Seconds(bound)});
  }
  histogram.sample_count = distribution.count();
  histogram.sample_sum = Seconds(distribution.sum());
  return histogram;
}

// Values of any width; beyond 2^53 they lose digits, as everything does in Prometheus.
template <class T>
double Value(T value) {
  return static_cast<double>(value);
}

// One family after the other, one line each below.
class Families final : public prometheus::Collectable {
 public:
  explicit Families(const MetricsSnapshot& snapshot) : s_(snapshot) {
    AddNode();
    AddData();
    AddDoors();
    AddShards();
    AddControl();
    AddReplication();
    AddLog();
    AddGossip();
    if (s_.process) AddProcess(*s_.process);
  }

  std::vector<MetricFamily> Collect() const override { return families_; }

 private:
  // What follows is added to the new family.
  Families& Family(MetricType type, std::string name, std::string help) {
    families_.push_back({std::move(name), std::move(help), type, {}});
    return *this;
  }
  Families& Counter(const char* name, const char* help) {
    return Family(MetricType::Counter, name, help);
  }
  Families& Gauge(const char* name, const char* help) {
    return Family(MetricType::Gauge, name, help);
  }
  void Is(double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (families_.back().type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    families_.back().metric.push_back(std::move(metric));
  }
  // One value per element of `list`.
  template <class T, class N>
  void Are(const std::vector<T>& list, const char* label, std::string T::*name, N T::*value) {
    for (const T& element : list) Is(Value(element.*value), {{label, element.*name}});
  }

  void AddNode() {
    Gauge("aegiskv_build_info", "Version of this node's software; always 1")
        .Is(1, {{"version", s_.version}});
    Gauge("aegiskv_node_info", "Name and cluster of this node; always 1")
        .Is(1, {{"cluster", s_.cluster}, {"node", s_.node}});
    Gauge("aegiskv_uptime_seconds", "Time since the node started").Is(Seconds(s_.uptime));
    Gauge("aegiskv_ready", "1 if the node has joined and can serve").Is(s_.ready ? 1 : 0);
  }

  void AddData() {
    Gauge("aegiskv_keys", "Keys held by this node, replicas included").Is(Value(s_.keys));
    Gauge("aegiskv_memory_used_bytes",
          "Memory of keys and values, overhead and recent records included")
        .Is(Value(s_.memory_used_bytes));
    Gauge("aegiskv_expired_resident_bytes",
          "Of that, keys whose time is over and which are not removed yet, estimated by a sample")
        .Is(Value(s_.expired_resident_bytes));
    Gauge("aegiskv_memory_rings_bytes", "Of that, recent records kept for other copies")
        .Is(Value(s_.memory_rings_bytes));
    Gauge("aegiskv_memory_other_bytes",
          "What the system counts besides: connections, buffers, the program, reserves")
        .Is(Value(s_.memory_beyond_bytes));
    Gauge("aegiskv_memory_spare_bytes", "Of that, pages that wait for keys and values")
        .Is(Value(s_.memory_spare_bytes));
    Gauge("aegiskv_memory_max_bytes",
          "The limit of --max-memory, for used and other memory together")
        .Is(Value(s_.memory_max_bytes));
    Gauge("aegiskv_allocator_allocated_bytes", "Memory that the allocator has given out")
        .Is(Value(s_.allocator_allocated_bytes));
    Gauge("aegiskv_allocator_resident_bytes", "Memory that the allocator holds for that")
        .Is(Value(s_.allocator_resident_bytes));
    Counter("aegiskv_keyspace_hits_total", "Reads that found their key")
        .Is(Value(s_.keyspace_hits));
    Counter("aegiskv_keyspace_misses_total", "Reads that found nothing")
        .Is(Value(s_.keyspace_misses));
    Counter("aegiskv_stale_reads_total", "Reads that a copy answered here without leading")
        .Is(Value(s_.stale_reads));
    Counter("aegiskv_expired_keys_total", "Keys removed because their time was over")
        .Is(Value(s_.expired_keys));
    Counter("aegiskv_evicted_keys_total", "Keys removed to make room").Is(Value(s_.evicted_keys));
  }

  void AddDoors() {
    using P = MetricsSnapshot::Protocol;
    Gauge("aegiskv_connections", "Open connections")
        .Are(s_.protocols, "protocol", &P::protocol, &P::connections);
    Gauge("aegiskv_worker_clients", "Client connections of a worker thread")
        .Are(s_.workers, "worker", &MetricsSnapshot::Worker::worker,
             &MetricsSnapshot::Worker::clients);
    Counter("aegiskv_connections_opened_total", "Connections accepted")
        .Are(s_.protocols, "protocol", &P::protocol, &P::opened);
    Counter("aegiskv_connections_rejected_total", "Connections over the limit")
        .Are(s_.protocols, "protocol", &P::protocol, &P::rejected);
    Counter("aegiskv_protocol_errors_total", "Connections closed for bytes that make no sense")
        .Are(s_.protocols, "protocol", &P::protocol, &P::protocol_errors);
    Counter("aegiskv_network_received_bytes_total", "Bytes read from connections")
        .Are(s_.protocols, "protocol", &P::protocol, &P::received_bytes);
    Counter("aegiskv_network_sent_bytes_total", "Bytes written to connections")
        .Are(s_.protocols, "protocol", &P::protocol, &P::sent_bytes);

    Counter("aegiskv_commands_total", "Commands answered, by what became of them");
    for (const auto& command : s_.commands) {
      Is(Value(command.count), {{"command", command.command}, {"result", command.result}});
    }
    Family(MetricType::Histogram, "aegiskv_command_duration_seconds",
           "Time from reading a command to its reply being ready");
    for (const auto& command_class : s_.command_durations) {
      ClientMetric metric;
      metric.label = {{"class", command_class.name}};
      metric.histogram = AsHistogram(command_class.duration);
      families_.back().metric.push_back(std::move(metric));
    }
    Counter("aegiskv_forwarded_sent_total", "Operations sent to the nodes that lead their shards")
        .Is(Value(s_.forwarded_sent));
    Counter("aegiskv_forwarded_received_total", "Operations run for other nodes")
        .Is(Value(s_.forwarded_received));
    Gauge("aegiskv_client_held_bytes",
          "Bytes kept for client connections: replies not sent yet, operations on their way, "
          "transactions")
        .Is(Value(s_.client_held_bytes));
    Gauge("aegiskv_forward_held_bytes", "Bytes of operations that wait for other nodes")
        .Is(Value(s_.forward_held_bytes));
    Gauge("aegiskv_outcomes_held",
          "Operations that were executed and wait for other copies before they are answered")
        .Is(Value(s_.outcomes_held));
  }

  void AddShards() {
    Gauge("aegiskv_shards_led", "Shards that this node leads").Is(Value(s_.shards_led));
    Gauge("aegiskv_shards_held", "Shards that this node leads or follows")
        .Is(Value(s_.shards_held));
    Gauge("aegiskv_shards_leaderless", "Shards that nobody leads, as this node sees it")
        .Is(Value(s_.shards_leaderless));
    Counter("aegiskv_leader_changes_total",
            "Times that any shard got another leader, or lost its one, as this node saw it")
        .Is(Value(s_.leader_changes));
  }

  void AddControl() {
    Gauge("aegiskv_lease_valid", "1 while this node may lead").Is(s_.lease_valid ? 1 : 0);
    Gauge("aegiskv_lease_renewal_age_seconds", "Time since the lease was last renewed")
        .Is(Seconds(s_.lease_age));
    Gauge("aegiskv_control_leader", "1 if this node leads the control log")
        .Is(s_.control_leader ? 1 : 0);
    Gauge("aegiskv_control_term", "Term of the control log, as this node knows it")
        .Is(Value(s_.control_term));
    Gauge("aegiskv_control_voters", "Voters of the control log, as this node knows them")
        .Is(Value(s_.control_voters));
    Gauge("aegiskv_control_applied_index", "Newest entry of the control log that is applied here")
        .Is(Value(s_.control_applied));
    Gauge("aegiskv_control_log_entries", "Entries of the control log kept here")
        .Is(Value(s_.control_entries));
    Gauge("aegiskv_shards_moving", "Shards on the move, told by the control leader; elsewhere 0")
        .Is(Value(s_.shards_moving));
    Gauge(
        "aegiskv_shards_to_move",
        "Shards that are not where the ring has them and not on the move yet, told by the control "
        "leader; elsewhere 0")
        .Is(Value(s_.shards_to_move));
    Counter("aegiskv_shard_moves_total",
            "Shards that were moved since this node began to lead the control log; elsewhere 0")
        .Is(Value(s_.shards_moved));
    Counter("aegiskv_fences_total", "Fences committed while this node led the control log")
        .Is(Value(s_.fences));
    Counter("aegiskv_failovers_total",
            "Shards given to another leader after a fence, while this node led the control log")
        .Is(Value(s_.failovers));
    Counter("aegiskv_unclean_promotions_total",
            "Failovers to a copy that was not in sync, while this node led the control log")
        .Is(Value(s_.unclean_promotions));
  }

  void AddReplication() {
    using P = MetricsSnapshot::Peer;
    Gauge("aegiskv_peer_connected", "1 if there is a link to the peer")
        .Are(s_.peers, "peer", &P::peer, &P::connected);
    Gauge("aegiskv_replication_lag_records", "Records led here that the peer has not acknowledged")
        .Are(s_.peers, "peer", &P::peer, &P::lag_records);
    Gauge("aegiskv_replication_lag_bytes", "Bytes led here that the peer has not acknowledged")
        .Are(s_.peers, "peer", &P::peer, &P::lag_bytes);
    Gauge("aegiskv_async_tail_bytes",
          "Bytes of writes that no other copy has yet, of the shard led here that has most")
        .Is(Value(s_.tail_bytes));
    Gauge("aegiskv_async_tail_seconds",
          "Time for which the best other copy lacks writes, of the shard led here that has most")
        .Is(Seconds(s_.tail_time));
    Counter("aegiskv_replication_records_sent_total", "Records sent to followers")
        .Is(Value(s_.records_sent));
    Counter("aegiskv_replication_records_received_total", "Records received from leaders")
        .Is(Value(s_.records_received));
    Counter("aegiskv_replication_records_applied_total", "Received records that were new here")
        .Is(Value(s_.records_applied));
    Counter("aegiskv_replication_full_copies_started_total",
            "Shards that were too far behind to catch up record by record")
        .Is(Value(s_.full_copies_started));
    Counter("aegiskv_replication_full_copies_finished_total", "Full copies that were completed")
        .Is(Value(s_.full_copies_finished));
    Counter("aegiskv_async_writes_lost_total", "Acknowledged writes that a failover gave up")
        .Is(Value(s_.records_lost));
    Counter("aegiskv_async_writes_recovered_total",
            "Keys that were written again with what an earlier leader's memory still held")
        .Is(Value(s_.keys_recovered));
    Counter("aegiskv_antientropy_comparisons_total",
            "Times that a shard followed here was compared with its leader's")
        .Is(Value(s_.digests_compared));
    Counter("aegiskv_antientropy_differences_total",
            "Parts of shards followed here that were not as at the leader: bad memory, or a bug")
        .Is(Value(s_.differences_found));
    Counter("aegiskv_antientropy_repaired_total", "Those that were made equal to the leader's")
        .Is(Value(s_.differences_repaired));
  }

  void AddLog() {
    Gauge("aegiskv_wal_failed", "1 if the write-ahead log takes nothing more since a failure")
        .Is(Value(s_.wal_failed));
    Counter("aegiskv_wal_entries_total", "Entries appended to the write-ahead log")
        .Is(Value(s_.wal_entries));
    Counter("aegiskv_wal_bytes_total", "Bytes written to the write-ahead log")
        .Is(Value(s_.wal_bytes));
    Counter("aegiskv_wal_batches_total",
            "Writes to the write-ahead log, each of all entries that had gathered, with one sync "
            "if --wal is fsync")
        .Is(Value(s_.wal_batches));
    Gauge("aegiskv_wal_pending_bytes", "Bytes appended to the write-ahead log and not durable yet")
        .Is(Value(s_.wal_pending_bytes));
    Gauge("aegiskv_wal_recovery_seconds", "How long it took to read the log at the start")
        .Is(s_.wal_recovery_seconds);
    Gauge("aegiskv_wal_recovered_bytes", "Bytes of log segments read at the start")
        .Is(Value(s_.wal_recovered_bytes));
    Counter("aegiskv_snapshots_total", "Rounds of snapshots of all shards that were completed")
        .Is(Value(s_.wal_snapshots));
    Counter("aegiskv_snapshot_failures_total", "Rounds of snapshots that the disk ended")
        .Is(Value(s_.wal_snapshot_failures));
    Counter("aegiskv_snapshot_bytes_total", "Bytes of records that snapshots took, uncompressed")
        .Is(Value(s_.wal_snapshot_bytes));
    Gauge("aegiskv_snapshot_seconds", "How long the last round of snapshots took")
        .Is(s_.wal_snapshot_seconds);
  }

  void AddGossip() {
    using M = MetricsSnapshot::Members;
    using G = MetricsSnapshot::GossipMessages;
    using B = MetricsSnapshot::GossipBytes;
    Gauge("aegiskv_members", "Nodes of the cluster by state, this one included")
        .Are(s_.members, "state", &M::state, &M::count);
    Counter("aegiskv_gossip_messages_sent_total", "Gossip messages sent")
        .Are(s_.gossip, "type", &G::type, &G::sent);
    Counter("aegiskv_gossip_messages_received_total", "Gossip messages received")
        .Are(s_.gossip, "type", &G::type, &G::received);
    Counter("aegiskv_gossip_sent_bytes_total", "Bytes of gossip messages sent")
        .Are(s_.gossip_bytes, "transport", &B::transport, &B::sent);
    Counter("aegiskv_gossip_received_bytes_total", "Bytes of gossip messages received")
        .Are(s_.gossip_bytes, "transport", &B::transport, &B::received);
    Counter("aegiskv_gossip_messages_dropped_total", "Gossip messages that made no sense")
        .Is(Value(s_.gossip_dropped));
    Counter("aegiskv_gossip_suspicions_total", "Times that this node began to suspect another")
        .Is(Value(s_.suspicions));
    Counter("aegiskv_gossip_refutations_total", "Times that this node had to say that it is alive")
        .Is(Value(s_.refutations));
    Gauge("aegiskv_gossip_health_score", "Lifeguard's local health: 0 is healthy")
        .Is(Value(s_.health_score));
  }

  void AddProcess(const ProcessStats& process) {
    Counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds")
        .Is(process.cpu_seconds);
    Gauge("process_resident_memory_bytes", "Resident memory size in bytes")
        .Is(Value(process.resident_bytes));
    Gauge("process_virtual_memory_bytes", "Virtual memory size in bytes")
        .Is(Value(process.virtual_bytes));
    Gauge("process_threads", "Number of OS threads in the process").Is(Value(process.threads));
    Gauge("process_open_fds", "Number of open file descriptors").Is(Value(process.open_fds));
    Gauge("process_max_fds", "Maximum number of open file descriptors").Is(Value(process.max_fds));
    Gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds")
        .Is(process.start_time_seconds);
  }

  const MetricsSnapshot& s_;
  std::vector<MetricFamily> families_;
};

const char* TypeName(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Histogram:
      return "histogram";
    default:
      return "untyped";
  }
}

}  // namespace

std::string RenderMetrics(const MetricsSnapshot& snapshot) {
  std::vector<MetricFamily> families = Families(snapshot).Collect();
  std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(families);
}

std::string MetricsAsMarkdown() {
  std::string table = "| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n";
  const MetricsSnapshot sample = SampleMetrics();
  for (const MetricFamily& family : Families(sample).Collect()) {
    std::string labels;
    for (const auto& label : family.metric.front().label) {
      labels += fmt::format("{}`{}`", labels.empty() ? "" : ", ", label.name);
    }
    table += fmt::format("| `{}` | {} | {} | {} |\n", family.name, TypeName(family.type), labels,
                         family.help);
  }
  return table;
}

MetricsSnapshot SampleMetrics() {
  MetricsSnapshot sample;
  sample.version = "0.1.0";
  sample.node = "node1";
  sample.cluster = "fedcba9876543210";
  sample.uptime = std::chrono::milliseconds(90'500);
  sample.ready = true;
  sample.workers = {{"0", 3}, {"1", 4}};
  sample.protocols = {{"resp", 1, 2, 3, 4, 5, 6}, {"native", 7, 8, 9, 10, 11, 12}};
  sample.commands = {{"get", "ok", 100}, {"get", "not_found", 7}, {"set", "ok", 50}};
  LatencyRecorder reads;
  reads.Add(std::chrono::microseconds(90), 98);
  reads.Add(std::chrono::milliseconds(3), 2);
  sample.command_durations = {{"read", {}}, {"write", {}}};
  reads.AddTo(sample.command_durations[0].duration);
  sample.peers = {{"node2", true, 3, 300}, {"node3", false, 0, 0}};
  sample.members = {{"alive", 3}, {"suspect", 0}, {"dead", 1}, {"left", 0}};
  sample.gossip = {{"ping", 10, 9}};
  sample.gossip_bytes = {{"udp", 1000, 900}};
  sample.process = ProcessStats{1 << 20, 1 << 30, 1.5, 1.7e9, 4, 20, 1024};
  return sample;
}

}  // namespace aegis::node
