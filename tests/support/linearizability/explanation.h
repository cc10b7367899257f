// Explanations of a failed check, for someone who has read neither the test nor the checker.
//
// Pure functions over the operations of one key; they search again, so call them only on failure.

#pragma once

#include <string>

#include "linearizability/operation.h"
#include "linearizability/search.h"

namespace aegis::linearizability {

// The shortest part of the history, from its beginning, that has no valid order: every call that
// began before one certain answer, what was still open then counting as unknown. A part too hard to
// decide within `states_max` counts as valid, so the result may be longer than the shortest.
// REQUIRES: the history has no valid order.
History ShortestFailingPrefix(const History& operations, std::size_t states_max);

// What went wrong, with the operations that matter and times in milliseconds from the first call.
// REQUIRES: the history has no valid order.
std::string ExplainViolation(const History& operations, std::size_t states_max);

// How far a search came that gave up.
std::string ExplainSurrender(const History& operations, const SearchResult& result);

}  // namespace aegis::linearizability
