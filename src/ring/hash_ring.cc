#include "ring/hash_ring.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "model/limits.h"

namespace aegis::ring {
namespace {

constexpr unsigned kDepthBits = 40;
constexpr unsigned kJitterBits = 24;

static_assert(limits::kShardsMax <= 1U << 14U, "14 + kJitterBits + 14 bits fit below");

// What a hash is for: the seed of XXH64. These numbers are part of the placement: nodes with
// other ones would disagree about every shard.
constexpr std::uint64_t kSeedOrder = 0x6165'6769'7300'0001;
constexpr std::uint64_t kSeedPoint = 0x6165'6769'7300'0002;

std::uint64_t Hash(NodeId node, std::uint64_t index, std::uint64_t seed) {
  std::array<unsigned char, 16> bytes{};  // Little-endian on every machine.
  for (unsigned i = 0; i < 8; ++i) {
    bytes[i] = static_cast<unsigned char>(node.value() >> 8 * i);
    bytes[8 + i] = static_cast<unsigned char>(index >> 8 * i);
  }
  return XXH64(bytes.data(), bytes.size(), seed);
}

// The node's own order of the stretches of the ring: a Fisher-Yates shuffle.
std::vector<std::uint32_t> ShuffledStretches(NodeId node, std::uint32_t count) {
  std::vector<std::uint32_t> stretches(count);
  std::iota(stretches.begin(), stretches.end(), 0U);
  for (std::uint32_t i = count; i > 1; --i) {
    std::swap(stretches[i - 1], stretches[Hash(node, i, kSeedOrder) % i]);
  }
  return stretches;
}

}  // namespace

HashRing::HashRing(const Topology& topology) : num_shards_(topology.options.num_shards) {
  for (NodeIndex node = 0; node < topology.nodes.size(); ++node) AddPoints(node, topology);
  std::ranges::sort(points_);
  for (std::uint32_t shard = 0; shard < num_shards_; ++shard) {
    const Point arc{.position = std::uint64_t{shard} << kDepthBits, .node = 0};
    const auto first = std::ranges::lower_bound(points_, arc);
    starts_.push_back(first == points_.end() ? 0
                                             : static_cast<std::size_t>(first - points_.begin()));
  }
}

void HashRing::AddPoints(NodeIndex node, const Topology& topology) {
  const TopologyNode& owner = topology.nodes[node];
  const std::uint64_t layers = std::uint64_t{owner.weight} * topology.options.virtual_nodes;
  const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(layers, num_shards_));
  const std::vector<std::uint32_t> stretches = ShuffledStretches(owner.id, count);
  for (std::uint32_t k = 0; k < count; ++k) {
    const std::uint64_t hash = Hash(owner.id, k, kSeedPoint);
    const std::uint64_t depth = ((std::uint64_t{k} << kDepthBits) + (hash >> kJitterBits)) / layers;
    const std::uint64_t jitter = hash & ((std::uint64_t{1} << kJitterBits) - 1);
    const std::uint64_t along = (std::uint64_t{stretches[k]} << kJitterBits) + jitter;
    const std::uint64_t arc = along * num_shards_ / count >> kJitterBits;
    points_.push_back({.position = arc << kDepthBits | depth, .node = node});
  }
}

Distance HashRing::DistanceTo(std::size_t point, std::uint32_t shard) const {
  const std::uint64_t from = std::uint64_t{shard} << kDepthBits;
  const std::uint64_t to = points_[point].position;
  const std::uint64_t whole = std::uint64_t{num_shards_} << kDepthBits;
  return to >= from ? to - from : to + whole - from;
}

Distance HashRing::DistanceToNode(NodeIndex node, std::uint32_t shard) const {
  std::size_t point = Start(shard);
  while (Node(point) != node) point = Next(point);
  return DistanceTo(point, shard);
}

}  // namespace aegis::ring
