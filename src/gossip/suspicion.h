// Suspicion: how long a suspected member has left to prove that it is alive.
//
// Lifeguard (arXiv:1707.00788): the wait starts at timeout_max and shrinks towards timeout_min as
// independent witnesses confirm, so one slow accuser cannot kill a healthy member quickly, while
// several accusers can. The shrink is logarithmic: the first witness counts most.
//
// Pure: holds no timer. The owner compares deadline() with the time it was given.

#pragma once

#include <cstddef>
#include <set>

#include "base/time.h"
#include "gossip/options.h"
#include "model/ids.h"

namespace aegis::gossip {

class Suspicion {
 public:
  struct Bounds {
    int confirmations_max;  // Witnesses needed to reach timeout_min. 0: start there.
    Duration timeout_min;
    Duration timeout_max;
  };

  // What holds among `members` live ones, the suspect included:
  //
  //     timeout_min = suspicion_mult * max(1, log10(members)) * probe_interval
  //     timeout_max = suspicion_max_mult * timeout_min
  //     witnesses   = suspicion_mult - 2, or 0 if so many others do not exist
  //
  // By default: up to 3 members 2 s; 4 to 10 members 2 to 12 s; 100 members 4 to 24 s.
  static Bounds BoundsFor(const Options& options, std::size_t members);

  // `accuser` never counts as a witness: its own rumour will come back to us.
  // REQUIRES: 0 <= confirmations_max, 0 < timeout_min <= timeout_max.
  Suspicion(NodeId accuser, Bounds bounds, TimePoint now);

  // Records a witness. Returns true iff it brought the deadline nearer.
  bool Confirm(NodeId witness);

  // Moves the deadline by a time in which nobody could have been heard.
  void Postpone(Duration by) { started_ += by; }

  // Never moves later but by Postpone(). May already be in the past after Confirm().
  TimePoint deadline() const;

 private:
  NodeId accuser_;
  Bounds bounds_;
  TimePoint started_;
  std::set<NodeId> witnesses_;  // Invariant: size() <= bounds_.confirmations_max.
};

}  // namespace aegis::gossip
