#include "bench/load_view.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bench/core/figure_text.h"

namespace aegis::bench {
namespace {

constexpr std::size_t kBarWidth = 30;

double Microseconds(std::chrono::nanoseconds latency) {
  return static_cast<double>(latency.count()) / 1e3;
}

std::string Row(const std::string& name, const LatencyHistogram& latencies, double seconds) {
  if (latencies.count() == 0) return {};
  const auto at = [&](double fraction) { return FormatLatency(latencies.Percentile(fraction)); };
  return fmt::format("{:<8}{:>14}{:>12.0f}{:>10}{:>10}{:>10}{:>10}{:>10}\n", name,
                     Grouped(latencies.count()), static_cast<double>(latencies.count()) / seconds,
                     at(0.5), at(0.9), at(0.99), at(0.999), FormatLatency(latencies.max()));
}

nlohmann::ordered_json Figures(const LatencyHistogram& latencies) {
  const auto at = [&](double fraction) { return Microseconds(latencies.Percentile(fraction)); };
  return {{"calls", latencies.count()},
          {"mean_us", Microseconds(latencies.Mean())},
          {"p50_us", at(0.5)},
          {"p90_us", at(0.9)},
          {"p99_us", at(0.99)},
          {"p999_us", at(0.999)},
          {"max_us", Microseconds(latencies.max())}};
}

}  // namespace

std::string ToText(const LoadReport& report) {
  const double seconds = std::chrono::duration<double>(report.elapsed).count();
  LatencyHistogram all = report.reads;
  all.Merge(report.writes);
  std::string text = fmt::format("{:<8}{:>14}{:>12}{:>10}{:>10}{:>10}{:>10}{:>10}\n", "", "calls",
                                 "per second", "p50", "p90", "p99", "p99.9", "max");
  text += Row("reads", report.reads, seconds);
  text += Row("writes", report.writes, seconds);
  text += Row("all", all, seconds);
  if (report.misses > 0) text += fmt::format("{} reads found no key\n", Grouped(report.misses));
  for (const auto& [name, count] : report.errors) {
    text += fmt::format("{} calls failed: {}\n", Grouped(count), name);
  }
  return text;
}

std::string ToJson(const LoadReport& report) {
  nlohmann::ordered_json json = {{"seconds", std::chrono::duration<double>(report.elapsed).count()},
                                 {"calls", report.answered()},
                                 {"calls_per_second", report.PerSecond()},
                                 {"misses", report.misses},
                                 {"errors", nlohmann::ordered_json::object()},
                                 {"reads", Figures(report.reads)},
                                 {"writes", Figures(report.writes)}};
  for (const auto& [name, count] : report.errors) json["errors"][name] = count;
  return json.dump();
}

std::string ProgressLine(const std::string& phase, double fraction, std::uint64_t answered) {
  const auto filled = static_cast<std::size_t>(fraction * static_cast<double>(kBarWidth));
  const std::size_t width = std::min(filled, kBarWidth);
  return fmt::format("{:>8}  [{}{}] {:>3.0f} %  {} calls", phase, std::string(width, '#'),
                     std::string(kBarWidth - width, '.'), fraction * 100, Grouped(answered));
}

void ProgressBar::Show(const std::string& phase, double fraction, std::uint64_t answered) {
  out_ << "\r\x1b[K" << ProgressLine(phase, fraction, answered) << std::flush;
  drawn_ = true;
}

void ProgressBar::Clear() {
  if (drawn_) out_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

}  // namespace aegis::bench
