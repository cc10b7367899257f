#include "node/runtime/worker.h"

#include <array>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "node/runtime/choose_worker.h"
#include "node/runtime/clocks.h"
#include "node/runtime/forward_server.h"
#include "node/runtime/socket_options.h"
#include "node/runtime/turned_away.h"

namespace aegis::node {

namespace {

constexpr Duration kTick = std::chrono::milliseconds(10);
constexpr Duration kSoon = std::chrono::milliseconds(1);
constexpr Duration kSlowTick = std::chrono::seconds(1);

}  // namespace

Worker::Worker(NodeState& node, std::uint32_t index, Ports ports, PeerLinkEvents& events,
               std::unique_ptr<NodeView> view, std::function<Bytes()> statistics)
    : node_(node),
      index_(index),
      held_(node.shards, [this] { loop_.Post([this] { held_.AskAgain(); }); }),
      forwarder_(loop_, node.shards, node.board, held_, loop_.counters()),
      router_(node.shards, node.board, forwarder_, loop_.counters()),
      view_(std::move(view)),
      services_{
          .router = router_,
          .view = *view_,
          .counters = loop_.counters(),
          .sessions = sessions_mutex_,
          .on_closed =
              [this](std::shared_ptr<ClientConnection> client) { OnClosed(std::move(client)); },
          .statistics = std::move(statistics),
          .slow_log = &node.slow_log,
          .latency = &node.latency,
          .redirect = node.config.redirect},
      maintenance_(node.shards, index, node.config.threads),
      peers_(loop_, {node.self.id, node.self.session, node.self.name, node.log.memory()},
             node.shards, events),
      acceptor_(
          loop_.io(), std::move(ports.main),
          [this](asio::ip::tcp::socket socket) { OnAccept(std::move(socket), ClientPort::kMain); }),
      timer_(loop_.io()) {
  loop_.SetFetch([this] { router_.FetchExpected(); });
  if (!ports.memcached) return;
  memcached_acceptor_.emplace(loop_.io(), *std::move(ports.memcached),
                              [this](asio::ip::tcp::socket socket) {
                                OnAccept(std::move(socket), ClientPort::kMemcached);
                              });
}

Worker::~Worker() = default;

void Worker::Run() {
  acceptor_.Start();
  if (memcached_acceptor_) memcached_acceptor_->Start();
  Tick();
  loop_.Run();
}

// --- From other threads -------------------------------------------------------------------------

void Worker::OnRouting() {
  loop_.Post([this] { forwarder_.OnRouting(); });
}

void Worker::AcceptPeer(int socket, asio::ip::tcp protocol, NodeId peer) {
  loop_.Post([this, socket, protocol, peer] {
    peers_.Accept(asio::ip::tcp::socket(loop_.io(), protocol, socket), peer);
  });
}

void Worker::AcceptForwards(int socket, asio::ip::tcp protocol) {
  loop_.Post([this, socket, protocol] {
    asio::ip::tcp::socket accepted(loop_.io(), protocol, socket);
    KeepAlive(accepted);
    std::make_shared<ForwardServer>(
        loop_, std::make_unique<TcpStream>(loop_.poller(), std::move(accepted)), node_.shards,
        held_, node_.self.id)
        ->Start();
  });
}

void Worker::AcceptClient(UniqueFd socket, ClientPort port) {
  loop_.Post(
      [this, socket = std::move(socket), port]() mutable { Begin(std::move(socket), port); });
}

void Worker::WakePeer(NodeId peer) {
  loop_.Post([this, peer] { peers_.Wake(peer); });
}

void Worker::SetPeers(std::vector<PeerLinks::Target> targets) {
  loop_.Post([this, targets = std::move(targets)] { peers_.SetTargets(targets, SteadyNow()); });
}

void Worker::StopAccepting() {
  loop_.Post([this] {
    acceptor_.Stop();
    if (memcached_acceptor_) memcached_acceptor_->Stop();
  });
}

void Worker::Drain() {
  loop_.Post([this] {
    draining_ = true;
    for (const auto& [id, client] : clients_by_id_) client->Drain();
  });
}

void Worker::Kill(std::uint64_t client_id) {
  loop_.Post([this, client_id] {
    const auto found = clients_by_id_.find(client_id);
    if (found != clients_by_id_.end()) found->second->Close("killed by CLIENT KILL");
  });
}

std::vector<RespSession> Worker::Sessions() {
  const std::lock_guard lock(sessions_mutex_);
  std::vector<RespSession> sessions;
  for (const auto& [id, client] : clients_by_id_) {
    if (const RespSession* const session = client->session()) sessions.push_back(*session);
  }
  return sessions;
}

std::vector<NodeLink> Worker::Links() const {
  const std::lock_guard lock(links_mutex_);
  return links_;
}

// --- On its own thread --------------------------------------------------------------------------

void Worker::OnAccept(asio::ip::tcp::socket socket, ClientPort port) {
  node_.clients_accepted.fetch_add(1, std::memory_order_relaxed);
  if (node_.clients.fetch_add(1) >= node_.clients_max) {
    node_.clients.fetch_sub(1);
    TurnAway(std::move(socket), port);
    return;
  }
  Worker& worker = *node_.workers[WorkerForNext()];
  worker.CountClient();
  asio::error_code ignored;
  UniqueFd fd(socket.release(ignored));
  if (&worker == this) {
    Begin(std::move(fd), port);
  } else {
    worker.AcceptClient(std::move(fd), port);
  }
}

// The system spreads connections by a hash of their addresses, which leaves a few of them all with
// one worker.
std::size_t Worker::WorkerForNext() const {
  std::vector<std::size_t> clients;
  clients.reserve(node_.workers.size());
  for (const Worker* const worker : node_.workers) clients.push_back(worker->clients());
  return ChooseWorker(clients, index_);
}

void Worker::Begin(UniqueFd socket, ClientPort port) {
  const std::uint64_t id = node_.last_client_id.fetch_add(1) + 1;
  auto client = std::make_shared<ClientConnection>(
      loop_, std::make_unique<TcpStream>(loop_.poller(), std::move(socket)), services_, id, port);
  {
    const std::lock_guard lock(sessions_mutex_);
    clients_by_id_.emplace(id, client.get());
  }
  client->Start();
  if (draining_) client->Drain();
}

void Worker::TurnAway(asio::ip::tcp::socket socket, ClientPort port) {
  if (node_.clients_rejected.fetch_add(1, std::memory_order_relaxed) == 0) {
    AEGIS_LOG(kWarn, "net",
              "{} clients are connected: more are turned away (this is not said again; "
              "aegiskv_connections_rejected_total counts them)",
              node_.clients_max);
  }
  if (turned_away_ >= limits::kTurnedAwayMax) return;
  std::make_shared<TurnedAway>(
      loop_, std::make_unique<TcpStream>(loop_.poller(), std::move(socket)), turned_away_, port)
      ->Start();
}

void Worker::OnClosed(std::shared_ptr<ClientConnection> client) {
  node_.clients.fetch_sub(1);
  clients_.fetch_sub(1);
  // Not now: its turn may hold the lock.
  loop_.Post([this, client = std::move(client)] {
    const std::lock_guard lock(sessions_mutex_);
    clients_by_id_.erase(client->id());
  });
}

void Worker::Tick() {
  const TimePoint now = SteadyNow();
  last_tick_.store(now.time_since_epoch().count());
  if (now > tick_due_) node_.latency.Note(LatencyMonitor::Event::kLoop, UnixNow(), now - tick_due_);
  held_.OnTick(now);
  forwarder_.OnTick(now);
  forwards_pending_.store(forwarder_.pending());
  forward_held_bytes_.store(forwarder_.pending_bytes());
  peers_.OnTick(now);
  const TimePoint begin = SteadyNow();
  const bool soon = maintenance_.Run(now);
  const TimePoint end = SteadyNow();
  node_.latency.Note(LatencyMonitor::Event::kMaintenance, UnixNow(), end - begin);
  if (now >= next_slow_tick_) SlowTick(now);
  tick_due_ = end + (soon ? kSoon : kTick);
  timer_.expires_after(soon ? kSoon : kTick);
  timer_.async_wait([this](const asio::error_code& error) {
    if (!error) Tick();
  });
}

void Worker::SlowTick(TimePoint now) {
  next_slow_tick_ = now + kSlowTick;
  loop_.ForEachConnection([now](Connection& connection) { connection.OnTick(now); });
  std::size_t held = 0;
  for (const auto& [id, client] : clients_by_id_) held += client->cost();
  client_held_bytes_.store(held);

  std::array<std::uint64_t, 4> bytes{};  // Of clients, in and out; of peers, in and out.
  for (std::size_t i = 0; i < kProtocols; ++i) {
    const ProtocolCounters& counters = loop_.counters().protocols[i];
    const std::size_t at = static_cast<Protocol>(i) == Protocol::kPeer ? 2 : 0;
    bytes[at] += counters.received_bytes.Get();
    bytes[at + 1] += counters.sent_bytes.Get();
  }
  rates_.commands.Sample(loop_.counters().commands.Get(), now);
  rates_.received.Sample(bytes[0], now);
  rates_.sent.Sample(bytes[1], now);
  rates_.peer_received.Sample(bytes[2], now);
  rates_.peer_sent.Sample(bytes[3], now);
  node_.NoteMemory();
  const std::lock_guard lock(links_mutex_);
  links_ = peers_.Links();
}

}  // namespace aegis::node
