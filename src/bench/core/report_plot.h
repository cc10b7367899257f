// Plots of one run of aegis-bench, or of several that are compared: how long calls took, by
// percentile; throughput over time; CPU time of the server per command, where it is known.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bench/core/run_report.h"

namespace aegis::bench {

struct PlottedRun {
  std::string label;
  std::vector<std::pair<double, double>> latencies_us;  // By the fraction of calls, ascending.
  std::vector<RunReport::Point> timeline;
  double cpu_us_per_command = 0;  // 0: not known.
};

PlottedRun PlottedOf(const RunReport& report, std::string label);

// From what ToJson wrote. Errors: kInvalid, that is no report of ours.
Result<PlottedRun> ReadPlotted(std::string_view json);

// SVG. REQUIRES: runs is not empty.
std::string PlotOf(const std::vector<PlottedRun>& runs);

}  // namespace aegis::bench
