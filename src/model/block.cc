#include "model/block.h"

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>

namespace aegis {

namespace {

char* Allocate(std::size_t size) {
  auto* const data = static_cast<char*>(std::malloc(size));
  if (data == nullptr) throw std::bad_alloc();
  return data;
}

}  // namespace

Block::Block(std::size_t size)
    : size_(size), data_(Allocate(size)), footprint_(sizeof(Block) + malloc_usable_size(data_)) {}

Block::~Block() {
  if (total_ != nullptr) {
    total_->fetch_sub(static_cast<std::int64_t>(footprint_), std::memory_order_relaxed);
  }
  std::free(data_);
}

BlockRef Block::Make(std::size_t size) {
  BlockRef made;
  made.block_ = new Block(size);
  return made;
}

BlockRef Block::Copy(ByteView bytes) {
  BlockRef made = Make(bytes.size());
  if (!bytes.empty()) std::memcpy(made->data_, bytes.data(), bytes.size());
  return made;
}

bool Block::Holds(ByteView part) const {
  const std::less_equal<const char*> in_order;
  return in_order(data_, part.data()) && in_order(part.data() + part.size(), data_ + size_);
}

void Block::CountAt(std::atomic<std::int64_t>& total) const {
  if (total_ != nullptr) return;
  total_ = &total;
  total.fetch_add(static_cast<std::int64_t>(footprint_), std::memory_order_relaxed);
}

void BlockRef::Drop(const Block* block) {
  if (block->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete block;
}

}  // namespace aegis
