// Block: bytes that several hold at once and nobody copies: a large value in its table, in the ring
// of recent records, and in the replies that are being sent.
//
// Whoever made a block writes it, as long as nobody else holds it; from then on it never changes.
// It is freed by whoever lets it go last, on whichever thread. What holds a block holds all of it,
// however small the part that matters.
//
// Any thread may take and give references; the rest belongs to the maker, or to the table that has
// it: see CountAt() and EnterItem().

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"

namespace aegis {

class Block;

// Holds a block, or nothing.
class BlockRef {
 public:
  BlockRef() = default;
  explicit BlockRef(const Block* block);
  BlockRef(const BlockRef& other) : BlockRef(other.block_) {}
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() {
    if (block_ != nullptr) Drop(block_);
  }

  const Block* get() const { return block_; }
  const Block& operator*() const { return *block_; }
  const Block* operator->() const { return block_; }
  explicit operator bool() const { return block_ != nullptr; }

  // For those who keep the pointer where a BlockRef has no place, as in an item: Drop() it later.
  const Block* Leak() && { return std::exchange(block_, nullptr); }
  static void Drop(const Block* block);

 private:
  friend class Block;

  const Block* block_ = nullptr;
};

class Block {
 public:
  // What is in it is undefined.
  static BlockRef Make(std::size_t size);
  static BlockRef Copy(ByteView bytes);
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  std::size_t size() const { return size_; }
  ByteView bytes() const { return {data_, size_}; }
  bool Holds(ByteView part) const;
  // REQUIRES: for writing, that nobody else has seen the bytes written to.
  char* data() const { return data_; }
  // True: only the caller holds it.
  bool alone() const { return references_.load(std::memory_order_acquire) == 1; }

  // Bytes of memory that it takes.
  std::size_t footprint() const { return footprint_; }
  // Adds its footprint to `total`, once, and takes it off again when it is freed. Before that it is
  // a matter of whoever fills it. REQUIRES: the first call comes before others may hold it, or all
  // calls are under one lock; `total` outlives it, and is always the same.
  void CountAt(std::atomic<std::int64_t>& total) const;

  // Items of one table may share it, as after COPY. Of both, true: the table has it as of now, or
  // no longer. REQUIRES: the table's lock.
  bool EnterItem() const { return items_++ == 0; }
  bool LeaveItem() const { return --items_ == 0; }
  bool in_items() const { return items_ > 0; }

 private:
  friend class BlockRef;
  explicit Block(std::size_t size);
  ~Block();

  mutable std::atomic<std::size_t> references_{1};
  mutable std::atomic<std::int64_t>* total_ = nullptr;
  mutable std::uint32_t items_ = 0;
  const std::size_t size_;
  char* const data_;  // An allocation of its own: sizes are often powers of two.
  std::size_t footprint_;
};

inline BlockRef::BlockRef(const Block* block) : block_(block) {
  if (block_ != nullptr) block_->references_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace aegis
