#include "node/core/gossip_leadership.h"

#include <algorithm>
#include <tuple>

namespace aegis::node {

using replication::ShardReport;
using replication::ShardRole;

namespace {

bool Speaks(const PeerView& peer) { return peer.live && peer.heard; }

const PeerView* Find(const ShardSituation& s, NodeId node) {
  const auto found = std::find_if(s.peers.begin(), s.peers.end(),
                                  [&](const PeerView& peer) { return peer.node == node; });
  return found == s.peers.end() ? nullptr : &*found;
}

// A node that gossip has not told us about yet is given the benefit of the doubt.
bool MayBeLive(const ShardSituation& s, NodeId node) {
  const PeerView* peer = Find(s, node);
  return node == s.self || peer == nullptr || peer->live;
}

Epoch HighestEpoch(const ShardSituation& s) {
  Epoch highest = s.own.epoch;
  for (const PeerView& peer : s.peers) {
    if (peer.heard) highest = std::max(highest, peer.report.epoch);
  }
  return highest;
}

Epoch Above(Epoch epoch, std::uint32_t by) { return Epoch{epoch.value() + by}; }

std::size_t PlaceOf(const ShardSituation& s, NodeId node) {
  const auto found = std::find(s.placement.begin(), s.placement.end(), node);
  return static_cast<std::size_t>(found - s.placement.begin());
}

bool IsPlaced(const ShardSituation& s) { return PlaceOf(s, s.self) < s.placement.size(); }

ShardDecision Command(ShardCommand::Kind kind, Epoch epoch = {}, NodeId node = {}) {
  ShardDecision decision;
  decision.command.kind = kind;
  decision.command.epoch = epoch;
  decision.command.node = node;
  return decision;
}

ShardDecision Route(Epoch epoch, NodeId leader) {
  ShardDecision decision;
  decision.epoch = epoch;
  decision.leader = leader;
  return decision;
}

ShardDecision LeadIn(const ShardSituation& s, Epoch epoch) {
  ShardDecision decision = Command(ShardCommand::Kind::kLead, epoch, s.self);
  decision.epoch = epoch;
  decision.leader = s.self;
  return decision;
}

ShardDecision FollowIn(const ShardSituation& s, NodeId leader, Epoch epoch) {
  ShardDecision decision = Command(ShardCommand::Kind::kFollow, epoch, leader);
  if (s.own.role == ShardRole::kFollower && s.own.leader == leader && s.own.epoch == epoch) {
    decision.command.kind = ShardCommand::Kind::kNothing;
  }
  decision.epoch = epoch;
  decision.leader = leader;
  return decision;
}

}  // namespace

ShardDecision GossipLeadership::Decide(const ShardSituation& s, TimePoint now) {
  if (s.shard.value() >= memory_.size()) memory_.resize(s.shard.value() + 1);
  Memory& memory = memory_[s.shard.value()];

  // The strongest claim of another live node.
  std::optional<Claim> claim;
  for (const PeerView& peer : s.peers) {
    if (!Speaks(peer) || peer.report.role != ShardRole::kLeader) continue;
    if (claim && (peer.report.epoch < claim->epoch ||
                  (peer.report.epoch == claim->epoch && peer.node > claim->node))) {
      continue;
    }
    claim = Claim{peer.node, peer.report.epoch, peer.report.settled};
  }

  if (s.own.role != ShardRole::kDraining) memory.draining_since.reset();
  if (s.own.role == ShardRole::kLeader) {
    memory.orphan_since.reset();
    return DecideAsLeader(s, claim);
  }
  if (s.own.role == ShardRole::kDraining) return DecideDraining(s, claim, memory, now);
  if (claim && claim->epoch >= s.own.epoch) {
    memory.orphan_since.reset();
    return DecideWithClaim(s, *claim);
  }
  return DecideTakeover(s, memory, now);
}

ShardDecision GossipLeadership::DecideAsLeader(const ShardSituation& s,
                                               const std::optional<Claim>& claim) {
  const bool stronger = claim && (claim->epoch > s.own.epoch ||
                                  (claim->epoch == s.own.epoch && claim->node < s.self));
  if (stronger) return FollowIn(s, claim->node, claim->epoch);

  // Somebody holds the shard from a later reign whose leader is gone: it has the better claim.
  for (const PeerView& peer : s.peers) {
    if (Speaks(peer) && peer.report.role == ShardRole::kNone && peer.report.whole &&
        peer.report.epoch > s.own.epoch) {
      return Command(ShardCommand::Kind::kOrphan);
    }
  }

  ShardDecision decision = Route(s.own.epoch, s.self);
  if (s.successor != s.self && s.successor != kNoNode && s.successor_in_sync &&
      s.hand_overs_free > 0) {
    decision.command.kind = ShardCommand::Kind::kHandOver;
    decision.command.node = s.successor;
    decision.leader = kNoNode;
  }
  return decision;
}

ShardDecision GossipLeadership::DecideDraining(const ShardSituation& s,
                                               const std::optional<Claim>& claim, Memory& memory,
                                               TimePoint now) {
  if (claim && claim->epoch > s.own.epoch) return FollowIn(s, claim->node, claim->epoch);
  if (!memory.draining_since) memory.draining_since = now;
  const bool out_of_patience = now - *memory.draining_since >= options_.hand_over_patience;
  if (MayBeLive(s, s.own.leader) && !out_of_patience) return Route(s.own.epoch, kNoNode);
  // The successor may have begun the next epoch before it vanished: that one is not ours.
  return LeadIn(s, Above(HighestEpoch(s), 2));
}

ShardDecision GossipLeadership::DecideWithClaim(const ShardSituation& s, const Claim& claim) {
  if (IsPlaced(s)) return FollowIn(s, claim.node, claim.epoch);
  // Not a replica any more: what it still holds goes once every replica has everything.
  ShardDecision decision = Route(claim.epoch, claim.node);
  const bool holds = s.own.whole || s.own.role != ShardRole::kNone;
  std::uint64_t placed = 0;
  for (const NodeId node : s.placement) placed += node.value();
  if (holds && claim.settled != 0 && claim.settled == placed) {
    decision.command.kind = ShardCommand::Kind::kRelease;
  }
  return decision;
}

ShardDecision GossipLeadership::DecideTakeover(const ShardSituation& s, Memory& memory,
                                               TimePoint now) {
  if (s.own.role == ShardRole::kFollower) {
    const PeerView* leader = Find(s, s.own.leader);
    const bool gone =
        leader != nullptr &&
        (!leader->live || (leader->heard && leader->report.role == ShardRole::kNone) ||
         (leader->heard && leader->report.role == ShardRole::kFollower));
    // A live leader whose link is down for a moment, or that is handing over, is still followed.
    if (!gone)
      return Route(s.own.epoch, leader != nullptr && leader->heard ? kNoNode : s.own.leader);
    return Command(ShardCommand::Kind::kOrphan);
  }
  if (!memory.orphan_since) memory.orphan_since = now;

  bool all_heard = true;
  bool all_orphans = true;
  std::optional<Claim> hearsay;  // A leader that others follow and that we do not hear ourselves.
  for (const PeerView& peer : s.peers) {
    if (!peer.live) continue;
    if (!peer.heard) {
      all_heard = false;
      continue;
    }
    if (peer.report.role == ShardRole::kNone) continue;
    const bool served = peer.report.role == ShardRole::kFollower &&
                        MayBeLive(s, peer.report.leader) && peer.report.leader != s.self;
    if (served && (!hearsay || peer.report.epoch > hearsay->epoch)) {
      hearsay = Claim{peer.report.leader, peer.report.epoch};
    }
    all_orphans = false;
  }
  const ShardDecision wait =
      hearsay ? Route(hearsay->epoch, hearsay->node) : Route(s.own.epoch, kNoNode);
  const bool out_of_patience = now - *memory.orphan_since >= options_.takeover_patience;
  if (!(all_heard && all_orphans) && !out_of_patience) return wait;

  // The newest replica leads; between equals the one that the placement prefers.
  using Rank = std::tuple<Version, bool, std::size_t, NodeId>;
  const auto better = [](const Rank& a, const Rank& b) {
    if (std::get<0>(a) != std::get<0>(b)) return std::get<0>(a) > std::get<0>(b);
    return std::make_tuple(std::get<1>(a), std::get<2>(a), std::get<3>(a)) <
           std::make_tuple(std::get<1>(b), std::get<2>(b), std::get<3>(b));
  };
  std::optional<Rank> best;
  const auto consider = [&](const ShardReport& report, bool leaving, NodeId node) {
    if (!report.whole) return;
    const Rank rank{report.last, leaving, PlaceOf(s, node), node};
    if (!best || better(rank, *best)) best = rank;
  };
  consider(s.own, s.self_leaving, s.self);
  for (const PeerView& peer : s.peers) {
    if (Speaks(peer) && peer.report.role == ShardRole::kNone) {
      consider(peer.report, peer.leaving, peer.node);
    }
  }
  if (best) {
    if (std::get<3>(*best) != s.self) return wait;
  } else if (!all_heard || !all_orphans || s.successor != s.self) {
    return wait;  // Nobody holds anything; beginning from nothing knows no impatience.
  }
  memory.orphan_since.reset();
  return LeadIn(s, Above(HighestEpoch(s), 1));
}

}  // namespace aegis::node
