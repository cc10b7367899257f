// MemoryMeter: the bytes that all shards of one node hold, against the one limit: their tables and
// their rings of recent records.
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

  // A shard's ring of recent records takes `now` bytes instead of `before`.
  void ResizeRing(std::size_t before, std::size_t now) {
    const auto more = static_cast<std::int64_t>(now) - static_cast<std::int64_t>(before);
    used_.fetch_add(more, std::memory_order_relaxed);
    rings_.fetch_add(more, std::memory_order_relaxed);
  }
  // The rings together hold more than their share of the limit.
  bool rings_crowded() const {
    return rings_.load(std::memory_order_relaxed) > static_cast<std::int64_t>(limit_ / 4);
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
  std::atomic<std::int64_t> rings_{0};  // Of those.
};

}  // namespace aegis::store
