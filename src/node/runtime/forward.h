// Forward: one operation on its way to the shard's leader, and the queues it waits in.

#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/operation.h"

namespace aegis::node {

// Which of an owner's operations an outcome belongs to.
struct Ticket {
  std::uint64_t sequence = 0;  // The command,
  std::uint32_t index = 0;     // and the operation within it.
};

// Who waits for outcomes. Told exactly once per forward, on the worker's own thread, maybe with a
// shard's lock held: keep what is needed, act later (Connection::Resume).
class ForwardOwner {
 public:
  virtual ~ForwardOwner() = default;
  virtual void OnOutcome(Ticket ticket, const Outcome& outcome) = 0;
};

struct Forward {
  std::shared_ptr<ForwardOwner> owner;
  Ticket ticket;
  ShardId shard;
  OpCode code{};
  bool write = false;
  Bytes operation;     // Encoded, see wire/operation_codec.h.
  TimePoint deadline;  // Answered kUnavailable if it has not been sent by then.

  // Who last answered that it does not lead the shard, under which epoch of the routing table,
  // and when asking the same again makes sense.
  NodeId refused_by;
  Epoch refused_epoch;
  TimePoint ask_again_at;

  // While on a link.
  Epoch epoch;  // Under which the receiver is believed to lead.
  std::uint64_t id = 0;
  std::uint64_t offset = 0;  // Bytes the link had been given before this.

  std::unique_ptr<Forward> next;  // Of the queue it is in.
};

// First in, first out.
class ForwardQueue {
 public:
  ForwardQueue() = default;
  ForwardQueue(ForwardQueue&& other) noexcept
      : head_(std::move(other.head_)), tail_(std::exchange(other.tail_, nullptr)) {}
  ForwardQueue& operator=(ForwardQueue&& other) noexcept {
    Clear();
    head_ = std::move(other.head_);
    tail_ = std::exchange(other.tail_, nullptr);
    return *this;
  }
  ~ForwardQueue() { Clear(); }

  bool empty() const { return head_ == nullptr; }
  // REQUIRES: !empty().
  Forward& front() { return *head_; }

  void Push(std::unique_ptr<Forward> forward) {
    Forward* const last = forward.get();
    (tail_ == nullptr ? head_ : tail_->next) = std::move(forward);
    tail_ = last;
  }

  // REQUIRES: !empty().
  std::unique_ptr<Forward> Pop() {
    std::unique_ptr<Forward> first = std::move(head_);
    head_ = std::move(first->next);
    if (head_ == nullptr) tail_ = nullptr;
    return first;
  }

  template <class Visit>
  void ForEach(Visit visit) {
    for (Forward* forward = head_.get(); forward != nullptr; forward = forward->next.get()) {
      visit(*forward);
    }
  }

 private:
  void Clear() {
    while (!empty()) Pop();
  }

  std::unique_ptr<Forward> head_;
  Forward* tail_ = nullptr;
};

}  // namespace aegis::node
