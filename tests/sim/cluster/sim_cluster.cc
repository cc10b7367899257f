#include "sim_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ring/slot.h"
#include "sim_node.h"

namespace aegis::sim {

using namespace std::chrono_literals;
using replication::ShardRole;

struct SimCall {
  Operation operation;
  Bytes key;
  Bytes value;
  SimCluster::Done done;
  TimePoint deadline;
};

SimCluster::SimCluster(SimOptions options) : options_(options), rng_(options.seed) {}
SimCluster::~SimCluster() = default;

UnixMs SimCluster::unix_now() const {
  using std::chrono::milliseconds;
  return {1'700'000'000'000 +
          std::chrono::duration_cast<milliseconds>(now_.time_since_epoch()).count()};
}

void SimCluster::At(TimePoint when, std::function<void()> run) {
  queue_.push({std::max(when, now_), ++events_, std::move(run)});
}

Duration SimCluster::Latency() {
  const Duration usual = 100us + std::chrono::microseconds(rng_.Below(400));
  return rng_.Chance(0.01) ? usual + std::chrono::milliseconds(rng_.Below(100)) : usual;
}

bool SimCluster::Connected(std::size_t a, std::size_t b) const {
  return !cuts_.contains({std::min(a, b), std::max(a, b)});
}

void SimCluster::Cut(std::size_t a, std::size_t b, bool cut) {
  const auto pair = std::make_pair(std::min(a, b), std::max(a, b));
  if (!cut) {
    cuts_.erase(pair);
    return;
  }
  cuts_.insert(pair);
  // Both ends give the connection up after a while without an answer.
  const auto link = nodes_[a]->links.find(b);
  if (link == nodes_[a]->links.end()) return;
  After(5s, [this, a, b, pair, serial = link->second->serial] {
    if (!cuts_.contains(pair)) return;
    if (nodes_[a]->alive) nodes_[a]->Break(b, serial);
    if (nodes_[b]->alive) nodes_[b]->Break(a, serial);
  });
}

std::optional<std::size_t> SimCluster::NodeAt(const Endpoint& address) const {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (SimNode::AddressOf(node) == address) return node;
  }
  return std::nullopt;
}

std::optional<std::size_t> SimCluster::IndexOf(NodeId id) const {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (SimNode::IdOf(node) == id) return node;
  }
  return std::nullopt;
}

std::size_t SimCluster::Start(const std::vector<std::size_t>& seeds,
                              std::uint32_t bootstrap_expect) {
  std::vector<Endpoint> addresses;
  for (const std::size_t seed : seeds) addresses.push_back(SimNode::AddressOf(seed));
  ClusterSettings settings;
  settings.num_shards = options_.num_shards;
  settings.replication_factor = options_.replication_factor;
  const std::size_t index = nodes_.size();
  nodes_.push_back(std::make_unique<SimNode>(*this, index, Session{rng_.Next()},
                                             std::move(addresses), bootstrap_expect, settings));
  nodes_.back()->Start();
  return index;
}

void SimCluster::Kill(std::size_t node) {
  SimNode& killed = *nodes_[node];
  killed.alive = false;
  for (const auto& [peer, link] : killed.links) {
    After(Latency(), [this, node, peer = peer, serial = link->serial] {
      if (nodes_[peer]->alive && Connected(node, peer)) nodes_[peer]->Break(node, serial);
    });
  }
  killed.links.clear();
}

void SimCluster::Restart(std::size_t node) {
  SimNode& old = *nodes_[node];
  std::vector<Endpoint> seeds;
  for (const Member& member : old.control.swim().members()) {
    if (member.id != SimNode::IdOf(node)) seeds.push_back(member.gossip_address);
  }
  // Events of the old process may still hold its address: it is kept, dead, until the end.
  graveyard_.push_back(std::move(nodes_[node]));
  nodes_[node] = std::make_unique<SimNode>(*this, node, Session{rng_.Next()}, std::move(seeds), 0,
                                           graveyard_.back()->control.settings());
  nodes_[node]->Start();
}

void SimCluster::Leave(std::size_t node) { nodes_[node]->Leave(); }

void SimCluster::RunFor(Duration duration) {
  RunUntil([] { return false; }, duration);
}

bool SimCluster::RunUntil(const std::function<bool()>& done, Duration limit) {
  const TimePoint end = now_ + limit;
  TimePoint next_look = now_;
  while (!queue_.empty() && queue_.top().at <= end) {
    Event event = queue_.top();
    queue_.pop();
    now_ = event.at;
    trace_hash_ =
        (trace_hash_ ^ static_cast<std::uint64_t>(now_.time_since_epoch().count()) ^ event.order) *
        0x100000001b3U;
    event.run();
    if (now_ < next_look) continue;
    next_look = now_ + 10ms;
    if (done()) return true;
  }
  now_ = end;
  return done();
}

// --- Clients ------------------------------------------------------------------------------------

void SimCluster::Submit(std::size_t node, Operation operation, Bytes key, Bytes value, Done done) {
  auto call = std::make_shared<SimCall>();
  call->operation = std::move(operation);
  call->key = std::move(key);
  call->value = std::move(value);
  call->operation.key = call->key;
  call->operation.value = call->value;
  call->done = std::move(done);
  call->deadline = now_ + limits::kRouteWait;
  After(Latency(), [this, node, call] { Attempt(node, call); });
}

void SimCluster::Retry(std::size_t node, std::shared_ptr<SimCall> call) {
  if (now_ >= call->deadline) {
    Outcome outcome;
    outcome.status = Status::kUnavailable;
    call->done(outcome);
    return;
  }
  After(5ms, [this, node, call] { Attempt(node, call); });
}

void SimCluster::Attempt(std::size_t node, std::shared_ptr<SimCall> call) {
  SimNode& entry = *nodes_[node];
  if (!entry.alive || !entry.control.born()) {
    Retry((node + 1) % nodes_.size(), call);  // The client turns to another node.
    return;
  }
  const ShardId shard = ring::ShardOf(call->key, options_.num_shards);
  const auto& shards = entry.control.routing().shards;
  const NodeId leader = shards.empty() ? kNoNode : shards[shard.value()].leader;
  const auto target = IndexOf(leader);
  if (!target) {
    Retry(node, call);
    return;
  }
  const Duration hop = *target == node ? Duration::zero() : Latency();
  After(hop, [this, node, call, shard, target = *target] {
    SimNode& there = *nodes_[target];
    if (!there.alive || !Connected(node, target) || shard.value() >= there.num_shards()) {
      Retry(node, call);  // It never arrived.
      return;
    }
    const Session session = there.session;
    node::ShardEffects effects;
    Outcome outcome;
    Bytes value;
    {
      node::ShardGuard guard(there, shard, effects);
      outcome = guard->Execute(call->operation, unix_now(), guard.effects());
      value = outcome.value;
    }
    if (outcome.status == Status::kNotLeader) {
      Retry(node, call);
      return;
    }
    After(target == node ? Duration::zero() : Latency(),
          [this, node, target, call, outcome, value, session]() mutable {
            SimNode& from = *nodes_[target];
            const bool answered = from.alive && from.session == session &&
                                  Connected(node, target) && nodes_[node]->alive;
            if (!answered && !call->operation.IsWrite()) {
              Retry(node, call);
              return;
            }
            if (!answered) {
              outcome = {};
              outcome.status = Status::kUnknownOutcome;
              value.clear();
            }
            outcome.value = value;
            call->done(outcome);
          });
  });
}

// --- Looking in ---------------------------------------------------------------------------------

bool SimCluster::alive(std::size_t node) const { return nodes_[node]->alive; }
const node::Control& SimCluster::control(std::size_t node) const { return nodes_[node]->control; }
NodeId SimCluster::id(std::size_t node) const { return SimNode::IdOf(node); }

const node::Shard* SimCluster::shard(std::size_t node, std::uint32_t shard) const {
  const SimNode& host = *nodes_[node];
  return shard < host.shards.size() ? host.shards[shard].get() : nullptr;
}

bool SimCluster::Ready(std::size_t node) const {
  return nodes_[node]->alive && nodes_[node]->control.readiness(now_).ready;
}

bool SimCluster::AllReady() const {
  for (const auto& node : nodes_) {
    if (node->alive && !node->control.readiness(now_).ready) return false;
  }
  return true;
}

std::string SimCluster::Violation(bool allow_twins) const {
  for (std::uint32_t shard = 0; shard < options_.num_shards; ++shard) {
    std::map<std::string, std::uint64_t> digest_at;
    std::map<std::pair<Epoch, bool>, std::size_t> leader_of;
    for (const auto& node : nodes_) {
      if (!node->alive || node->shards.empty()) continue;
      const node::Shard& replica = *node->shards[shard];
      const replication::ShardReport report = replica.Report();
      const std::string where = "shard " + std::to_string(shard) + ", epoch " +
                                std::to_string(report.epoch.value()) + ": ";
      if (report.role == ShardRole::kLeader && !allow_twins &&
          !leader_of.emplace(std::make_pair(report.epoch, true), node->index).second) {
        return where + "two leaders";
      }
      if (!report.whole) continue;
      const VersionVector& history = replica.replica().history();
      const std::string position = std::to_string(history.last().Pack()) + "/" +
                                   std::to_string(history.last_writer().value());
      const std::uint64_t digest = replica.replica().Digest();
      const auto [known, fresh] = digest_at.emplace(position, digest);
      if (!fresh && known->second != digest) {
        return where + "replicas at position " + position + " differ";
      }
    }
  }
  return "";
}

std::string SimCluster::Describe(std::uint32_t shard) const {
  static constexpr const char* kRoles[] = {"none", "follower", "leader", "draining"};
  std::string text;
  const auto index_of = [&](NodeId node) {
    const auto index = IndexOf(node);
    return index ? std::to_string(*index) : std::string("-");
  };
  for (const auto& node : nodes_) {
    if (!node->alive || node->shards.empty()) continue;
    const replication::ShardReport report = node->shards[shard]->Report();
    const Version last = node->shards[shard]->replica().history().last();
    const auto& routes = node->control.routing().shards;
    const ShardRoute route = shard < routes.size() ? routes[shard] : ShardRoute{};
    text += "\n  node" + std::to_string(node->index) + ": shard " + std::to_string(shard) + " " +
            kRoles[static_cast<int>(report.role)] + " of " + index_of(report.leader) + ", epoch " +
            std::to_string(report.epoch.value()) +
            (report.whole ? ", whole at " : ", not whole, ") + std::to_string(last.epoch.value()) +
            "." + std::to_string(last.seq.value()) + ", routes to " + index_of(route.leader) +
            ", placed on";
    for (const NodeId replica : route.replicas) text += " " + index_of(replica);
    text += ", links";
    for (const auto& [peer, link] : node->links) {
      text += " " + std::to_string(peer) + (link->session.established() ? "" : "?");
    }
    text += ", members";
    for (const Member& member : node->control.swim().members()) {
      text += " " + index_of(member.id) + "asDL"[static_cast<int>(member.state)];
    }
  }
  return text;
}

namespace {

bool Acknowledged(const node::Shard& leader, NodeId follower) {
  const std::vector<node::FollowerLag> lags = leader.Lags();
  return std::any_of(lags.begin(), lags.end(), [&](const node::FollowerLag& lag) {
    return lag.follower == follower && lag.in_sync && lag.records == 0;
  });
}

}  // namespace

std::string SimCluster::Unsettled(bool busy) const {
  for (const auto& node : nodes_) {
    if (!node->alive) continue;
    const node::Readiness readiness = node->control.readiness(now_);
    const std::string who = "node" + std::to_string(node->index) + ": ";
    if (!readiness.ready) return who + readiness.reason + Describe(0);
    for (std::uint32_t shard = 0; shard < options_.num_shards; ++shard) {
      const std::string what = who + "shard " + std::to_string(shard) + " ";
      if (shard >= node->control.routing().shards.size()) return what + "has no route";
      const ShardRoute& route = node->control.routing().shards[shard];
      NodeId first = kNoNode;
      for (const NodeId replica : route.replicas) {
        const auto index = IndexOf(replica);
        if (index && nodes_[*index]->alive) {
          first = replica;
          break;
        }
      }
      if (first == kNoNode || route.leader != first) {
        return what + "is not led by the first of its placement" + Describe(shard);
      }
      const node::Shard& lead = *nodes_[*IndexOf(first)]->shards[shard];
      const node::Shard& own = *node->shards[shard];
      const bool placed = std::find(route.replicas.begin(), route.replicas.end(),
                                    SimNode::IdOf(node->index)) != route.replicas.end();
      const bool equal = busy ? &own == &lead || lead.InSync(SimNode::IdOf(node->index))
                              : own.replica().history() == lead.replica().history();
      if (placed && !equal) {
        return what + "is behind its leader" + Describe(shard);
      }
      if (placed && !busy && &own != &lead && !Acknowledged(lead, SimNode::IdOf(node->index))) {
        return what + "is not known to its leader to have everything" + Describe(shard);
      }
      const std::size_t live = static_cast<std::size_t>(
          std::count_if(nodes_.begin(), nodes_.end(), [](const auto& n) { return n->alive; }));
      if (!placed && own.Report().whole && live >= nodes_.size()) return what + "is still held";
    }
  }
  return "";
}

}  // namespace aegis::sim
