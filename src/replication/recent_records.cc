#include "replication/recent_records.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace aegis::replication {
namespace {

// With the byte behind the end of a string, a size of the allocator.
constexpr std::size_t kChunkBytes = 16 * 1024 - 1;

}  // namespace

void RecentRecords::Append(Version version, ByteView encoded) {
  AEGIS_CHECK(index_.empty() ? version > base_ : version > index_.back().version,
              "records come in order");
  const auto full = [&](const Chunk& chunk) {
    return chunk.block || (chunk.size() > 0 && chunk.size() + encoded.size() > kChunkBytes);
  };
  if (chunks_.empty() || full(chunks_.back())) AddChunk(/*roomy=*/true);
  Bytes& records = chunks_.back().records;
  const std::size_t before = records.capacity();
  records.append(encoded);
  allocated_ += records.capacity() - before;
  index_.push_back({version, end() + encoded.size()});
}

// A roomy chunk grows no more, unless it is the only one: most shards hold little. In the steady
// state it is the memory of the chunk that went.
void RecentRecords::AddChunk(bool roomy) {
  chunks_.push_back({end(), {}});
  Bytes& records = chunks_.back().records;
  if (roomy && spare_.capacity() >= kChunkBytes) return records.swap(spare_);
  if (roomy && chunks_.size() > 1) records.reserve(kChunkBytes);
  allocated_ += records.capacity();
}

void RecentRecords::Append(Version version, ByteView encoded, ByteView value, BlockRef block) {
  if (chunks_.empty() || chunks_.back().size() > 0) AddChunk(/*roomy=*/false);
  Append(version, encoded);
  block_bytes_ += block->footprint();
  chunks_.back().value = value;
  chunks_.back().block = std::move(block);
  index_.back().end += value.size();
}

void RecentRecords::Skip(Version version) {
  Trim(0, version);
  AEGIS_CHECK(index_.empty() && version > base_, "records come in order");
  base_ = version;
}

void RecentRecords::Trim(std::size_t bytes_max, Version keep_after) {
  while (!index_.empty() && bytes() > bytes_max && index_.front().version <= keep_after) {
    dropped_ = index_.front().end;
    base_ = index_.front().version;
    index_.pop_front();
  }
  while (!chunks_.empty() && chunks_.front().start + chunks_.front().size() <= dropped_) {
    if (chunks_.front().block) block_bytes_ -= chunks_.front().block->footprint();
    LetGo(chunks_.front().records);
    chunks_.pop_front();
  }
  if (!chunks_.empty() || spare_.capacity() < kChunkBytes) return;
  allocated_ -= spare_.capacity();
  Bytes().swap(spare_);
}

// Of the memory of a chunk that goes, that of one is kept for the next.
void RecentRecords::LetGo(Bytes& records) {
  if (records.capacity() == kChunkBytes && spare_.capacity() < kChunkBytes) {
    records.clear();
    records.swap(spare_);
  } else {
    allocated_ -= records.capacity();
  }
}

void RecentRecords::Clear(Version position) {
  *this = RecentRecords();
  base_ = position;
}

bool RecentRecords::Covers(Version position) const { return position >= base_; }

RecentRecords::Run RecentRecords::After(Version position, std::size_t bytes_max,
                                        Version& last) const {
  AEGIS_CHECK(Covers(position), "the ring no longer reaches back to this position");
  const std::size_t first = FirstAfter(position);
  if (first == index_.size()) return {};
  const std::uint64_t start = StartOf(first);
  const Chunk& chunk = ChunkOf(start);
  const std::uint64_t limit = std::min(start + bytes_max, chunk.start + chunk.size());
  const auto beyond = [](std::uint64_t wanted, const Index& entry) { return wanted < entry.end; };
  const auto begin = index_.begin() + static_cast<std::ptrdiff_t>(first);
  auto end = index_.end();
  if (index_.back().end > limit) end = std::upper_bound(begin, end, limit, beyond);
  if (end == begin) ++end;
  last = std::prev(end)->version;
  const std::uint64_t stop = std::prev(end)->end;
  if (chunk.block) return {chunk.records, chunk.value, chunk.block.get()};
  return {ByteView(chunk.records)
              .substr(static_cast<std::size_t>(start - chunk.start),
                      static_cast<std::size_t>(stop - start)),
          {}};
}

std::size_t RecentRecords::BytesAfter(Version position) const {
  const std::size_t first = FirstAfter(position);
  if (first == index_.size()) return 0;
  return static_cast<std::size_t>(index_.back().end - StartOf(first));
}

// Followers ask for what came last.
const RecentRecords::Chunk& RecentRecords::ChunkOf(std::uint64_t offset) const {
  if (chunks_.back().start <= offset) return chunks_.back();
  const auto holds = [](std::uint64_t wanted, const Chunk& chunk) { return wanted < chunk.start; };
  return *std::prev(std::upper_bound(chunks_.begin(), chunks_.end(), offset, holds));
}

std::size_t RecentRecords::FirstAfter(Version position) const {
  if (index_.empty() || position >= index_.back().version) return index_.size();
  // Within a reign no version is left out.
  const Version newest = index_.back().version;
  const std::uint64_t behind = newest.seq.value() - position.seq.value();
  if (position.epoch == newest.epoch && behind <= index_.size()) {
    const std::size_t place = index_.size() - static_cast<std::size_t>(behind);
    const bool is_first = place == 0 || index_[place - 1].version <= position;
    if (is_first && index_[place].version > position) return place;
  }
  const auto newer = [](Version wanted, const Index& entry) { return wanted < entry.version; };
  const auto found = std::upper_bound(index_.begin(), index_.end(), position, newer);
  return static_cast<std::size_t>(found - index_.begin());
}

std::uint64_t RecentRecords::StartOf(std::size_t place) const {
  return place == 0 ? dropped_ : index_[place - 1].end;
}

}  // namespace aegis::replication
