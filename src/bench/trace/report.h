// How the figures of replays are shown to people (Markdown that lines up in a terminal) and to
// programs (JSON).

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/trace/replay.h"

namespace aegis::bench {

struct TraceReport {
  std::uint64_t seed = 0;
  std::vector<std::string> policies;
  std::vector<TraceFigures> traces;  // All at the same fractions of their working sets.
};

std::string ToMarkdown(const TraceReport& report);

// One JSON object.
std::string ToJson(const TraceReport& report);

// Misses over those of the baseline. REQUIRES: accesses > 0.
double RelativeMisses(const TraceFigures& trace, Hits hits, Hits baseline);

}  // namespace aegis::bench
