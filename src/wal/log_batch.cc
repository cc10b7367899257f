#include "wal/log_batch.h"

namespace aegis::wal {

void LogBatch::GetPieces(std::vector<ByteView>& pieces) const {
  pieces.clear();
  std::size_t at = 0;
  const auto add = [&](ByteView piece) {
    if (!piece.empty()) pieces.push_back(piece);
  };
  for (const Part& part : parts_) {
    add(ByteView(bytes_).substr(at, part.at - at));
    add(part.part);
    at = part.at;
  }
  add(ByteView(bytes_).substr(at));
}

void LogBatch::Restart(Lsn begin) {
  begin_ = begin;
  parts_.clear();
  part_bytes_ = 0;
  bytes_.clear();
  if (bytes_.capacity() > kSpareBytesMax) Bytes().swap(bytes_);
}

}  // namespace aegis::wal
