// DirtyShards: which shards have something to send over one link.
//
// Any thread marks; the link's thread takes. Marking is one atomic OR on the hot path, and says
// whether the link must be woken: only the first mark since the link last looked needs that.

#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>

#include "model/ids.h"

namespace aegis::node {

class DirtyShards {
 public:
  explicit DirtyShards(std::uint32_t num_shards)
      : words_((num_shards + 63) / 64),
        bits_(std::make_unique<std::atomic<std::uint64_t>[]>(words_)) {}

  // True: nobody has woken the link since it last called Sleep(); the caller does.
  bool Mark(ShardId id) {
    bits_[id.value() / 64].fetch_or(std::uint64_t{1} << id.value() % 64);
    return !awake_.load() && !awake_.exchange(true);
  }

  // The link is about to look: marks from now on wake it again. Call before Take().
  void Sleep() { awake_.store(false); }

  // Calls visit(ShardId) for every marked shard and unmarks it first; visit returns false to
  // stop. Shards are taken round-robin over calls, so that none starves. True: all were taken.
  template <class Visit>
  bool Take(Visit visit) {
    const std::size_t first = next_;
    for (std::size_t step = 0; step <= words_; ++step) {
      const std::size_t word = (first / 64 + step) % words_;
      std::uint64_t candidates = bits_[word].load();
      if (step == 0) candidates &= ~std::uint64_t{0} << first % 64;
      while (candidates != 0) {
        const auto bit = static_cast<unsigned>(std::countr_zero(candidates));
        candidates &= candidates - 1;
        if ((bits_[word].fetch_and(~(std::uint64_t{1} << bit)) >> bit & 1U) == 0) continue;
        const auto id = static_cast<std::uint32_t>(word * 64 + bit);
        next_ = (id + 1) % (words_ * 64);
        if (!visit(ShardId{id})) return false;
      }
    }
    return true;
  }

 private:
  const std::size_t words_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> bits_;
  std::atomic<bool> awake_{false};
  std::size_t next_ = 0;  // Touched by the link's thread only.
};

}  // namespace aegis::node
