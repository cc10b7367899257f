#include "wal/snapshot_writer.h"

#include "base/check.h"

namespace aegis::wal {

SnapshotWriter::SnapshotWriter(const LogIdentity& identity, const SnapshotId& id)
    : head_{.identity = identity, .id = id} {
  output_ = EncodeSnapshotHead(head_);
}

void SnapshotWriter::Add(ByteView records, std::uint64_t items) {
  block_.append(records);
  items_ += items;
  if (block_.size() >= kBlockSize) CloseBlock();
}

void SnapshotWriter::CloseBlock() {
  if (block_.empty()) return;
  AEGIS_CHECK(block_.size() <= kWholeBlockSizeMax, "a block that can be read back");
  compressed_.clear();
  compressor_.Append(block_, compressed_);
  AppendBlock(BlockType::kItems, head_.checksum, written_ + output_.size(), compressed_,
              block_.size(), output_);
  const auto forget = [](Bytes& bytes) {
    bytes.clear();
    if (bytes.capacity() > 2 * kBlockSize) Bytes().swap(bytes);
  };
  forget(block_);
  forget(compressed_);
}

void SnapshotWriter::Finish(Lsn end, const Adoption& adoption) {
  CloseBlock();
  const Bytes bytes = EncodeSnapshotEnd({end, items_, adoption});
  AppendBlock(BlockType::kEnd, head_.checksum, written_ + output_.size(), bytes, bytes.size(),
              output_);
}

void SnapshotWriter::ClearOutput() {
  written_ += output_.size();
  output_.clear();
  if (output_.capacity() > 2 * kBlockSize) Bytes().swap(output_);
}

}  // namespace aegis::wal
