// ControlEffects: what a node's Control wants done.

#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "consensus/log.h"
#include "consensus/log_store.h"
#include "gossip/effects.h"
#include "model/ids.h"
#include "model/routing.h"
#include "node/core/agreement_effects.h"
#include "node/core/disk_write.h"
#include "node/core/shard_command.h"
#include "node/core/shard_director.h"

namespace aegis::node {

// In this order: create the log and the shards if they are asked for, queue `disk`, apply
// `commands` and `replicas`, then send `letters` and publish `lease_until` and `routing`; the rest
// at any time.
struct ControlEffects {
  struct NewLog {
    consensus::LogIdentity identity;
    consensus::Persisted persisted;
    bool replaces = false;  // There is a store: it goes, and what is queued for it.
  };
  std::optional<NewLog> new_log;  // Create the store, durably, before any of `disk`.
  bool born = false;              // settings() are final from now on: create the shards.
  std::vector<DiskWrite> disk;    // In order; then Control::OnDurable().
  std::vector<ControlLetter> letters;
  std::vector<ShardCommand> commands;
  std::vector<ShardDirector::Replicas> replicas;  // Shard::SetReplicas(), after `commands`.
  Session lease_session;                          // See LeaseView; always set, as is ...
  TimePoint lease_until = TimePoint::min();       // ... until when it holds.
  std::shared_ptr<const RoutingTable> routing;    // Null: unchanged.
  gossip::Effects gossip;
  bool membership_changed = false;          // Links to dial or drop, the node record to write.
  bool look_again = false;                  // Call Evaluate() soon.
  TimePoint wake_up_at = TimePoint::max();  // Call Tick() no later than this.

  void Clear();
};

}  // namespace aegis::node
