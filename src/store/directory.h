// Directory: the segments of one table, by the first bits of the placing hash.
//
//     entries | segment ref | segment ref | ...     2^depth of them; several that follow each other
//                                                   name the same segment where that is less deep
//
// A segment without room gets more buckets, and one that has the most is split in two; when it is
// as deep as the directory, that doubles, which copies refs only. Segments with few items lose
// buckets, and two that were one become one again. So the longest that anything takes is to place
// anew the items of one segment, about 190, whatever the table's size.
//
// Not thread-safe: the owner's lock covers it.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "store/segment.h"

namespace aegis::store {

class Directory {
 public:
  Directory() = default;
  ~Directory() { Clear(); }
  Directory(Directory&& other) noexcept { *this = std::move(other); }
  Directory& operator=(Directory&& other) noexcept;

  // Until the first Insert(): there is no segment.
  bool empty() const { return entries_.empty(); }

  // The segment of a placing hash. REQUIRES: not empty.
  SegmentRef At(std::uint64_t placing_hash) const {
    return entries_[static_cast<std::size_t>(placing_hash >> (32 - depth_))];
  }

  void Insert(std::uint32_t placing_hash, std::uint64_t slot, std::uint8_t mark);
  // After slots near this hash were removed.
  void ShrinkAround(std::uint32_t placing_hash);
  void Clear();

  // Visits the buckets from the one that `begin` belongs to on, by visit(SegmentRef, home), until
  // that says false or the next one begins at `end` or behind. Returns where the next one begins.
  // Slots may be removed meanwhile, and nothing else. REQUIRES: not empty.
  template <class Visit>
  std::uint64_t Walk(std::uint64_t begin, std::uint64_t end, Visit&& visit) const {
    std::uint64_t at = begin;
    while (at < end) {
      const SegmentRef segment = At(at);
      const unsigned width = 32 - segment.depth();
      const std::size_t home = segment.HomeOf(static_cast<std::uint32_t>(at));
      at = (at >> width << width) + segment.StartOf(home + 1);
      if (!visit(segment, home)) break;
    }
    return at;
  }

  unsigned depth() const { return depth_; }
  std::size_t bytes() const { return entries_.capacity() * sizeof(SegmentRef) + segment_bytes_; }

 private:
  SegmentRef Make(unsigned depth, std::size_t buckets);
  void Drop(SegmentRef segment);
  void Name(SegmentRef segment, std::uint64_t prefix);
  void Resize(std::uint32_t placing_hash, std::size_t buckets);
  void Split(std::uint32_t placing_hash);
  bool Merge(std::uint32_t placing_hash);
  void Double();
  void Halve();

  std::vector<SegmentRef> entries_;  // Owns; 2^depth_, or none.
  unsigned depth_ = 0;
  std::size_t segment_bytes_ = 0;
  std::array<std::uint32_t, SegmentRef::kDepthMax + 1> segments_at_{};  // By depth.
};

}  // namespace aegis::store
