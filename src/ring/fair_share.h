// Fair shares: how much of the cluster each node should hold and lead, and the limits from that.
//
// Water filling: shares rise in proportion to the weights until a node (which can hold each shard
// once) or a zone (see LoadLimits in placement.h) is full; the rest is shared by the others.

#pragma once

#include <cstdint>
#include <vector>

#include "ring/topology.h"

namespace aegis::ring {

// Shares are fixed-point numbers: kShareOne is one replica (or one leadership). They are rounded
// down, so that a limit computed from one never exceeds the limit of the exact share.
using Share = std::uint64_t;
inline constexpr unsigned kShareBits = 36;
inline constexpr Share kShareOne = Share{1} << kShareBits;

// Indexed by node. The sums are replicas * num_shards and num_shards, but for the rounding.
std::vector<Share> FairReplicas(const Topology& topology);
std::vector<Share> FairLeaders(const Topology& topology);

// ceil(share * load_bound_percent / 100), at most num_shards; indexed as `shares`.
std::vector<std::uint32_t> Limits(const std::vector<Share>& shares,
                                  const PlacementOptions& options);

}  // namespace aegis::ring
