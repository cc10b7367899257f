// Topology: the members of one placement, numbered. Inside ring/ nodes and zones are indices.
//
// Nodes are numbered in the order of their ids and zones in the order of their names, so the
// numbering, and everything computed from it, is the same for any order of the input.

#pragma once

#include <cstdint>
#include <vector>

#include "ring/placement.h"

namespace aegis::ring {

using NodeIndex = std::uint32_t;
using ZoneIndex = std::uint32_t;

struct TopologyNode {
  NodeId id;
  std::uint32_t weight = 1;  // 1 to kWeightMax.
  ZoneIndex zone = 0;
};

struct Topology {
  // REQUIRES: as ComputePlacement.
  Topology(std::vector<PlacementMember> members, const PlacementOptions& placement_options);

  PlacementOptions options;
  std::vector<TopologyNode> nodes;
  ZoneIndex zones = 0;
  std::uint32_t replicas = 0;        // Of each shard: min(replication_factor, nodes).
  std::uint32_t distinct_zones = 0;  // That each shard must span: min(replicas, zones).
};

}  // namespace aegis::ring
