#include "bench/core/report_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "bench/core/svg_plot.h"

namespace aegis::bench {
namespace {

LinePanel LatencyPanel(const std::vector<PlottedRun>& runs) {
  LinePanel panel{.title = "Latency by percentile"};
  double least = std::numeric_limits<double>::max();
  double most = 0;
  double most_nines = 0;
  for (const PlottedRun& run : runs) {
    Series series{.name = run.label};
    for (const auto& [fraction, us] : run.latencies_us) {
      series.points.emplace_back(NinesOf(fraction), us);
      least = std::min(least, us);
      most = std::max(most, us);
      most_nines = std::max(most_nines, NinesOf(fraction));
    }
    panel.series.push_back(std::move(series));
  }
  panel.x = PercentileAxis("percentile of calls, %", most_nines);
  panel.y = LatencyAxis("latency", std::min(least, most), most);
  return panel;
}

LinePanel ThroughputPanel(const std::vector<PlottedRun>& runs) {
  LinePanel panel{.title = "Throughput over time"};
  double end = 0;
  double most = 0;
  for (const PlottedRun& run : runs) {
    Series series{.name = run.label};
    for (const RunReport::Point& point : run.timeline) {
      series.points.emplace_back(point.at_seconds, point.per_second);
      end = std::max(end, point.at_seconds);
      most = std::max(most, point.per_second);
    }
    panel.series.push_back(std::move(series));
  }
  panel.x = AxisFromZero("time, s", end);
  panel.y = AxisFromZero("commands per second", most);
  return panel;
}

}  // namespace

PlottedRun PlottedOf(const RunReport& report, std::string label) {
  return {.label = std::move(label),
          .latencies_us = report.LatencyCurve(),
          .timeline = report.timeline,
          .cpu_us_per_command = report.CpuMicrosecondsPerCommand()};
}

Result<PlottedRun> ReadPlotted(std::string_view json) {
  try {
    const auto report = nlohmann::json::parse(json);
    PlottedRun run;
    run.label = report.at("setup").at("label");
    for (const auto& point : report.at("latency_curve")) {
      run.latencies_us.emplace_back(point.at(0).get<double>() / 100, point.at(1).get<double>());
    }
    for (const auto& point : report.at("timeline")) {
      run.timeline.push_back({point.at("at_seconds"), point.at("per_second")});
    }
    if (report.contains("server")) {
      run.cpu_us_per_command = report.at("server").at("cpu_us_per_command");
    }
    return run;
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kInvalid, error.what()};
  }
}

std::string PlotOf(const std::vector<PlottedRun>& runs) {
  std::vector<Panel> panels = {LatencyPanel(runs), ThroughputPanel(runs)};
  BarPanel cpu{.title = "CPU time of the server per command"};
  double most = 0;
  for (const PlottedRun& run : runs) {
    if (run.cpu_us_per_command <= 0) continue;
    most = std::max(most, run.cpu_us_per_command);
    cpu.bars.push_back(
        {run.label, run.cpu_us_per_command, fmt::format("{:.2f} us", run.cpu_us_per_command)});
  }
  if (!cpu.bars.empty()) {
    cpu.value = AxisFromZero("microseconds of CPU time per command", most);
    panels.emplace_back(std::move(cpu));
  }
  return SvgOf(panels);
}

}  // namespace aegis::bench
