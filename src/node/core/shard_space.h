// ShardSpace: this node's shards, each under its own lock.
//
// The shell implements it with one mutex per shard, the simulator with nothing at all. A guard is
// held for as long as the borrowed results of Shard calls are used, and never two at a time.

#pragma once

#include <cstdint>

#include "model/ids.h"
#include "node/core/shard.h"

namespace aegis::node {

class ShardSpace {
 public:
  virtual ~ShardSpace() = default;

  virtual std::uint32_t num_shards() const = 0;

  // Locks the shard; Release() unlocks it and carries out `effects`. Use ShardGuard.
  // REQUIRES: id < num_shards().
  virtual Shard& Acquire(ShardId id) = 0;
  virtual void Release(ShardId id, ShardEffects& effects) = 0;
  // For those who take one shard again and again: returns once somebody who waits for it has had
  // it, if anybody does. Locks alone go to whoever runs already, and others wait for long.
  // REQUIRES: no shard is held.
  virtual void GiveTurn(ShardId /*id*/) {}
};

class ShardGuard {
 public:
  ShardGuard(ShardSpace& space, ShardId id, ShardEffects& effects)
      : space_(space), id_(id), effects_(effects), shard_(space.Acquire(id)) {
    effects_.Clear();
  }
  ~ShardGuard() { space_.Release(id_, effects_); }
  ShardGuard(const ShardGuard&) = delete;
  ShardGuard& operator=(const ShardGuard&) = delete;

  Shard& operator*() { return shard_; }
  Shard* operator->() { return &shard_; }
  ShardEffects& effects() { return effects_; }

 private:
  ShardSpace& space_;
  const ShardId id_;
  ShardEffects& effects_;
  Shard& shard_;
};

}  // namespace aegis::node
