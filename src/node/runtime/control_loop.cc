#include "node/runtime/control_loop.h"

#include <asio/post.hpp>
#include <utility>

#include "base/log.h"
#include "node/runtime/clocks.h"
#include "node/runtime/gossip_log.h"
#include "node/runtime/random.h"
#include "node/runtime/stream_exchange.h"
#include "node/runtime/worker.h"

namespace aegis::node {

ControlLoop::ControlLoop(NodeState& node, ClusterSettings settings, Control::Options options,
                         Sockets sockets, RecordKeeper& records)
    : node_(node),
      records_(records),
      work_(asio::make_work_guard(io_)),
      control_(node.self, settings, std::move(options), rule_, Rng(RandomNumber()), SteadyNow()),
      udp_(io_, std::move(sockets.udp),
           [this](const Endpoint& from, ByteView body) {
             With([&](TimePoint now) { control_.OnDatagram(from, body, now, effects_); });
           }),
      peer_port_(io_, std::move(sockets.tcp), node.self.id, PeerHandlers()),
      tick_timer_(io_),
      evaluate_timer_(io_),
      soon_timer_(io_) {}

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
  handlers.on_forwards = [worker_of, turn = std::uint64_t{0}](int socket,
                                                              asio::ip::tcp protocol) mutable {
    worker_of(turn++).AcceptForwards(socket, protocol);
  };
  handlers.refusal = [this](ClusterId cluster) { return ForwardRefusal(cluster); };
  return handlers;
}

std::optional<std::string> ControlLoop::ForwardRefusal(ClusterId cluster) const {
  if (node_.shards.num_shards() == 0) return "this node has not joined a cluster yet";
  if (cluster != control_.settings().id) return "this node belongs to another cluster";
  return std::nullopt;
}

void ControlLoop::Run() {
  udp_.Start();
  peer_port_.Start();
  With([&](TimePoint now) { control_.Start(now, effects_); });
  EvaluateRegularly();
  io_.run();
}

// --- From other threads -------------------------------------------------------------------------

void ControlLoop::Poke() {
  if (poked_.exchange(true)) return;
  asio::post(io_, [this] { EvaluateSoon(); });
}

void ControlLoop::OnLinkUp(NodeId peer, Session session, std::uint64_t link) {
  asio::post(io_, [=, this] {
    links_[peer] = link;
    control_.OnLinkUp(peer, session);
    AEGIS_LOG(kInfo, "peer", "link with {} is up", NameOf(peer));
    Poke();
  });
}

void ControlLoop::OnLinkDown(NodeId peer, Session session, std::uint64_t link,
                             const std::string& reason) {
  asio::post(io_, [=, this] {
    if (!IsCurrent(peer, link)) return;
    links_.erase(peer);
    With([&](TimePoint now) { control_.OnLinkDown(peer, session, now, effects_); });
    AEGIS_LOG(kInfo, "peer", "link with {} is down: {}", NameOf(peer), reason);
    Poke();
  });
}

void ControlLoop::OnReports(NodeId peer, std::uint64_t link, replication::PeerMessage reports) {
  asio::post(io_, [=, this, reports = std::move(reports)] {
    if (!IsCurrent(peer, link)) return;
    control_.OnReports(peer, reports);
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

replication::ShardReport ControlLoop::Report(ShardId id) {
  ShardGuard shard(node_.shards, id, shard_effects_);
  return shard->Report();
}

bool ControlLoop::InSync(ShardId id, NodeId follower) {
  ShardGuard shard(node_.shards, id, shard_effects_);
  return shard->InSync(follower);
}

void ControlLoop::Evaluate() {
  poked_.store(false);
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
  evaluate_timer_.expires_after(Control::evaluate_interval());
  evaluate_timer_.async_wait([this](const asio::error_code& error) {
    if (!error) EvaluateRegularly();
  });
}

void ControlLoop::Leave() {
  control_.Leave();
  Poke();
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
  CarryOut();
}

void ControlLoop::CarryOut() {
  if (effects_.born) {
    node_.shards.Create(control_.settings());
    AEGIS_LOG(kInfo, "node", "member of cluster {:016x}", control_.settings().id.value());
  }
  Command(effects_.commands);
  if (effects_.routing) Publish(std::move(effects_.routing));
  SetFollowers(effects_.followers);
  CarryOutGossip();
  for (PeerMail& mail : effects_.mail) {
    const auto link = links_.find(mail.to);
    if (link == links_.end()) continue;
    node_.shards.OutletOf(mail.to).Mail(link->second, std::move(mail.frame));
  }
  if (effects_.membership_changed) OnMembershipChanged();
  if (effects_.wake_up_at != TimePoint::max()) ArmTimer(effects_.wake_up_at);
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

void ControlLoop::SetFollowers(const std::vector<ControlEffects::Followers>& followers) {
  for (const auto& [id, nodes] : followers) {
    ShardGuard shard(node_.shards, id, shard_effects_);
    shard->SetFollowers(nodes, shard_effects_);
  }
}

void ControlLoop::CarryOutGossip() {
  for (const gossip::Datagram& datagram : effects_.gossip.datagrams) {
    udp_.Send(datagram.to, datagram.body);
  }
  for (gossip::StreamRequest& request : effects_.gossip.streams) {
    ExchangeOverStream(
        io_, request.to, std::move(request.body), gossip::Options().stream_timeout,
        [this, id = request.id, to = request.to](const Result<Bytes>& reply) {
          With([&](TimePoint now) { control_.OnStreamReply(id, reply, now, effects_); });
          if (on_exchange_) on_exchange_(to, reply);
        });
  }
  for (const gossip::Event& event : effects_.gossip.events) LogGossip(event);
}

void ControlLoop::OnMembershipChanged() {
  const auto workers = node_.workers.size();
  std::vector<std::vector<PeerLinks::Target>> targets(workers);
  for (const Member& member : gone_ ? std::vector<Member>() : control_.LinkedPeers()) {
    targets[member.id.value() % workers].push_back({member.id, member.gossip_address});
  }
  for (std::size_t i = 0; i < workers; ++i) node_.workers[i]->SetPeers(std::move(targets[i]));
  if (control_.born()) {
    NodeRecord record;
    record.node_id = node_.self.name;
    record.settings = control_.settings();
    for (const Member& member : control_.swim().members()) {
      if (member.id != node_.self.id && member.state != MemberState::kLeft) {
        record.peers.push_back(member.gossip_address);
      }
    }
    records_.Keep(std::move(record));
  }
  Poke();
}

void ControlLoop::ArmTimer(TimePoint at) {
  if (at == tick_at_) return;
  tick_at_ = at;
  tick_timer_.expires_at(std::chrono::steady_clock::time_point(at.time_since_epoch()));
  tick_timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    tick_at_ = TimePoint::max();
    With([&](TimePoint now) { control_.Tick(now, effects_); });
  });
}

}  // namespace aegis::node
