// RunMakingRoom: runs an operation on one of this node's shards. Where memory is full and that
// shard has nothing to evict, or would have to evict more than it should under one hold of its
// lock, shards give way first.
//
// Shards cannot ask each other, each has its own lock: so the first one is let go, all evict a
// little each until there is what was wanted, and the operation is tried again. Where memory is
// full at a follower, only what it holds helps it, and the shard itself evicts, by as small steps.
// Any thread that holds no shard's lock.

#pragma once

#include <cstdint>

#include "model/operation.h"
#include "node/core/shard_space.h"

namespace aegis::node {

// Lets the shards behind `id` evict, it last, a little each and by turns, until that makes `room`
// bytes. False: nobody has any more to give. What is evicted may leave holes that nothing fits into
// for now, so up to twice as much goes: then memory shrinks in the long run, whoever takes the
// room.
inline bool EvictElsewhere(ShardSpace& shards, ShardId id, std::size_t room,
                           ShardEffects& effects) {
  const std::uint32_t count = shards.num_shards();
  const std::size_t wanted = 2 * room;
  std::size_t given = 0;
  std::size_t given_before = 0;
  bool enough = false;
  do {
    given_before = given;
    for (std::uint32_t step = 1; step <= count && !enough; ++step) {
      const ShardId next{(id.value() + step) % count};
      {
        ShardGuard other(shards, next, effects);
        given += other->GiveWay(wanted - given, effects);
        enough = given >= wanted || (given >= room && other->HasRoom(room));
      }
      shards.GiveTurn(next);
    }
  } while (!enough && given > given_before);
  return given >= room;
}

// Lets the shard evict `room` bytes, a little under each hold, while a follower is short of memory.
// False: it need not any more, or has no more for now.
inline bool EvictHere(ShardSpace& shards, ShardId id, std::size_t room, ShardEffects& effects) {
  std::size_t given = 0;
  std::size_t gone = 0;
  do {
    {
      ShardGuard shard(shards, id, effects);
      gone = shard->short_follower() ? shard->GiveWay(room - given, effects) : 0;
    }
    given += gone;
    shards.GiveTurn(id);
  } while (given < room && gone > 0);
  return given >= room;
}

// Calls `run`, Outcome(Shard&), under the shard's lock until it has room, a few times at most; then
// show(const Outcome&) once, under that lock still, so that the outcome's views are valid.
template <class Run, class Show>
void RunMakingRoom(ShardSpace& shards, ShardId id, ShardEffects& effects, Run&& run, Show&& show) {
  constexpr int kTries = 4;  // An operation may store more than one item.
  std::size_t granted = 0;
  for (int attempt = 1;; ++attempt) {
    Shard::RoomWanted room;
    {
      ShardGuard shard(shards, id, effects);
      shard->GrantRoom(granted);
      const Outcome outcome = run(*shard);
      if (outcome.status == Status::kOutOfMemory) room = shard->room_wanted();
      if (room.bytes == 0 || attempt == kTries) return show(outcome);
    }
    const auto evict = room.here ? EvictHere : EvictElsewhere;
    granted = evict(shards, id, room.bytes, effects) ? room.bytes : 0;
  }
}

}  // namespace aegis::node
