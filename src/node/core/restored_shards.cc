#include "node/core/restored_shards.h"

#include <fmt/format.h>

#include <utility>

namespace aegis::node {

using replication::Record;

std::unique_ptr<Replica> RestoredShards::Take(ShardId shard) {
  const auto found = replicas_.find(shard);
  if (found == replicas_.end()) return nullptr;
  std::unique_ptr<Replica> replica = std::move(found->second);
  replicas_.erase(found);
  return replica->history().last() == Version{} ? nullptr : std::move(replica);
}

Replica& RestoredShards::ReplicaOf(ShardId shard) {
  std::unique_ptr<Replica>& replica = replicas_[shard];
  if (!replica) replica = make_();
  return *replica;
}

Result<Ok> RestoredShards::Absorb(ShardId shard, const Record& record) {
  Replica& replica = ReplicaOf(shard);
  replica.Absorb(record);
  replica.TakeCleared();
  return Ok{};
}

Result<Ok> RestoredShards::Adopt(ShardId shard, const wal::Adoption& adoption) {
  ReplicaOf(shard).Adopt(adoption.history, adoption.vanished);
  return Ok{};
}

Result<Ok> RestoredShards::Apply(ShardId shard, const Record& record, ByteView encoded) {
  Replica& replica = ReplicaOf(shard);
  if (!replica.IsNext(record)) {
    const Version last = replica.history().last();
    return Error{ErrorCode::kInvalid,
                 fmt::format("a record of epoch {} seq {} does not follow epoch {} seq {}",
                             record.version.epoch.value(), record.version.seq.value(),
                             last.epoch.value(), last.seq.value())};
  }
  replica.Apply(record, encoded);
  replica.TakeCleared();
  replica.recent().Trim(ring_bytes_, replica.history().last());
  return Ok{};
}

Result<Ok> RestoredShards::ReplaceRange(ShardId shard, HashRange range,
                                        std::span<const Record> items) {
  ReplicaOf(shard).ReplaceRange(range, items);
  return Ok{};
}

void RestoredShards::Release(ShardId shard) {
  replicas_.erase(shard);
  copies_.erase(shard);
}

void RestoredShards::BeginCopy(ShardId shard) { copies_[shard] = make_(); }

Result<Ok> RestoredShards::AbsorbIntoCopy(ShardId shard, const Record& record) {
  Replica& copy = *copies_.at(shard);
  copy.Absorb(record);
  copy.TakeCleared();
  return Ok{};
}

Result<Ok> RestoredShards::AdoptCopy(ShardId shard, const wal::Adoption& adoption) {
  std::unique_ptr<Replica> copy = std::move(copies_.at(shard));
  copies_.erase(shard);
  copy->Adopt(adoption.history, adoption.vanished);
  replicas_[shard] = std::move(copy);
  return Ok{};
}

void RestoredShards::DropCopy(ShardId shard) { copies_.erase(shard); }

}  // namespace aegis::node
