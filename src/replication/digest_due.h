// DigestDue: what a leader has yet to show one follower of its digest and items; node/core's
// DigestOffers says what that means.
//
// Part of Progress.

#pragma once

#include <cstdint>
#include <deque>

#include "model/hash_range.h"

namespace aegis::replication {

struct DigestDue {
  bool digest = false;
  bool sums = false;
  std::deque<HashRange> ranges;  // At most limits::kDigestRangesMax.
  std::uint64_t walked = 0;      // Up to here, content was compared in this round.
};

}  // namespace aegis::replication
