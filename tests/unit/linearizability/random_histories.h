// Random histories of known kinds: what an atomic store would have answered, and the same with one
// answer falsified.

#pragma once

#include <cstddef>

#include "base/rng.h"
#include "linearizability/operation.h"

namespace aegis::linearizability {

enum class Words {
  kRegister,  // get, set, add, cas, delete
  kNumbers,   // get, incr, delete
  kLists,     // get, append, set, delete
};

struct Mix {
  std::size_t operations = 100;
  std::size_t clients = 5;
  std::size_t keys = 1;
  std::size_t values = 0;  // How many different values are written; 0: each one once.
  double unknown = 0.1;    // How many answers are lost; half of those take effect, some late.
  Words words = Words::kRegister;
};

// A history that an atomic store produced: every client calls, waits for its answer and calls
// again, and each call is executed at a random instant in between.
History AtomicHistory(const Mix& mix, Rng& rng);

// Changes one answer: another value, another number, found instead of not found. The result may
// still be linearizable; without any answer nothing changes.
void Falsify(History& history, Rng& rng);

}  // namespace aegis::linearizability
