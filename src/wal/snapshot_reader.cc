#include "wal/snapshot_reader.h"

#include <algorithm>

#include "wal/compression.h"

namespace aegis::wal {
namespace {

// Reads a file front to back, in pieces that it asks for.
class Input {
 public:
  Input(LogFiles& files, std::string name) : files_(files), name_(std::move(name)) {}

  // The next `size` bytes, or as many as there are, behind those in `bytes`.
  Result<Ok> Take(std::size_t size, Bytes& bytes) {
    const std::size_t at = bytes.size();
    bytes.resize(at + size);
    const auto read = files_.Read(name_, offset_, {bytes.data() + at, size});
    if (!read.ok()) return read.error();
    bytes.resize(at + read.value());
    offset_ += read.value();
    return Ok{};
  }
  std::uint64_t offset() const { return offset_; }

 private:
  LogFiles& files_;
  const std::string name_;
  std::uint64_t offset_ = 0;
};

class Reader {
 public:
  Reader(LogFiles& files, const SnapshotId& id,
         const std::function<Result<Ok>(ByteView records)>& take)
      : id_(id), take_(take), input_(files, SnapshotName(id)) {}

  Result<SnapshotContent> Run() {
    if (auto done = ReadHead(); !done.ok()) return done.error();
    do {
      if (auto done = ReadBlock(); !done.ok()) return done.error();
    } while (!ended_);
    Bytes more;
    if (auto done = input_.Take(1, more); !done.ok()) return done.error();
    if (!more.empty()) return RefuseAt(input_.offset() - 1, "goes on behind its end");
    return content_;
  }

 private:
  Result<Ok> ReadHead() {
    Bytes bytes;
    if (auto done = input_.Take(kSnapshotHeadSize, bytes); !done.ok()) return done;
    const auto head = DecodeSnapshotHead(bytes);
    if (!head.ok()) return head.error();
    if (head.value().id != id_) return RefuseAt(kFileHeadSize, "of another name");
    content_.head = head.value();
    return Ok{};
  }

  Result<Ok> ReadBlock() {
    const std::uint64_t at = input_.offset();
    block_.clear();
    if (auto done = input_.Take(kBlockHeadSize, block_); !done.ok()) return done;
    if (block_.size() < kBlockHeadSize) return RefuseAt(at, "ends before its end");
    const auto head = DecodeBlockHead(at, block_);
    if (!head.ok()) return head.error();
    if (auto done = input_.Take(head.value().size, block_); !done.ok()) return done;
    if (block_.size() < kBlockHeadSize + head.value().size) {
      return RefuseAt(at, "a block is cut short");
    }
    if (!IsBlock(content_.head.checksum, at, block_)) {
      return RefuseAt(at, "a block does not have its checksum");
    }
    const auto taken = TakeBlock(head.value(), ByteView(block_).substr(kBlockHeadSize));
    if (!taken.ok() && taken.error().code != ErrorCode::kUnavailable) {
      return RefuseAt(at, taken.error().message);
    }
    return taken;
  }

  Result<Ok> TakeBlock(const BlockHead& head, ByteView bytes) {
    if (head.type == BlockType::kItems) {
      const auto done = decompressor_.Decompress(bytes, head.whole_size, records_);
      return done.ok() ? take_(records_) : done;
    }
    auto end = DecodeSnapshotEnd(bytes);
    if (!end.ok()) return end.error();
    content_.end = std::move(end).value();
    ended_ = true;
    return Ok{};
  }

  const SnapshotId id_;
  const std::function<Result<Ok>(ByteView records)>& take_;
  Input input_;
  Decompressor decompressor_;
  SnapshotContent content_;
  Bytes block_;
  Bytes records_;
  bool ended_ = false;
};

}  // namespace

Result<SnapshotContent> ReadSnapshot(LogFiles& files, const SnapshotId& id,
                                     const std::function<Result<Ok>(ByteView records)>& take) {
  return Reader(files, id, take).Run();
}

Result<Ok> RequireOrigin(const Origin& origin, const SnapshotContent& content) {
  const Lsn begun = content.head.id.begun;
  const Lsn end = content.end.end;
  const bool as_made = origin.start == begun && origin.end == end;
  const bool later = origin.start == origin.end && origin.start >= end;
  if (begun <= end && (as_made || later)) return Ok{};
  return RefuseAt(kSnapshotHeadSize, "is not what the manifest says that it is");
}

}  // namespace aegis::wal
