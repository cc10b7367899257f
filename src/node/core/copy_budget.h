// CopyBudget: how many bytes of whole shards this node may send just now, so that copies leave the
// processors and the network to clients.
//
// A bucket that fills with time, shared by all shards of one node; a relaxed atomic, because nobody
// decides more on it than "send some more" or "wait for a moment". What may wait are copies only:
// records of new writes never do.

#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace aegis::node {

class CopyBudget {
 public:
  // 0: no limit.
  explicit CopyBudget(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}

  // Bytes that may be sent at once; 0: ask again after OnTime(). Any thread.
  std::size_t left() const;
  // So many were sent. More than was left is made up for by waiting longer. Any thread.
  void Spend(std::size_t bytes);

  // Fills up for the time since the last call, but for no more than kBurst. Of one thread, often.
  void OnTime(TimePoint now);

  // A node that stood still does not make up for it by a flood.
  static constexpr Duration kBurst = std::chrono::milliseconds(50);

 private:
  const std::uint64_t rate_;
  std::atomic<std::int64_t> left_{0};
  std::optional<TimePoint> filled_at_;
};

}  // namespace aegis::node
