#include "store/segment.h"

#include <cstdlib>
#include <new>

namespace aegis::store {

SegmentRef SegmentRef::Make(unsigned depth, std::size_t buckets) {
  void* const memory = std::aligned_alloc(alignof(Bucket), BytesOf(buckets));
  if (memory == nullptr) throw std::bad_alloc();
  new (memory) Head;
  SegmentRef made;
  made.packed_ = PackPointer(memory, std::uint64_t{depth} << 8U | buckets);
  for (std::size_t at = 0; at < buckets; ++at) new (&made.bucket(at)) Bucket{};
  return made;
}

void SegmentRef::Free() {
  std::free(&head());
  packed_ = 0;
}

void SegmentRef::Insert(std::uint32_t hash, std::uint64_t slot, std::uint8_t mark) const {
  for (std::size_t at = HomeOf(hash);; at = Next(at)) {
    Bucket& here = bucket(at);
    for (std::size_t i = 0; i < Bucket::kSlots; ++i) {
      if (here.slots[i] != 0) continue;
      here.slots[i] = slot;
      here.marks[i] = mark;
      ++head().items;
      return;
    }
    ++here.passed;
  }
}

void SegmentRef::Remove(Place place, std::uint32_t hash) const {
  slot(place) = 0;
  mark(place) = 0;
  --head().items;
  for (std::size_t at = HomeOf(hash); at != place.bucket; at = Next(at)) --bucket(at).passed;
}

}  // namespace aegis::store
