// SimCluster, looked at from outside.

#include <algorithm>

#include "sim_cluster.h"
#include "sim_node.h"

namespace aegis::sim {

using node::ShardRole;

bool SimCluster::alive(std::size_t node) const { return nodes_[node]->alive; }
const node::Control& SimCluster::control(std::size_t node) const { return nodes_[node]->control; }
NodeId SimCluster::id(std::size_t node) const { return SimNode::IdOf(node); }

const node::Shard* SimCluster::shard(std::size_t node, std::uint32_t shard) const {
  const SimNode& host = *nodes_[node];
  return shard < host.shards.size() ? host.shards[shard].get() : nullptr;
}

bool SimCluster::Writing(std::size_t node) const { return !nodes_[node]->disk.idle(); }

bool SimCluster::Ready(std::size_t node) const {
  return nodes_[node]->alive && nodes_[node]->control.readiness(nodes_[node]->now()).ready;
}

std::string SimCluster::Readiness(std::size_t node) const {
  return nodes_[node]->control.readiness(nodes_[node]->now()).reason;
}

bool SimCluster::HoldsLease(std::size_t node) const {
  const SimNode& holder = *nodes_[node];
  return holder.alive && holder.now() < holder.control.lease_until();
}

bool SimCluster::AllReady() const {
  for (const auto& node : nodes_) {
    if (node->alive && !node->control.readiness(node->now()).ready) return false;
  }
  return true;
}

void SimCluster::CompareReplicas(std::uint32_t shard) {
  std::map<std::pair<Version, Session>, std::uint64_t> digests;
  for (const auto& node : nodes_) {
    if (!node->alive || node->shards.empty()) continue;
    const node::Shard& replica = *node->shards[shard];
    CheckAcknowledged(*node, ShardId{shard});
    if (!replica.Report().whole) continue;
    const VersionVector& history = replica.replica().history();
    const std::uint64_t digest = replica.replica().Digest();
    const auto [known, fresh] =
        digests.try_emplace({history.last(), history.last_writer()}, digest);
    if (!fresh && known->second != digest) {
      invariants_.Fail("shard " + std::to_string(shard) + ": replicas at one position differ" +
                       Describe(shard));
    }
  }
}

void SimCluster::CheckLosses() {
  for (std::uint32_t id = 0; id < options_.num_shards; ++id) {
    std::uint64_t counted = 0;
    VersionVector newest;
    const auto look = [&](const SimNode& node) {
      if (node.shards.empty()) return;
      const node::Shard& shard = *node.shards[id];
      counted += shard.counters().writes_lost;
      const VersionVector& history = shard.replica().history();
      if (node.alive && history.last() > newest.last()) newest = history;
    };
    for (const auto& node : nodes_) look(*node);
    for (const auto& node : graveyard_) look(*node);
    if (options_.broken == BrokenRule::kLossesUncounted) counted = 0;
    const std::string wrong = ledger_.Uncounted(ShardId{id}, newest, counted);
    if (!wrong.empty()) invariants_.Fail(wrong);
  }
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
    const node::ShardReport report = node->shards[shard]->Report();
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
    if (node->control.log() != nullptr && shard < node->control.log()->state().shards().size()) {
      const control::State& state = node->control.log()->state();
      text += ", in sync";
      for (const control::Copy& copy : state.shards()[shard].in_sync) {
        text += " " + index_of(copy.node) + (state.IsCurrent(copy) ? "" : "(lost)");
      }
    }
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

void SimCluster::NoteInSync(const control::State& state) {
  if (state.applied().index <= newest_control_entry_) return;
  newest_control_entry_ = state.applied().index;
  const auto survives = [this](const control::Copy& copy) {
    const auto node = IndexOf(copy.node);
    return node && nodes_[*node]->alive && nodes_[*node]->session == copy.memory;
  };
  for (std::uint32_t id = 0; id < state.shards().size(); ++id) {
    ledger_.OnInSync(ShardId{id}, state.shards()[id].epoch, state.shards()[id].in_sync, survives);
  }
}

void SimCluster::CheckAcknowledged(const SimNode& leader, ShardId shard) {
  if (!leader.alive || leader.shards.empty()) return;
  const node::Shard& leading = *leader.shards[shard.value()];
  const Version last = leading.replica().history().last();
  for (const node::FollowerLag& lag : leading.Lags()) {
    const auto peer = IndexOf(lag.follower);
    if (!peer || !nodes_[*peer]->alive || lag.records >= last.seq.value()) continue;
    const SimNode& follower = *nodes_[*peer];
    const auto there = leader.links.find(*peer);
    const auto back = follower.links.find(leader.index);
    if (there == leader.links.end() || back == follower.links.end()) continue;
    if (there->second->serial != back->second->serial || !there->second->session.established()) {
      continue;
    }
    const Version acknowledged{last.epoch, Seq{last.seq.value() - lag.records}};
    const node::Shard& following = *follower.shards[shard.value()];
    const node::ShardReport report = following.Report();
    const bool follows = report.role == ShardRole::kFollower && report.epoch == last.epoch;
    // Told by the map that it was dropped and is named again, it has let go of everything, and has
    // yet to say so: whether it may count as in sync is asked with the change, see Shard::Admit().
    const bool empty = following.replica().history().last() == Version{};
    if (empty && report.change > lag.change) continue;
    if (!follows || Has(following.replica().history(), acknowledged)) continue;
    invariants_.Fail("shard " + std::to_string(shard.value()) + ": " + leader.process.name +
                     " counts what " + follower.process.name + " has not acknowledged" +
                     Describe(shard.value()));
  }
}

// What the new leader lacks of the reign before is lost. It is bounded by what the leader of that
// reign last knew to be unacknowledged, if the new one's copy was in sync.
void SimCluster::BeginReign(const SimNode& leader, ShardId shard) {
  const VersionVector& history = leader.shards[shard.value()]->replica().history();
  const std::string wrong = ledger_.OnReign(shard, history);
  if (!wrong.empty()) invariants_.Fail(wrong);

  const Epoch before{history.last().epoch.value() - 1};
  const auto* const in_sync = ledger_.InSyncOf(shard, before);
  if (in_sync == nullptr ||
      std::ranges::count(*in_sync, control::Copy{leader.node_id, leader.session}) == 0) {
    return;
  }
  const auto check = [&](const SimNode& old) {
    if (old.shards.empty()) return;
    const node::Shard& tail = *old.shards[shard.value()];
    if (tail.Report().epoch != before) return;
    for (const node::FollowerLag& lag : tail.Lags()) {
      const std::uint64_t lost = tail.replica().history().WritesBeyond(history);
      if (lag.follower != leader.node_id || lost <= lag.records) continue;
      invariants_.Fail("shard " + std::to_string(shard.value()) + ": " + leader.process.name +
                       " lacks " + std::to_string(lost) + " writes of " + old.process.name +
                       ", which knew of " + std::to_string(lag.records) + Describe(shard.value()));
    }
  };
  for (const auto& node : nodes_) check(*node);
  for (const auto& node : graveyard_) check(*node);
}

namespace {

bool Acknowledged(const node::Shard& leader, NodeId follower) {
  const std::vector<node::FollowerLag> lags = leader.Lags();
  return std::any_of(lags.begin(), lags.end(), [&](const node::FollowerLag& lag) {
    return lag.follower == follower && lag.in_sync && lag.records == 0;
  });
}

}  // namespace

// The first shard without a leader as this node sees it; else 0.
std::uint32_t SimCluster::LeaderlessOn(const SimNode& node) {
  const auto& shards = node.control.routing().shards;
  const auto found = std::ranges::find(shards, kNoNode, &ShardRoute::leader);
  return found == shards.end() ? 0 : static_cast<std::uint32_t>(found - shards.begin());
}

std::string SimCluster::Unsettled(bool busy) const {
  for (const auto& node : nodes_) {
    if (!node->alive) continue;
    const node::Readiness readiness = node->control.readiness(node->now());
    const std::string who = "node" + std::to_string(node->index) + ": ";
    if (!readiness.ready) return who + readiness.reason + Describe(LeaderlessOn(*node));
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
