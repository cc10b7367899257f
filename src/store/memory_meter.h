// MemoryMeter: the bytes that all tables of one node hold, against the one limit.
//
// The only object that shards share; a relaxed atomic, because nobody decides more on it than
// "evict some more" or "refuse this write".

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace aegis::store {

class MemoryMeter {
 public:
  explicit MemoryMeter(std::uint64_t limit) : limit_(limit) {}

  void Add(std::size_t bytes) {
    used_.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
  }
  void Remove(std::size_t bytes) {
    used_.fetch_sub(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
  }

  std::uint64_t used() const {
    const auto used = used_.load(std::memory_order_relaxed);
    return used < 0 ? 0 : static_cast<std::uint64_t>(used);
  }
  std::uint64_t limit() const { return limit_; }
  bool Fits(std::size_t more) const { return used() + more <= limit_; }

 private:
  const std::uint64_t limit_;
  std::atomic<std::int64_t> used_{0};
};

}  // namespace aegis::store
