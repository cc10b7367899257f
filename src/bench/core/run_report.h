// RunReport: what a run of aegis-bench measured, and how it is shown.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/core/latency_histogram.h"

namespace aegis::bench {

// All processes of the server together, within the measured window.
struct ServerFigures {
  double cpu_seconds = 0;  // Of all threads, by the scheduler's clock.
  double user_seconds = 0;
  double system_seconds = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t rss_before_fill = 0;  // Bytes. Before and after: equal without a fill.
  std::uint64_t rss_after_fill = 0;   // Two seconds later.
  std::uint64_t rss_at_end = 0;
};

struct RunReport {
  std::uint64_t keys_filled = 0;
  double fill_seconds = 0;

  double seconds = 0;            // The measured window.
  std::uint64_t replies = 0;     // That came within it, whatever they said.
  double rate_wanted = 0;        // Of an open loop; 0: a closed one.
  std::uint64_t never_sent = 0;  // Due within the window, but no connection had room for them.
  LatencyHistogram gets;         // Answered as they should be, misses included.
  LatencyHistogram sets;
  std::uint64_t misses = 0;
  std::map<std::string, std::uint64_t> errors;  // By text, filling in and warm-up included.

  struct Point {
    double at_seconds;  // Since the window began; the end of the interval.
    double per_second;
  };
  std::vector<Point> timeline;
  std::optional<ServerFigures> server;

  std::uint64_t failed() const;
  double PerSecond() const;
  LatencyHistogram All() const;
  // (fraction of calls, microseconds), evenly spread over the nines, as far as the calls reach.
  std::vector<std::pair<double, double>> LatencyCurve() const;
  // Without a server, or without anything to divide by: 0.
  double CpuMicrosecondsPerCommand() const;
  double RssPerKey() const;
};

// For people: an aligned table.
std::string ToText(const RunReport& report);

// One JSON object; `setup` describes what was run, as flag and value.
std::string ToJson(const RunReport& report, const std::map<std::string, std::string>& setup);

}  // namespace aegis::bench
