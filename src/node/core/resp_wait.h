// What WAIT needs to know of a connection: where it has written.

#pragma once

#include "node/core/resp_commands.h"

namespace aegis::node::resp {

// Notes the shards of the plan's writes in the session.
void RememberWrites(const Plan& plan, NodeView& node, RespSession& session);

}  // namespace aegis::node::resp
