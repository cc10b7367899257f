// MemoryMeter: the bytes that all shards of one node hold, against the one limit: their tables and
// their rings of recent records; and of blocks that were in a table, for as long as anybody holds
// them: a value that is still being sent takes its memory, whether its key is there or not.
//
// The limit is for what the operating system counts, which is more: connections, buffers, the
// program itself, and what the allocator keeps in reserve. The shell looks from time to time and
// tells the difference (SetBeyond); until it looks again that is taken to stay as it is.
//
// The only object that shards share; relaxed atomics, because nobody decides more on it than
// "evict some more" or "refuse this write".

#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "model/block.h"
#include "store/page_source.h"

namespace aegis::store {

class MemoryMeter {
 public:
  // `pages` outlives this.
  explicit MemoryMeter(std::uint64_t limit, PageSource& pages = AllocatedPages::Instance())
      : limit_(limit), pages_(pages), condemned_(new MemoryMeter(pages)) {}

  // Counts what is on its way back to the system: tables that are being destroyed. Nothing is
  // evicted or refused for it. Lives as long as this.
  MemoryMeter& condemned() { return *condemned_; }

  void Add(std::size_t bytes) {
    used_.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
  }
  void Remove(std::size_t bytes) {
    used_.fetch_sub(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
  }

  // A table holds the block from now on. REQUIRES: the table's lock; this outlives the block.
  void Count(const Block& block) { block.CountAt(used_); }

  // A shard's ring of recent records takes `now` bytes instead of `before`.
  void ResizeRing(std::size_t before, std::size_t now) {
    const auto more = static_cast<std::int64_t>(now) - static_cast<std::int64_t>(before);
    used_.fetch_add(more, std::memory_order_relaxed);
    rings_.fetch_add(more, std::memory_order_relaxed);
  }
  // Likewise of the blocks that its records hold, which count as used by themselves.
  void ResizeRingBlocks(std::size_t before, std::size_t now) {
    ring_blocks_.fetch_add(static_cast<std::int64_t>(now) - static_cast<std::int64_t>(before),
                           std::memory_order_relaxed);
  }
  // The rings together hold more than their share of the limit.
  bool rings_crowded() const {
    return rings_.load(std::memory_order_relaxed) + ring_blocks_.load(std::memory_order_relaxed) >
           static_cast<std::int64_t>(limit_ / 4);
  }

  // Accounted at all, condemned or not.
  std::uint64_t accounted() const { return used() + condemned_->used(); }
  // What the process held beyond the accounted bytes when so many of it were in memory, and
  // `before` was what was accounted before somebody looked: what came or went in between must not
  // count.
  std::uint64_t BeyondOf(std::uint64_t resident, std::uint64_t before) const {
    const std::uint64_t known = std::max(before, accounted());
    return resident > known ? resident - known : 0;
  }
  void SetBeyond(std::uint64_t bytes) { beyond_.store(bytes, std::memory_order_relaxed); }

  // Accounted to shards.
  std::uint64_t used() const {
    const auto used = used_.load(std::memory_order_relaxed);
    return used < 0 ? 0 : static_cast<std::uint64_t>(used);
  }
  // What the process holds beyond that, as of the last look.
  std::uint64_t beyond() const { return beyond_.load(std::memory_order_relaxed); }
  // Of used(): rings of recent records, besides the blocks that they share.
  std::uint64_t rings() const {
    const auto rings = rings_.load(std::memory_order_relaxed);
    return rings < 0 ? 0 : static_cast<std::uint64_t>(rings);
  }
  std::uint64_t limit() const { return limit_; }
  bool Fits(std::size_t more) const { return used() + beyond() + more <= limit_; }

  PageSource& pages() const { return pages_; }

 private:
  // A meter of what is condemned.
  explicit MemoryMeter(PageSource& pages) : limit_(0), pages_(pages) {}

  const std::uint64_t limit_;
  PageSource& pages_;
  const std::unique_ptr<MemoryMeter> condemned_;  // Null in such a one.
  std::atomic<std::int64_t> used_{0};
  std::atomic<std::int64_t> rings_{0};        // Of those.
  std::atomic<std::int64_t> ring_blocks_{0};  // A block counts once for each record that has it.
  std::atomic<std::uint64_t> beyond_{0};
};

}  // namespace aegis::store
