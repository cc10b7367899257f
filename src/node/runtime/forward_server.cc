#include "node/runtime/forward_server.h"

#include "base/log.h"
#include "node/core/making_room.h"
#include "node/runtime/clocks.h"
#include "node/runtime/router.h"
#include "node/runtime/stream_preamble.h"
#include "ring/slot.h"
#include "wire/operation_codec.h"

namespace aegis::node {

ForwardServer::ForwardServer(Loop& loop, std::unique_ptr<ByteStream> stream, ShardSpace& shards,
                             NodeId self)
    : Connection(loop, std::move(stream)), shards_(shards) {
  AppendForwardAnswer({.accepted = true, .node = self, .reason = {}}, output());
}

Connection::Taken ForwardServer::Take(ByteView input) {
  std::size_t consumed = 0;
  std::size_t needed = 0;
  const auto frame = wire::DecodeRequest(input, consumed, &needed);
  if (!frame.ok()) {
    AEGIS_LOG(kWarn, "forward", "{}: {}", stream().PeerAddress(), frame.error().message);
    Close(frame.error().message);
    return {input.size(), 0};
  }
  if (!frame.value()) return {0, needed};
  Run(*frame.value());
  return {consumed, 0};
}

void ForwardServer::Run(const wire::RequestFrame& frame) {
  const auto operation = wire::DecodeOperation(frame.value);
  if (frame.command != static_cast<std::uint8_t>(wire::Command::kExecute) || !operation.ok()) {
    AEGIS_LOG(kWarn, "forward", "{}: not an operation", stream().PeerAddress());
    Close("not an operation");
    return;
  }
  if (const auto refusal = CheckOperation(operation.value(), shards_.num_shards())) {
    Reply(frame.id, *refusal);
    return;
  }
  loop().counters().forwards_served.Add();
  const ShardId id = ring::ShardOf(operation.value().key, shards_.num_shards());
  RunMakingRoom(
      shards_, id, effects_,
      [&](Shard& shard) {
        // A leader's newest write is of its own epoch: every reign begins with a record.
        if (shard.replica().history().last().epoch.value() == frame.version) {
          return shard.Execute(operation.value(), UnixNow(), effects_);
        }
        Outcome refusal;
        refusal.status = Status::kNotLeader;
        return refusal;
      },
      [&](const Outcome& outcome) { Reply(frame.id, outcome); });
}

void ForwardServer::Reply(std::uint64_t id, const Outcome& outcome) {
  encoded_.clear();
  wire::AppendOutcome(outcome, encoded_);
  wire::ReplyFrame reply;
  reply.id = id;
  reply.value = encoded_;
  wire::AppendReply(reply, output());
}

}  // namespace aegis::node
