#include "node/core/native_command.h"

#include <algorithm>

#include "ring/slot.h"
#include "wire/native_error.h"
#include "wire/operation_codec.h"

namespace aegis::node {

using wire::Command;

Operation OperationOf(const wire::RequestFrame& frame) {
  Operation operation;
  operation.key = frame.key;
  switch (static_cast<Command>(frame.command)) {
    case Command::kGet:
      operation.code = OpCode::kGet;
      break;
    case Command::kDelete:
      operation.code = OpCode::kDelete;
      break;
    default:
      operation.code = OpCode::kSet;
      operation.value = frame.value;
      if (frame.ttl_ms != 0) {
        operation.expiry = ExpiryKind::kRelative;
        operation.expiry_ms = frame.ttl_ms;
      }
  }
  if (operation.IsWrite() && frame.version != 0) {
    operation.condition = Condition::kIfVersion;
    operation.expected = Version::Unpack(frame.version);
  }
  return operation;
}

const Member* LeaderElsewhere(const RoutingTable& table, const Operation& operation) {
  if (table.shards.empty()) return nullptr;
  const ShardId id = ring::ShardOf(operation.key, table.settings.num_shards);
  const NodeId leader = table.shards[id.value()].leader;
  return leader == table.self || leader == kNoNode ? nullptr : table.Find(leader);
}

void AppendReply(Command command, std::uint64_t id, const Outcome& outcome, UnixMs now,
                 Bytes& scratch, OutgoingTail out) {
  const Bytes error = wire::ErrorText(outcome.status, outcome.error);
  wire::ReplyFrame reply;
  reply.id = id;
  reply.status = wire::ReplyStatusOf(outcome.status);
  reply.version = outcome.version.Pack();
  reply.error = error;
  if (outcome.block) {
    reply.value_end = outcome.value;
    reply.block = outcome.block.get();
  }
  if (command == Command::kExecute) {
    scratch.clear();
    if (outcome.block) {
      wire::AppendOutcomeHead(outcome, scratch);
    } else {
      wire::AppendOutcome(outcome, scratch);
    }
    reply.value = scratch;
  } else if (outcome.has_value && !outcome.block) {
    reply.value = outcome.value;
  }
  if (outcome.status == Status::kOk && outcome.expires_at != 0) {
    reply.ttl_ms = std::max<std::int64_t>(outcome.expires_at - now.value, 1);
  }
  wire::AppendReply(reply, out);
}

}  // namespace aegis::node
