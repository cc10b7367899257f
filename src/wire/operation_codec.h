// Operation and Outcome <-> protobuf (proto/client.proto), for the extended native commands and
// for forwarding. Fields with their default value are left out; fields that are unknown or have
// another wire type are skipped, so that newer peers may add some.
//
// Pure, stateless, any thread. Nothing is copied on decoding: views in a result borrow from
// `input`. Errors of every decoder: kMalformed (not the message, an enum value we do not know);
// kTooLarge (over a limit named here).

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/limits.h"
#include "model/operation.h"

namespace aegis::wire {

// Key/value pairs of kMultiSetNx (Operation::more) that one message may carry over all its
// operations: as many as a RESP command at its limit. A pair takes two bytes on the wire and 32
// decoded, so without it a frame could ask for sixteen times its size.
inline constexpr std::size_t kMorePairsMax = limits::kRespArgumentsMax / 2;

// REQUIRES: an outcome's `error` is UTF-8 (protobuf's rule for strings).
void AppendOperation(const Operation& operation, Bytes& out);
void AppendOutcome(const Outcome& outcome, Bytes& out);
// The same of an outcome with a value, without the bytes of that, which are to follow.
void AppendOutcomeHead(const Outcome& outcome, Bytes& out);

Result<Operation> DecodeOperation(ByteView input);
Result<Outcome> DecodeOutcome(ByteView input);

// MultiRequest and MultiReply: the value of a MULTI frame. Over limits::kBatchOperationsMax:
// kTooLarge. REQUIRES: size within limits::kBatchOperationsMax.
void AppendMultiRequest(std::span<const Operation> operations, Bytes& out);
void AppendMultiReply(std::span<const Outcome> outcomes, Bytes& out);
Result<std::vector<Operation>> DecodeMultiRequest(ByteView input);
Result<std::vector<Outcome>> DecodeMultiReply(ByteView input);

}  // namespace aegis::wire
