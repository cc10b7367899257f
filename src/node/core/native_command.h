// What a node makes of the native frames that work on keys, see docs/PROTOCOL.md.
//
// Pure, stateless, any thread.

#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/time.h"
#include "model/operation.h"
#include "model/routing.h"
#include "wire/native.h"

namespace aegis::node {

// Of GET, SET and DEL. Borrows from the frame.
Operation OperationOf(const wire::RequestFrame& frame);

// Which node leads the operation's key, as a redirect names it. Null: `table.self`, or nobody.
const Member* LeaderElsewhere(const RoutingTable& table, const Operation& operation);

// Appends the reply to a request that ran one operation; `now` is for what is left of a lifetime.
// `scratch` is overwritten.
void AppendReply(wire::Command command, std::uint64_t id, const Outcome& outcome, UnixMs now,
                 Bytes& scratch, OutgoingTail out);

}  // namespace aegis::node
