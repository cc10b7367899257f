// Shard::Sink: turns what an executor commits into records of its shard. For Shard's own files.

#pragma once

#include "node/core/executor.h"
#include "node/core/shard.h"

namespace aegis::node {

class Shard::Sink : public RecordSink {
 public:
  Sink(Shard& shard, ShardEffects& effects) : shard_(shard), effects_(effects) {}

  Version Commit(replication::Record& record) override { return shard_.Write(record, effects_); }

  // The room that was made first is for all that this sink is to take: an operation that has begun
  // finds it, and nothing is evicted between its parts.
  bool MakeRoom(std::size_t key_size, const Incoming& value) override {
    has_room_ = has_room_ || shard_.MakeRoom(key_size, value, effects_);
    return has_room_;
  }

 private:
  Shard& shard_;
  ShardEffects& effects_;
  bool has_room_ = false;
};

}  // namespace aegis::node
