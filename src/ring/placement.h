// Placement: which nodes each shard should live on, and which of them should lead it.
//
// Consistent hashing with virtual nodes (Karger et al. 1997, "Consistent hashing and random
// trees") and bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016, arXiv:1608.01350). A pure
// function of the members and the options: every node that knows the same members computes the
// same placement, whatever the order it learnt them in. Integers only, so that no rounding of a
// machine or compiler can make two nodes disagree.
//
// What holds for every input:
//   - Each shard has min(replication_factor, members) replicas, on distinct nodes, in as many
//     distinct zones as there are, up to that number.
//   - No node holds or leads more than LoadLimits() says. (One more leadership where weights or
//     zones and few shards leave no other choice: 1 of 8,000 random clusters.)
//
// How much a join or leave moves depends on the replicas per node, because a bound of 10 % leaves
// a node with few of them little room for chance. Among equal nodes with 48 each (16 nodes of 256
// shards) every event stays within 1.2 times the least that any rule could move; with 24 each (32
// nodes) the mean does, also with unequal weights or three equal zones. Beyond that it does not
// always, above all where the bound, rounded to whole replicas, steps for all nodes at one event:
// use more shards. Zones of unequal size cost more (1.3 to 1.5 in the mean), as a join then changes
// what every zone is owed. bench/ring_figures.cc measures it.
//
// Callable from any thread; cheap enough to be recomputed at every change of membership.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/ids.h"

namespace aegis::ring {

struct PlacementMember {
  NodeId id;
  std::uint32_t weight = 1;  // Share relative to the others; kWeightMax at most counts, 0 as 1.
  std::string zone;          // Members with one text share a zone; empty is a text like any other.

  friend bool operator==(const PlacementMember&, const PlacementMember&) = default;
};

// Keeps the arithmetic of shares within 64 bits.
inline constexpr std::uint32_t kWeightMax = 65'535;

struct PlacementOptions {
  std::uint32_t num_shards = 256;
  std::uint32_t replication_factor = 3;
  std::uint32_t virtual_nodes = 100;  // Points on the ring of a member of weight 1.
  // No node gets more than its fair share times this, rounded up. 100 to 1000.
  std::uint32_t load_bound_percent = 110;
};

struct Placement {
  // Indexed by shard. [0] is the leader that the shard should have, the others follow by their
  // distance on the ring. All lists are empty iff there are no members.
  std::vector<std::vector<NodeId>> replicas;

  friend bool operator==(const Placement&, const Placement&) = default;
};

// REQUIRES: the ids are distinct; at most limits::kMembersMax members; num_shards within
// limits::kShards*; replication_factor, virtual_nodes >= 1; load_bound_percent as stated.
Placement ComputePlacement(std::vector<PlacementMember> members, const PlacementOptions& options);

// The most that each node may hold and lead.
struct LoadLimit {
  NodeId node;
  std::uint32_t replicas = 0;
  std::uint32_t leaders = 0;
};

// ceil(load_bound * fair share), in the order of ids, where the fair share is by weight as far as
// a placement can follow it at all: of the shards' replicas, a node can hold each shard once at
// most, a zone can hold one replica of each shard at most (or must hold one at least, when there
// are fewer zones than replicas), and what such a node or zone cannot take the others share by
// weight. Of the leaderships the fair share is num_shards * weight / total weight.
// REQUIRES: as ComputePlacement.
std::vector<LoadLimit> LoadLimits(std::vector<PlacementMember> members,
                                  const PlacementOptions& options);

}  // namespace aegis::ring
