#include "bench/trace/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

namespace aegis::bench {
namespace {

using Row = std::vector<std::string>;

// A Markdown table whose columns line up: the first to the left, the others to the right.
std::string Lines(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 3);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string lines;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      lines += i == 0 ? fmt::format("| {:<{}} |", rows[r][i], widths[i])
                      : fmt::format(" {:>{}} |", rows[r][i], widths[i]);
    }
    lines += '\n';
    if (r > 0) continue;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      lines += i == 0 ? fmt::format("|{:-<{}}|", "", widths[i] + 2)
                      : fmt::format("{:->{}}|", ":", widths[i] + 2);
    }
    lines += '\n';
  }
  return lines;
}

double Percent(std::uint64_t part, std::uint64_t whole) {
  return 100 * static_cast<double>(part) / static_cast<double>(whole);
}

// A row of the tables of policies.
struct Contender {
  std::string name;
  bool is_bound = false;
  // What it hit of a trace.
  std::function<Hits(const TraceFigures&, const CapacityFigures&)> hits;
};

std::vector<Contender> Contenders(const TraceReport& report) {
  std::vector<Contender> contenders;
  for (std::size_t p = 0; p < report.policies.size(); ++p) {
    contenders.push_back(
        {.name = report.policies[p],
         .hits = [p](const TraceFigures&, const CapacityFigures& at) { return at.by_policy[p]; }});
  }
  contenders.push_back(
      {.name = "optimal bound",
       .is_bound = true,
       .hits = [](const TraceFigures&, const CapacityFigures& at) { return at.bound; }});
  contenders.push_back(
      {.name = "without limit", .hits = [](const TraceFigures& trace, const CapacityFigures&) {
         return trace.without_limit;
       }});
  return contenders;
}

const char* MarkOf(const Contender& contender, const TraceFigures& trace) {
  return contender.is_bound && !trace.equal_sizes ? "<= " : "";
}

std::string Traces(const TraceReport& report) {
  std::vector<Row> rows = {{"trace", "accesses", "objects", "bytes", "hits without limit"}};
  for (const TraceFigures& trace : report.traces) {
    rows.push_back({trace.name, fmt::format("{}{}", trace.accesses, trace.cut ? " (cut)" : ""),
                    fmt::format("{}", trace.objects),
                    trace.equal_sizes ? "alike" : fmt::format("{}", trace.working_set),
                    fmt::format("{:.2f} %", Percent(trace.without_limit.objects, trace.accesses))});
  }
  return Lines(rows);
}

// Policies against traces, at one capacity: what part of accesses hit.
std::string HitRatios(const TraceReport& report, std::size_t c) {
  std::vector<Row> rows = {{"hits, %"}};
  for (const TraceFigures& trace : report.traces) rows[0].push_back(trace.name);
  for (const Contender& contender : Contenders(report)) {
    rows.push_back({contender.name});
    for (const TraceFigures& trace : report.traces) {
      const Hits hits = contender.hits(trace, trace.capacities[c]);
      rows.back().push_back(
          fmt::format("{}{:.2f}", MarkOf(contender, trace), Percent(hits.objects, trace.accesses)));
    }
  }
  return Lines(rows);
}

// The same: misses relative to the baseline's, and their geometric mean over the traces.
std::string MissRatios(const TraceReport& report, std::size_t c) {
  std::vector<Row> rows = {{"misses / lru's"}};
  for (const TraceFigures& trace : report.traces) rows[0].push_back(trace.name);
  rows[0].emplace_back("mean");
  for (const Contender& contender : Contenders(report)) {
    rows.push_back({contender.name});
    double logs = 0;
    for (const TraceFigures& trace : report.traces) {
      const CapacityFigures& at = trace.capacities[c];
      const double misses = RelativeMisses(trace, contender.hits(trace, at), at.baseline);
      logs += std::log(misses);
      // Fewer hits at most are more misses at least.
      const bool at_least = *MarkOf(contender, trace) != 0;
      rows.back().push_back(fmt::format("{}{:.3f}", at_least ? ">= " : "", misses));
    }
    const double mean = std::exp(logs / static_cast<double>(report.traces.size()));
    rows.back().push_back(fmt::format("{:.3f}", mean));
  }
  return Lines(rows);
}

// Of one trace whose sizes vary: policies against capacities.
std::string ByteHitRatios(const TraceReport& report, const TraceFigures& trace) {
  std::vector<Row> rows = {{"bytes hit, %"}};
  for (const CapacityFigures& at : trace.capacities) {
    rows[0].push_back(fmt::format("{:g} %", at.fraction * 100));
  }
  for (const Contender& contender : Contenders(report)) {
    rows.push_back({contender.name});
    for (const CapacityFigures& at : trace.capacities) {
      rows.back().push_back(fmt::format("{}{:.2f}", MarkOf(contender, trace),
                                        Percent(contender.hits(trace, at).bytes, trace.traffic)));
    }
  }
  return Lines(rows);
}

std::string Legend(const TraceReport& report) {
  std::string legend = fmt::format(
      "Seed {}. Capacities are parts of the working set: of the number of objects where they\n"
      "are alike, else of their bytes. Hits count from the first access of an empty cache on.\n"
      "Misses are set against those of {}; their mean over the traces is geometric.\n"
      "The optimal bound is Belady's MIN, exactly",
      report.seed, kBaseline);
  const bool vary =
      std::ranges::any_of(report.traces, [](const auto& trace) { return !trace.equal_sizes; });
  legend += vary ? ", where objects are alike; where sizes vary\n"
                   "it is PFOO-L, which even the best policy may not reach.\n"
                 : ".\n";
  for (const TraceFigures& trace : report.traces) {
    if (trace.resized == 0) continue;
    legend += fmt::format("{}: an object keeps its first size; {} accesses name another.\n",
                          trace.name, trace.resized);
  }
  return legend;
}

nlohmann::ordered_json Ratios(const TraceFigures& trace, Hits hits) {
  return {{"hits", hits.objects},
          {"hit_ratio", Percent(hits.objects, trace.accesses) / 100},
          {"byte_hit_ratio", Percent(hits.bytes, trace.traffic) / 100}};
}

nlohmann::ordered_json ToJson(const TraceFigures& trace, const CapacityFigures& at,
                              const std::string& name, Hits hits) {
  nlohmann::ordered_json json = {{"policy", name}};
  json.update(Ratios(trace, hits));
  json["misses_to_lru"] = RelativeMisses(trace, hits, at.baseline);
  return json;
}

}  // namespace

double RelativeMisses(const TraceFigures& trace, Hits hits, Hits baseline) {
  const auto misses = static_cast<double>(trace.accesses - hits.objects);
  return misses / static_cast<double>(trace.accesses - baseline.objects);
}

std::string ToMarkdown(const TraceReport& report) {
  std::string text = Legend(report) + '\n' + Traces(report);
  for (std::size_t c = 0; c < report.traces.front().capacities.size(); ++c) {
    text += fmt::format("\nCapacity {:g} % of the working set:\n\n{}\n{}",
                        report.traces.front().capacities[c].fraction * 100, HitRatios(report, c),
                        MissRatios(report, c));
  }
  for (const TraceFigures& trace : report.traces) {
    if (trace.equal_sizes) continue;
    text +=
        fmt::format("\nBytes of {}, by capacity:\n\n{}", trace.name, ByteHitRatios(report, trace));
  }
  return text;
}

std::string ToJson(const TraceReport& report) {
  auto traces = nlohmann::ordered_json::array();
  for (const TraceFigures& trace : report.traces) {
    auto capacities = nlohmann::ordered_json::array();
    for (const CapacityFigures& at : trace.capacities) {
      auto policies = nlohmann::ordered_json::array();
      for (std::size_t p = 0; p < report.policies.size(); ++p) {
        policies.push_back(ToJson(trace, at, report.policies[p], at.by_policy[p]));
      }
      capacities.push_back(
          {{"fraction", at.fraction},
           {"capacity", at.capacity},
           {"policies", std::move(policies)},
           {"bound", ToJson(trace, at, trace.equal_sizes ? "MIN" : "PFOO-L", at.bound)}});
    }
    traces.push_back({{"trace", trace.name},
                      {"accesses", trace.accesses},
                      {"cut", trace.cut},
                      {"objects", trace.objects},
                      {"equal_sizes", trace.equal_sizes},
                      {"working_set", trace.working_set},
                      {"traffic", trace.traffic},
                      {"resized", trace.resized},
                      {"without_limit", Ratios(trace, trace.without_limit)},
                      {"capacities", std::move(capacities)}});
  }
  return nlohmann::ordered_json{{"seed", report.seed}, {"traces", std::move(traces)}}.dump();
}

}  // namespace aegis::bench
