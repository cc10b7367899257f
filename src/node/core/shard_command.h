// ShardCommand: what the control plane tells one shard.
//
// A command was decided on a report, and meanwhile a message from a peer may have changed the
// shard (a hand-over makes a leader without asking). So it names the report it was decided on and
// does nothing if the shard stands differently now; the next look at the shard decides anew.

#pragma once

#include <cstdint>

#include "model/ids.h"
#include "node/core/shard.h"
#include "replication/peer_message.h"

namespace aegis::node {

struct ShardCommand {
  enum class Kind : std::uint8_t { kNothing, kLead, kFollow, kOrphan, kHandOver, kRelease };

  ShardId shard;
  Kind kind = Kind::kNothing;
  Epoch epoch;  // kLead, kFollow
  NodeId node;  // kFollow: the leader; kHandOver: the successor.
  replication::ShardRole decided_on_role = replication::ShardRole::kNone;
  Epoch decided_on_epoch;
};

// Carries the command out, or does nothing if the shard has changed since it was decided.
void Apply(const ShardCommand& command, Shard& shard, ShardEffects& effects);

}  // namespace aegis::node
