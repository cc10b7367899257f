// LeadershipRule: who leads a shard, decided by one node for itself from what it knows now.
//
// This interface is the seam between the data path and agreement (docs/adr/0002). The rule of
// this version follows gossip (GossipLeadership); a later one answers from a replicated log under
// leases. Either way a shard only ever hears the ShardCommand that comes out.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "model/ids.h"
#include "model/routing.h"
#include "node/core/shard_command.h"
#include "replication/peer_message.h"

namespace aegis::node {

// What another node is known to have said about one shard.
struct PeerView {
  NodeId node;
  bool live = false;                // Gossip says alive or suspect.
  bool leaving = false;             // It wants to give up what it leads.
  bool heard = false;               // Its reports on the present link are complete.
  replication::ShardReport report;  // Meaningless unless heard.
};

struct ShardSituation {
  ShardId shard;
  NodeId self;
  bool self_leaving = false;
  replication::ShardReport own;
  std::span<const NodeId> placement;  // Where the shard should live, the leader-to-be first.
  std::span<const PeerView> peers;    // All known members but this node, in order of id.
  NodeId successor;  // The first node of the placement that could lead for long: live,
                     // heard (or self), not leaving. kNoNode: none.
  bool successor_in_sync = false;   // This node leads, and the successor holds everything.
  std::size_t hand_overs_free = 0;  // How many more may start now.
};

struct ShardDecision {
  ShardCommand command;
  Epoch epoch;    // Of the leader that commands should be routed to ...
  NodeId leader;  // ... kNoNode: nobody leads; commands wait.
};

class LeadershipRule {
 public:
  virtual ~LeadershipRule() = default;
  virtual ShardDecision Decide(const ShardSituation& situation, TimePoint now) = 0;
};

}  // namespace aegis::node
