// Table: the keys and values of one shard.
//
// An extendible directory (directory.h) of segments (segment.h), each with the slots of a range of
// placing hashes; a slot points to the whole item (item.h) in the table's own heap (item_heap.h).
// Whatever the table's size, no operation on a key takes longer than placing anew the items of one
// segment, about 190, or moving those of one page, 500 at most; a look for a victim ends after
// 16,384 slots.
//
// The placing hash is the low half of the key's hash; the 16 bits that a pointer leaves unused
// carry the high bits of it, so that a probe touches a foreign item once in 65,536 times. Buckets
// lie in hash order, and a position in hash order outlives every split, which is what makes Scan()
// cursors stable.
//
// A removed key may stay as a tombstone (an item without a value) until its shard says that every
// replica has passed it. The table is told what to hold; it removes nothing by itself: expiry and
// eviction are decisions of the shard's leader, and the table only proposes victims (eviction.h).
//
// Not thread-safe: the owner's lock covers it. Iteration by Scan() tolerates changes in between.

#pragma once

#include <array>
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
#include "store/directory.h"
#include "store/eviction.h"
#include "store/item_heap.h"
#include "store/item_view.h"
#include "store/memory_meter.h"
#include "store/segment.h"

namespace aegis::store {

class Table {
 public:
  // `hash_seed` is the cluster's secret: XXH3 with it hashes keys, alike on every replica.
  Table(std::uint64_t hash_seed, MemoryMeter& meter,
        std::uint32_t digest_buckets = limits::kDigestBucketsMax,
        EvictionPolicy policy = EvictionPolicy::kSlru)
      : hash_seed_(hash_seed),
        meter_(meter),
        heap_(meter),
        eviction_(policy),
        digest_(digest_buckets) {}
  ~Table();
  Table(Table&& other) noexcept;
  Table& operator=(Table&& other) noexcept;
  // It is about to be destroyed: what it takes counts as condemned from now on.
  void Condemn();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  std::uint64_t Hash(ByteView key) const;

  // The item, tombstones and expired ones included. `touch` marks it as used for eviction.
  std::optional<ItemView> Find(ByteView key, bool touch = false);

  // Asks memory for the slots that the key's item may be in, and returns the key's hash; and for
  // the item itself, when its slots have come. Only a matter of time: nothing is read or changed.
  std::uint64_t FetchSlots(ByteView key) const;
  void FetchItem(std::uint64_t hash) const;

  // Inserts or replaces. REQUIRES: sizes within limits. `value` may borrow from the item that is
  // being replaced.
  void Put(ByteView key, const ItemValue& value);

  // Removes the item with this hash and version, as small records name it. False: not here.
  bool Erase(std::uint64_t hash, Version version);

  // Visits about `count` items from `cursor` on, and never more than `count` buckets, and returns
  // the next cursor; 0: once around. An item that is present throughout a whole round is visited at
  // least once, whatever else comes, goes, moves or makes the table grow or shrink meanwhile.
  std::uint64_t Scan(std::uint64_t cursor, std::size_t count,
                     const std::function<void(const ItemView&)>& visit) const;

  // --- Anti-entropy ---------------------------------------------------------------------------

  // Kept at every change.
  const Digest& digest() const { return digest_; }

  static constexpr std::size_t kEverything = ~std::size_t{0};
  // Visits the items that are placed in `range`, bucket by bucket, until that was about
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

  // The item that the policy would have go next; never a tombstone. Nothing: there is none, or none
  // near enough to be found under a lock; another call looks on from there.
  std::optional<ItemView> ProposeVictim();
  EvictionPolicy policy() const { return eviction_.policy(); }

  std::size_t items() const { return used_ - tombstones_; }  // Expired ones included.
  std::size_t tombstones() const { return tombstones_; }
  std::size_t with_expiry() const { return with_expiry_; }
  // About how many bytes() are of items that have expired, by a small sample around `where`, a
  // placing hash.
  std::size_t EstimateExpired(UnixMs now, std::uint32_t where) const;
  // Bytes that the system gave for items, slots and what else is known of them. Not for the digest:
  // what all shards together take for theirs is fixed and small, and the first item of a table must
  // not cost a hundred times more than the second.
  std::size_t bytes() const { return heap_.bytes() + bytes_ + block_bytes_; }

  // Bytes of such an item, without what is rounded up or taken for slots.
  static std::size_t ItemBytes(std::size_t key_size, std::size_t value_size) {
    return sizeof(Item) + key_size + value_size;
  }
  // How far bytes() would rise for one more such item; 0 where memory that is held already will do.
  std::size_t RoomFor(std::size_t key_size, std::size_t value_size) const {
    return heap_.RoomFor(ItemBytes(key_size, Item::ValueBytes(value_size))) +
           (Item::Shares(value_size) ? value_size : 0);
  }

 private:
  struct Found {
    SegmentRef segment;
    Place place;

    bool here() const { return segment.exists(); }
    std::uint64_t& slot() const { return segment.slot(place); }
    std::uint8_t& mark() const { return segment.mark(place); }
    Item* item() const { return ItemOf(slot()); }
  };

  Found FindItem(ByteView key, std::uint64_t hash) const;
  void Write(Item* item, ByteView key, const ItemValue& value, std::uint64_t hash) const;
  void LetGo(const Block* block) const;
  void Replace(const Found& found, ByteView key, const ItemValue& value, std::uint64_t hash);
  void Count(const Item& item);
  void Uncount(const Item& item);
  void UncountBlock(const Block& block);
  void RemoveAt(const Found& at);
  void Compact();

  std::uint64_t HeaderHash(const Item& item) const;
  void Account();
  void Clear();

  // table_ranges.cc
  template <class Visit>
  std::uint64_t WalkRange(HashRange range, std::size_t bytes_max, const Visit& visit) const;
  template <class Condition>
  void EraseIf(HashRange range, const Condition& condition);

  std::uint64_t hash_seed_;
  std::reference_wrapper<MemoryMeter> meter_;
  ItemHeap heap_;
  Directory directory_;
  std::size_t used_ = 0;  // Slots taken, tombstones included.
  std::size_t tombstones_ = 0;
  std::size_t with_expiry_ = 0;
  std::size_t bytes_ = 0;                  // Of the directory and of ghosts, as the meter knows.
  std::size_t shared_ = 0;                 // Items whose values lie in blocks,
  std::size_t block_bytes_ = 0;            // and what those take together.
  MemoryMeter* condemned_from_ = nullptr;  // The meter that counts its blocks once it lets them go.
  std::uint64_t hand_ = 0;                 // Where the next victim is looked for: a placing hash.
  Eviction eviction_;
  Digest digest_;
};

}  // namespace aegis::store
