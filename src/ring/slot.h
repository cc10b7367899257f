// Key -> slot -> shard: which part of the cluster's key space a key belongs to.
//
// The slot is Redis Cluster's (CRC16 of the key or of its hash tag, modulo 16384), so a client
// that knows that rule reaches the right node of ours. A shard is a contiguous range of slots.
//
// Pure functions; callable from any thread.

#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "model/ids.h"

namespace aegis::ring {

// What of `key` decides its slot: the bytes between the first '{' and the first '}' after it, or
// the whole key if there is no such pair or nothing in between. Keys with one tag share a shard.
ByteView HashTag(ByteView key);

// CRC-16/XMODEM of HashTag(key) modulo limits::kSlots. Source: the Redis Cluster specification.
Slot SlotOf(ByteView key);

// slot * num_shards / kSlots. REQUIRES: kShardsMin <= num_shards <= kShardsMax; slot < kSlots.
ShardId ShardOf(Slot slot, std::uint32_t num_shards);
ShardId ShardOf(ByteView key, std::uint32_t num_shards);

// Some key of the slot, for operations on a shard that are about no key in particular.
ByteView KeyOf(Slot slot);

// Both ends belong to the range.
struct SlotRange {
  Slot first;
  Slot last;

  friend bool operator==(const SlotRange&, const SlotRange&) = default;
};

// The slots of a shard; the inverse of ShardOf. REQUIRES: as ShardOf; shard < num_shards.
SlotRange SlotsOf(ShardId shard, std::uint32_t num_shards);

}  // namespace aegis::ring
