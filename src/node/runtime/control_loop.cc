#include "node/runtime/control_loop.h"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

#include "base/log.h"
#include "node/runtime/clocks.h"
#include "node/runtime/gossip_log.h"
#include "node/runtime/random.h"
#include "node/runtime/stream_exchange.h"
#include "node/runtime/thread_priority.h"
#include "node/runtime/worker.h"

namespace aegis::node {

namespace {

// A worker whose loop has not gone round for so long is hung.
constexpr Duration kWorkerStallMax = std::chrono::milliseconds(500);

}  // namespace

ControlLoop::ControlLoop(NodeState& node, ClusterSettings settings, Control::Options options,
                         Sockets sockets, Log log, RecordKeeper& records)
    : node_(node),
      records_(records),
      work_(asio::make_work_guard(io_)),
      log_directory_(std::move(log.directory)),
      control_(node.self, settings, std::move(options), std::move(log.recovered),
               Rng(RandomNumber()), SteadyNow()),
      udp_(io_, std::move(sockets.udp),
           [this](const Endpoint& from, ByteView body) {
             With([&](TimePoint now) { control_.OnDatagram(from, body, now, effects_); });
           }),
      peer_port_(io_, std::move(sockets.tcp), node.self.id, PeerHandlers()),
      control_links_(io_, node.self.id, LinkHandlers()),
      tick_timer_(io_),
      evaluate_timer_(io_),
      soon_timer_(io_),
      disk_(*log_directory_, std::move(log.store), DiskHandlers()) {}

ControlLoop::~ControlLoop() = default;

PeerPort::Handlers ControlLoop::PeerHandlers() {
  const auto worker_of = [this](std::uint64_t number) -> Worker& {
    return *node_.workers[number % node_.workers.size()];
  };
  PeerPort::Handlers handlers;
  handlers.on_gossip = [this](const Endpoint& from, ByteView body) {
    Bytes reply;
    With([&](TimePoint now) { reply = control_.OnStreamRequest(from, body, now, effects_); });
    return reply;
  };
  handlers.on_peer = [worker_of](int socket, asio::ip::tcp protocol, NodeId peer) {
    worker_of(peer.value()).AcceptPeer(socket, protocol, peer);
  };
  handlers.on_control = [this](asio::ip::tcp::socket socket, ClusterId cluster, NodeId peer,
                               NodeId target) {
    AcceptControl(std::move(socket), cluster, peer, target);
  };
  handlers.on_forwards = [worker_of, turn = std::uint64_t{0}](int socket,
                                                              asio::ip::tcp protocol) mutable {
    worker_of(turn++).AcceptForwards(socket, protocol);
  };
  handlers.refusal = [this](ClusterId cluster) { return ForwardRefusal(cluster); };
  return handlers;
}

ControlLinks::Handlers ControlLoop::LinkHandlers() {
  ControlLinks::Handlers handlers;
  handlers.on_up = [this](NodeId peer) {
    With([&](TimePoint now) { control_.OnControlLinkUp(peer, now, effects_); });
  };
  handlers.on_down = [this](NodeId peer, const std::string& reason) {
    AEGIS_LOG(kDebug, "control", "control link to {} is down: {}", NameOf(peer), reason);
    With([&](TimePoint now) { control_.OnControlLinkDown(peer, now, effects_); });
  };
  return handlers;
}

ControlDisk::Handlers ControlLoop::DiskHandlers() {
  ControlDisk::Handlers handlers;
  handlers.on_created = [this] {
    asio::post(io_, [this] {
      log_created_ = true;
      records_.Keep(OwnRecord());
    });
  };
  handlers.on_durable = [this](std::uint64_t number) {
    asio::post(io_, [this, number] {
      With([&](TimePoint now) { control_.OnDurable(number, now, effects_); });
    });
  };
  handlers.on_failed = [this](const std::string& problem) {
    AEGIS_LOG(kError, "control",
              "the control log cannot be written: {}. This node casts no vote until it is "
              "restarted with a directory that can",
              problem);
    asio::post(io_, [this, problem] { disk_problem_ = problem; });
  };
  return handlers;
}

void ControlLoop::AcceptControl(asio::ip::tcp::socket socket, ClusterId cluster, NodeId peer,
                                NodeId target) {
  if (!control_.born() || cluster != control_.settings().id || target != node_.self.id) return;
  auto& known = control_streams_[peer];
  if (const auto older = known.lock()) older->Close();
  const auto stream =
      std::make_shared<ControlStream>(std::move(socket), [this, peer](const ControlEnvelope& told) {
        With([&](TimePoint now) { control_.OnControlMessage(peer, told, now, effects_); });
        return true;
      });
  known = stream;
  stream->Start();
}

std::optional<std::string> ControlLoop::ForwardRefusal(ClusterId cluster) const {
  if (node_.shards.num_shards() == 0) return "this node has not joined a cluster yet";
  if (cluster != control_.settings().id) return "this node belongs to another cluster";
  return std::nullopt;
}

void ControlLoop::Run() {
  GoBeforeOthers();
  udp_.Start();
  peer_port_.Start();
  With([&](TimePoint now) { control_.Start(now, effects_); });
  if (gave_up_) return;
  EvaluateRegularly();
  io_.run();
}

// --- From other threads -------------------------------------------------------------------------

void ControlLoop::Poke() {
  if (poked_.exchange(true)) return;
  asio::post(io_, [this] { EvaluateSoon(); });
}

void ControlLoop::OnLinkUp(NodeId peer, Session, std::uint64_t link) {
  asio::post(io_, [=, this] {
    links_[peer] = link;
    AEGIS_LOG(kInfo, "peer", "link with {} is up", NameOf(peer));
    Poke();
  });
}

void ControlLoop::OnLinkDown(NodeId peer, Session, std::uint64_t link, const std::string& reason) {
  asio::post(io_, [=, this] {
    if (!IsCurrent(peer, link)) return;
    links_.erase(peer);
    With([&](TimePoint now) { control_.OnPeerLinkDown(peer, now, effects_); });
    AEGIS_LOG(kInfo, "peer", "link with {} is down: {}", NameOf(peer), reason);
    Poke();
  });
}

bool ControlLoop::IsCurrent(NodeId peer, std::uint64_t link) const {
  const auto found = links_.find(peer);
  return found != links_.end() && found->second == link;
}

std::string ControlLoop::NameOf(NodeId node) const {
  const Member* const member = control_.swim().Find(node);
  return member == nullptr ? "an unknown node" : member->name;
}

// --- Deciding -----------------------------------------------------------------------------------

ShardReport ControlLoop::Report(ShardId id) {
  ShardGuard shard(node_.shards, id, shard_effects_);
  return shard->Report();
}

bool ControlLoop::InSync(ShardId id, NodeId follower) {
  ShardGuard shard(node_.shards, id, shard_effects_);
  return shard->InSync(follower);
}

Version ControlLoop::Acked(ShardId id, const control::Copy& copy) {
  ShardGuard shard(node_.shards, id, shard_effects_);
  return shard->AckedBy(copy);
}

bool ControlLoop::Admit(ShardId id, const control::Copy& copy, std::uint32_t change) {
  ShardGuard shard(node_.shards, id, shard_effects_);
  return shard->Admit(copy, change);
}

bool ControlLoop::Drained(ShardId id) {
  ShardGuard shard(node_.shards, id, shard_effects_);
  return shard->drained();
}

bool ControlLoop::WorkersTick() const {
  const TimePoint now = SteadyNow();
  return std::all_of(node_.workers.begin(), node_.workers.end(), [&](const Worker* worker) {
    return now - worker->last_tick() <= kWorkerStallMax;
  });
}

void ControlLoop::Evaluate() {
  poked_.store(false);
  control_.SetHealthy(WorkersTick());
  With([&](TimePoint now) { control_.Evaluate(*this, now, effects_); });
}

// What is poked in quick succession is looked at once.
void ControlLoop::EvaluateSoon() {
  constexpr auto kSoon = std::chrono::milliseconds(1);
  soon_timer_.expires_after(kSoon);
  soon_timer_.async_wait([this](const asio::error_code& error) {
    if (!error) Evaluate();
  });
}

void ControlLoop::EvaluateRegularly() {
  Evaluate();
  node_.control_board.Publish(SummaryOf(control_, SteadyNow()));
  evaluate_timer_.expires_after(Control::evaluate_interval());
  evaluate_timer_.async_wait([this](const asio::error_code& error) {
    if (!error) EvaluateRegularly();
  });
}

void ControlLoop::Leave() {
  node_.shards.copies().Lift();
  control_.Leave(SteadyNow());
  Poke();
}

Result<Ok> ControlLoop::Recover() {
  Result<Ok> recovered = Ok{};
  With([&](TimePoint now) { recovered = control_.Recover(now, effects_); });
  Poke();
  return recovered;
}

Result<bool> ControlLoop::Forget(const std::string& node) {
  Result<bool> forgotten = false;
  With([&](TimePoint now) { forgotten = control_.Forget(node, now, effects_); });
  return forgotten;
}

void ControlLoop::Join(const std::vector<Endpoint>& seeds) {
  With([&](TimePoint now) { control_.Join(seeds, now, effects_); });
}

void ControlLoop::Goodbye() {
  gone_ = true;
  With([&](TimePoint now) { control_.Goodbye(now, effects_); });
  OnMembershipChanged();
}

// --- Carrying out -------------------------------------------------------------------------------

template <class Call>
void ControlLoop::With(Call call) {
  effects_.Clear();
  call(SteadyNow());
  // Carrying out may break a link, which calls in here again.
  ControlEffects done = std::exchange(effects_, {});
  CarryOut(done);
}

void ControlLoop::CarryOut(ControlEffects& effects) {
  // The others keep a cluster that they have heard of, and wait for the log that its founder alone
  // may begin: so it must not forget, whatever happens, that it is the one.
  const bool keeps = control_.founder() || node_.log.on();
  const bool kept = !effects.born || !keeps || records_.KeepNow(OwnRecord());
  if (effects.new_log) disk_.Create(std::move(*effects.new_log));
  for (DiskWrite& write : effects.disk) disk_.Queue(std::move(write));
  node_.lease.Publish(effects.lease_session, effects.lease_until);
  if (effects.born) {
    if ((node_.log.on() && !kept) || !MakeShards()) {
      gave_up_ = true;
      return Stop();
    }
    AEGIS_LOG(kInfo, "node", "member of cluster {:016x}", control_.settings().id.value());
    WarnOfQuorums();
  }
  Command(effects.commands);
  if (effects.routing) Publish(std::move(effects.routing));
  SetReplicas(effects.replicas);
  CarryOutGossip(effects.gossip);
  for (const ControlLetter& letter : effects.letters) {
    control_links_.Send(letter.to, {letter.lineage, letter.message});
  }
  if (effects.membership_changed) OnMembershipChanged();
  KeepLineage();
  if (effects.look_again) Poke();
  if (effects.wake_up_at != TimePoint::max()) ArmTimer(effects.wake_up_at);
}

// Without it nothing that this process holds counts for the next one.
void ControlLoop::KeepLineage() {
  const auto* const log = control_.log();
  if (!node_.log.on() || log == nullptr || log->lineage() == kept_lineage_) return;
  kept_lineage_ = log->lineage();
  records_.Keep(OwnRecord());
}

// False: there is to be a log, and there cannot be one.
bool ControlLoop::MakeShards() {
  NodeLog::Handlers handlers;
  handlers.on_durable = [this] {
    for (Worker* const worker : node_.workers) worker->OnLogProgress();
  };
  handlers.on_failed = [this](const std::string& problem) {
    for (Worker* const worker : node_.workers) worker->OnLogProgress();
    asio::post(io_, [this, problem] { OnLogFailed(problem); });
  };
  const auto begun = node_.log.Begin(control_.settings(), std::move(handlers));
  if (!begun.ok()) {
    AEGIS_LOG(kError, "wal", "{}", begun.error().message);
    return false;
  }
  NodeLog* const log = node_.log.log();
  for (Worker* const worker : node_.workers) worker->SetLog(log);
  node_.shards.Create(control_.settings(),
                      {.journal = log,
                       .take = [this](ShardId shard) { return node_.log.TakeRestored(shard); },
                       .restored_to = node_.log.restored_to()});
  node_.log.EndRestoring();
  return true;
}

void ControlLoop::OnLogFailed(const std::string& problem) {
  AEGIS_LOG(kError, "wal",
            "the write-ahead log cannot be written: {}. This node acknowledges nothing more, and "
            "hands over what it leads; restart it when the disk is well",
            problem);
  log_problem_ = problem;
  Leave();
}

// More copies than there ever are: every such operation would be refused.
void ControlLoop::WarnOfQuorums() const {
  const auto copies = static_cast<std::int32_t>(control_.settings().replication_factor);
  const auto warn = [&](const char* flag, std::int32_t quorum) {
    if (quorum <= copies) return;
    AEGIS_LOG(kWarn, "node", "{} is {}, but this cluster keeps {} copies: all such are refused",
              flag, quorum, copies);
  };
  warn("--write-quorum", node_.config.write_quorum);
  warn("--read-quorum", node_.config.read_quorum);
  warn("--min-in-sync", static_cast<std::int32_t>(node_.config.min_in_sync));
}

void ControlLoop::Publish(std::shared_ptr<const RoutingTable> table) {
  const auto before = node_.board.Get();
  for (std::size_t id = 0; id < before->shards.size(); ++id) {
    if (before->shards[id].leader != table->shards[id].leader) ++leader_changes_;
  }
  node_.board.Publish(std::move(table));
  for (Worker* const worker : node_.workers) worker->OnRouting();
}

void ControlLoop::Command(const std::vector<ShardCommand>& commands) {
  for (const ShardCommand& command : commands) {
    ShardGuard shard(node_.shards, command.shard, shard_effects_);
    Apply(command, *shard, shard_effects_);
  }
}

void ControlLoop::SetReplicas(const std::vector<ShardDirector::Replicas>& replicas) {
  for (const auto& [id, set] : replicas) {
    ShardGuard shard(node_.shards, id, shard_effects_);
    shard->SetReplicas(set, shard_effects_);
  }
}

void ControlLoop::CarryOutGossip(gossip::Effects& effects) {
  for (const gossip::Datagram& datagram : effects.datagrams) {
    udp_.Send(datagram.to, datagram.body);
  }
  for (gossip::StreamRequest& request : effects.streams) {
    ExchangeOverStream(
        io_, request.to, std::move(request.body), gossip::Options().stream_timeout,
        [this, id = request.id, to = request.to](const Result<Bytes>& reply) {
          With([&](TimePoint now) { control_.OnStreamReply(id, reply, now, effects_); });
          if (on_exchange_) on_exchange_(to, reply);
        });
  }
  for (const gossip::Event& event : effects.events) LogGossip(event);
}

void ControlLoop::OnMembershipChanged() {
  const auto workers = node_.workers.size();
  std::vector<std::vector<PeerLinks::Target>> targets(workers);
  std::vector<ControlLinks::Target> control_targets;
  for (const Member& member : gone_ ? std::vector<Member>() : control_.LinkedPeers()) {
    control_targets.push_back({member.id, member.gossip_address});
    targets[member.id.value() % workers].push_back({member.id, member.gossip_address});
  }
  for (std::size_t i = 0; i < workers; ++i) node_.workers[i]->SetPeers(std::move(targets[i]));
  if (control_.born()) {
    control_links_.SetTargets(control_.settings().id, control_targets);
    records_.Keep(OwnRecord());
  }
  Poke();
}

NodeRecord ControlLoop::OwnRecord() const {
  NodeRecord record;
  record.node_id = node_.self.name;
  record.founder = control_.founder() && !log_created_;
  record.memory = node_.log.memory();
  record.lineage = control_.log() == nullptr ? control::Lineage{} : control_.log()->lineage();
  record.settings = control_.settings();
  for (const Member& member : control_.swim().members()) {
    if (member.id != node_.self.id && member.state != MemberState::kLeft) {
      record.peers.push_back(member.gossip_address);
    }
  }
  return record;
}

void ControlLoop::ArmTimer(TimePoint at) {
  if (at == tick_at_) return;
  tick_at_ = at;
  tick_timer_.expires_after(std::max(at - SteadyNow(), Duration{}));
  tick_timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    tick_at_ = TimePoint::max();
    With([&](TimePoint now) { control_.Tick(now, effects_); });
  });
}

}  // namespace aegis::node
