#include "node/core/peer_session.h"

#include <algorithm>

namespace aegis::node {

using replication::Hello;
using replication::PeerMessage;
using replication::PeerMessageType;

PeerSession::PeerSession(Identity self, std::optional<NodeId> expected, ShardSpace& shards)
    : self_(std::move(self)), expected_(expected), shards_(shards) {}

void PeerSession::AppendHello(Bytes& out) const {
  PeerMessage message;
  message.type = PeerMessageType::kHello;
  message.hello = Hello{.protocol = replication::kPeerProtocol,
                        .cluster = self_.cluster,
                        .node = self_.node,
                        .session = self_.session,
                        .name = self_.name,
                        .refusal = {},
                        .memory = self_.memory};
  replication::AppendPeerFrame(message, out);
}

void PeerSession::AppendRefusal(const std::string& reason, Bytes& out) const {
  PeerMessage message;
  message.type = PeerMessageType::kHello;
  message.hello = Hello{.protocol = replication::kPeerProtocol,
                        .cluster = self_.cluster,
                        .node = self_.node,
                        .session = self_.session,
                        .name = self_.name,
                        .refusal = reason,
                        .memory = self_.memory};
  replication::AppendPeerFrame(message, out);
}

Result<Ok> PeerSession::OnFrame(ByteView payload, Effects& effects) {
  effects = {};
  auto decoded = replication::DecodePeerMessage(payload, message_);
  if (!decoded.ok()) return decoded;
  if (message_.type == PeerMessageType::kHello) return OnHello(message_, effects);
  if (!established_) return Error{ErrorCode::kMalformed, "the first message must be a hello"};
  if (message_.shard.value() >= shards_.num_shards()) {
    return Error{ErrorCode::kMalformed, "a message about a shard that does not exist"};
  }
  ShardGuard shard(shards_, message_.shard, shard_effects_);
  return shard->OnMessage({peer_, peer_memory_}, message_, shard.effects());
}

Result<Ok> PeerSession::OnHello(const PeerMessage& message, Effects& effects) {
  const Hello& hello = *message.hello;
  const auto invalid = [](std::string why) { return Error{ErrorCode::kInvalid, std::move(why)}; };
  if (!hello.refusal.empty()) return invalid("refused by " + hello.name + ": " + hello.refusal);
  if (established_) return Error{ErrorCode::kMalformed, "a second hello"};
  if (hello.protocol != replication::kPeerProtocol) {
    return invalid("peer protocol " + std::to_string(hello.protocol) + ", this node speaks " +
                   std::to_string(replication::kPeerProtocol));
  }
  if (hello.cluster != self_.cluster) return invalid("a node of another cluster");
  if (hello.node == self_.node) {
    return invalid("node id '" + self_.name + "' is this node's own");
  }
  if (expected_ && hello.node != *expected_) {
    return invalid("another node answers at this address: " + hello.name);
  }
  if (hello.session == Session{}) return invalid("a node without a session");
  peer_ = hello.node;
  peer_session_ = hello.session;
  peer_memory_ = hello.memory != Session{} ? hello.memory : hello.session;
  established_ = true;
  effects.established = true;
  return Ok{};
}

void PeerSession::OnEstablished() {
  for (std::uint32_t id = 0; id < shards_.num_shards(); ++id) {
    ShardGuard shard(shards_, ShardId{id}, shard_effects_);
    shard->OnLinkUp(peer_, shard.effects());
  }
}

void PeerSession::OnLost() {
  for (std::uint32_t id = 0; id < shards_.num_shards(); ++id) {
    ShardGuard shard(shards_, ShardId{id}, shard_effects_);
    shard->OnLinkDown(peer_, shard.effects());
  }
}

bool PeerSession::Pump(DirtyShards& dirty, std::size_t bytes_max, UnixMs now, OutgoingTail out) {
  bool again = false;
  const bool all_taken = dirty.Take([&](ShardId id) {
    bool more = false;
    {
      ShardGuard shard(shards_, id, shard_effects_);
      more = shard->Pump(peer_, bytes_max - std::min(bytes_max, out.size()), now, out);
      if (const auto lsn = shard->AwaitedFor(peer_)) awaited_.push_back({id, *lsn});
    }
    if (more) {
      dirty.Mark(id);  // Its turn comes again, behind the others.
      again = true;
    }
    return out.size() < bytes_max;
  });
  return again || !all_taken;
}

}  // namespace aegis::node
