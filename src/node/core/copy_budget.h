// CopyBudget: how much of whole shards this node may send just now, and which of the copies that it
// sends go on, so that copies leave the processors and the network to clients.
//
// Bytes: a bucket that fills with time. Turns: of the copies that are longer than their first piece
// kTurns go on at a time; were all to share the bytes, none would be whole before nearly all of
// them are, and the node that dies meanwhile would take more with it. Whoever has not asked for
// kTurnPatience has lost its turn: neither a copy that is given up nor a link that hangs keeps one.
//
// Shared by all shards of one node; relaxed atomics, because nobody decides more on them than "send
// some more" or "wait for a moment". What may wait are copies only: records of new writes never do.

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace aegis::node {

class CopyBudget {
 public:
  static constexpr std::size_t kTurns = 4;
  static constexpr Duration kTurnPatience = std::chrono::milliseconds(500);
  // A node that stood still does not make up for it by a flood.
  static constexpr Duration kBurst = std::chrono::milliseconds(50);

  // 0: no limit, and no turns.
  explicit CopyBudget(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}

  // From now on there is no limit: this node leaves, and what it holds alone has to go elsewhere.
  void Lift() { lifted_.store(true, std::memory_order_relaxed); }

  // Any thread:

  // Bytes that may be sent at once; 0: ask again after OnTime().
  std::size_t left() const;
  // So many were sent. More than was left is made up for by waiting longer.
  void Spend(std::size_t bytes);

  // Names a copy, unlike any other.
  std::uint64_t NewTicket() { return tickets_.fetch_add(1, std::memory_order_relaxed) + 1; }
  // The copy goes on, if it is, or becomes, one of those whose turn it is.
  bool TakeTurn(std::uint64_t ticket);
  // TakeTurn() might succeed, and something is left.
  bool MayGoOn(std::uint64_t ticket) const;
  // The copy is at its end.
  void EndTurn(std::uint64_t ticket);

  // Of one thread, often: fills up for the time since the last call, but for no more than kBurst.
  void OnTime(TimePoint now);

 private:
  struct Turn {
    std::atomic<std::uint64_t> ticket{0};    // 0: nobody's.
    std::atomic<Duration::rep> asked_at{0};  // When it was last taken.
  };

  bool unlimited() const { return rate_ == 0 || lifted_.load(std::memory_order_relaxed); }
  bool IsFree(const Turn& turn) const;

  const std::uint64_t rate_;
  std::atomic<bool> lifted_{false};
  std::atomic<std::int64_t> left_{0};
  std::atomic<std::uint64_t> tickets_{0};
  std::array<Turn, kTurns> turns_;
  std::atomic<Duration::rep> now_{0};  // Of the last OnTime().
  std::optional<TimePoint> filled_at_;
};

}  // namespace aegis::node
