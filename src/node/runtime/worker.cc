#include "node/runtime/worker.h"

#include <chrono>
#include <utility>

#include "base/log.h"
#include "node/runtime/clocks.h"
#include "node/runtime/forward_server.h"
#include "node/runtime/socket_options.h"
#include "node/runtime/turned_away.h"

namespace aegis::node {

namespace {

constexpr Duration kTick = std::chrono::milliseconds(10);
constexpr Duration kSlowTick = std::chrono::seconds(1);

}  // namespace

Worker::Worker(NodeState& node, std::uint32_t index, UniqueFd listening, PeerLinkEvents& events,
               std::unique_ptr<NodeView> view, std::function<Bytes()> statistics)
    : node_(node),
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
          .argv = {},
          .inline_scratch = {},
          .plan = {},
          .gathering = {},
          .encoded = {}},
      maintenance_(node.shards, index, node.config.threads),
      peers_(loop_, {node.self.id, node.self.session, node.self.name}, node.shards, events),
      acceptor_(loop_.io(), std::move(listening),
                [this](asio::ip::tcp::socket socket) { OnAccept(std::move(socket)); }),
      timer_(loop_.io()) {}

Worker::~Worker() = default;

void Worker::Run() {
  acceptor_.Start();
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
    std::make_shared<ForwardServer>(loop_, std::make_unique<TcpStream>(std::move(accepted)),
                                    node_.shards, held_, node_.self.id)
        ->Start();
  });
}

void Worker::WakePeer(NodeId peer) {
  loop_.Post([this, peer] { peers_.Wake(peer); });
}

void Worker::SetPeers(std::vector<PeerLinks::Target> targets) {
  loop_.Post([this, targets = std::move(targets)] { peers_.SetTargets(targets, SteadyNow()); });
}

void Worker::StopAccepting() {
  loop_.Post([this] { acceptor_.Stop(); });
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

// --- On its own thread --------------------------------------------------------------------------

void Worker::OnAccept(asio::ip::tcp::socket socket) {
  node_.clients_accepted.fetch_add(1, std::memory_order_relaxed);
  if (node_.clients.fetch_add(1) >= node_.clients_max) {
    node_.clients.fetch_sub(1);
    TurnAway(std::move(socket));
    return;
  }
  const std::uint64_t id = node_.last_client_id.fetch_add(1) + 1;
  auto client = std::make_shared<ClientConnection>(
      loop_, std::make_unique<TcpStream>(std::move(socket)), services_, id);
  clients_.store(clients_.load() + 1);
  {
    const std::lock_guard lock(sessions_mutex_);
    clients_by_id_.emplace(id, client.get());
  }
  client->Start();
  if (draining_) client->Drain();
}

void Worker::TurnAway(asio::ip::tcp::socket socket) {
  if (node_.clients_rejected.fetch_add(1, std::memory_order_relaxed) == 0) {
    AEGIS_LOG(kWarn, "net",
              "{} clients are connected: more are turned away (this is not said again; "
              "aegiskv_connections_rejected_total counts them)",
              node_.clients_max);
  }
  if (turned_away_ >= limits::kTurnedAwayMax) return;
  std::make_shared<TurnedAway>(loop_, std::make_unique<TcpStream>(std::move(socket)), turned_away_)
      ->Start();
}

void Worker::OnClosed(std::shared_ptr<ClientConnection> client) {
  node_.clients.fetch_sub(1);
  clients_.store(clients_.load() - 1);
  // Not now: its turn may hold the lock.
  loop_.Post([this, client = std::move(client)] {
    const std::lock_guard lock(sessions_mutex_);
    clients_by_id_.erase(client->id());
  });
}

void Worker::Tick() {
  const TimePoint now = SteadyNow();
  last_tick_.store(now.time_since_epoch().count());
  held_.OnTick(now);
  forwarder_.OnTick(now);
  forwards_pending_.store(forwarder_.pending());
  forward_held_bytes_.store(forwarder_.pending_bytes());
  peers_.OnTick(now);
  maintenance_.Run(now);
  if (now >= next_slow_tick_) {
    next_slow_tick_ = now + kSlowTick;
    loop_.ForEachConnection([now](Connection& connection) { connection.OnTick(now); });
    std::size_t held = 0;
    for (const auto& [id, client] : clients_by_id_) held += client->held();
    client_held_bytes_.store(held);
  }
  timer_.expires_after(kTick);
  timer_.async_wait([this](const asio::error_code& error) {
    if (!error) Tick();
  });
}

}  // namespace aegis::node
