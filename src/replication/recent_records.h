// RecentRecords: the newest end of a shard's history, for followers to catch up from.
//
// A ring of encoded records in order. The oldest go when the ring is over its size, so a follower
// that is further behind finds a gap and needs a copy. Owned by the shard, under its lock.
//
// The records lie in chunks, none across two of them, so that growing and shrinking move nothing.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/bytes.h"
#include "model/version.h"

namespace aegis::replication {

class RecentRecords {
 public:
  // Appends the record that was just applied. REQUIRES: `version` is newer than all before.
  void Append(Version version, ByteView encoded);

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
  ByteView After(Version position, std::size_t bytes_max, Version& last) const;

  // Bytes of all records after `position`. REQUIRES: Covers(position).
  std::size_t BytesAfter(Version position) const;

  std::size_t bytes() const { return static_cast<std::size_t>(end() - dropped_); }
  // What it takes of memory for that.
  std::size_t allocated() const { return allocated_ + index_.size() * sizeof(Index); }
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
  };

  std::deque<Chunk> chunks_;   // The first may begin with records that are dropped already.
  std::size_t allocated_ = 0;  // Capacity of all chunks.
  std::uint64_t dropped_ = 0;  // Offset, over all records ever appended, of the oldest record.
  std::deque<Index> index_;
  Version base_;
};

}  // namespace aegis::replication
