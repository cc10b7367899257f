#include "store/directory.h"

#include <span>

#include "base/check.h"

namespace aegis::store {

namespace {

constexpr std::size_t kItemsMax = SegmentRef::ItemsMax(SegmentRef::kBucketsMax);
// Two segments that have no more together become one.
constexpr std::size_t kItemsMerged = kItemsMax / 2;
// A new segment has room for so many more, lest the next insertion make it grow.
constexpr std::size_t kSpare = 8;

// A slot with its mark, on its way to another segment.
struct Moving {
  std::uint64_t slot;
  std::uint8_t mark;
};

struct Load {
  std::array<Moving, SegmentRef::kSlotsMax> moving;
  std::size_t count = 0;

  // Items' memory is asked for ahead of its use.
  void Add(SegmentRef segment) {
    for (std::size_t at = 0; at < segment.buckets(); ++at) {
      const Bucket& bucket = segment.bucket(at);
      for (std::size_t i = 0; i < Bucket::kSlots; ++i) {
        if (bucket.slots[i] == 0) continue;
        __builtin_prefetch(ItemOf(bucket.slots[i]));
        moving[count++] = {bucket.slots[i], bucket.marks[i]};
      }
    }
  }
  std::span<const Moving> all() const { return std::span(moving).first(count); }
  void Place(SegmentRef segment) const {
    for (const Moving& one : all()) {
      segment.Insert(ItemOf(one.slot)->hash, one.slot, one.mark);
    }
  }
};

}  // namespace

Directory& Directory::operator=(Directory&& other) noexcept {
  if (this == &other) return *this;
  Clear();
  entries_ = std::exchange(other.entries_, {});
  depth_ = std::exchange(other.depth_, 0);
  segment_bytes_ = std::exchange(other.segment_bytes_, 0);
  segments_at_ = std::exchange(other.segments_at_, {});
  return *this;
}

void Directory::Insert(std::uint32_t placing_hash, std::uint64_t slot, std::uint8_t mark) {
  if (empty()) entries_.assign(1, Make(0, SegmentRef::kBucketsMin));
  for (;;) {
    const SegmentRef segment = At(placing_hash);
    if (segment.items() < SegmentRef::ItemsMax(segment.buckets())) {
      return segment.Insert(placing_hash, slot, mark);
    }
    if (segment.buckets() < SegmentRef::kBucketsMax) {
      Resize(placing_hash, segment.buckets() + SegmentRef::kBucketsStep);
    } else {
      Split(placing_hash);
    }
  }
}

void Directory::ShrinkAround(std::uint32_t placing_hash) {
  while (Merge(placing_hash)) {
  }
  // Two steps at once, so that nobody shrinks and grows by turns.
  constexpr std::size_t kSteps = 2 * SegmentRef::kBucketsStep;
  const SegmentRef segment = At(placing_hash);
  if (segment.buckets() < SegmentRef::kBucketsMin + kSteps) return;
  if (segment.items() > SegmentRef::ItemsMax(segment.buckets() - kSteps) - kSpare) return;
  Resize(placing_hash, segment.buckets() - SegmentRef::kBucketsStep);
}

void Directory::Clear() {
  for (std::size_t i = 0; i < entries_.size();) {
    const SegmentRef segment = entries_[i];
    i += std::size_t{1} << (depth_ - segment.depth());
    Drop(segment);
  }
  std::vector<SegmentRef>().swap(entries_);
  depth_ = 0;
}

SegmentRef Directory::Make(unsigned depth, std::size_t buckets) {
  ++segments_at_[depth];
  segment_bytes_ += SegmentRef::BytesOf(buckets);
  return SegmentRef::Make(depth, buckets);
}

void Directory::Drop(SegmentRef segment) {
  --segments_at_[segment.depth()];
  segment_bytes_ -= segment.bytes();
  segment.Free();
}

// Every entry with the prefix, which is as long as the segment is deep, is this segment's.
void Directory::Name(SegmentRef segment, std::uint64_t prefix) {
  const unsigned below = depth_ - segment.depth();
  const auto first = static_cast<std::size_t>(prefix << below);
  for (std::size_t i = 0; i < std::size_t{1} << below; ++i) entries_[first + i] = segment;
}

void Directory::Resize(std::uint32_t placing_hash, std::size_t buckets) {
  const SegmentRef old = At(placing_hash);
  const SegmentRef now = Make(old.depth(), buckets);
  Load load;
  load.Add(old);
  load.Place(now);
  Name(now, std::uint64_t{placing_hash} >> (32 - old.depth()));
  Drop(old);
}

void Directory::Split(std::uint32_t placing_hash) {
  const SegmentRef old = At(placing_hash);
  const unsigned depth = old.depth() + 1;
  AEGIS_CHECK(depth <= SegmentRef::kDepthMax, "hashes are spread evenly");
  if (depth > depth_) Double();
  Load load;
  load.Add(old);
  const auto is_high = [&](std::uint32_t hash) { return (hash >> (32 - depth) & 1U) != 0; };
  std::array<std::size_t, 2> counts{};
  for (const Moving& one : load.all()) ++counts[is_high(ItemOf(one.slot)->hash) ? 1 : 0];
  const std::uint64_t low_prefix = std::uint64_t{placing_hash} >> (32 - depth) & ~std::uint64_t{1};
  for (const std::size_t half : {0U, 1U}) {
    Name(Make(depth, SegmentRef::BucketsFor(counts[half] + kSpare)), low_prefix | half);
  }
  Drop(old);
  for (const Moving& one : load.all()) {
    const std::uint32_t hash = ItemOf(one.slot)->hash;
    At(hash).Insert(hash, one.slot, one.mark);
  }
}

// Makes one of a segment and the one that it was split from, if they have little. False: not so.
bool Directory::Merge(std::uint32_t placing_hash) {
  const SegmentRef segment = At(placing_hash);
  const unsigned depth = segment.depth();
  if (depth == 0) return false;
  const unsigned width = 32 - depth;
  const std::uint64_t prefix = std::uint64_t{placing_hash} >> width;
  const SegmentRef other = At((prefix ^ 1U) << width);
  const std::size_t items = segment.items() + other.items();
  if (other.depth() != depth || items > kItemsMerged) return false;
  Load load;
  load.Add(segment);
  load.Add(other);
  const SegmentRef one = Make(depth - 1, SegmentRef::BucketsFor(items + kSpare));
  load.Place(one);
  Name(one, prefix >> 1U);
  Drop(segment);
  Drop(other);
  while (depth_ > 0 && segments_at_[depth_] == 0) Halve();
  return true;
}

void Directory::Double() {
  std::vector<SegmentRef> twice;
  twice.reserve(2 * entries_.size());
  for (const SegmentRef segment : entries_) twice.insert(twice.end(), 2, segment);
  entries_ = std::move(twice);
  ++depth_;
}

void Directory::Halve() {
  std::vector<SegmentRef> half;
  half.reserve(entries_.size() / 2);
  for (std::size_t i = 0; i < entries_.size(); i += 2) half.push_back(entries_[i]);
  entries_ = std::move(half);
  --depth_;
}

}  // namespace aegis::store
