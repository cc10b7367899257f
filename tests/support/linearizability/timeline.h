// Timeline: the operations of one key that a search has not placed yet, as the linked list of their
// calls and returns by time that Wing and Gong search in.
//
// Only operations whose answer is known are in the list; those of unknown outcome never return and
// are kept beside it. Take() and PutBack() cost one relinking, so that a search can go back.
// One owner, one search.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "linearizability/operation.h"

namespace aegis::linearizability {

class Timeline {
 public:
  // An operation of the timeline: known ones first, each kind in the order of their calls.
  using Index = std::size_t;
  using Bits = std::vector<std::uint64_t>;

  // Leaves out what says nothing: what was unavailable, and reads of unknown outcome.
  explicit Timeline(const History& operations);

  std::size_t size() const { return operations_.size(); }
  const Operation& at(Index i) const { return operations_[i]; }
  bool IsKnown(Index i) const { return i < known_; }
  bool AllKnownTaken() const { return taken_known_ == known_; }

  // What may come next: no other operation that is left ended before it began. Known ones first.
  std::vector<Index> Candidates() const;

  // REQUIRES: `i` is left (is taken, and was taken last).
  void Take(Index i);
  void PutBack(Index i);

  // Which operations of known outcome are taken, in few bytes; equal texts mean the same ones.
  std::string TakenKnown() const;

  // Which ones of unknown outcome are taken, one bit each.
  const Bits& TakenUnknown() const { return taken_unknown_; }

 private:
  struct Event {
    TimePoint at{};
    Index operation = 0;
    bool is_return = false;
    std::size_t previous = 0;
    std::size_t next = 0;
  };

  void LinkEvents();
  void FindTwins();
  void Unlink(std::size_t event);
  void Relink(std::size_t event);
  void FlipUnknown(Index i);

  static constexpr std::size_t kNone = ~std::size_t{0};

  History operations_{};
  std::size_t known_ = 0;
  std::size_t taken_known_ = 0;
  std::vector<bool> taken_{};
  Bits taken_unknown_{};
  // events_[0] and the last are sentinels: a head, and a return after everything.
  std::vector<Event> events_{};
  std::vector<std::size_t> call_of_{};
  std::vector<std::size_t> return_of_{};
  // For an operation of unknown outcome: the one before it that does the same, or kNone.
  std::vector<Index> twin_{};
};

}  // namespace aegis::linearizability
