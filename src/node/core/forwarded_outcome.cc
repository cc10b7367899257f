#include "node/core/forwarded_outcome.h"

#include <fmt/format.h>

#include "model/limits.h"
#include "wire/operation_codec.h"

namespace aegis::node {

void AppendForwardedOutcome(std::uint64_t id, bool write, const Outcome& outcome, Bytes& scratch,
                            OutgoingTail out) {
  wire::ReplyFrame reply;
  reply.id = id;
  scratch.clear();
  if (outcome.block) {
    wire::AppendOutcomeHead(outcome, scratch);
    reply.value_end = outcome.value;
    reply.block = outcome.block.get();
  } else {
    wire::AppendOutcome(outcome, scratch);
  }
  const std::size_t shown = scratch.size() + reply.value_end.size();
  if (wire::kReplyHeaderSize + shown > limits::kFrameSizeMax) [[unlikely]] {
    Outcome instead;
    instead.status = write ? Status::kUnknownOutcome : Status::kTooLarge;
    instead.error = fmt::format("what it shows has {} bytes, more than a frame", shown);
    scratch.clear();
    wire::AppendOutcome(instead, scratch);
    reply.value_end = {};
  }
  reply.value = scratch;
  wire::AppendReply(reply, out);
}

Outcome NoOutcome(bool write) {
  Outcome outcome;
  outcome.status = write ? Status::kUnknownOutcome : Status::kUnavailable;
  outcome.error = "the node that leads the key could not say what became of it";
  return outcome;
}

}  // namespace aegis::node
