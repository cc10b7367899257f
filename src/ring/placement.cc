#include "ring/placement.h"

#include <algorithm>
#include <utility>

#include "ring/fair_share.h"
#include "ring/hash_ring.h"
#include "ring/leader_assignment.h"
#include "ring/replica_assignment.h"
#include "ring/topology.h"

namespace aegis::ring {

Placement ComputePlacement(std::vector<PlacementMember> members, const PlacementOptions& options) {
  const Topology topology(std::move(members), options);
  Placement placement;
  placement.replicas.resize(options.num_shards);
  if (topology.nodes.empty()) return placement;

  const HashRing ring(topology);
  const std::vector<std::uint32_t> limits = Limits(FairReplicas(topology), options);
  const ReplicaAssignment assignment(topology, ring, limits);
  const std::vector<NodeIndex> leaders =
      AssignLeaders(assignment.shards(), Limits(FairLeaders(topology), options));

  for (std::uint32_t shard = 0; shard < options.num_shards; ++shard) {
    std::vector<NodeId>& ids = placement.replicas[shard];
    ids.push_back(topology.nodes[leaders[shard]].id);
    for (const Replica& replica : assignment.shards()[shard]) {
      if (replica.node != leaders[shard]) ids.push_back(topology.nodes[replica.node].id);
    }
  }
  return placement;
}

std::vector<LoadLimit> LoadLimits(std::vector<PlacementMember> members,
                                  const PlacementOptions& options) {
  const Topology topology(std::move(members), options);
  if (topology.nodes.empty()) return {};
  const std::vector<std::uint32_t> replicas = Limits(FairReplicas(topology), options);
  const std::vector<std::uint32_t> leaders = Limits(FairLeaders(topology), options);
  std::vector<LoadLimit> limits;
  for (NodeIndex node = 0; node < topology.nodes.size(); ++node) {
    limits.push_back(
        {.node = topology.nodes[node].id, .replicas = replicas[node], .leaders = leaders[node]});
  }
  return limits;
}

}  // namespace aegis::ring
