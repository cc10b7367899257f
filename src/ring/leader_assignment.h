// AssignLeaders: which replica of each shard should lead it, within the limits.
//
// In the order of distance on the ring, a shard chooses a replica as its leader unless that node
// is at its limit. The shards left over are placed by augmenting paths, as in bipartite matching
// (Kuhn 1955), which finds a solution whenever there is one. There is one at least when weights
// are equal and zones do not matter: each of a shard's r replicas leading 1/r of it loads a node
// with holds / r <= ceil(bound * fair replicas) / r <= ceil(bound * fair leaders), and a fractional
// solution with integer limits implies an integer one. Should there be none, all limits rise by
// one until there is.

#pragma once

#include <cstdint>
#include <vector>

#include "ring/replica_assignment.h"

namespace aegis::ring {

// The leader of each shard. `limits` by node. REQUIRES: no shard is without replicas.
std::vector<NodeIndex> AssignLeaders(const std::vector<std::vector<Replica>>& shards,
                                     std::vector<std::uint32_t> limits);

}  // namespace aegis::ring
