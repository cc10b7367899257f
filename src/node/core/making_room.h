// RunMakingRoom: runs an operation on one of this node's shards. Where memory is full and that
// shard has nothing to evict, the others give way first.
//
// Shards cannot ask each other, each has its own lock: so the first one is let go, others evict
// what was wanted, and the operation is tried again. Any thread that holds no shard's lock.

#pragma once

#include <cstdint>

#include "model/operation.h"
#include "node/core/shard_space.h"

namespace aegis::node {

// Lets the shards behind `id`, one after the other, evict until `room` more bytes fit. False: they
// do not, whatever was evicted.
inline bool MakeRoom(ShardSpace& shards, ShardId id, std::size_t room, ShardEffects& effects) {
  const std::uint32_t count = shards.num_shards();
  for (std::uint32_t step = 1; step < count; ++step) {
    ShardGuard other(shards, ShardId{(id.value() + step) % count}, effects);
    if (other->GiveWay(room, effects)) return true;
  }
  return false;
}

// Calls `run`, Outcome(Shard&), under the shard's lock until it has room, a few times at most; then
// show(const Outcome&) once, under that lock still, so that the outcome's views are valid.
template <class Run, class Show>
void RunMakingRoom(ShardSpace& shards, ShardId id, ShardEffects& effects, Run&& run, Show&& show) {
  constexpr int kTries = 4;  // Somebody else may take the room that was made.
  for (int attempt = 1;; ++attempt) {
    std::size_t room = 0;
    {
      ShardGuard shard(shards, id, effects);
      const Outcome outcome = run(*shard);
      if (outcome.status != Status::kOutOfMemory || attempt == kTries) return show(outcome);
      room = shard->room_wanted();
    }
    MakeRoom(shards, id, room, effects);
  }
}

}  // namespace aegis::node
