#include "sim_node.h"

#include <gtest/gtest.h>

namespace aegis::sim {

using namespace std::chrono_literals;

namespace {

Member MakeSelf(std::size_t index, Session session, UnixMs started) {
  Member self;
  self.id = SimNode::IdOf(index);
  self.session = session;
  self.name = "node" + std::to_string(index);
  self.gossip_address = SimNode::AddressOf(index);
  self.client_address = self.gossip_address;
  self.software = "sim";
  self.incarnation = static_cast<std::uint64_t>(started.value);
  return self;
}

node::Control::Options MakeOptions(std::vector<Endpoint> seeds, std::uint32_t bootstrap_expect) {
  node::Control::Options options;
  options.seeds = std::move(seeds);
  options.bootstrap_expect = bootstrap_expect;
  return options;
}

}  // namespace

Endpoint SimNode::AddressOf(std::size_t index) {
  return {"10.0.0." + std::to_string(index + 1), 7701};
}

// Ids in an order that has nothing to do with the order of starting.
NodeId SimNode::IdOf(std::size_t index) { return NodeId{Rng(index + 77).Next()}; }

SimNode::SimNode(SimCluster& owner, std::size_t node_index, Session node_session,
                 std::vector<Endpoint> seeds, std::uint32_t bootstrap_expect,
                 ClusterSettings settings)
    : cluster(owner),
      index(node_index),
      session(node_session),
      control(MakeSelf(node_index, node_session, owner.unix_now()), settings,
              MakeOptions(std::move(seeds), bootstrap_expect), rule, Rng(owner.rng().Next()),
              owner.now()) {}

void SimNode::Start() {
  control.Start(cluster.now(), effects);
  Perform();
  Evaluate();
  const auto regularly = [this](Duration every, auto what, auto& again) -> void {
    cluster.After(every, [this, every, what, again] {
      if (!alive) return;
      what();
      again(every, what, again);
    });
  };
  regularly(
      node::Control::evaluate_interval(), [this] { Evaluate(); }, regularly);
  regularly(
      50ms, [this] { DialPeers(); }, regularly);
  regularly(
      20ms,
      [this] {
        for (auto& shard : shards) {
          node::ShardGuard guard(*this, shard->id(), shard_effects);
          guard->Maintain(cluster.unix_now(), 64, guard.effects());
        }
      },
      regularly);
}

void SimNode::Perform() {
  node::ControlEffects now_due = std::move(effects);
  effects.Clear();
  if (now_due.born) {
    for (std::uint32_t id = 0; id < control.settings().num_shards; ++id) {
      node::Shard::Options options;
      options.id = ShardId{id};
      options.self = IdOf(index);
      options.session = session;
      options.hash_seed = control.settings().hash_seed;
      options.meter = &meter;
      options.ring_bytes = cluster.options().ring_bytes;
      shards.push_back(std::make_unique<node::Shard>(options));
    }
  }
  for (const node::ShardCommand& command : now_due.commands) {
    node::ShardGuard shard(*this, command.shard, shard_effects);
    node::Apply(command, *shard, shard.effects());
  }
  for (const auto& told : now_due.followers) {
    node::ShardGuard shard(*this, told.shard, shard_effects);
    shard->SetFollowers(told.nodes, shard.effects());
  }
  for (gossip::Datagram& datagram : now_due.gossip.datagrams) {
    const auto to = cluster.NodeAt(datagram.to);
    EXPECT_LE(datagram.body.size(), limits::kDatagramSizeMax);
    if (!to || !cluster.Connected(index, *to)) continue;
    for (int copies = cluster.rng().Chance(0.01) ? 2 : 1; copies > 0; --copies) {
      if (cluster.rng().Chance(cluster.options().datagram_loss)) continue;
      cluster.After(cluster.Latency(),
                    [&owner = cluster, to = *to, from = AddressOf(index), body = datagram.body] {
                      SimNode& target = *owner.nodes_[to];
                      if (target.alive) target.OnDatagram(from, body);
                    });
    }
  }
  for (gossip::StreamRequest& request : now_due.gossip.streams) {
    const auto to = cluster.NodeAt(request.to);
    const bool reaches = to && cluster.Connected(index, *to) && cluster.nodes_[*to]->alive;
    const Duration latency = cluster.Latency() + cluster.Latency();
    cluster.After(latency, [this, to, reaches, id = request.id, body = std::move(request.body)] {
      if (!alive) return;
      if (!reaches || !cluster.nodes_[*to]->alive) {
        OnStreamReply(id, Error{ErrorCode::kUnavailable, "connection refused"});
        return;
      }
      OnStreamReply(id, cluster.nodes_[*to]->OnStreamRequest(AddressOf(index), body));
    });
  }
  for (node::PeerMail& mail : now_due.mail) {
    const auto to = cluster.IndexOf(mail.to);
    if (!to) continue;
    if (const auto link = links.find(*to); link != links.end()) {
      Send(*link->second, std::move(mail.frame));
    }
  }
  if (now_due.wake_up_at != TimePoint::max()) TickAt(now_due.wake_up_at);
}

void SimNode::TickAt(TimePoint when) {
  if (when >= next_tick && next_tick > cluster.now()) return;
  next_tick = std::max(when, cluster.now() + 1ms);
  cluster.At(next_tick, [this, due = next_tick] {
    if (!alive || due != next_tick) return;
    control.Tick(cluster.now(), effects);
    Perform();
  });
}

void SimNode::Evaluate() {
  poked = false;
  control.Evaluate(*this, cluster.now(), effects);
  Perform();
  if (leaving && control.drained()) {
    control.Goodbye(cluster.now(), effects);
    Perform();
    cluster.Kill(index);
  }
}

void SimNode::PokeSoon() {
  if (std::exchange(poked, true)) return;
  cluster.After(100us, [this] {
    if (alive) Evaluate();
  });
}

void SimNode::Leave() {
  leaving = true;
  control.Leave();
  PokeSoon();
}

void SimNode::OnDatagram(const Endpoint& from, const Bytes& body) {
  control.OnDatagram(from, body, cluster.now(), effects);
  Perform();
}

Bytes SimNode::OnStreamRequest(const Endpoint& from, const Bytes& body) {
  Bytes reply = control.OnStreamRequest(from, body, cluster.now(), effects);
  Perform();
  return reply;
}

void SimNode::OnStreamReply(std::uint64_t id, const Result<Bytes>& reply) {
  control.OnStreamReply(id, reply, cluster.now(), effects);
  Perform();
}

void SimNode::Release(ShardId id, node::ShardEffects& done) {
  for (const NodeId peer : done.wake) {
    const auto to = cluster.IndexOf(peer);
    const auto link = to ? links.find(*to) : links.end();
    if (link != links.end() && link->second->dirty.Mark(id)) PumpSoon(*link->second);
  }
  if (done.changed) PokeSoon();
}

// --- Links --------------------------------------------------------------------------------------

void SimNode::DialPeers() {
  for (const Member& member : control.LinkedPeers()) {
    const auto peer = cluster.IndexOf(member.id);
    if (!peer || links.contains(*peer) || IdOf(index) > member.id) continue;
    SimNode& other = *cluster.nodes_[*peer];
    if (!other.alive || !cluster.Connected(index, *peer) || !other.control.born()) continue;
    const std::uint64_t serial = cluster.rng().Next();
    const auto identity = [](SimNode& node) {
      return node::PeerSession::Identity{node.control.settings().id, IdOf(node.index), node.session,
                                         "node" + std::to_string(node.index)};
    };
    if (other.links.contains(index)) other.Break(index, other.links.at(index)->serial);
    Attach(
        std::make_unique<SimLink>(serial, *peer, identity(*this), member.id, *this, num_shards()));
    other.Attach(std::make_unique<SimLink>(serial, index, identity(other), std::nullopt, other,
                                           other.num_shards()));
  }
}

void SimNode::Attach(std::unique_ptr<SimLink> link) {
  SimLink& attached = *(links[link->peer] = std::move(link));
  Bytes hello;
  attached.session.AppendHello(hello);
  Send(attached, std::move(hello));
}

void SimNode::Break(std::size_t peer, std::uint64_t serial) {
  const auto link = links.find(peer);
  if (link == links.end() || link->second->serial != serial) return;
  const std::unique_ptr<SimLink> broken = std::move(link->second);
  links.erase(link);
  if (!broken->session.established()) return;
  broken->session.OnLost();
  control.OnLinkDown(broken->session.peer(), broken->session.peer_session(), cluster.now(),
                     effects);
  Perform();
  PokeSoon();
}

void SimNode::Send(SimLink& link, Bytes bytes) {
  const std::size_t peer = link.peer;
  const std::uint64_t serial = link.serial;
  // Fixed latency keeps the order; a cut network keeps the bytes until it heals.
  cluster.After(300us, [&owner = cluster, from = index, peer, serial, bytes = std::move(bytes)] {
    const auto arrive = [&owner, from, peer, serial, bytes](const auto& again) -> void {
      SimNode& target = *owner.nodes_[peer];
      if (!target.alive) return;
      if (!owner.Connected(from, peer)) {
        owner.After(20ms, [again] { again(again); });
        return;
      }
      target.OnBytes(from, serial, bytes);
    };
    arrive(arrive);
  });
}

void SimNode::OnBytes(std::size_t peer, std::uint64_t serial, const Bytes& bytes) {
  const auto found = links.find(peer);
  if (found == links.end() || found->second->serial != serial) return;
  SimLink& link = *found->second;
  link.inbox += bytes;
  while (true) {
    const std::size_t size = replication::PeerFrameSize(link.inbox).value();
    if (size == 0 || link.inbox.size() < size) break;
    const Bytes frame = link.inbox.substr(4, size - 4);
    link.inbox.erase(0, size);
    node::PeerSession::Effects done;
    const auto taken = link.session.OnFrame(frame, done);
    if (!taken.ok()) {
      ADD_FAILURE() << "peer link broken: " << taken.error().message;
      return;
    }
    if (done.established) {
      control.OnLinkUp(link.session.peer(), link.session.peer_session());
      link.session.OnEstablished();
      PumpSoon(link);  // Marks made before now woke nobody.
      PokeSoon();
    }
    if (done.reports) {
      control.OnReports(link.session.peer(), *done.reports);
      PokeSoon();
    }
  }
}

void SimNode::PumpSoon(SimLink& link) {
  if (std::exchange(link.pumping, true)) return;
  cluster.After(50us, [this, peer = link.peer, serial = link.serial] {
    if (alive) Pump(peer, serial);
  });
}

void SimNode::Pump(std::size_t peer, std::uint64_t serial) {
  const auto found = links.find(peer);
  if (found == links.end() || found->second->serial != serial) return;
  SimLink& link = *found->second;
  link.pumping = false;
  if (!link.session.established()) return;
  link.dirty.Sleep();
  Bytes out;
  const bool more = link.session.Pump(link.dirty, 16 * 1024, cluster.unix_now(), out);
  if (!out.empty()) Send(link, std::move(out));
  if (more) PumpSoon(link);
}

}  // namespace aegis::sim
