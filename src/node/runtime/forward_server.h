// ForwardServer: runs what another node's worker forwards to this node as the leader.
// The layout is in forward_link.h. It never forwards again.

#pragma once

#include <memory>
#include <set>

#include "node/core/shard_space.h"
#include "node/runtime/connection.h"
#include "wire/native.h"

namespace aegis::node {

class ForwardServer final : public Connection {
 public:
  // REQUIRES: the cluster is born and the preamble was accepted.
  ForwardServer(Loop& loop, std::unique_ptr<ByteStream> stream, ShardSpace& shards, NodeId self);

 private:
  Taken Take(ByteView input) override;
  void OnClosed(std::string_view) override {}
  void Run(const wire::RequestFrame& frame);
  void Reply(std::uint64_t id, const Outcome& outcome);
  std::int64_t Lacking(const Shard& shard, const wire::RequestFrame& frame,
                       const Operation& operation);
  void ReplyNoRoom(std::uint64_t id, std::int64_t lacking);

  ShardSpace& shards_;
  ShardEffects effects_;
  Bytes encoded_;
  std::set<ShardId> out_of_room_;  // Nothing is run here before the sender knows.
};

}  // namespace aegis::node
