// SnapshotWriter: makes the file of a snapshot from slices of its shard, which may go on changing
// in between.
//
//     begun = the log's end; under the shard's lock, without a copy in progress
//     for each slice of the table, under the shard's lock:
//         Add(RecordOf(item)) for its items
//         give output() to the file, without any lock
//     end = the log's end, with history and vanished version; under the shard's lock
//     Finish(), give output() to the file
//
// Replayed, the items and what the log says from `begun` to `end` are absorbed as a copy is, newest
// version wins; what comes behind `end` follows as steps. That holds only if the replica was the
// same all the while: if it was replaced or released, the snapshot is given up.
//
// It keeps a block, its compressed form and the largest item in memory. Pure, not thread-safe.

#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "wal/compression.h"
#include "wal/snapshot_format.h"

namespace aegis::wal {

class SnapshotWriter {
 public:
  SnapshotWriter(const LogIdentity& identity, const SnapshotId& id);

  // Whole records of so many items.
  void Add(ByteView records, std::uint64_t items);
  void Finish(Lsn end, const Adoption& adoption);

  // For the end of the file.
  ByteView output() const { return output_; }
  void ClearOutput();

 private:
  void CloseBlock();

  SnapshotHead head_;
  Compressor compressor_;
  Bytes block_;       // Records.
  Bytes compressed_;  // Kept for its memory.
  Bytes output_;
  std::uint64_t written_ = 0;  // Bytes of the file before output_.
  std::uint64_t items_ = 0;
};

}  // namespace aegis::wal
