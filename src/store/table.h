// Table: the keys and values of one shard.
//
// An open-addressed array of 8-byte slots, linear probing, at most 3/4 full; each slot points to
// one allocation that holds the whole item. The 16 bits that a pointer leaves unused carry bits
// of the key's hash, so that a probe touches a foreign item once in 65,536 times. An item's home
// slot is given by the *high* bits of its placing hash: slots are in hash order, and a position
// in hash order outlives every growth, which is what makes Scan() cursors stable.
//
//     slot   | hash tag: 16 bits | item pointer: 48 bits |         0: free
//     item   | version u64 | expires_at i64 | value size u32 | key size and marks u32 |
//            | client flags u32 | hash u32 | key | value |
//
// A removed key may stay as a tombstone (an item without a value) until its shard says that every
// replica has passed it. The table is told what to hold; it removes nothing by itself: expiry and
// eviction are decisions of the shard's leader, and the table only proposes victims.
//
// Not thread-safe: the owner's lock covers it. Iteration by Scan() tolerates changes in between.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/hash_range.h"
#include "model/limits.h"
#include "model/version.h"
#include "store/digest.h"
#include "store/memory_meter.h"

namespace aegis::store {

struct Item;

// What an item is, apart from its key. Views borrow.
struct ItemValue {
  Version version;
  std::int64_t expires_at = 0;  // Unix ms; 0: never.
  std::uint32_t client_flags = 0;
  bool tombstone = false;
  ByteView value;
};

// A borrowed look at an item; valid until the table changes.
struct ItemView : ItemValue {
  ByteView key;

  bool ExpiredAt(UnixMs now) const { return expires_at != 0 && expires_at <= now.value; }
};

class Table {
 public:
  // `hash_seed` is the cluster's secret: XXH3 with it hashes keys, alike on every replica.
  Table(std::uint64_t hash_seed, MemoryMeter& meter,
        std::uint32_t digest_buckets = limits::kDigestBucketsMax)
      : hash_seed_(hash_seed), meter_(meter), digest_(digest_buckets) {}
  ~Table();
  Table(Table&& other) noexcept;
  Table& operator=(Table&& other) noexcept;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  std::uint64_t Hash(ByteView key) const;

  // The item, tombstones and expired ones included. `touch` marks it as used for eviction.
  std::optional<ItemView> Find(ByteView key, bool touch = false);

  // Inserts or replaces. REQUIRES: sizes within limits. `value` may borrow from the item that is
  // being replaced.
  void Put(ByteView key, const ItemValue& value);

  // Removes the item with this hash and version, as small records name it. False: not here.
  bool Erase(std::uint64_t hash, Version version);

  // Visits the items of about `homes` home slots from `cursor` on and returns the next cursor; 0:
  // once around. An item that is present throughout a whole round is visited at least once,
  // whatever else comes, goes, moves or makes the table grow meanwhile.
  std::uint64_t Scan(std::uint64_t cursor, std::size_t homes,
                     const std::function<void(const ItemView&)>& visit) const;

  // --- Anti-entropy ---------------------------------------------------------------------------

  // Kept at every change.
  const Digest& digest() const { return digest_; }

  static constexpr std::size_t kEverything = ~std::size_t{0};
  // Visits the items that are placed in `range`, home slot by home slot, until that was about
  // `bytes_max` of memory, and returns how far it came: the end of the range, or where to go on.
  // REQUIRES: the range is sound.
  std::uint64_t VisitRange(HashRange range, std::size_t bytes_max,
                           const std::function<void(const ItemView&)>& visit) const;

  // A number for the items of the range that covers every bit of them, their keys and values too.
  std::uint64_t ContentSum(HashRange range) const;

  void EraseRange(HashRange range);
  // Of the range, erases what cannot be found under its key, because the key was damaged.
  void EraseMisplaced(HashRange range);

  // Adds up one of the digest's sums anew. False: that is another one than was kept, so memory has
  // failed or this class is wrong; from now on it is right. Takes time for every item in it.
  bool Recount(std::uint32_t bucket);

  // An item that was not used lately (second chance: 2 bits of use count per item, counted down
  // by the passing hand); never a tombstone. Nothing: no item is left.
  std::optional<ItemView> ProposeVictim();

  std::size_t items() const { return used_ - tombstones_; }  // Expired ones included.
  std::size_t tombstones() const { return tombstones_; }
  std::size_t with_expiry() const { return with_expiry_; }
  // Bytes of items as allocated, and of the slots. Not of the digest: what all shards together take
  // for theirs is fixed and small, and the first item of a table must not cost a hundred times more
  // than the second.
  std::size_t bytes() const { return bytes_; }

  // What Put() of such a key and value will add to bytes(), apart from slots.
  static std::size_t ItemBytes(std::size_t key_size, std::size_t value_size);

 private:
  std::size_t FindSlot(ByteView key, std::uint64_t hash) const;  // Its slot, or kNowhere.
  std::size_t Home(std::uint32_t placing_hash) const { return placing_hash >> home_shift_; }
  void Grow();
  std::uint64_t HeaderHash(const Item& item) const;
  template <class Condition>
  void EraseIf(HashRange range, const Condition& condition);
  template <class Visit>
  std::uint64_t WalkRange(HashRange range, std::size_t bytes_max, const Visit& visit) const;
  void FreeItem(Item* item);
  void RemoveSlot(std::size_t at);
  void Clear();

  std::uint64_t hash_seed_;
  std::reference_wrapper<MemoryMeter> meter_;
  std::vector<std::uint64_t> slots_;
  std::size_t used_ = 0;  // Slots taken, tombstones included.
  std::size_t tombstones_ = 0;
  std::size_t with_expiry_ = 0;
  std::size_t bytes_ = 0;
  std::size_t hand_ = 0;
  unsigned home_shift_ = 32;  // 32 - log2(slots).
  Digest digest_;
};

}  // namespace aegis::store
