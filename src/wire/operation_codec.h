// Operation and Outcome <-> protobuf, for the extended native commands and for forwarding.

#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "model/operation.h"

namespace aegis::wire {

void AppendOperation(const Operation& operation, Bytes& out);
void AppendOutcome(const Outcome& outcome, Bytes& out);

// Views in the result borrow from `input`. Errors: kMalformed (not the message, an unknown enum
// value).
Result<Operation> DecodeOperation(ByteView input);
Result<Outcome> DecodeOutcome(ByteView input);

}  // namespace aegis::wire
