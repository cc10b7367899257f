#include "ring/fair_share.h"

#include <algorithm>
#include <cstddef>

#include "model/limits.h"

namespace aegis::ring {
namespace {

static_assert(limits::kShardsMax <= 1U << 14U && limits::kMembersMax <= 1U << 10U,
              "the sum of all shares, times 1000 percent, stays below 2^64");

// A node's share at a given level (share per unit of weight) of the water.
Share ShareAt(Share level, std::uint32_t weight, Share full) {
  return level > full / weight ? full : level * weight;
}

// The highest level in [0, full] at which `total_at(level)` is at most `total`.
template <class TotalAt>
Share FindLevel(Share full, Share total, TotalAt total_at) {
  Share low = 0;
  Share high = full;
  while (low < high) {
    const Share middle = high - (high - low) / 2;
    if (total_at(middle) <= total) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

struct Zone {
  std::vector<NodeIndex> nodes;
  Share least = 0;
  Share most = 0;
};

std::vector<Zone> ZonesOf(const Topology& topology, Share full) {
  std::vector<Zone> zones(topology.zones);
  for (NodeIndex node = 0; node < topology.nodes.size(); ++node) {
    zones[topology.nodes[node].zone].nodes.push_back(node);
  }
  // Every shard spans `distinct_zones`; its replicas beyond that may pile up in any one zone.
  const std::size_t spare = topology.replicas - topology.distinct_zones;
  for (Zone& zone : zones) {
    zone.least = topology.zones <= topology.replicas ? full : 0;
    zone.most = full * std::min(zone.nodes.size(), spare + 1);
  }
  return zones;
}

Share SumAt(Share level, const std::vector<NodeIndex>& nodes, const Topology& topology,
            Share full) {
  Share sum = 0;
  for (const NodeIndex node : nodes) sum += ShareAt(level, topology.nodes[node].weight, full);
  return sum;
}

}  // namespace

std::vector<Share> FairReplicas(const Topology& topology) {
  const Share full = topology.options.num_shards * kShareOne;
  const std::vector<Zone> zones = ZonesOf(topology, full);
  const auto zone_share = [&](Share level, const Zone& zone) {
    return std::clamp(SumAt(level, zone.nodes, topology, full), zone.least, zone.most);
  };
  const Share level = FindLevel(full, full * topology.replicas, [&](Share candidate) {
    Share sum = 0;
    for (const Zone& zone : zones) sum += zone_share(candidate, zone);
    return sum;
  });

  std::vector<Share> shares(topology.nodes.size());
  for (const Zone& zone : zones) {
    const Share zone_level = FindLevel(full, zone_share(level, zone), [&](Share candidate) {
      return SumAt(candidate, zone.nodes, topology, full);
    });
    for (const NodeIndex node : zone.nodes) {
      shares[node] = ShareAt(zone_level, topology.nodes[node].weight, full);
    }
  }
  return shares;
}

std::vector<Share> FairLeaders(const Topology& topology) {
  const Share full = topology.options.num_shards * kShareOne;
  std::uint64_t total_weight = 0;
  for (const TopologyNode& node : topology.nodes) total_weight += node.weight;
  std::vector<Share> shares;
  for (const TopologyNode& node : topology.nodes) {
    // full * weight / total_weight without leaving 64 bits.
    shares.push_back(full / total_weight * node.weight +
                     full % total_weight * node.weight / total_weight);
  }
  return shares;
}

std::vector<std::uint32_t> Limits(const std::vector<Share>& shares,
                                  const PlacementOptions& options) {
  std::vector<std::uint32_t> limits;
  for (const Share share : shares) {
    const std::uint64_t scaled = share * options.load_bound_percent;
    const std::uint64_t limit = (scaled + 100 * kShareOne - 1) / (100 * kShareOne);
    limits.push_back(
        static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, options.num_shards)));
  }
  return limits;
}

}  // namespace aegis::ring
