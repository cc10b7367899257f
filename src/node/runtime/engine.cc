#include "node/runtime/engine.h"

#include <pthread.h>
#include <sys/resource.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/log.h"
#include "model/limits.h"
#include "node/runtime/acceptor.h"
#include "node/runtime/advertise_address.h"
#include "node/runtime/clocks.h"
#include "node/runtime/kept_state.h"
#include "node/runtime/network.h"
#include "node/runtime/node_figures.h"
#include "node/runtime/node_record.h"
#include "node/runtime/random.h"
#include "node/runtime/version.h"
#include "node/runtime/worker_view.h"

namespace aegis::node {

struct Engine::Opened {
  Config config;
  DataDir data_dir;
  KeptState kept;
  std::vector<UniqueFd> client_ports;
  std::vector<UniqueFd> memcached_ports;  // Empty: off.
  ControlLoop::Sockets peer_port;
  std::optional<PidFile> pid_file;
  Member self;
  std::vector<Endpoint> seeds;  // Whom to ask first.
};

namespace {

NodeId IdOf(const std::string& name) { return NodeId{XXH64(name.data(), name.size(), 0)}; }

Error Prefixed(const std::string& flag, const Error& error) {
  return {error.code, flag + ": " + error.message};
}

Result<Endpoint> Numeric(const std::string& flag, const Endpoint& address) {
  const auto resolved = SystemNetwork().Resolve(address);
  if (!resolved.ok()) return Prefixed(flag, resolved.error());
  return resolved.value().front();
}

// TCP and UDP on one port. With port 0, one that is free for both.
Result<ControlLoop::Sockets> OpenGossip(Endpoint& address) {
  constexpr int kAttempts = 16;
  const bool any_port = address.port == 0;
  for (int attempt = 1;; ++attempt) {
    if (any_port) address.port = 0;
    auto tcp = ListenTcp(address, 1);
    if (!tcp.ok()) return Prefixed("--gossip", tcp.error());
    auto udp = BindUdp(address);
    if (udp.ok()) {
      return ControlLoop::Sockets{std::move(udp).value(), std::move(tcp.value().front())};
    }
    if (!any_port || attempt == kAttempts) return Prefixed("--gossip", udp.error());
  }
}

// Empty if it is off. `config` gets the address in numbers.
Result<std::vector<UniqueFd>> OpenMemcached(Config& config) {
  if (!config.memcached_addr) return std::vector<UniqueFd>();
  const auto resolved = SystemNetwork().Resolve(*config.memcached_addr);
  if (!resolved.ok()) return resolved.error();
  config.memcached_addr = resolved.value().front();
  return ListenTcp(*config.memcached_addr, config.threads);
}

// REQUIRES: config.gossip is numeric. Seeds that cannot be resolved yet stay names: they are
// resolved anew whenever they are asked.
std::vector<Endpoint> SeedsOf(const Config& config, const std::optional<NodeRecord>& record,
                              const Endpoint& self) {
  std::vector<Endpoint> seeds;
  const auto add = [&](const Endpoint& seed) {
    const bool known = std::find(seeds.begin(), seeds.end(), seed) != seeds.end();
    const bool is_self = seed == self || IsThisNode(seed, config.gossip);
    if (!known && !is_self) seeds.push_back(seed);
  };
  for (const Endpoint& seed : config.seeds) {
    const auto resolved = SystemNetwork().Resolve(seed);
    if (!resolved.ok()) {
      AEGIS_LOG(kWarn, "node", "--seeds {}: {}; it will be tried again", seed.ToString(),
                resolved.error().message);
    }
    add(resolved.ok() ? resolved.value().front() : seed);
  }
  if (record) {
    for (const Endpoint& peer : record->peers) add(peer);
  }
  return seeds;
}

// Of the open files that are allowed, some are for peers, data files and HTTP.
std::size_t ClientsMax() {
  constexpr rlim_t kReserve = 512;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return limits::kConnectionsMax;
  const rlim_t left = limit.rlim_cur > 2 * kReserve ? limit.rlim_cur - kReserve : kReserve;
  return std::min<std::size_t>(left, limits::kConnectionsMax);
}

ClusterSettings SettingsOf(const Config& config, const std::optional<NodeRecord>& record) {
  ClusterSettings settings;
  settings.num_shards = config.shards;
  settings.replication_factor = config.replication_factor;
  settings.virtual_nodes = config.virtual_nodes;
  if (!record) return settings;
  const ClusterSettings& kept = record->settings;
  const bool differs = kept.num_shards != settings.num_shards ||
                       kept.replication_factor != settings.replication_factor ||
                       kept.virtual_nodes != settings.virtual_nodes;
  if (differs) {
    AEGIS_LOG(kWarn, "node",
              "--shards, --replication-factor and --virtual-nodes are fixed at a cluster's birth: "
              "cluster {:016x} has {}, {} and {}",
              kept.id.value(), kept.num_shards, kept.replication_factor, kept.virtual_nodes);
  }
  return kept;
}

Control::Options OptionsOf(const Config& config, std::vector<Endpoint> seeds, bool founder,
                           const LogKeeper& log) {
  Control::Options options;
  options.seeds = std::move(seeds);
  options.bootstrap_expect = config.bootstrap_expect;
  options.founder = founder;
  options.memory = log.memory();
  options.memory_lineage = log.lineage();
  options.lease.duration = config.lease_duration;
  options.lease.silence = config.lease_silence;
  options.lease.drift_max = config.clock_drift_max;
  options.planner.unclean_after = config.unclean_after;
  options.planner.moves_max = config.rebalance_rate;
  return options;
}

Result<Member> SelfOf(const Config& config, const Endpoint& gossip, const Endpoint& client) {
  const auto gossip_address =
      NumericAdvertiseAddress(gossip, config.gossip_advertise, config.seeds);
  if (!gossip_address.ok()) return Prefixed("--gossip-advertise", gossip_address.error());
  const auto client_address = AdvertiseAddress(client, config.client_advertise, config.seeds);
  if (!client_address.ok()) return Prefixed("--client-advertise", client_address.error());
  Member self;
  self.id = IdOf(config.node_id);
  do self.session = Session{RandomNumber()};
  while (self.session == Session{});
  self.name = config.node_id;
  self.gossip_address = gossip_address.value();
  self.client_address = client_address.value();
  self.zone = config.zone;
  self.weight = config.weight;
  self.software = SoftwareVersion();
  self.incarnation = static_cast<std::uint64_t>(UnixNow().value);
  return self;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(const Config& wanted) {
  Config config = wanted;
  if (config.threads == 0) config.threads = std::max(1U, std::thread::hardware_concurrency());
  config.data_dir = HomeOf(config.data_dir, config.node_id);
  auto data_dir = DataDir::Open(config.data_dir);
  if (!data_dir.ok()) return Prefixed("--data-dir", data_dir.error());
  auto kept = KeptState::Load(config.data_dir, config.node_id, IdOf(config.node_id));
  if (!kept.ok()) return Prefixed("--data-dir", kept.error());
  auto client = Numeric("--bind", config.bind);
  if (!client.ok()) return client.error();
  auto client_ports = ListenTcp(client.value(), config.threads);
  if (!client_ports.ok()) return Prefixed("--bind", client_ports.error());
  auto memcached_ports = OpenMemcached(config);
  if (!memcached_ports.ok()) return Prefixed("--memcached-addr", memcached_ports.error());
  auto gossip = Numeric("--gossip", config.gossip);
  if (!gossip.ok()) return gossip.error();
  auto peer_port = OpenGossip(gossip.value());
  if (!peer_port.ok()) return peer_port.error();
  auto self = SelfOf(config, gossip.value(), client.value());
  if (!self.ok()) return self.error();
  // A node has a folder of its own in a directory that several share.
  config.wal_dir =
      config.wal_dir.empty() ? config.data_dir + "/wal" : HomeOf(config.wal_dir, config.node_id);
  config.bind = client.value();
  config.gossip = gossip.value();

  std::optional<PidFile> pid_file;
  if (!config.pid_file.empty()) {
    auto created = PidFile::Create(config.pid_file);
    if (!created.ok()) return Prefixed("--pid-file", created.error());
    pid_file.emplace(std::move(created).value());
  }
  auto seeds = SeedsOf(config, kept.value().record, self.value().gossip_address);
  std::unique_ptr<Engine> engine(
      new Engine({std::move(config), std::move(data_dir).value(), std::move(kept).value(),
                  std::move(client_ports).value(), std::move(memcached_ports).value(),
                  std::move(peer_port).value(), std::move(pid_file), std::move(self).value(),
                  std::move(seeds)}));
  if (!engine->log_opened_.ok()) return engine->log_opened_.error();
  if (wanted.health_addr) {
    const auto listening = engine->http_.Listen(*wanted.health_addr);
    if (!listening.ok()) return Prefixed("--health-addr", listening.error());
    AEGIS_LOG(kInfo, "node", "health at http://{}/health", listening.value().ToString());
  }
  return engine;
}

Engine::Engine(Opened opened)
    : data_dir_(std::move(opened.data_dir)),
      pid_file_(std::move(opened.pid_file)),
      node_(opened.config, opened.self, SteadyNow()),
      memory_watch_(node_.shards.meter(), node_.shards.pages()),
      records_(opened.config.data_dir, opened.kept.record),
      log_opened_(node_.log.Open(opened.kept.record, records_)),
      control_(node_, SettingsOf(opened.config, opened.kept.record),
               OptionsOf(opened.config, opened.seeds, opened.kept.founder, node_.log),
               std::move(opened.peer_port), std::move(opened.kept.log), records_),
      departure_(node_, control_, [this] { control_.Stop(); }),
      seed_watch_(control_, opened.config.seeds,
                  opened.kept.record ? opened.kept.record->peers : std::vector<Endpoint>(),
                  opened.config.gossip),
      join_watch_(control_, opened.seeds, opened.config.bootstrap_expect),
      health_pages_(node_, control_),
      http_(control_.io()),
      signals_(control_.io(), SIGTERM, SIGINT) {
  health_pages_.AddTo(http_);
  node_.clients_max = ClientsMax();
  node_.shards.SetListeners({.on_changed = [this] { control_.Poke(); },
                             .on_wake =
                                 [this](NodeId peer) {
                                   node_.workers[peer.value() % node_.workers.size()]->WakePeer(
                                       peer);
                                 },
                             .on_settled =
                                 [this](ShardId shard) {
                                   for (Worker* const worker : node_.workers)
                                     worker->OnSettled(shard);
                                 }});
  for (std::uint32_t i = 0; i < node_.config.threads; ++i) {
    Worker::Ports ports{std::move(opened.client_ports[i]), std::nullopt};
    if (!opened.memcached_ports.empty()) ports.memcached = std::move(opened.memcached_ports[i]);
    workers_.push_back(std::make_unique<Worker>(node_, i, std::move(ports), control_,
                                                std::make_unique<WorkerView>(node_, i),
                                                [this] { return StatisticsJson(node_); }));
    node_.workers.push_back(workers_.back().get());
  }
}

Engine::~Engine() = default;

int Engine::Run() {
  AEGIS_LOG(kInfo, "node", "{} {}: clients at {}, gossip at {}, {} workers", node_.self.name,
            SoftwareVersion(), node_.config.bind.ToString(), node_.config.gossip.ToString(),
            workers_.size());
  if (node_.config.memcached_addr) {
    AEGIS_LOG(kInfo, "node", "clients of memcached at {}", node_.config.memcached_addr->ToString());
  }
  LogToldAddresses();
  AwaitSignal();
  seed_watch_.Start();
  join_watch_.Start();
  if (kResidentIsOurs) memory_watch_.Start();
  StartWorkers();
  control_.Run();
  for (const auto& worker : workers_) worker->Stop();
  for (std::thread& thread : threads_) thread.join();
  memory_watch_.Stop();
  node_.log.End();
  AEGIS_LOG(kInfo, "node", "gone");
  return control_.gave_up() ? EXIT_FAILURE : EXIT_SUCCESS;
}

void Engine::LogToldAddresses() const {
  const Member& self = node_.self;
  AEGIS_LOG(kInfo, "node", "others are told {} for clients and {} for gossip",
            self.client_address.ToString(), self.gossip_address.ToString());
  const auto warn = [](const char* flag, const Endpoint& told) {
    AEGIS_LOG(kWarn, "node",
              "this machine has no address but loopback: only who is on it can reach {}; {} says "
              "another",
              told.ToString(), flag);
  };
  const Config& config = node_.config;
  if (!config.client_advertise && IsOnlyLocal(config.bind, self.client_address)) {
    warn("--client-advertise", self.client_address);
  }
  if (!config.gossip_advertise && IsOnlyLocal(config.gossip, self.gossip_address)) {
    warn("--gossip-advertise", self.gossip_address);
  }
}

void Engine::StartWorkers() {
  for (const auto& worker : workers_) {
    threads_.emplace_back([&worker] { worker->Run(); });
    const std::string name = "aegis-w" + std::to_string(threads_.size() - 1);
    ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
  }
}

void Engine::AwaitSignal() {
  signals_.async_wait([this](const asio::error_code& error, int signal) {
    if (error) return;
    if (departure_.begun()) std::_Exit(128 + signal);
    departure_.Begin();
    AwaitSignal();
  });
}

}  // namespace aegis::node
