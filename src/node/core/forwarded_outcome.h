// Outcomes of operations that another node forwarded: the reply frames between the two.
//
// Pure, stateless, any thread. Of forward_server and forward_link.

#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "model/operation.h"
#include "wire/native.h"

namespace aegis::node {

// Appends the reply. An outcome that no frame can hold is not shown: a write's is unknown then,
// as far as who asked is concerned. `scratch` is memory to encode it in.
void AppendForwardedOutcome(std::uint64_t id, bool write, const Outcome& outcome, Bytes& scratch,
                            OutgoingTail out);

// True: the reply carries an outcome. False: it says that there is none, see NoOutcome().
inline bool HasOutcome(const wire::ReplyFrame& frame) {
  return frame.status == wire::ReplyStatus::kOk;
}

// What is to be thought of an operation that was answered, but not with an outcome.
Outcome NoOutcome(bool write);

}  // namespace aegis::node
