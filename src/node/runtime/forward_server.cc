#include "node/runtime/forward_server.h"

#include "base/log.h"
#include "node/core/forwarded_outcome.h"
#include "node/core/in_block.h"
#include "node/core/making_room.h"
#include "node/runtime/clocks.h"
#include "node/runtime/forwarder.h"
#include "node/runtime/router.h"
#include "node/runtime/stream_preamble.h"
#include "ring/slot.h"
#include "wire/operation_codec.h"

namespace aegis::node {

// A reply that is owed, maybe to a stream that is gone by then.
class ForwardServer::HeldReply final : public HeldOutcomes::Asker {
 public:
  HeldReply(std::shared_ptr<ForwardServer> server, std::uint64_t id, bool write, std::size_t bytes)
      : server_(std::move(server)), id_(id), write_(write), bytes_(bytes) {}
  void OnOutcome(const Outcome& outcome) override {
    server_->OnSettled(id_, write_, bytes_, outcome);
  }

 private:
  const std::shared_ptr<ForwardServer> server_;
  const std::uint64_t id_;
  const bool write_;
  const std::size_t bytes_;
};

ForwardServer::ForwardServer(Loop& loop, std::unique_ptr<ByteStream> stream, ShardSpace& shards,
                             HeldOutcomes& held, NodeId self)
    : Connection(loop, std::move(stream)), shards_(shards), held_(held) {
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
    Reply(frame.id, operation.value().IsWrite(), *refusal);
    return;
  }
  if (WantsBlock(operation.value())) [[unlikely]] {
    const Block* const block = BlockOf(operation.value().value);
    return Execute(frame, InBlock(operation.value(), block).operation());
  }
  Execute(frame, operation.value());
}

void ForwardServer::Execute(const wire::RequestFrame& frame, const Operation& operation) {
  const ShardId id = ring::ShardOf(operation.key, shards_.num_shards());
  std::int64_t lacking = 0;
  RunMakingRoom(
      shards_, id, effects_,
      [&](Shard& shard) {
        Outcome refusal;
        refusal.status = Status::kNotLeader;
        if (frame.redirect) refused_.erase(id);
        const auto refused = refused_.find(id);
        if (refused != refused_.end() && refused->second == frame.version) return refusal;
        // A leader's newest write is of its own epoch: every reign begins with a record.
        if (shard.replica().history().last().epoch.value() != frame.version) return refusal;
        lacking = Lacking(shard, frame, operation);
        if (lacking != 0) return refusal;
        Outcome outcome = shard.Execute(operation, UnixNow(), effects_);
        HoldUntil(shard.journaled());
        return outcome;
      },
      [&](const Outcome& outcome) {
        if (lacking != 0) return ReplyNoRoom(frame.id, lacking);
        if (outcome.hold.reign != Epoch{}) {
          return Hold(frame.id, id, operation, outcome);
        }
        if (outcome.status == Status::kNotLeader || outcome.status == Status::kBusy) {
          refused_[id] = frame.version;
        } else {
          loop().counters().forwards_served.Add();
        }
        Reply(frame.id, operation.IsWrite(), outcome);
      });
}

void ForwardServer::Hold(std::uint64_t id, ShardId shard, const Operation& operation,
                         const Outcome& outcome) {
  const std::size_t bytes = outcome.value.size();
  ++held_replies_;
  held_bytes_ += bytes;
  auto self = std::static_pointer_cast<ForwardServer>(shared_from_this());
  held_.Keep(shard, operation, outcome, SteadyNow(),
             std::make_unique<HeldReply>(std::move(self), id, operation.IsWrite(), bytes));
}

void ForwardServer::OnSettled(std::uint64_t id, bool write, std::size_t bytes,
                              const Outcome& outcome) {
  --held_replies_;
  held_bytes_ -= bytes;
  if (closed()) return;
  loop().counters().forwards_served.Add();
  Reply(id, write, outcome);
  Resume();
}

// What to answer if the operation must not run, because its value has no room or it came behind
// one that had none; else 0. See forward_link.h.
std::int64_t ForwardServer::Lacking(const Shard& shard, const wire::RequestFrame& frame,
                                    const Operation& operation) {
  if (frame.redirect) out_of_room_.erase(shard.id());
  if (out_of_room_.contains(shard.id())) return -1;
  const std::size_t room = frame.ttl_ms > 0 ? static_cast<std::size_t>(frame.ttl_ms) : kAnyRoom;
  const std::size_t size = LacksRoom(shard, operation, room);
  if (size > 0) out_of_room_.insert(shard.id());
  return static_cast<std::int64_t>(size);
}

void ForwardServer::ReplyNoRoom(std::uint64_t id, std::int64_t lacking) {
  wire::ReplyFrame reply;
  reply.id = id;
  reply.ttl_ms = lacking;
  wire::AppendReply(reply, output());
}

void ForwardServer::Reply(std::uint64_t id, bool write, const Outcome& outcome) {
  AppendForwardedOutcome(id, write, outcome, encoded_, outgoing());
}

}  // namespace aegis::node
