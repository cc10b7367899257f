// ForwardServer: runs what another node's worker forwards to this node as the leader.
// The layout is in forward_link.h. It never forwards again.

#pragma once

#include <memory>

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

  ShardSpace& shards_;
  ShardEffects effects_;
  Bytes encoded_;
};

}  // namespace aegis::node
