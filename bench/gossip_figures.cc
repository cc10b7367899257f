// gossip-figures: how fast gossip notices a dead node, how often it is wrong, and what it costs,
// measured in simulated clusters. Prints a Markdown table, and with --write FILE puts it there.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <string>
#include <vector>

#include "bench/markdown_block.h"
#include "figures.h"

namespace aegis::bench {
namespace {

using gossip::sim::Figures;
using gossip::sim::FiguresSpec;
using gossip::sim::Percentile;

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string MedianAndTail(const std::vector<Duration>& sorted) {
  if (sorted.empty()) return "-";
  return fmt::format("{:.1f} / {:.1f} s", Seconds(Percentile(sorted, 0.5)),
                     Seconds(Percentile(sorted, 0.99)));
}

std::string PerNodeHour(std::size_t count, const Figures& figures) {
  return fmt::format("{:.3f} ({})", static_cast<double>(count) / figures.node_hours, count);
}

std::string Row(const FiguresSpec& spec) {
  const Figures figures = Measure(spec);
  return fmt::format("| {} | {:.0f} % | {} | {} | {} | {} | {} | {:.0f} | {:.0f} | {:.1f} |\n",
                     spec.nodes, 100 * spec.loss, figures.detected.size() + figures.undetected,
                     MedianAndTail(figures.detected), MedianAndTail(figures.known_to_all),
                     PerNodeHour(figures.false_deaths, figures),
                     PerNodeHour(figures.false_suspicions, figures),
                     figures.datagram_bytes_per_node_second, figures.stream_bytes_per_node_second,
                     figures.node_hours);
}

std::string Introduction(const FiguresSpec& spec) {
  using std::chrono::milliseconds;
  return fmt::format(
      "Simulated clusters in virtual time (seed {}): one node after the other is killed, noticed\n"
      "and restarted, so the bytes include joining. Loss is of every datagram and of every TCP\n"
      "segment (which TCP sends again); the delay is up to {} ms each way. Probe interval {} ms,\n"
      "direct timeout {} ms, {} relays. No link tells of the death: with `ProbeSoon` it is "
      "faster.\n"
      "\n"
      "Times are from the kill, median / 99th percentile: until the first node declared the dead\n"
      "one dead, and until all had. False: members that ran, declared dead or suspected by "
      "anyone,\n"
      "per node-hour (and in all). Bytes: payload sent per node and second.\n"
      "\n"
      "| nodes | loss | deaths | first detection | known to all | false deaths | false suspicions "
      "| UDP B/s | TCP B/s | node-hours |\n"
      "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
      spec.seed, spec.delay_max / milliseconds(1), spec.options.probe_interval / milliseconds(1),
      spec.options.probe_timeout / milliseconds(1), spec.options.indirect_probes);
}

int Main(int argc, char** argv) {
  std::vector<std::size_t> sizes{3, 10, 100};
  std::vector<double> losses{0, 0.1};
  int minutes = 30;
  FiguresSpec spec;
  std::string file;
  CLI::App app("Figures of gossip: detection, false alarms and traffic", "gossip-figures");
  app.add_option("--nodes", sizes, "Cluster sizes, rows each")->check(CLI::Range(2, 1000));
  app.add_option("--loss", losses, "Shares of messages lost, a row each")
      ->check(CLI::Range(0.0, 0.5));
  app.add_option("--minutes", minutes, "Virtual time per row")->check(CLI::Range(1, 100'000));
  app.add_option("--seed", spec.seed, "The same seed gives the same figures");
  app.add_option("--write", file, "Markdown file whose block 'gossip' is to be replaced");
  CLI11_PARSE(app, argc, argv);

  std::string figures = Introduction(spec);
  spec.duration = std::chrono::minutes(minutes);
  for (const std::size_t nodes : sizes) {
    for (const double loss : losses) {
      spec.nodes = nodes;
      spec.loss = loss;
      figures += Row(spec);
    }
  }
  std::fputs(figures.c_str(), stdout);
  if (file.empty() || WriteMarkdownBlock(file, "gossip", figures)) return 0;
  fmt::print(stderr, "gossip-figures: cannot write {}\n", file);
  return 1;
}

}  // namespace
}  // namespace aegis::bench

int main(int argc, char** argv) { return aegis::bench::Main(argc, argv); }
