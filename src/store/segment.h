// Segment: the slots of a part of a table, and where in it a key belongs.
//
// A segment covers all placing hashes with a common prefix, whose length is its depth. The range is
// divided evenly among its buckets, in order, so that buckets in order are hashes in order. A
// bucket is one cache line:
//
//     bucket | mark u8 x 7 | passed u8 | slot u64 x 7 |
//     slot   | hash tag: 16 bits | item pointer: 48 bits |         0: free
//
// The mark of a slot belongs to its item and says how lately it was used, see eviction.h. An item
// lies in its home bucket or, where that is full, in the next one that is not, around the end if
// need be. `passed` counts the items that were placed behind a bucket although their homes lie
// at or before it: a search ends at the first bucket that nothing has passed. So there are no
// tombstones of slots, and nothing moves when an item goes.
//
// A segment has 7, 15, 23 or 31 buckets, as its items need: growing by steps rather than by
// doubling keeps three slots of four in use. What a search needs to know of a segment stands beside
// the pointer to it, so that it touches no line of the segment but the bucket's:
//
//     ref    | depth: 8 bits | buckets: 8 bits | segment pointer: 48 bits |

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "store/item.h"

namespace aegis::store {

inline constexpr unsigned kTagShift = 48;
inline constexpr std::uint64_t kPointerMask = (std::uint64_t{1} << kTagShift) - 1;

inline std::uint64_t PackPointer(const void* pointer, std::uint64_t tag) {
  const auto address = reinterpret_cast<std::uint64_t>(pointer);
  AEGIS_CHECK((address & ~kPointerMask) == 0, "user-space pointers have 48 bits");
  return tag << kTagShift | address;
}

inline Item* ItemOf(std::uint64_t slot) {
  return reinterpret_cast<Item*>(slot & kPointerMask);  // NOLINT(performance-no-int-to-ptr)
}
inline std::uint64_t TagOf(std::uint64_t hash) { return hash >> kTagShift; }
inline std::uint64_t MakeSlot(const Item* item, std::uint64_t tag) {
  return PackPointer(item, tag);
}

struct alignas(64) Bucket {
  static constexpr std::size_t kSlots = 7;

  std::array<std::uint8_t, kSlots> marks;
  std::uint8_t passed;
  std::array<std::uint64_t, kSlots> slots;
};
static_assert(sizeof(Bucket) == 64);

// Where an item lies in its segment.
struct Place {
  std::size_t bucket = 0;
  std::size_t slot = 0;
};

class SegmentRef {
 public:
  static constexpr unsigned kDepthMax = 24;
  static constexpr std::size_t kBucketsMin = 7;
  static constexpr std::size_t kBucketsMax = 31;
  static constexpr std::size_t kBucketsStep = 8;
  static constexpr std::size_t kSlotsMax = kBucketsMax * Bucket::kSlots;

  // How many items so many buckets take before they are too few.
  static constexpr std::size_t ItemsMax(std::size_t buckets) {
    return buckets * Bucket::kSlots * 7 / 8;
  }
  // The fewest buckets that take so many items; at most kBucketsMax.
  static constexpr std::size_t BucketsFor(std::size_t items) {
    std::size_t buckets = kBucketsMin;
    while (buckets < kBucketsMax && ItemsMax(buckets) < items) buckets += kBucketsStep;
    return buckets;
  }
  // With its head, one line; each is a size class of the allocator, exactly.
  static constexpr std::size_t BytesOf(std::size_t buckets) {
    return (1 + buckets) * sizeof(Bucket);
  }

  SegmentRef() = default;
  // An empty one; to be freed by Free().
  static SegmentRef Make(unsigned depth, std::size_t buckets);
  void Free();

  bool exists() const { return packed_ != 0; }
  unsigned depth() const { return static_cast<unsigned>(packed_ >> 56U); }
  std::size_t buckets() const { return static_cast<std::size_t>(packed_ >> kTagShift & 0xffU); }
  std::size_t items() const { return head().items; }
  std::size_t bytes() const { return BytesOf(buckets()); }
  friend bool operator==(const SegmentRef&, const SegmentRef&) = default;

  Bucket& bucket(std::size_t at) const {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    return reinterpret_cast<Bucket*>(packed_ & kPointerMask)[1 + at];
  }
  std::uint64_t& slot(Place place) const { return bucket(place.bucket).slots[place.slot]; }
  std::uint8_t& mark(Place place) const { return bucket(place.bucket).marks[place.slot]; }

  // The home of a placing hash of this segment's.
  std::size_t HomeOf(std::uint32_t hash) const {
    const unsigned width = 32 - depth();
    const std::uint64_t rest = hash & ((std::uint64_t{1} << width) - 1);
    return static_cast<std::size_t>(rest * buckets() >> width);
  }
  // The first placing hash, beyond the prefix, whose home is `home`; may be buckets(): the end.
  std::uint64_t StartOf(std::size_t home) const {
    return ((std::uint64_t{home} << (32 - depth())) + buckets() - 1) / buckets();
  }

  // Calls visit(Place) for every slot in use that an item of this home may lie in; true from it
  // ends the search, and is returned. Slots may be removed meanwhile.
  template <class Visit>
  bool Search(std::size_t home, Visit&& visit) const {
    std::size_t at = home;
    do {
      const Bucket& here = bucket(at);
      for (std::size_t i = 0; i < Bucket::kSlots; ++i) {
        if (here.slots[i] != 0 && visit(Place{at, i})) return true;
      }
      if (here.passed == 0) return false;
      at = Next(at);
    } while (at != home);
    return false;
  }

  // REQUIRES: fewer items than slots.
  void Insert(std::uint32_t hash, std::uint64_t slot, std::uint8_t mark) const;
  void Remove(Place place, std::uint32_t hash) const;

 private:
  struct alignas(64) Head {
    std::size_t items = 0;
  };
  static_assert(sizeof(Head) == sizeof(Bucket));

  Head& head() const {
    return *reinterpret_cast<Head*>(packed_ & kPointerMask);  // NOLINT(performance-no-int-to-ptr)
  }
  std::size_t Next(std::size_t at) const { return at + 1 == buckets() ? 0 : at + 1; }

  std::uint64_t packed_ = 0;
};
static_assert(SegmentRef::kSlotsMax <= UINT8_MAX, "Bucket::passed counts them all");
static_assert((SegmentRef::kBucketsMax - SegmentRef::kBucketsMin) % SegmentRef::kBucketsStep == 0);

}  // namespace aegis::store
