// Forward: one operation on its way to the shard's leader, and the queues it waits in.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/operation.h"
#include "wal/lsn.h"

namespace aegis::node {

// Which of an owner's operations an outcome belongs to.
struct Ticket {
  std::uint64_t sequence = 0;  // The command,
  std::uint32_t index = 0;     // and the operation within it.
};

struct Forward;

// Who waits for outcomes, on the worker's own thread; maybe called with a shard's lock held: keep
// what is needed, act later (Connection::Resume).
class ForwardOwner {
 public:
  virtual ~ForwardOwner() = default;

  // Told exactly once per operation.
  virtual void OnOutcome(const Forward& forward, const Outcome& outcome) = 0;

  // The operation was not run, because its outcome would show `forward->needed` bytes of value,
  // more than its room. It is the owner's again, to be submitted anew with more room.
  virtual void OnNoRoom(std::unique_ptr<Forward> forward) = 0;
  // True: operations came back; what was submitted after them must not run before them, and comes
  // back by OnNoRoom() as well (`needed` 0), in the order of each shard.
  virtual bool takes_back() const = 0;

  // There is too much to be sent to some node already: begin no new command until as many calls
  // of OnUncongested().
  virtual void OnCongested() = 0;
  virtual void OnUncongested() = 0;
};

// No limit for what an outcome may show.
inline constexpr std::size_t kAnyRoom = std::numeric_limits<std::size_t>::max();

struct Forward {
  std::shared_ptr<ForwardOwner> owner;
  Ticket ticket;
  Slot slot{};
  ShardId shard;
  OpCode code{};
  bool write = false;
  bool shows_value = false;
  Bytes operation;              // Encoded, see wire/operation_codec.h.
  BlockRef block;               // Its value, if that is large and this node has tried to store it.
  std::size_t room = kAnyRoom;  // Bytes of value that the outcome may show.
  std::size_t needed = 0;       // How many it would have shown, when it came back.
  std::size_t held = 0;         // The owner's account of it.
  TimePoint deadline;           // Answered kUnavailable if it has not been sent by then.
  bool asked_again = false;     // A read that was sent and never answered.

  // Who last answered that it does not lead the shard, under which epoch of the routing table,
  // and when asking the same again makes sense.
  NodeId refused_by;
  Epoch refused_epoch;
  TimePoint ask_again_at;
  Duration ask_again_after{};

  // While with the forwarder.
  NodeId account;  // Whose backlog it counts for.

  wal::Lsn journaled;  // Executed here: what its outcome tells is in the log before this.

  bool executed = false;  // Here, and its outcome is held; it is in no lane any more.

  // While on a link.
  Epoch epoch;         // Under which the receiver is believed to lead.
  bool first = false;  // Of its shard since one was not run for want of room.
  std::uint64_t id = 0;
  bool overtaken = false;    // What was sent behind it was answered before.
  std::uint64_t offset = 0;  // Bytes the link had been given before this.

  std::unique_ptr<Forward> next;  // Of the queue it is in.

  // Roughly what it costs to keep.
  std::size_t bytes() const { return sizeof(Forward) + operation.size(); }
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

  void Append(ForwardQueue others) {
    while (!others.empty()) Push(others.Pop());
  }

  // REQUIRES: !empty().
  std::unique_ptr<Forward> Pop() {
    std::unique_ptr<Forward> first = std::move(head_);
    head_ = std::move(first->next);
    if (head_ == nullptr) tail_ = nullptr;
    return first;
  }

  void Clear() {
    while (!empty()) Pop();
  }

  template <class Visit>
  void ForEach(Visit visit) {
    for (Forward* forward = head_.get(); forward != nullptr; forward = forward->next.get()) {
      visit(*forward);
    }
  }

 private:
  std::unique_ptr<Forward> head_;
  Forward* tail_ = nullptr;
};

}  // namespace aegis::node
