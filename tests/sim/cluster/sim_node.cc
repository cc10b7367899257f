#include "sim_node.h"

#include <utility>

#include "sim_calls.h"

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
                 std::vector<Endpoint> join_through, std::uint32_t bootstrap_expect,
                 ClusterSettings settings, SimDisk old_disk)
    : cluster(owner),
      index(node_index),
      node_id(IdOf(node_index)),
      seeds(std::move(join_through)),
      address(AddressOf(node_index)),
      session(node_session),
      copy_budget(owner.options().copy_rate),
      clock(owner.now(), std::chrono::seconds(owner.rng().Below(1000)), owner.ClockRate()),
      disk(std::move(old_disk)),
      process{owner.NextSerial(), "node" + std::to_string(node_index), this},
      control(MakeSelf(node_index, node_session, owner.unix_now()), settings,
              MakeOptions(seeds, bootstrap_expect), disk.Open(IdOf(node_index)),
              Rng(owner.rng().Next()), clock.Local(owner.now())),
      noticed_session(node_session) {
  if (!disk.problem().empty()) cluster.invariants().Fail(process.name + ": " + disk.problem());
  if (disk.torn_bytes() > 0) cluster.Sometimes(Rare::kLogTorn);
}

void SimNode::After(Duration delay, std::function<void()> what) {
  cluster.At(cluster.now() + delay, [this, what = std::move(what)]() mutable {
    if (!alive) return;
    if (cluster.now() >= paused_until && waiting.empty()) {
      what();
      return;
    }
    waiting.push_back(std::move(what));
    if (waiting.size() == 1) cluster.At(paused_until, [this] { WakeUp(); });
  });
}

void SimNode::WakeUp() {
  while (alive && !waiting.empty() && cluster.now() >= paused_until) {
    const std::function<void()> what = std::move(waiting.front());
    what();
    waiting.pop_front();
  }
  if (alive && !waiting.empty()) cluster.At(paused_until, [this] { WakeUp(); });
}

void SimNode::Deliver(std::uint64_t pipe, std::size_t to, bool both, std::function<void()> what) {
  const auto through = [this, to, both] {
    return both ? cluster.Connected(index, to) : cluster.Reaches(index, to);
  };
  const auto held = pipes.find(pipe);
  if (held == pipes.end() && through()) {
    what();
    return;
  }
  pipes[pipe].held.push_back(std::move(what));
  if (held != pipes.end()) return;
  const auto look = [this, pipe, through](const auto& again) -> void {
    if (!alive) return;
    if (!through()) {
      cluster.After(10ms, [again] { again(again); });
      return;
    }
    const Pipe freed = std::move(pipes[pipe]);
    pipes.erase(pipe);
    for (const auto& act : freed.held) act();
  };
  cluster.After(10ms, [look] { look(look); });
}

void SimNode::Start() {
  control.Start(now(), effects);
  Perform();
  Evaluate();
  const auto regularly = [this](Duration every, auto what, auto& again) -> void {
    After(every, [every, what, again] {
      what();
      again(every, what, again);
    });
  };
  regularly(
      node::Control::evaluate_interval(), [this] { Evaluate(); }, regularly);
  regularly(
      50ms,
      [this] {
        DialPeers();
        DialControl();
      },
      regularly);
  regularly(
      20ms,
      [this] {
        copy_budget.OnTime(now());
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
  if (now_due.new_log) disk.Create(*now_due.new_log);
  for (node::DiskWrite& write : now_due.disk) disk.Queue(std::move(write));
  if (!now_due.disk.empty()) FinishWrites();
  if (now_due.born) {
    for (std::uint32_t id = 0; id < control.settings().num_shards; ++id) {
      node::Shard::Options options;
      options.id = ShardId{id};
      options.self = IdOf(index);
      options.session = session;
      options.hash_seed = control.settings().hash_seed;
      options.meter = &meter;
      options.lease = this;
      options.num_shards = control.settings().num_shards;
      options.replication_factor = control.settings().replication_factor;
      options.ring_bytes = cluster.options().ring_bytes;
      options.copies = &copy_budget;
      options.tail_bounds = cluster.options().tail_bounds;
      shards.push_back(std::make_unique<node::Shard>(options));
    }
  }
  if (control.log() != nullptr) cluster.NoteInSync(control.log()->state());
  for (const node::ShardCommand& command : now_due.commands) {
    node::ShardGuard shard(*this, command.shard, shard_effects);
    const node::ShardRole before = shard->Report().role;
    const Epoch epoch_before = shard->Report().epoch;
    node::Apply(command, *shard, shard.effects());
    if (shard->Report().role == node::ShardRole::kLeader && shard->Report().epoch != epoch_before) {
      cluster.BeginReign(*this, command.shard);
    }
    if (shard->Report().role == node::ShardRole::kFollower) {
      if (const auto leader = cluster.IndexOf(shard->Report().leader)) {
        cluster.CheckAcknowledged(*cluster.nodes_[*leader], command.shard);
      }
    }
    if (before == node::ShardRole::kDraining && shard->Report().role == node::ShardRole::kLeader) {
      cluster.Sometimes(Rare::kHandOverGivenUp);
    }
    cluster.invariants().OnShard(process, control.holder(), shard->Report());
  }
  if (control.log() != nullptr) {
    cluster.invariants().OnControlState(process, control.log()->state());
  }
  cluster.invariants().OnStep();
  if (cluster.invariants().contested()) cluster.Sometimes(Rare::kTwoLeaders);
  for (const auto& told : now_due.replicas) {
    node::ShardGuard shard(*this, told.shard, shard_effects);
    node::ReplicaSet set = told.set;
    if (cluster.options().broken == BrokenRule::kRemovedTooEarly) set.awaited = set.in_sync;
    shard->SetReplicas(set, shard.effects());
  }
  for (gossip::Datagram& datagram : now_due.gossip.datagrams) {
    const auto to = cluster.NodeAt(datagram.to);
    if (datagram.body.size() > limits::kDatagramSizeMax) {
      cluster.invariants().Fail("a datagram of " + std::to_string(datagram.body.size()) + " bytes");
    }
    if (!to || !cluster.Reaches(index, *to)) continue;
    for (int copies = cluster.rng().Chance(0.01) ? 2 : 1; copies > 0; --copies) {
      if (cluster.rng().Chance(cluster.options().datagram_loss)) continue;
      cluster.After(cluster.Latency(), [&owner = cluster, to = *to, from = AddressOf(index),
                                        body = datagram.body] {
        SimNode& target = *owner.nodes_[to];
        if (!target.alive) return;
        target.After(Duration{}, [&target, from, body] { target.OnDatagram(from, body); });
      });
    }
  }
  for (gossip::StreamRequest& request : now_due.gossip.streams) {
    const auto to = cluster.NodeAt(request.to);
    const bool reaches = to && cluster.Connected(index, *to) && cluster.nodes_[*to]->alive;
    const Duration latency = cluster.Latency() + cluster.Latency();
    cluster.After(latency, [this, to, reaches, id = request.id, body = std::move(request.body)] {
      if (!alive) return;
      if (!reaches || !cluster.nodes_[*to]->alive ||
          cluster.nodes_[*to]->paused_until > cluster.now()) {
        OnStreamReply(id, Error{ErrorCode::kUnavailable, "connection refused"});
        return;
      }
      OnStreamReply(id, cluster.nodes_[*to]->OnStreamRequest(AddressOf(index), body));
    });
  }
  for (const node::ControlLetter& letter : now_due.letters) SendLetter(letter);
  Notice();
  if (now_due.look_again) PokeSoon();
  if (now_due.wake_up_at != TimePoint::max()) TickAt(now_due.wake_up_at);
}

void SimNode::TickAt(TimePoint local) {
  const TimePoint when = clock.Real(local, cluster.now());
  if (when >= next_tick && next_tick > cluster.now()) return;
  next_tick = std::max(when, cluster.now() + 1ms);
  After(next_tick - cluster.now(), [this, due = next_tick] {
    if (due != next_tick) return;
    control.Tick(now(), effects);
    Perform();
  });
}

void SimNode::FinishWrites() {
  if (std::exchange(writing, true)) return;
  // The disk does not pause with the process.
  cluster.After(cluster.DiskLatency() + disk_delay, [this] {
    if (!alive) return;
    writing = false;
    const std::uint64_t number = disk.Finish();
    if (!disk.problem().empty()) cluster.invariants().Fail(process.name + ": " + disk.problem());
    if (!disk.idle()) FinishWrites();
    After(Duration{}, [this, number] {
      control.OnDurable(number, now(), effects);
      Perform();
    });
  });
}

bool SimNode::Holds(Session of) const {
  const bool second = looks++ > 0;
  const BrokenRule broken = cluster.options().broken;
  if (broken == BrokenRule::kLeaseIgnored || asked_how_fresh) return true;
  if (broken == BrokenRule::kNoSecondLook && second && stall > Duration{}) return true;
  const TimePoint at = cluster.now() + (second ? stall : Duration{});
  return of == control.holder().session && clock.Local(at) < control.lease_until();
}

void SimNode::BeginOperation(Duration pause) {
  looks = 0;
  stall = pause;
}

void SimNode::EndOperation() {
  if (stall > Duration{}) cluster.Pause(index, stall);
  BeginOperation({});
}

void SimNode::Evaluate() {
  poked = false;
  control.Evaluate(*this, now(), effects);
  Perform();
  if (leaving && control.drained()) {
    control.Goodbye(now(), effects);
    Perform();
    cluster.Kill(index);
  }
}

void SimNode::PokeSoon() {
  if (std::exchange(poked, true)) return;
  After(100us, [this] { Evaluate(); });
}

void SimNode::Leave() {
  leaving = true;
  copy_budget.Lift();
  control.Leave(now());
  PokeSoon();
}

Result<Ok> SimNode::Recover() {
  const Result<Ok> recovered = control.Recover(now(), effects);
  Perform();
  return recovered;
}

Result<bool> SimNode::Forget(const std::string& node) {
  const Result<bool> forgotten = control.Forget(node, now(), effects);
  Perform();
  return forgotten;
}

void SimNode::OnDatagram(const Endpoint& from, const Bytes& body) {
  control.OnDatagram(from, body, now(), effects);
  Perform();
}

Bytes SimNode::OnStreamRequest(const Endpoint& from, const Bytes& body) {
  Bytes reply = control.OnStreamRequest(from, body, now(), effects);
  Perform();
  return reply;
}

void SimNode::OnStreamReply(std::uint64_t id, const Result<Bytes>& reply) {
  control.OnStreamReply(id, reply, now(), effects);
  Perform();
}

void SimNode::Release(ShardId id, node::ShardEffects& done) {
  for (const NodeId peer : done.wake) {
    const auto to = cluster.IndexOf(peer);
    const auto link = to ? links.find(*to) : links.end();
    if (link != links.end() && link->second->dirty.Mark(id)) PumpSoon(*link->second);
  }
  if (done.settled) cluster.calls_->OnSettled(*this, id);
  if (done.changed) PokeSoon();
  const node::Shard& shard = *shards[id.value()];
  const node::Replica& replica = shard.replica();
  const auto at = std::pair(replica.history().last(), replica.history().last_writer());
  // What changes without a record shows at the next one.
  if (shard.Report().whole && std::exchange(looked_at[id], at) != at) {
    cluster.invariants().OnReplica(process, id, replica.history(), replica.table().digest().root());
  }
  if (!cluster.options().memory_fails) {
    cluster.invariants().OnDifferences(process, id, shard.counters().differences_found);
  }
}

}  // namespace aegis::sim
