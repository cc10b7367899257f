// HistorySink: what a recovery would make of a log, without the tables: the history of every shard.
// Enough to know that what follows each other belongs together.

#pragma once

#include <map>

#include "model/version_vector.h"
#include "replication/history.h"
#include "wal/recovery_sink.h"

namespace aegis::wal {

class HistorySink : public RecoverySink {
 public:
  Result<Ok> Absorb(ShardId, const replication::Record&) override { return Ok{}; }
  Result<Ok> Adopt(ShardId shard, const Adoption& adoption) override {
    histories_[shard] = adoption.history;
    return Ok{};
  }
  Result<Ok> Apply(ShardId shard, const replication::Record& record, ByteView) override {
    VersionVector& history = histories_[shard];
    if (!replication::IsNext(history, record)) {
      return Error{ErrorCode::kInvalid, "a record that does not follow the ones before it"};
    }
    replication::Extend(history, record);
    return Ok{};
  }
  Result<Ok> ReplaceRange(ShardId, HashRange, std::span<const replication::Record>) override {
    return Ok{};
  }
  void Release(ShardId shard) override { histories_.erase(shard); }
  void BeginCopy(ShardId) override {}
  Result<Ok> AbsorbIntoCopy(ShardId, const replication::Record&) override { return Ok{}; }
  Result<Ok> AdoptCopy(ShardId shard, const Adoption& adoption) override {
    return Adopt(shard, adoption);
  }
  void DropCopy(ShardId) override {}

  // Of the shards that have one.
  const std::map<ShardId, VersionVector>& histories() const { return histories_; }

 private:
  std::map<ShardId, VersionVector> histories_;
};

}  // namespace aegis::wal
