// InputBuffer: what a connection has received and not taken yet.
//
// Holds no memory while empty. Grows geometrically towards what the present command needs, so that
// a peer has to send bytes before it can make this side hold memory for more; for a large command
// in a few steps, each of which copies what is there.
//
// The memory is a block. A large value that fills most of it may be kept where it lies, by whoever
// holds the block from then on; nothing is written over it.

#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "base/bytes.h"
#include "model/block.h"
#include "model/limits.h"

namespace aegis::node {

class InputBuffer {
 public:
  InputBuffer() = default;
  InputBuffer(const InputBuffer&) = delete;  // Both would write behind what is there.
  InputBuffer& operator=(const InputBuffer&) = delete;

  ByteView view() const { return {data_ + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return capacity_; }

  // Where to receive next; `needed`: the size that view() must reach to be of use, 0 if unknown.
  // REQUIRES: Commit() before anything else.
  std::span<char> Room(std::size_t needed) {
    const std::size_t size = end_ - begin_;
    const std::size_t wanted = std::max(needed, size + limits::kReadChunk);
    const std::size_t left = capacity_ - end_;
    const bool large = needed > size && needed >= limits::kBlockValueMin;
    // The end of a large command does not move it: its value may lie here for good.
    const bool enough = large && begin_ + needed <= capacity_;
    if (!enough && left < limits::kReadChunk && begin_ + wanted > capacity_) {
      const std::size_t growth = large ? kLargeGrowth : 2;
      const std::size_t earned = std::max(growth * size, 2 * limits::kReadChunk);
      // Rather a little more at once than a last step for a small rest, which copies all of it.
      const bool nearly = large && earned >= wanted - wanted / 3;
      Reserve(nearly ? wanted + kBehindLarge : std::min(wanted, earned));
    }
    return {data_ + end_, capacity_ - end_};
  }
  void Commit(std::size_t bytes) { end_ += bytes; }

  void Append(ByteView bytes) {
    const std::size_t size = end_ - begin_;
    Reserve(size + bytes.size());
    std::memcpy(data_ + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  void Consume(std::size_t bytes) {
    begin_ += bytes;
    if (!empty()) return;
    block_ = {};
    data_ = nullptr;
    capacity_ = begin_ = end_ = 0;
  }

  // The block, if `part` is in it and most of it.
  const Block* BlockOf(ByteView part) const {
    const bool most = part.size() >= capacity_ - capacity_ / kWasteShare;
    return block_ && most && block_->Holds(part) ? block_.get() : nullptr;
  }

 private:
  // Makes room for at least `size` bytes in all, counted from begin_, and one more to receive.
  void Reserve(std::size_t size) {
    const std::size_t present = end_ - begin_;
    size = std::max(size, present + 1);
    if (capacity_ - begin_ >= size) return;
    if (capacity_ >= size && block_->alone()) {
      std::memmove(data_, data_ + begin_, present);
    } else {
      BlockRef larger = Block::Make(size);
      if (present > 0) std::memcpy(larger->data(), data_ + begin_, present);
      block_ = std::move(larger);
      data_ = block_->data();
      capacity_ = size;
    }
    begin_ = 0;
    end_ = present;
  }

  // Of what has come of a large command, memory for so many times as much is made ready.
  static constexpr std::size_t kLargeGrowth = 8;
  // Behind a large value there may be options of its command, which are not known yet.
  static constexpr std::size_t kBehindLarge = 256;
  // Of a block that is kept for a value, at most one part in so many is something else.
  static constexpr std::size_t kWasteShare = 8;

  BlockRef block_;
  char* data_ = nullptr;  // Of block_.
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace aegis::node
