// LogBatch: entries on their way to a segment, most of their bytes here, large values where they
// lie already. Filled by a LogQueue, written by a LogWriter, and used again.

#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "model/block.h"
#include "wal/lsn.h"

namespace aegis::wal {

class LogBatch {
 public:
  // Of spare memory, that is kept for the next entries. More: it is given back.
  static constexpr std::size_t kSpareBytesMax = 4 << 20;

  Lsn begin() const { return begin_; }
  Lsn end() const { return Behind(begin_, size()); }
  std::size_t size() const { return bytes_.size() + part_bytes_; }
  bool empty() const { return bytes_.empty(); }

  // What lies one behind the other in the segment.
  void GetPieces(std::vector<ByteView>& pieces) const;

  // Lets go of everything; the next entry will be the one at `begin`.
  void Restart(Lsn begin);

 private:
  friend class LogQueue;

  // A part of a block, behind so many of bytes_.
  struct Part {
    std::size_t at;
    ByteView part;
    BlockRef block;
  };

  Lsn begin_;
  Bytes bytes_;
  std::vector<Part> parts_;
  std::size_t part_bytes_ = 0;
};

}  // namespace aegis::wal
