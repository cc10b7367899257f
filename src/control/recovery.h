// Recovery: a control log that lost the majority of its voters goes on with the one that was told
// to. From then on it is another log, of another lineage: what is said in the old one counts for
// nothing in the new one, and no node is in both.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "base/strong.h"

namespace aegis::control {

// Names a line of the control log. The first one has the number of its cluster; every recovery
// draws another. 0: not known (yet).
using Lineage = Strong<struct LineageTag, std::uint64_t>;

// Where the state stands in the log.
struct Applied {
  std::uint64_t index = 0;
  std::uint64_t term = 0;

  friend bool operator==(const Applied&, const Applied&) = default;
};

struct Recovery {
  Lineage lineage;  // Drawn by it.
  Lineage parent;   // Whose log it goes on with ...
  Applied known;    // ... as committed up to here, as far as it knew,
  Applied last;     // ... and, committed or not, up to here.

  // True iff whoever has applied the parent's log up to `applied` knows of nothing that the
  // recovery does not. (A log has one entry per index and term, and the same ones before it; what
  // two nodes know to be committed is the same.)
  bool Covers(Applied applied) const {
    return applied.index <= known.index ||
           (applied.index <= last.index && applied.term == last.term);
  }

  friend bool operator==(const Recovery&, const Recovery&) = default;
};

// Of the newest; who is in an older lineage still is told nothing more of it.
inline constexpr std::size_t kRecoveriesMax = 64;
// So far are the epochs of a recovery beyond those it knew of: those that the lost voters had
// committed besides are not used a second time. Leaves room for thousands of recoveries.
inline constexpr std::uint32_t kEpochsPerRecovery = 4096;

}  // namespace aegis::control
