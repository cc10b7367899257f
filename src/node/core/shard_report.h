// ShardReport: how one node stands to one shard, for whoever looks at it.

#pragma once

#include <cstdint>

#include "model/ids.h"
#include "model/version.h"

namespace aegis::node {

enum class ShardRole : std::uint8_t {
  kNone,      // Follows nobody; may hold a replica all the same.
  kFollower,  // Follows `leader`.
  kLeader,
  kDraining,  // Was the leader; has stopped for good and waits for its successor to take over.
};

struct ShardReport {
  ShardId shard;
  ShardRole role = ShardRole::kNone;
  Epoch epoch;               // The highest that the reporter has seen of this shard.
  std::uint32_t change = 0;  // Follower: its number in the map, as far as it was told.
  NodeId leader;       // Whom it follows; itself if it leads; its successor if it is draining.
  bool whole = false;  // It holds the shard as of `last`; false: nothing, or a copy in progress.
  Version last;        // Its newest write.
  bool wants_quorum = false;  // Quorum writes wait until the cluster knows that there are such.

  friend bool operator==(const ShardReport&, const ShardReport&) = default;
};

}  // namespace aegis::node
