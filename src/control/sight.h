// Sight: what the control leader knows of the nodes besides the state: who lives, who is silent,
// who holds what. Plain data, put together anew for each Planner::Plan().

#pragma once

#include <map>
#include <optional>
#include <set>

#include "control/command.h"
#include "model/holder.h"
#include "model/ids.h"
#include "model/version.h"

namespace aegis::control {

struct NodeSight {
  bool live = false;    // Gossip says alive or suspect, and it has been heard lately.
  bool silent = false;  // lease::FenceWatch says its holder's lease is not renewed.
  bool left = false;    // It said goodbye.
  // The newest version of each shard that it holds whole; what it does not hold is absent.
  std::map<ShardId, Version> held;
  std::optional<Register> wants;  // A registration it has asked for.

  // True iff it asks to go on under another session than its present one, this holder's.
  bool WantsToSucceed(const Holder& holder) const {
    return wants && wants->node == holder.node && wants->previous == holder.session &&
           wants->session != holder.session;
  }
  // True iff this, its present holder, would not have to be fenced as soon as it led.
  bool CouldLead(const Holder& holder) const { return live && !silent && !WantsToSucceed(holder); }
};

struct Sight {
  std::map<NodeId, NodeSight> nodes;
  // Fenced holders whose lease is over now.
  std::set<Holder> safe;

  // Null: nothing is known.
  const NodeSight* Find(NodeId node) const {
    const auto found = nodes.find(node);
    return found == nodes.end() ? nullptr : &found->second;
  }
  bool Live(NodeId node) const {
    const NodeSight* const found = Find(node);
    return found != nullptr && found->live;
  }
};

}  // namespace aegis::control
