// RecoveredLog(): what a control log goes on with after the majority of its voters was lost.

#pragma once

#include <optional>

#include "consensus/log.h"
#include "consensus/raft_node.h"
#include "control/recovery.h"
#include "control/state.h"

namespace aegis::node {

// All that this node knows, `state` and what its own log holds behind it, committed or not: what
// was committed may be among it, and who could say is gone. Its member is the only voter, and
// everybody is fenced. One snapshot, so that a crash leaves either log as a whole; it goes on
// behind the log that was, so that a store takes it. Nothing: it knows of no cluster.
std::optional<consensus::Persisted> RecoveredLog(control::State state,
                                                 const consensus::RaftNode& raft,
                                                 control::Lineage lineage);

}  // namespace aegis::node
