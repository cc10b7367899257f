// Random clusters for the property tests of ring/.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/rng.h"
#include "ring/placement.h"

namespace aegis::ring {

struct RandomCluster {
  std::vector<PlacementMember> members;
  PlacementOptions options;
};

inline std::vector<PlacementMember> EqualMembers(std::size_t count, Rng& rng) {
  std::vector<PlacementMember> members(count);
  for (PlacementMember& member : members) member.id = NodeId{rng.Next()};
  return members;
}

// 1 to 40 members; equal or unequal weights; no, few or many zones of unequal size.
inline RandomCluster DrawCluster(Rng& rng) {
  RandomCluster cluster;
  cluster.members = EqualMembers(1 + rng.Below(40), rng);
  const std::uint64_t weight_max = rng.Chance(0.5) ? 1 : 1 + rng.Below(16);
  const std::uint64_t zones = rng.Chance(0.5) ? 1 : 1 + rng.Below(6);
  for (PlacementMember& member : cluster.members) {
    member.weight = static_cast<std::uint32_t>(1 + rng.Below(weight_max));
    // The lesser of two draws: low zones are larger.
    const std::uint64_t zone = std::min(rng.Below(zones), rng.Below(zones));
    if (zones > 1) member.zone = "zone-" + std::to_string(zone);
  }
  cluster.options.num_shards = 1U << rng.Below(11);
  cluster.options.replication_factor = static_cast<std::uint32_t>(1 + rng.Below(5));
  cluster.options.virtual_nodes = static_cast<std::uint32_t>(1 + rng.Below(200));
  return cluster;
}

}  // namespace aegis::ring
