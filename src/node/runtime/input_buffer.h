// InputBuffer: what a connection has received and not taken yet.
//
// Holds no memory while empty. Grows geometrically towards what the present command needs, so that
// a peer has to send bytes before it can make this side hold memory for more.

#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "model/limits.h"

namespace aegis::node {

class InputBuffer {
 public:
  ByteView view() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return capacity_; }

  // Where to receive next; `needed`: the size that view() must reach to be of use, 0 if unknown.
  // REQUIRES: Commit() before anything else.
  std::span<char> Room(std::size_t needed) {
    const std::size_t size = end_ - begin_;
    const std::size_t wanted = std::max(needed, size + limits::kReadChunk);
    const std::size_t left = capacity_ - end_;
    if (left < limits::kReadChunk && begin_ + wanted > capacity_) {
      const std::size_t earned = std::max(2 * size, 2 * limits::kReadChunk);
      Reserve(std::min(wanted, earned));
    }
    return {data_.get() + end_, capacity_ - end_};
  }
  void Commit(std::size_t bytes) { end_ += bytes; }

  void Append(ByteView bytes) {
    const std::size_t size = end_ - begin_;
    Reserve(size + bytes.size());
    std::memcpy(data_.get() + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  void Consume(std::size_t bytes) {
    begin_ += bytes;
    if (!empty()) return;
    data_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  // Makes room for at least `size` bytes in all, counted from begin_, and one more to receive.
  void Reserve(std::size_t size) {
    const std::size_t present = end_ - begin_;
    size = std::max(size, present + 1);
    if (capacity_ - begin_ >= size) return;
    if (capacity_ >= size) {
      std::memmove(data_.get(), data_.get() + begin_, present);
    } else {
      auto larger = std::make_unique_for_overwrite<char[]>(size);
      if (present > 0) std::memcpy(larger.get(), data_.get() + begin_, present);
      data_ = std::move(larger);
      capacity_ = size;
    }
    begin_ = 0;
    end_ = present;
  }

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace aegis::node
