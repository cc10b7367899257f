#include "node/core/shard_director.h"

#include <algorithm>
#include <utility>

namespace aegis::node {

using control::Copy;
using control::InSyncChange;
using control::NodeState;
using control::ShardState;
using control::ShardTransfer;

namespace {

// A request whose fate does not show is repeated after this long.
constexpr Duration kAskAgain = std::chrono::milliseconds(200);
constexpr std::size_t kItemsPerCommand = 512;

template <class T>
bool Contains(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

template <class Batch, class Item>
void Propose(std::vector<Item>& items, std::vector<Item> Batch::*field,
             std::vector<control::Command>& proposals) {
  for (std::size_t from = 0; from < items.size(); from += kItemsPerCommand) {
    const std::size_t to = std::min(from + kItemsPerCommand, items.size());
    Batch batch;
    (batch.*field)
        .assign(items.begin() + static_cast<std::ptrdiff_t>(from),
                items.begin() + static_cast<std::ptrdiff_t>(to));
    proposals.emplace_back(std::move(batch));
  }
  items.clear();
}

// This copy is in sync, and of the process that runs on its node now.
bool CountsInSync(const control::State& state, const ShardState& map, NodeId node) {
  return std::any_of(map.in_sync.begin(), map.in_sync.end(),
                     [&](const Copy& copy) { return copy.node == node && state.IsCurrent(copy); });
}

// If this copy goes, so does the shard.
bool IsOnlyCopy(const control::State& state, const ShardState& map, const Copy& copy) {
  return Contains(map.in_sync, copy) && std::ranges::none_of(map.in_sync, [&](const Copy& other) {
           return other != copy && state.IsCurrent(other);
         });
}

// That this process is registered stands in the state, so it is newer than all that an earlier one
// has acted on. Before that it may not know yet why there is a copy here.
bool IsRecent(const ShardDirector::Situation& situation) {
  const NodeState* const self = situation.state.Find(situation.self.node);
  return self != nullptr && self->session == situation.self.session;
}

}  // namespace

void ShardDirector::Direct(const Situation& situation, LocalShards& shards, TimePoint now,
                           Decisions& decisions) {
  const std::vector<ShardState>& map = situation.state.shards();
  memory_.resize(map.size());
  reports_.resize(map.size());
  routes_.resize(map.size());
  hand_overs_ = 0;
  if (situation.control_leader != asked_) {
    asked_ = situation.control_leader;
    for (Memory& memory : memory_) memory.ask_again = TimePoint::min();
  }
  for (std::uint32_t id = 0; id < map.size(); ++id) {
    reports_[id] = shards.Report(ShardId{id});
    if (reports_[id].role == ShardRole::kDraining) ++hand_overs_;
  }
  led_ = held_alone_ = leaderless_ = unsynced_ = 0;
  for (std::uint32_t id = 0; id < map.size(); ++id) {
    DirectOne(ShardId{id}, situation, shards, now, decisions);
  }
  Propose(changes_, &control::InSync::changes, decisions.proposals);
  Propose(transfers_, &control::Transfer::transfers, decisions.proposals);
  Propose(quorum_used_, &control::QuorumUsed::shards, decisions.proposals);
}

void ShardDirector::DirectOne(ShardId shard, const Situation& situation, LocalShards& shards,
                              TimePoint now, Decisions& decisions) {
  const ShardState& map = situation.state.shards()[shard.value()];
  const ShardReport& own = reports_[shard.value()];
  const NodeId self = situation.self.node;
  const bool named = Contains(map.target, self) || map.InSync(self);
  const bool mine = map.epoch != Epoch{} && map.leader == situation.self;
  bool serves = false;

  if (mine && own.epoch < map.epoch) {
    Command(shard, ShardCommand::Kind::kLead, map.epoch, self, decisions);
    decisions.commands.back().session = situation.self.session;
    decisions.commands.back().quorum_used = map.quorum_used;
    ++led_;
  } else if (mine && own.role == ShardRole::kLeader) {
    serves = situation.lease_holds;
    ++led_;
    DirectLeader(shard, situation, shards, now, decisions);
  } else if (mine && own.role == ShardRole::kDraining) {
    ++led_;
    DirectDraining(shard, situation, shards, now, decisions);
  } else if (map.leader.node == self || map.epoch == Epoch{}) {
    // Led by an earlier session of this node, until its fence is safe; or never led.
    if (own.role != ShardRole::kNone) {
      Command(shard, ShardCommand::Kind::kOrphan, {}, kNoNode, decisions);
    }
  } else if (named) {
    const bool follows = own.role == ShardRole::kFollower && own.leader == map.leader.node &&
                         own.epoch == map.epoch && own.change >= map.change;
    if (!follows && own.epoch <= map.epoch) {
      Command(shard, ShardCommand::Kind::kFollow, map.epoch, map.leader.node, decisions);
      decisions.commands.back().change = map.change;
    }
  } else if ((own.role != ShardRole::kNone || own.whole) && IsRecent(situation)) {
    Command(shard, ShardCommand::Kind::kRelease, {}, kNoNode, decisions);
  }

  ShardRoute route;
  route.epoch = map.epoch;
  route.replicas = map.target;
  const bool fenced = situation.state.FenceOf(map.leader) != nullptr;
  if (map.epoch != Epoch{} && !fenced && (map.leader.node != self || serves)) {
    route.leader = map.leader.node;
  }
  if (route.leader == kNoNode) ++leaderless_;
  if (IsOnlyCopy(situation.state, map, {self, situation.memory})) ++held_alone_;
  if (Contains(map.target, self) && !Contains(map.in_sync, Copy{self, situation.memory})) {
    ++unsynced_;
  }
  if (route != routes_[shard.value()]) {
    routes_[shard.value()] = std::move(route);
    decisions.routes_changed = true;
  }
}

void ShardDirector::Command(ShardId shard, ShardCommand::Kind kind, Epoch epoch, NodeId node,
                            Decisions& decisions) const {
  const ShardReport& own = reports_[shard.value()];
  decisions.commands.push_back({.shard = shard,
                                .kind = kind,
                                .epoch = epoch,
                                .session = {},
                                .node = node,
                                .change = 0,
                                .quorum_used = false,
                                .decided_on_role = own.role,
                                .decided_on_epoch = own.epoch});
}

// --- Leading ------------------------------------------------------------------------------------

void ShardDirector::DirectLeader(ShardId shard, const Situation& situation, LocalShards& shards,
                                 TimePoint now, Decisions& decisions) {
  const ShardState& map = situation.state.shards()[shard.value()];
  Memory& memory = memory_[shard.value()];
  memory.draining_since.reset();
  Forget(shard, situation, shards, now);
  auto change = ChangeOf(shard, situation, shards, now);
  if (!change) change = Settling(shard, situation);
  if (change && now >= memory.ask_again) {
    memory.ask_again = now + kAskAgain;
    if (!Contains(memory.open, *change)) memory.open.push_back(*change);
    changes_.push_back(*change);
  }
  if (reports_[shard.value()].wants_quorum && !map.quorum_used && now >= memory.record_again) {
    memory.record_again = now + kAskAgain;
    quorum_used_.push_back(shard);
  }
  TellReplicas(shard, situation, decisions);
  if (change) return;
  memory.ask_again = TimePoint::min();
  const NodeId successor = SuccessorOf(map, situation);
  if (successor == kNoNode || successor == situation.self.node) return;
  if (!MayHandOver(shard, successor, situation, shards, now)) return;
  ++hand_overs_;
  Command(shard, ShardCommand::Kind::kHandOver, {}, successor, decisions);
}

// A leader that has stopped waits for its successor and, where writes wait for copies, for all
// others in sync as well: one that hangs has to be removed before.
bool ShardDirector::MayHandOver(ShardId shard, NodeId successor, const Situation& situation,
                                LocalShards& shards, TimePoint now) const {
  const ShardState& map = situation.state.shards()[shard.value()];
  if (hand_overs_ >= options_.hand_overs_max || !CountsInSync(situation.state, map, successor) ||
      !shards.InSync(shard, successor)) {
    return false;
  }
  if (!map.quorum_used) return true;
  const Memory& memory = memory_[shard.value()];
  return std::ranges::all_of(memory.lags, [&](const auto& entry) {
    return !map.InSync(entry.first) || now - entry.second.since < options_.hand_over_patience / 2;
  });
}

void ShardDirector::DirectDraining(ShardId shard, const Situation& situation, LocalShards& shards,
                                   TimePoint now, Decisions& decisions) {
  Memory& memory = memory_[shard.value()];
  if (!memory.draining_since) {
    memory.draining_since = now;
    memory.ask_again = TimePoint::min();
  }
  Forget(shard, situation, shards, now);
  TellReplicas(shard, situation, decisions);
  if (now < memory.ask_again) return;
  const ShardReport& own = reports_[shard.value()];
  const NodeState* const successor = situation.state.Find(own.leader);
  ShardTransfer transfer{.shard = shard, .epoch = own.epoch, .from = situation.self, .to = {}};
  if (now - *memory.draining_since >= options_.hand_over_patience || successor == nullptr) {
    transfer.to = situation.self;
  } else if (shards.Drained(shard)) {
    transfer.to = {successor->id, successor->session};
  } else {
    return;
  }
  memory.ask_again = now + kAskAgain;
  transfers_.push_back(transfer);
}

// What was asked for under another number has been decided; and writes need not wait any more for a
// copy that fell behind before it was asked for.
void ShardDirector::Forget(ShardId shard, const Situation& situation, LocalShards& shards,
                           TimePoint now) {
  const ShardState& map = situation.state.shards()[shard.value()];
  Memory& memory = memory_[shard.value()];
  // A reign that follows its leader's own keeps what it knows.
  const bool goes_on = memory.epoch.value() + 1 == map.epoch.value();
  if (memory.epoch != map.epoch && !goes_on) memory.lags.clear();
  if (memory.epoch != map.epoch || memory.change != map.change) {
    memory.epoch = map.epoch;
    memory.change = map.change;
    memory.open.clear();
    memory.admitted.clear();
    memory.ask_again = TimePoint::min();
  }
  std::erase_if(memory.lags, [&](const auto& entry) {
    return !map.InSync(entry.first) && !Contains(map.target, entry.first);
  });
  std::erase_if(memory.admitted, [&](const Copy& copy) {
    const auto lag = memory.lags.find(copy.node);
    return lag == memory.lags.end() || now - lag->second.since >= options_.hand_over_patience / 2 ||
           !shards.InSync(shard, copy.node);
  });
}

// Whether the copy has acknowledged what was there at an earlier look: bytes alone do not tell one
// that hangs. Once per look.
bool ShardDirector::CatchesUp(ShardId shard, const Copy& copy, LocalShards& shards, TimePoint now) {
  const Version last = reports_[shard.value()].last;
  Lag& lag = memory_[shard.value()].lags.try_emplace(copy.node, Lag{last, now}).first->second;
  if (shards.Acked(shard, copy) < lag.target) return false;
  lag = {last, now};
  return true;
}

void ShardDirector::TellReplicas(ShardId shard, const Situation& situation, Decisions& decisions) {
  const ShardState& map = situation.state.shards()[shard.value()];
  Memory& memory = memory_[shard.value()];
  ReplicaSet set{.epoch = map.epoch, .quorum_used = map.quorum_used};
  const auto feed = [&](NodeId node) {
    if (node != situation.self.node && !Contains(set.followers, node)) {
      set.followers.push_back(node);
    }
  };
  const auto await = [&](const Copy& copy) {
    if (!Contains(set.awaited, copy)) set.awaited.push_back(copy);
  };
  for (const NodeId node : map.target) feed(node);
  for (const Copy& copy : map.in_sync) {
    feed(copy.node);
    if (copy.node == situation.self.node) continue;
    await(copy);
    const bool may_be_removed = std::ranges::any_of(
        memory.open, [&](const InSyncChange& open) { return open.remove && open.copy == copy; });
    if (!may_be_removed && situation.state.IsCurrent(copy)) set.in_sync.push_back(copy);
  }
  for (const InSyncChange& open : memory.open) {
    if (!open.remove) await(open.copy);
  }
  for (const Copy& copy : memory.admitted) await(copy);
  if (set == memory.told) return;
  memory.told = set;
  decisions.replicas.push_back({shard, std::move(set)});
}

// The next change that the in-sync set needs: one at a time.
std::optional<InSyncChange> ShardDirector::ChangeOf(ShardId shard, const Situation& situation,
                                                    LocalShards& shards, TimePoint now) {
  const ShardState& map = situation.state.shards()[shard.value()];
  Memory& memory = memory_[shard.value()];
  InSyncChange change{.shard = shard,
                      .epoch = map.epoch,
                      .change = map.change,
                      .session = situation.self.session,
                      .copy = {},
                      .remove = false};
  bool target_in_sync = true;
  for (const NodeId node : map.target) {
    if (CountsInSync(situation.state, map, node)) continue;
    target_in_sync = false;
    const NodeState* const state = situation.state.Find(node);
    if (state == nullptr || state->removed || node == situation.self.node) continue;
    change.copy = {node, state->memory};
    if (!CatchesUp(shard, change.copy, shards, now) || !shards.InSync(shard, node)) continue;
    if (!Contains(memory.admitted, change.copy)) memory.admitted.push_back(change.copy);
    if (shards.Admit(shard, change.copy, map.change)) return change;
  }
  change.remove = true;
  std::optional<Copy> lagging;
  for (const Copy& copy : map.in_sync) {
    if (copy.node == situation.self.node) continue;
    change.copy = copy;
    if (!situation.state.IsCurrent(copy)) return change;
    const bool lags = !CatchesUp(shard, copy, shards, now);
    const bool moved = !Contains(map.target, copy.node) && target_in_sync;
    const bool may_lead_on = Contains(map.target, situation.self.node);
    if (moved && may_lead_on && shards.InSync(shard, copy.node)) return change;
    const NodeState* const node = situation.state.Find(copy.node);
    const bool fenced = situation.state.FenceOf({node->id, node->session}) != nullptr;
    const Duration lag = now - memory.lags.at(copy.node).since;
    if (lags && (fenced || lag >= options_.replica_lag_max)) lagging = copy;
  }
  if (!lagging) return std::nullopt;
  change.copy = *lagging;
  return change;
}

// Whatever was asked for first, asked for as the map has it now: it raises the change number.
std::optional<InSyncChange> ShardDirector::Settling(ShardId shard,
                                                    const Situation& situation) const {
  const Memory& memory = memory_[shard.value()];
  if (memory.open.empty()) return std::nullopt;
  InSyncChange change = memory.open.front();
  change.remove = !Contains(situation.state.shards()[shard.value()].in_sync, change.copy);
  return change;
}

// The first node of the target that could lead for long, or, if this one leaves, now.
NodeId ShardDirector::SuccessorOf(const ShardState& map, const Situation& situation) const {
  const NodeState* const self = situation.state.Find(situation.self.node);
  const bool leaves = self != nullptr && self->leaving;
  NodeId successor = kNoNode;
  for (const NodeId node : map.target) {
    const NodeState* const state = situation.state.Find(node);
    if (state == nullptr || state->leaving || !situation.live.contains(node)) continue;
    if (!situation.state.MayLead({node, state->session})) continue;
    // Who leaves does not wait for a copy where another one is there already.
    if (!leaves || CountsInSync(situation.state, map, node)) return node;
    if (successor == kNoNode) successor = node;
  }
  return successor;
}

}  // namespace aegis::node
