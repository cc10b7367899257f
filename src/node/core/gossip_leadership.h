// GossipLeadership: a shard is led by the first live node of its placement, as gossip sees it.
//
// The rule of this version (docs/adr/0002), one node's decision from what it knows now:
//
//   - Whoever leads goes on leading until it hands over: a live leader is never deposed by a
//     change of placement alone. It hands over, once the other holds everything, to the first
//     node of the placement.
//   - Of two leaders the one with the higher epoch stays, at equal epochs the one with the lower
//     node id; the other one follows it.
//   - When the leader is dead, its followers stop following it and say what they have. When all
//     live nodes have said so, the one with the newest write takes over (ties: the earlier one in
//     the placement), in an epoch above all that it has seen.
//   - Where nobody holds anything, the first node of the placement begins, but only after every
//     live node has said that it holds nothing.
//
// What it cannot do: in a partition both sides may elect a leader. When they meet again the losing
// side's writes since then are dropped and counted. Leases end that in the next version.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "node/core/leadership.h"

namespace aegis::node {

class GossipLeadership : public LeadershipRule {
 public:
  struct Options {
    // How long a takeover waits for live nodes that do not say what they have (their link is
    // down, or they still see the old leader).
    Duration takeover_patience = std::chrono::seconds(3);
    // How long a leader that handed over waits for its successor to begin.
    Duration hand_over_patience = std::chrono::seconds(3);
  };

  explicit GossipLeadership(Options options) : options_(options) {}
  GossipLeadership() : GossipLeadership(Options()) {}

  ShardDecision Decide(const ShardSituation& situation, TimePoint now) override;

 private:
  struct Claim {
    NodeId node;
    Epoch epoch;
    std::uint64_t settled = 0;
  };
  struct Memory {
    std::optional<TimePoint> orphan_since;
    std::optional<TimePoint> draining_since;
  };

  ShardDecision DecideAsLeader(const ShardSituation& s, const std::optional<Claim>& claim);
  ShardDecision DecideDraining(const ShardSituation& s, const std::optional<Claim>& claim,
                               Memory& memory, TimePoint now);
  ShardDecision DecideWithClaim(const ShardSituation& s, const Claim& claim);
  ShardDecision DecideTakeover(const ShardSituation& s, Memory& memory, TimePoint now);

  const Options options_;
  std::vector<Memory> memory_;  // Indexed by shard.
};

}  // namespace aegis::node
