// Outgoing: bytes on their way out, most of them written here, and in between parts of blocks that
// are not copied.
//
//     bytes   | $1048576 CRLF | CRLF $5 CRLF small CRLF |
//     parts                   ^ 1 MiB of a block
//
// Belongs to one thread at a time; the blocks do not.

#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/block.h"
#include "model/limits.h"

namespace aegis {

class Outgoing {
 public:
  Outgoing() = default;
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;
  Outgoing(Outgoing&&) noexcept = default;
  Outgoing& operator=(Outgoing&&) noexcept = default;

  // To be appended to.
  Bytes& bytes() { return bytes_; }
  // REQUIRES: the part lies in the block.
  void Append(ByteView part, BlockRef block) {
    parts_.push_back({bytes_.size(), part, std::move(block)});
    part_bytes_ += part.size();
  }
  // REQUIRES: nothing of it was sent.
  void Append(Outgoing other);

  // What is not sent yet.
  std::size_t size() const { return bytes_.size() - sent_ + part_bytes_; }
  bool empty() const { return size() == 0; }
  // True: front() is all of it.
  bool plain() const { return next_ == parts_.size(); }
  // What is written before the next part.
  ByteView front() const {
    return ByteView(bytes_).substr(sent_, (plain() ? bytes_.size() : parts_[next_].at) - sent_);
  }
  // Fills `pieces` with what is to be sent next, in order, and returns how many there are.
  std::size_t Pieces(std::span<ByteView> pieces) const;
  // So much of it went. A part that is gone lets go of its block.
  void Sent(std::size_t bytes) {
    if (!plain()) return SentOfPieces(bytes);
    sent_ += bytes;
  }
  // Drops what was sent once it is the larger part: the rest of a slow reader may never be nothing.
  void Compact();

  // What this keeps in memory, besides parts of blocks: at most twice what is not sent yet, after
  // Compact().
  std::size_t bytes_kept() const { return bytes_.size(); }

 private:
  struct Part {
    std::size_t at;  // Behind so many of bytes_.
    ByteView rest;   // Not sent yet.
    BlockRef block;
  };

  void SentOfPieces(std::size_t bytes);

  Bytes bytes_;
  std::size_t sent_ = 0;  // Of bytes_.
  std::vector<Part> parts_;
  std::size_t next_ = 0;        // The first of parts_ that is not gone.
  std::size_t part_bytes_ = 0;  // Of all parts, not sent yet.
};

// Where a reply is being written: the end of an Outgoing; or of plain bytes, where everything is
// copied.
class OutgoingTail {
 public:
  OutgoingTail(Bytes& bytes) : bytes_(bytes) {}                             // NOLINT: implicit
  OutgoingTail(Outgoing& whole) : bytes_(whole.bytes()), whole_(&whole) {}  // NOLINT: implicit

  Bytes& bytes() const { return bytes_; }
  std::size_t size() const { return whole_ == nullptr ? bytes_.size() : whole_->size(); }
  // Appends bytes that lie in `block`; null: somewhere else. Few of them are rather copied.
  void Append(ByteView part, const Block* block) const {
    if (block != nullptr && whole_ != nullptr && part.size() >= limits::kBlockValueMin) {
      whole_->Append(part, BlockRef(block));
    } else {
      bytes_.append(part);
    }
  }

 private:
  Bytes& bytes_;
  Outgoing* whole_ = nullptr;
};

}  // namespace aegis
