// ReplicaSet: whom the leader of a shard replicates to during its reign, and whose copies count.
//
// The control plane decides it from the map. While a change of the in-sync set is on its way and
// its fate unknown, it counts in both forms: what is being added is waited for already, what is
// being removed still is, and neither is relied upon.

#pragma once

#include <vector>

#include "control/command.h"
#include "model/ids.h"

namespace aegis::node {

struct ReplicaSet {
  Epoch epoch;                           // Of the reign.
  std::vector<NodeId> followers{};       // Whom to feed.
  std::vector<control::Copy> awaited{};  // Followers that must hold a write before it is committed,
  std::vector<control::Copy> in_sync{};  // and those of them that are certain to be in sync.
  bool quorum_used = false;  // The cluster knows that this shard may have acknowledged by quorum.

  friend bool operator==(const ReplicaSet&, const ReplicaSet&) = default;
};

}  // namespace aegis::node
