// ShardCommand: what the control plane tells one shard.
//
// It names the report it was decided on and does nothing if the shard stands differently now; the
// next look at the shard decides anew.

#pragma once

#include <cstdint>

#include "model/ids.h"
#include "node/core/shard.h"
#include "node/core/shard_report.h"

namespace aegis::node {

struct ShardCommand {
  enum class Kind : std::uint8_t { kNothing, kLead, kFollow, kOrphan, kHandOver, kRelease };

  ShardId shard;
  Kind kind = Kind::kNothing;
  Epoch epoch;               // kLead, kFollow
  Session session;           // kLead: of the lease.
  NodeId node;               // kFollow: the leader; kHandOver: the successor.
  std::uint32_t change = 0;  // kFollow: the shard's number in the map.
  bool quorum_used = false;  // kLead: the shard may have acknowledged by quorum.
  ShardRole decided_on_role = ShardRole::kNone;
  Epoch decided_on_epoch;
};

// Carries the command out, or does nothing if the shard has changed since it was decided.
void Apply(const ShardCommand& command, Shard& shard, ShardEffects& effects);

}  // namespace aegis::node
