// OrderedReplies: the replies of one connection leave in the order of its commands, although what
// other nodes answer comes when it comes: while a command waits, it holds a slot, and what is
// answered behind it waits in slots of its own.
//
// `Pending` is what a door keeps for a command that waits.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "model/outgoing.h"
#include "node/runtime/client_connection.h"

namespace aegis::node {

template <class Pending>
class OrderedReplies {
 public:
  explicit OrderedReplies(ClientConnection& connection) : connection_(connection) {}

  // Where the reply of the command being taken goes. Valid until the next call.
  Outgoing& Tail() {
    if (slots_.empty()) return connection_.outgoing();
    if (slots_.back().pending != nullptr) slots_.emplace_back();
    return slots_.back().reply;
  }
  // The command being taken was answered, or waits: what it left counts as held from now on.
  void CountTail() {
    if (!slots_.empty()) Count(slots_.back());
  }

  // Of the next command that will wait.
  std::uint64_t next_sequence() const { return first_sequence_ + (slots_.size() - head_); }
  // The command being taken waits; what it has written to Tail() so far stays in front. The
  // reference is valid until Finish() of next_sequence() as it was.
  Pending& Wait() {
    CountTail();
    slots_.push_back({Outgoing(), std::make_unique<Pending>()});
    return *slots_.back().pending;
  }
  // REQUIRES: it waits.
  Pending& At(std::uint64_t sequence) { return *SlotAt(sequence).pending; }

  // The command has waited enough: `write(pending, reply)` writes its reply, and what waited behind
  // it goes.
  template <class Write>
  void Finish(std::uint64_t sequence, Write write) {
    Slot& slot = SlotAt(sequence);
    const std::unique_ptr<Pending> pending = std::move(slot.pending);
    write(*pending, slot.reply);
    Count(slot);
    while (head_ < slots_.size() && slots_[head_].pending == nullptr) {
      connection_.outgoing().Append(std::move(slots_[head_].reply));
      connection_.Recount(slots_[head_].counted, 0);
      slots_[head_] = {};
      ++head_;
      ++first_sequence_;
    }
    if (head_ == slots_.size()) {
      slots_.clear();
      head_ = 0;
    } else if (head_ > slots_.size() / 2) {
      slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }

 private:
  struct Slot {
    Outgoing reply;
    std::unique_ptr<Pending> pending;  // Null: `reply` is complete.
    std::size_t counted = 0;           // Bytes of `reply` that the connection knows of.
  };

  Slot& SlotAt(std::uint64_t sequence) { return slots_[head_ + (sequence - first_sequence_)]; }
  void Count(Slot& slot) { connection_.Recount(slot.counted, slot.reply.size()); }

  ClientConnection& connection_;
  std::vector<Slot> slots_;  // From head_ on; those before are done with.
  std::size_t head_ = 0;
  std::uint64_t first_sequence_ = 0;  // Of slots_[head_].
};

}  // namespace aegis::node
