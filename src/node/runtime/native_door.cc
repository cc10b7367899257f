#include "node/runtime/native_door.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "node/core/native_command.h"
#include "wire/identity_codec.h"
#include "wire/native_error.h"
#include "wire/operation_codec.h"
#include "wire/topology_codec.h"

namespace aegis::node {

using wire::Command;
using wire::ReplyFrame;
using wire::ReplyStatus;
using wire::RequestFrame;

Door::Taken NativeDoor::Take(ByteView input) {
  std::size_t consumed = 0;
  std::size_t needed = 0;
  const auto decoded = wire::DecodeRequest(input, consumed, &needed);
  if (!decoded.ok()) {
    connection_.CountProtocolError();
    const Bytes text = wire::ErrorText(decoded.error());
    ReplyFrame reply;
    reply.status = ReplyStatus::kError;
    reply.error = text;
    wire::AppendReply(reply, connection_.out());
    connection_.CloseWhenFlushed();
    return {input.size(), 0};
  }
  if (!decoded.value()) return {0, needed};
  connection_.LookAhead(input.substr(consumed));
  Dispatch(*decoded.value());
  return {consumed, 0};
}

Door::Ahead NativeDoor::Glance(ByteView input) {
  std::size_t size = 0;
  const auto decoded = wire::DecodeRequest(input, size);
  if (!decoded.ok() || !decoded.value()) return {};
  const RequestFrame& frame = *decoded.value();
  if (static_cast<Command>(frame.command) != Command::kExecute) return {frame.key, size};
  const auto operation = wire::DecodeOperation(frame.value);
  return {operation.ok() ? operation.value().key : ByteView(), size};
}

void NativeDoor::Dispatch(const RequestFrame& frame) {
  const auto command = static_cast<Command>(frame.command);
  ReplyFrame reply;
  reply.id = frame.id;
  switch (command) {
    case Command::kGet:
    case Command::kSet:
    case Command::kDelete:
      Single(frame, command, OperationOf(frame));
      return;
    case Command::kPing:
      reply.value = "PONG";
      Reply(reply);
      return;
    case Command::kStats: {
      const Bytes statistics = connection_.services().statistics();
      reply.value = statistics;
      Reply(reply);
      return;
    }
    case Command::kAuth:
      ReplyError(frame.id, Status::kInvalid, "this version has no authentication: send no AUTH");
      return;
    case Command::kExecute: {
      const auto operation = wire::DecodeOperation(frame.value);
      if (operation.ok()) {
        Single(frame, command, operation.value());
      } else {
        ReplyError(frame.id, Status::kInvalid, operation.error().message);
      }
      return;
    }
    case Command::kMulti:
      Multi(frame);
      return;
    case Command::kTopology:
      Topology(frame);
      return;
    case Command::kIdentify:
      Identify(frame);
      return;
    case Command::kPong:
    case Command::kRedirect:
      break;
  }
  ReplyError(frame.id, Status::kInvalid, fmt::format("unknown command {}", frame.command));
}

void NativeDoor::Single(const RequestFrame& frame, Command command, const Operation& operation) {
  if (frame.redirect && Redirected(frame, {&operation, 1})) return;
  const bool ran = connection_.RunHere(
      operation, [&](const Outcome& outcome) { ReplyOutcome(command, frame.id, outcome); });
  if (ran) {
    connection_.Answered(ClassOf(operation));
    return;
  }
  const std::uint64_t sequence = next_sequence_++;
  pending_[sequence] = {command, frame.id, ClassOf(operation), {}, 1, connection_.now(), 0};
  connection_.Submit({sequence, 0}, operation);
}

void NativeDoor::Multi(const RequestFrame& frame) {
  const auto decoded = wire::DecodeMultiRequest(frame.value);
  if (!decoded.ok()) {
    const bool large = decoded.error().code == ErrorCode::kTooLarge;
    ReplyError(frame.id, large ? Status::kTooLarge : Status::kInvalid, decoded.error().message);
    return;
  }
  const std::vector<Operation>& operations = decoded.value();
  if (frame.redirect && Redirected(frame, operations)) return;
  const std::uint64_t sequence = next_sequence_++;
  Pending& pending = pending_[sequence];
  pending.command = Command::kMulti;
  pending.id = frame.id;
  pending.since = connection_.now();
  const bool writes = std::any_of(operations.begin(), operations.end(),
                                  [](const Operation& operation) { return operation.IsWrite(); });
  pending.kind = writes ? CommandClass::kWrite : CommandClass::kRead;
  pending.gathering.Begin(operations.size());
  pending.missing = 1;  // For this loop.
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const bool ran = connection_.RunHere(
        operations[i], [&](const Outcome& outcome) { pending.gathering.Put(i, outcome); });
    if (ran) continue;
    ++pending.missing;
    connection_.Submit({sequence, static_cast<std::uint32_t>(i)}, operations[i]);
  }
  connection_.Recount(pending.counted, pending.gathering.bytes());
  if (--pending.missing > 0) return;
  connection_.Recount(pending.counted, 0);
  ReplyMulti(frame.id, pending.gathering.outcomes());
  connection_.Answered(pending.kind);
  pending_.erase(sequence);
}

void NativeDoor::Topology(const RequestFrame& frame) {
  const RoutingTable& table = connection_.services().router.Table();
  if (!table.settings.born()) return ReplyUnborn(frame.id, table);
  Bytes& encoded = connection_.services().encoded;
  encoded.clear();
  wire::AppendTopology(table, encoded);
  ReplyEncoded(frame.id);
}

void NativeDoor::Identify(const RequestFrame& frame) {
  const RoutingTable& table = connection_.services().router.Table();
  if (!table.settings.born()) return ReplyUnborn(frame.id, table);
  const Member* const self = table.Find(table.self);
  Bytes& encoded = connection_.services().encoded;
  encoded.clear();
  wire::AppendIdentity({table.settings.id, table.self, self == nullptr ? "" : self->name}, encoded);
  ReplyEncoded(frame.id);
}

// This node belongs to no cluster yet: it can tell neither who it is nor who leads what.
void NativeDoor::ReplyUnborn(std::uint64_t id, const RoutingTable& table) {
  ReplyError(id, Status::kUnavailable, table.unborn_reason);
}

void NativeDoor::ReplyEncoded(std::uint64_t id) {
  ReplyFrame reply;
  reply.id = id;
  reply.value = connection_.services().encoded;
  Reply(reply);
}

bool NativeDoor::Redirected(const RequestFrame& frame, std::span<const Operation> operations) {
  for (const Operation& operation : operations) {
    if (operation.max_stale_ms) continue;  // Any copy may answer.
    const Member* const leader = connection_.services().router.LeaderElsewhere(operation);
    if (leader == nullptr) continue;
    const std::string address = leader->client_address.ToString();
    ReplyFrame reply;
    reply.status = ReplyStatus::kRedirect;
    reply.id = frame.id;
    reply.address = address;
    Reply(reply);
    return true;
  }
  return false;
}

void NativeDoor::OnOutcome(Ticket ticket, const Outcome& outcome) {
  const auto found = pending_.find(ticket.sequence);
  Pending& pending = found->second;
  const bool multi = pending.command == Command::kMulti;
  if (multi) {
    pending.gathering.Put(ticket.index, outcome);
    connection_.Recount(pending.counted, pending.gathering.bytes());
  }
  if (--pending.missing > 0) return;
  connection_.Recount(pending.counted, 0);
  connection_.AnsweredLate(pending.kind, pending.since);
  if (multi) {
    ReplyMulti(pending.id, pending.gathering.outcomes());
  } else {
    ReplyOutcome(pending.command, pending.id, outcome);
  }
  pending_.erase(found);
}

void NativeDoor::ReplyOutcome(Command command, std::uint64_t id, const Outcome& outcome) {
  AppendReply(command, id, outcome, connection_.unix_now(), connection_.services().encoded,
              connection_.outgoing());
}

void NativeDoor::ReplyMulti(std::uint64_t id, std::span<const Outcome> outcomes) {
  Bytes& encoded = connection_.services().encoded;
  encoded.clear();
  wire::AppendMultiReply(outcomes, encoded);
  ReplyFrame reply;
  reply.id = id;
  reply.value = encoded;
  wire::AppendReply(reply, connection_.out());
}

void NativeDoor::ReplyError(std::uint64_t id, Status status, ByteView text) {
  const Bytes error = wire::ErrorText(status, text);
  ReplyFrame reply;
  reply.status = wire::ReplyStatusOf(status);
  reply.id = id;
  reply.error = error;
  Reply(reply);
}

// Of a command that ran no operation.
void NativeDoor::Reply(const ReplyFrame& reply) {
  wire::AppendReply(reply, connection_.out());
  connection_.Answered(CommandClass::kOther);
}

}  // namespace aegis::node
