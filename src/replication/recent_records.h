// RecentRecords: the newest end of a shard's history, for followers to catch up from.
//
// A ring of encoded records in order. The oldest go when the ring is over its size, so a follower
// that is further behind finds a gap and needs a copy. Owned by the shard, under its lock.
//
// The records lie in chunks, none across two of them, so that growing and shrinking move nothing. A
// record whose value lies in a block has a chunk for itself, and shares the block.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/bytes.h"
#include "model/block.h"
#include "model/version.h"

namespace aegis::replication {

class RecentRecords {
 public:
  // Whole records as they lie: `bytes`, then `value`, the end of the last one, in its block.
  struct Run {
    ByteView bytes;
    ByteView value;
    const Block* block = nullptr;

    bool empty() const { return bytes.empty(); }
  };

  // Appends the record that was just applied. REQUIRES: `version` is newer than all before.
  void Append(Version version, ByteView encoded);
  // The same of a record whose `value`, behind what is encoded, lies in a block.
  void Append(Version version, ByteView encoded, ByteView value, BlockRef block);

  // Instead: nobody will ever need that record, nor those before it.
  void Skip(Version version);

  // Drops the oldest records until at most `bytes` are left, but never one that is newer than
  // `keep_after`.
  void Trim(std::size_t bytes, Version keep_after);

  // Forgets everything; the next record will follow `position`.
  void Clear(Version position);

  // True iff every record after `position` is here: a follower at `position` can catch up.
  // `position` must lie on this history; (0,0) is before its first record.
  bool Covers(Version position) const;

  // Whole records following `position`, at most `bytes_max` bytes but at least one record, and not
  // beyond the end of a chunk; `last` becomes the version of the last one. Empty: none follow. The
  // view is valid until the next change. REQUIRES: Covers(position).
  Run After(Version position, std::size_t bytes_max, Version& last) const;

  // Bytes of all records after `position`. REQUIRES: Covers(position).
  std::size_t BytesAfter(Version position) const;

  std::size_t bytes() const { return static_cast<std::size_t>(end() - dropped_); }
  // What it takes of memory for that, besides blocks.
  std::size_t allocated() const { return allocated_ + index_.size() * sizeof(Index); }
  // What it holds in blocks, whoever else holds them.
  std::size_t block_bytes() const { return block_bytes_; }
  // The position before the oldest record here.
  Version base() const { return base_; }

 private:
  struct Index {
    Version version;
    std::uint64_t end;  // Offset behind the record, counted over all records ever appended.
  };
  // The first record after `position`: its place in index_, index_.size() if none.
  std::size_t FirstAfter(Version position) const;
  std::uint64_t StartOf(std::size_t place) const;
  std::uint64_t end() const { return index_.empty() ? dropped_ : index_.back().end; }

  struct Chunk {
    std::uint64_t start;  // Offset of its first record.
    Bytes records;
    ByteView value = {};  // Behind them, in the block.
    BlockRef block = {};

    std::size_t size() const { return records.size() + value.size(); }
  };
  void AddChunk(bool roomy);
  void LetGo(Bytes& records);
  // The one that a record at this offset lies in. REQUIRES: there is such a record.
  const Chunk& ChunkOf(std::uint64_t offset) const;

  std::deque<Chunk> chunks_;   // The first may begin with records that are dropped already.
  Bytes spare_;                // Memory for the next chunk, or none.
  std::size_t allocated_ = 0;  // Capacity of all chunks, and of that.
  std::size_t block_bytes_ = 0;
  std::uint64_t dropped_ = 0;  // Offset, over all records ever appended, of the oldest record.
  std::deque<Index> index_;
  Version base_;
};

}  // namespace aegis::replication
