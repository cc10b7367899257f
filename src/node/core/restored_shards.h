// RestoredShards: the replicas that a recovered log describes, as they are made.
//
// Of the newest records of each it keeps as many as a replica usually does: those who come back a
// little later, or a little less far, can go on from there.
//
// Pure and not thread-safe: for the one who recovers.

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "model/hash_range.h"
#include "model/ids.h"
#include "node/core/replica.h"
#include "replication/record.h"
#include "wal/payloads.h"
#include "wal/recovery_sink.h"

namespace aegis::node {

class RestoredShards final : public wal::RecoverySink {
 public:
  using MakeReplica = std::function<std::unique_ptr<Replica>()>;
  // `make`: an empty one. `ring_bytes`: of recent records of each.
  RestoredShards(MakeReplica make, std::size_t ring_bytes)
      : make_(std::move(make)), ring_bytes_(ring_bytes) {}

  // Null: this node held nothing of the shard, or nothing whole.
  std::unique_ptr<Replica> Take(ShardId shard);

  // --- RecoverySink -----------------------------------------------------------------------------

  Result<Ok> Absorb(ShardId shard, const replication::Record& record) override;
  Result<Ok> Adopt(ShardId shard, const wal::Adoption& adoption) override;
  Result<Ok> Apply(ShardId shard, const replication::Record& record, ByteView encoded) override;
  Result<Ok> ReplaceRange(ShardId shard, HashRange range,
                          std::span<const replication::Record> items) override;
  void Release(ShardId shard) override;
  void BeginCopy(ShardId shard) override;
  Result<Ok> AbsorbIntoCopy(ShardId shard, const replication::Record& record) override;
  Result<Ok> AdoptCopy(ShardId shard, const wal::Adoption& adoption) override;
  void DropCopy(ShardId shard) override;

 private:
  Replica& ReplicaOf(ShardId shard);

  const MakeReplica make_;
  const std::size_t ring_bytes_;
  std::map<ShardId, std::unique_ptr<Replica>> replicas_;
  std::map<ShardId, std::unique_ptr<Replica>> copies_;
};

}  // namespace aegis::node
