// Check: whether a history could have come from a store that executes one operation at a time, each
// at some instant between its call and its answer (Herlihy and Wing, 1990).
//
// Keys are independent of each other, so each is checked by itself. The work per key has a bound: a
// check that gave up has not passed, and a test treats it as a failure. Single-threaded, no state
// between calls, the same history gives the same report.

#pragma once

#include <cstddef>
#include <string>

#include "linearizability/operation.h"

namespace aegis::linearizability {

enum class Verdict { kLinearizable, kNotLinearizable, kGaveUp };

struct CheckLimits {
  // Of one key; beyond it the answer is kGaveUp. Each costs about 200 bytes and 2 microseconds.
  std::size_t states_per_key_max = 500'000;
};

struct Report {
  Verdict verdict = Verdict::kLinearizable;
  std::size_t operations = 0;
  std::size_t keys = 0;
  std::size_t states = 0;     // Visited over all keys.
  std::string key{};          // Unless linearizable: the first key of which it does not hold.
  std::string explanation{};  // Unless linearizable: several lines for people.
};

// REQUIRES: Flaw() finds nothing in any operation.
Report Check(const History& history, const CheckLimits& limits = {});

}  // namespace aegis::linearizability
