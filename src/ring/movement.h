// Movement: what changes from one placement to the next, and how much of it had to.

#pragma once

#include <cstdint>
#include <vector>

#include "model/ids.h"
#include "ring/placement.h"

namespace aegis::ring {

struct ShardMove {
  ShardId shard;
  std::vector<NodeId> added;    // Replicas to be filled, by id.
  std::vector<NodeId> removed;  // Replicas to be dropped, by id.
  NodeId leader_before;         // kNoNode: the shard had no replica.
  NodeId leader_after;

  friend bool operator==(const ShardMove&, const ShardMove&) = default;
};

struct Movement {
  std::vector<ShardMove> shards;  // Those that change, ascending.

  // How many (shard, node) pairs are new, and how many shards change their leader.
  std::uint32_t replicas_moved = 0;
  std::uint32_t leaders_moved = 0;

  // The least that any rule could move. What the newcomers hold (or lead) must come to them, and
  // what shards lost with nodes that are gone must be made good; one move can do both.
  std::uint32_t replicas_least = 0;
  std::uint32_t leaders_least = 0;
};

// A node is in a placement if it holds a shard. REQUIRES: both have the same number of shards.
Movement Diff(const Placement& from, const Placement& to);

}  // namespace aegis::ring
