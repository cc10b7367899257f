// RoutingTable: who leads what, as one immutable snapshot.
//
// The control thread builds a new one at every change and publishes it through an atomic shared
// pointer; workers and clients only read. Never modified after publication.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "model/cluster.h"
#include "model/ids.h"
#include "model/member.h"

namespace aegis {

struct ShardRoute {
  Epoch epoch;
  NodeId leader;                 // kNoNode: nobody leads now; commands wait.
  std::vector<NodeId> replicas;  // Where the shard should live, the leader-to-be first.

  friend bool operator==(const ShardRoute&, const ShardRoute&) = default;
};

struct RoutingTable {
  std::uint64_t version = 0;  // Rises with every snapshot of one node; means nothing across nodes.
  NodeId self;
  ClusterSettings settings;
  std::string unborn_reason;       // Why there is no cluster yet, for people; empty once born.
  std::vector<Member> members;     // Sorted by id; self included.
  std::vector<ShardRoute> shards;  // Indexed by ShardId; empty until born.
  std::vector<NodeId> fenced;      // Sorted. They get no more leases; their shards go to others.

  bool IsFenced(NodeId id) const { return std::binary_search(fenced.begin(), fenced.end(), id); }

  const Member* Find(NodeId id) const {
    for (const Member& member : members) {
      if (member.id == id) return &member;
    }
    return nullptr;
  }
};

}  // namespace aegis
