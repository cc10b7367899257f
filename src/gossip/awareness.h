// Awareness: how far this node trusts its own sense of time. Lifeguard's local health multiplier.
//
// A probe that failed although the relays were heard, a rumour about oneself that had to be
// refuted: each says that this node, rather than the others, may be slow. Its timeouts grow with
// the score, and shrink again with every probe that succeeds.

#pragma once

#include <algorithm>

#include "base/time.h"

namespace aegis::gossip {

class Awareness {
 public:
  // The score stays below `max`. REQUIRES: max >= 1.
  explicit Awareness(int max) : max_(max) {}

  // 0: well.
  int score() const { return score_; }

  void Improve() { score_ = std::max(0, score_ - 1); }
  void Worsen(int by) { score_ = std::min(max_ - 1, score_ + by); }

  Duration Scale(Duration timeout) const { return timeout * (score_ + 1); }

 private:
  const int max_;
  int score_ = 0;  // Invariant: 0 <= score_ < max_.
};

}  // namespace aegis::gossip
