// RoutingBoard: where the control thread puts the newest routing table, and where everybody else
// looks. A reader keeps the table it saw last and looks again only when the count has moved: one
// atomic load per look on the hot path.

#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "model/routing.h"

namespace aegis::node {

class RoutingBoard {
 public:
  explicit RoutingBoard(NodeId self) {
    auto empty = std::make_shared<RoutingTable>();
    empty->self = self;
    empty->unborn_reason = "starting";
    table_ = std::move(empty);
  }

  // The control thread only.
  void Publish(std::shared_ptr<const RoutingTable> table) {
    {
      const std::lock_guard lock(mutex_);
      table_ = std::move(table);
    }
    count_.fetch_add(1, std::memory_order_release);
  }

  // Any thread.
  std::shared_ptr<const RoutingTable> Get() const {
    const std::lock_guard lock(mutex_);
    return table_;
  }
  std::uint64_t count() const { return count_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const RoutingTable> table_;
  std::atomic<std::uint64_t> count_{1};
};

// One thread's view of the board.
class RoutingReader {
 public:
  explicit RoutingReader(const RoutingBoard& board) : board_(board) {}

  // Valid until the next call.
  const RoutingTable& Table() {
    const std::uint64_t count = board_.count();
    if (count != seen_) [[unlikely]] {
      table_ = board_.Get();  // At least as new as `count`.
      seen_ = count;
    }
    return *table_;
  }

  // The same, for as long as the caller keeps it.
  std::shared_ptr<const RoutingTable> Keep() {
    Table();
    return table_;
  }

 private:
  const RoutingBoard& board_;
  std::shared_ptr<const RoutingTable> table_;
  std::uint64_t seen_ = 0;
};

}  // namespace aegis::node
