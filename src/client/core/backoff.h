// How long to wait: doubling with each failure in a row, and spread so that callers who failed
// together do not come back together.

#pragma once

#include <algorithm>

#include "base/rng.h"
#include "base/time.h"

namespace aegis::client {

// `base` doubled `failures` times, at most `max`. REQUIRES: 0 < base <= max.
inline Duration Doubled(Duration base, unsigned failures, Duration max) {
  for (; failures > 0 && base < max; --failures) base *= 2;
  return std::min(base, max);
}

// Uniform in [wait / 2, wait].
inline Duration WithJitter(Duration wait, Rng& rng) {
  return wait -
         Duration(static_cast<Duration::rep>(rng.Unit() * 0.5 * static_cast<double>(wait.count())));
}

}  // namespace aegis::client
