// Search: is there one order of a key's operations that explains every answer and in which nothing
// comes before an operation that had already ended when it began?
//
// The algorithm is that of Wing and Gong (1993) with the memory of Lowe (2017) of what has been
// tried: (operations placed, state) pairs. Four rules keep it small, each of which keeps at least
// one valid order if there is any:
//   - what only reads is placed as soon as its answer fits, with no other choice tried;
//   - an operation of unknown outcome is placed only right before one that can see its effect, for
//     otherwise it might as well never have happened;
//   - of equal operations of unknown outcome, the one that was invoked first is placed first;
//   - a value that is still to be read is not overwritten while no write of it is left
//     (Foresight; not for keys whose values are sums or lists).
//
// What stays hard is many unknown outcomes on one key, above all of appends.
//
// One call is one search. Deterministic: the same operations give the same answer and count.

#pragma once

#include <cstddef>
#include <vector>

#include "linearizability/operation.h"
#include "linearizability/register_model.h"

namespace aegis::linearizability {

enum class Answer : std::uint8_t { kOrdered, kCannotBeOrdered, kGaveUp };

struct SearchResult {
  Answer answer = Answer::kOrdered;
  std::size_t states = 0;  // How many were visited.
  // The order found, or the longest one that was tried, and the state at its end.
  std::vector<Operation> order{};
  KeyState state{};
  // kCannotBeOrdered: what could have come next in real time after `order`, and did not fit.
  std::vector<Operation> stuck{};
};

// Without the last rule a search that fails gets further before it does, to a place that is easier
// to understand.
enum class Foresight : bool { kOff, kOn };

// Gives up after `states_max` states.
// REQUIRES: all operations are of one key, and Flaw() finds nothing in any.
SearchResult Search(const History& operations, std::size_t states_max,
                    Foresight foresight = Foresight::kOn);

}  // namespace aegis::linearizability
