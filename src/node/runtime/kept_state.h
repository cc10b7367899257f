// KeptState: what an earlier run of this node left in its data directory: the node record and its
// part of the control log. A crash may have left one without the other, or either may have been
// lost. What follows:
//
//     node.json   control/   the node
//     none        none       is new
//     founder     none       begins the cluster's log, as it had to
//     other       none       joins the cluster's log as a new member: it never begins a second one
//     none        empty      is new: nothing was promised in that log
//     none        there      is who the log says; node.json is made anew from it
//     there       there      goes on, if they are of one cluster

#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "model/ids.h"
#include "node/runtime/control_loop.h"
#include "node/runtime/node_record.h"

namespace aegis::node {

struct KeptState {
  std::optional<NodeRecord> record;  // As it is on disk.
  ControlLoop::Log log;
  bool founder = false;  // See Control::Options.

  // `name` is the node's --node-id. Changes nothing but as above. Errors: kUnavailable of the
  // system; kInvalid with file, reason and remedy.
  static Result<KeptState> Load(const std::string& data_dir, const std::string& name, NodeId node);
};

}  // namespace aegis::node
