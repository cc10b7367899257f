// ForwardServer: runs what another node's worker forwards to this node as the leader.
// The layout is in forward_link.h. It never forwards again. Outcomes that are held are answered
// when they are settled, others before them meanwhile.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>

#include "node/core/shard_space.h"
#include "node/runtime/connection.h"
#include "node/runtime/held_outcomes.h"
#include "wire/native.h"

namespace aegis::node {

class ForwardServer final : public Connection {
 public:
  // REQUIRES: the cluster is born and the preamble was accepted.
  ForwardServer(Loop& loop, std::unique_ptr<ByteStream> stream, ShardSpace& shards,
                HeldOutcomes& held, NodeId self);

  std::size_t held() const override { return backlog() + held_bytes_; }

 private:
  class HeldReply;

  bool busy() const override { return held_replies_ >= limits::kHeldPerLink; }
  bool idle() const override { return held_replies_ == 0; }
  void Hold(std::uint64_t id, ShardId shard, const Operation& operation, const Outcome& outcome);
  void OnSettled(std::uint64_t id, bool write, std::size_t bytes, const Outcome& outcome);
  Taken Take(ByteView input) override;
  void OnClosed(std::string_view) override {}
  void Run(const wire::RequestFrame& frame);
  void Execute(const wire::RequestFrame& frame, const Operation& operation);
  void Reply(std::uint64_t id, bool write, const Outcome& outcome);
  std::int64_t Lacking(const Shard& shard, const wire::RequestFrame& frame,
                       const Operation& operation);
  void ReplyNoRoom(std::uint64_t id, std::int64_t lacking);

  ShardSpace& shards_;
  HeldOutcomes& held_;
  std::size_t held_replies_ = 0;
  std::size_t held_bytes_ = 0;  // Of their values.
  ShardEffects effects_;
  Bytes encoded_;
  // Nothing is run here before the sender knows.
  std::set<ShardId> out_of_room_;
  std::map<ShardId, std::uint64_t> refused_;  // In the epoch under which it asked.
};

}  // namespace aegis::node
