// HashRing: where the virtual nodes lie, and which of them a shard meets, in which order.
//
// The ring is divided into one arc per shard; shard s stands at the beginning of arc s and looks
// clockwise. A position names arc and depth in it, a distance is a difference of positions:
//
//     | arc: 24 bits | depth: 40 bits |
//
// A node of weight w has w * virtual_nodes points. Thrown freely, they would give nodes uneven
// shares before any bound is applied, and every correction by a bound is movement. So they are a
// Latin hypercube sample (McKay, Beckman, Conover 1979): the k-th point of n lies in the k-th of n
// equal layers of depth, and in one of n equal stretches of the ring that no other point of the
// node uses. This is where XXH64 comes in: it orders the stretches and places the point within
// its layer and stretch. Points depend on their own node alone, so a join or leave moves none.
//
// A node has at most one point per shard: of more, with n > num_shards, only the shallowest one
// of each arc would ever be met, and those are the first num_shards.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ring/topology.h"

namespace aegis::ring {

using Distance = std::uint64_t;

class HashRing {
 public:
  explicit HashRing(const Topology& topology);

  // The points in the order in which `shard` meets them: Node(start), Node(Next(start)), ...
  // until all size() points are seen.
  std::size_t Start(std::uint32_t shard) const { return starts_[shard]; }
  std::size_t Next(std::size_t point) const { return point + 1 == points_.size() ? 0 : point + 1; }
  NodeIndex Node(std::size_t point) const { return points_[point].node; }
  Distance DistanceTo(std::size_t point, std::uint32_t shard) const;
  std::size_t size() const { return points_.size(); }

  // From the shard to the node's nearest point. Slow: walks the ring.
  Distance DistanceToNode(NodeIndex node, std::uint32_t shard) const;

 private:
  struct Point {
    std::uint64_t position = 0;
    NodeIndex node = 0;

    friend bool operator==(const Point&, const Point&) = default;
    friend auto operator<=>(const Point&, const Point&) = default;
  };

  void AddPoints(NodeIndex node, const Topology& topology);

  std::uint32_t num_shards_;
  std::vector<Point> points_;        // Sorted.
  std::vector<std::size_t> starts_;  // By shard: the first point at or after its arc's beginning.
};

}  // namespace aegis::ring
