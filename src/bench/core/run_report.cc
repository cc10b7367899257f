#include "bench/core/run_report.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "bench/core/figure_text.h"

namespace aegis::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<const char*, double>, 6> kPercentiles = {{{"p50", 0.5},
                                                                         {"p90", 0.9},
                                                                         {"p95", 0.95},
                                                                         {"p99", 0.99},
                                                                         {"p99.9", 0.999},
                                                                         {"p99.99", 0.9999}}};

double Microseconds(std::chrono::nanoseconds latency) {
  return static_cast<double>(latency.count()) / 1e3;
}

std::string Head() {
  std::string text = fmt::format("{:<6}{:>14}{:>10}", "", "calls", "mean");
  for (const auto& [name, fraction] : kPercentiles) text += fmt::format("{:>10}", name);
  return text + fmt::format("{:>10}\n", "max");
}

std::string Row(const char* name, const LatencyHistogram& latencies) {
  if (latencies.count() == 0) return {};
  std::string text = fmt::format("{:<6}{:>14}{:>10}", name, Grouped(latencies.count()),
                                 FormatLatency(latencies.Mean()));
  for (const auto& [percentile, fraction] : kPercentiles) {
    text += fmt::format("{:>10}", FormatLatency(latencies.Percentile(fraction)));
  }
  return text + fmt::format("{:>10}\n", FormatLatency(latencies.max()));
}

Json Figures(const LatencyHistogram& latencies) {
  Json json = {{"calls", latencies.count()}, {"mean_us", Microseconds(latencies.Mean())}};
  for (const auto& [name, fraction] : kPercentiles) {
    json[fmt::format("{}_us", name)] = Microseconds(latencies.Percentile(fraction));
  }
  json["max_us"] = Microseconds(latencies.max());
  return json;
}

double Mebibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

std::string ServerText(const RunReport& report) {
  const ServerFigures& server = *report.server;
  std::string text;
  if (report.replies > 0) {  // Else it was only filled in, and there is nothing to divide by.
    text = fmt::format(
        "server: {:.3f} us of CPU per command ({:.2f} cores busy: {:.2f} user, {:.2f} system), "
        "{:.3f} voluntary switches per command\n",
        report.CpuMicrosecondsPerCommand(), server.cpu_seconds / report.seconds,
        server.user_seconds / report.seconds, server.system_seconds / report.seconds,
        static_cast<double>(server.voluntary_switches) / static_cast<double>(report.replies));
  }
  text += fmt::format("server: {:.1f} MiB resident at the end", Mebibytes(server.rss_at_end));
  if (report.keys_filled > 0) {
    text += fmt::format(", {:.1f} before and {:.1f} after filling in: {:.1f} bytes per key",
                        Mebibytes(server.rss_before_fill), Mebibytes(server.rss_after_fill),
                        report.RssPerKey());
  }
  return text + '\n';
}

Json ServerJson(const RunReport& report) {
  const ServerFigures& server = *report.server;
  return {{"cpu_us_per_command", report.CpuMicrosecondsPerCommand()},
          {"cpu_seconds", server.cpu_seconds},
          {"user_seconds", server.user_seconds},
          {"system_seconds", server.system_seconds},
          {"voluntary_switches", server.voluntary_switches},
          {"rss_before_fill", server.rss_before_fill},
          {"rss_after_fill", server.rss_after_fill},
          {"rss_at_end", server.rss_at_end},
          {"rss_per_key", report.RssPerKey()}};
}

}  // namespace

std::uint64_t RunReport::failed() const {
  std::uint64_t sum = 0;
  for (const auto& [text, count] : errors) sum += count;
  return sum;
}

double RunReport::PerSecond() const {
  return seconds > 0 ? static_cast<double>(replies) / seconds : 0;
}

std::vector<std::pair<double, double>> RunReport::LatencyCurve() const {
  constexpr double kPointsPerNine = 20;
  const LatencyHistogram all = All();
  std::vector<std::pair<double, double>> curve;
  if (all.count() == 0) return curve;
  const double nines = std::log10(static_cast<double>(all.count()));
  for (double point = 1; point <= nines * kPointsPerNine; ++point) {
    const double fraction = 1 - std::pow(10, -point / kPointsPerNine);
    curve.emplace_back(fraction, Microseconds(all.Percentile(fraction)));
  }
  return curve;
}

LatencyHistogram RunReport::All() const {
  LatencyHistogram all = gets;
  all.Merge(sets);
  return all;
}

double RunReport::CpuMicrosecondsPerCommand() const {
  if (!server || replies == 0) return 0;
  return server->cpu_seconds * 1e6 / static_cast<double>(replies);
}

double RunReport::RssPerKey() const {
  if (!server || keys_filled == 0) return 0;
  return (static_cast<double>(server->rss_after_fill) -
          static_cast<double>(server->rss_before_fill)) /
         static_cast<double>(keys_filled);
}

std::string ToText(const RunReport& report) {
  std::string text;
  if (report.keys_filled > 0) {
    text += fmt::format("{} keys filled in within {:.1f} s\n", Grouped(report.keys_filled),
                        report.fill_seconds);
  }
  if (report.seconds > 0) {
    text += fmt::format("{} replies in {:.1f} s: {} per second", Grouped(report.replies),
                        report.seconds, Grouped(static_cast<std::uint64_t>(report.PerSecond())));
    if (report.rate_wanted > 0) {
      text += fmt::format(" of {} wanted; latency counts from when a call was due",
                          Grouped(static_cast<std::uint64_t>(report.rate_wanted)));
    }
    text += '\n' + Head() + Row("GET", report.gets) + Row("SET", report.sets) +
            Row("all", report.All());
  }
  if (report.server) text += ServerText(report);
  if (report.misses > 0) text += fmt::format("{} GETs found no key\n", Grouped(report.misses));
  if (report.never_sent > 0) {
    text += fmt::format(
        "{} calls were due and never sent: the server did not keep up with the "
        "rate, and the latencies above lack them\n",
        Grouped(report.never_sent));
  }
  for (const auto& [error, count] : report.errors) {
    text += fmt::format("{} calls failed: {}\n", Grouped(count), error);
  }
  return text;
}

std::string ToJson(const RunReport& report, const std::map<std::string, std::string>& setup) {
  Json json = {{"setup", setup},
               {"keys_filled", report.keys_filled},
               {"fill_seconds", report.fill_seconds},
               {"seconds", report.seconds},
               {"replies", report.replies},
               {"per_second", report.PerSecond()},
               {"rate_wanted", report.rate_wanted},
               {"never_sent", report.never_sent},
               {"misses", report.misses},
               {"errors", report.errors},
               {"gets", Figures(report.gets)},
               {"sets", Figures(report.sets)},
               {"all", Figures(report.All())}};
  json["latency_curve"] = Json::array();  // Percent of calls, microseconds.
  for (const auto& [fraction, us] : report.LatencyCurve()) {
    json["latency_curve"].push_back({fraction * 100, us});
  }
  json["timeline"] = Json::array();
  for (const RunReport::Point& point : report.timeline) {
    json["timeline"].push_back(
        {{"at_seconds", point.at_seconds}, {"per_second", point.per_second}});
  }
  if (report.server) json["server"] = ServerJson(report);
  // Error texts are the server's bytes, and may be no UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace aegis::bench
