// ReplicaAssignment: which nodes hold which shard, within the limits.
//
// All shards look along the ring at the same pace. In the order of distance, a shard takes the
// node whose point it meets unless it has it already, the node is at its limit, or the shard's
// remaining replicas are owed to zones it has not reached. So of two shards that compete for the
// last place of a node, the nearer one gets it: a join or leave displaces pairs only towards
// greater distances, and the chain of displacements is short. For 50 nodes and 256 shards a join
// moves 1.2 times the least this way; it moves 1.3 times with the shards taking turns by number,
// with nodes preferring shards by hash (stable matching), or with the least sum of distances (min
// cost flow), and 1.4 times if the limits are spread so that they do not step at the same join.
//
// The last shards may find only nodes that are full or that they already have. They get their
// place by an augmenting path: a full node gives a shard to another node that may hold it, and so
// on until a node has room.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ring/hash_ring.h"
#include "ring/topology.h"

namespace aegis::ring {

struct Replica {
  Distance distance = 0;
  NodeIndex node = 0;

  friend bool operator==(const Replica&, const Replica&) = default;
  friend auto operator<=>(const Replica&, const Replica&) = default;
};

class ReplicaAssignment {
 public:
  // `limits` by node, see Limits(). The arguments must outlive this.
  ReplicaAssignment(const Topology& topology, const HashRing& ring,
                    const std::vector<std::uint32_t>& limits);

  // By shard, each list nearest first, of topology.replicas distinct nodes.
  const std::vector<std::vector<Replica>>& shards() const { return shards_; }

  // Shards that found no place within the limits, not even by a path: a node took one more than
  // its limit. 0 in every case that we know; the number of replicas comes before the bound.
  std::uint32_t beyond_limit() const { return beyond_limit_; }

 private:
  struct Step {
    NodeIndex parent = 0;     // The node that gives the shard away; itself at a path's beginning.
    std::uint32_t shard = 0;  // The shard that comes to this node.
    bool reached = false;
  };

  void FillByDistance();
  // The next point from `point` on, or kNoPoint after a whole turn, whose node `shard` may take.
  std::size_t NextCandidate(std::uint32_t shard, std::size_t point, std::size_t& seen) const;
  bool Holds(std::uint32_t shard, NodeIndex node) const;
  bool HasRoom(NodeIndex node) const { return loads_[node] < limits_[node]; }
  // Whether `shard`, without the node `without` if it is not kNobody, may hold `node`.
  bool MayHold(std::uint32_t shard, NodeIndex node, NodeIndex without) const;
  void FillByPath(std::uint32_t shard);
  bool OnPath(const std::vector<Step>& steps, NodeIndex end, std::uint32_t shard) const;
  void MoveAlong(const std::vector<Step>& steps, NodeIndex end);
  void FillBeyondLimit(std::uint32_t shard);

  const Topology& topology_;
  const HashRing& ring_;
  const std::vector<std::uint32_t>& limits_;
  std::vector<std::uint32_t> loads_;  // By node: how many shards it holds.
  std::vector<std::vector<Replica>> shards_;
  std::uint32_t beyond_limit_ = 0;
};

}  // namespace aegis::ring
