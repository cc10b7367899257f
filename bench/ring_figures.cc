// ring-figures: how evenly placement spreads shards, how much a join or leave moves, and how long
// it takes to compute. Prints Markdown tables, and with --write FILE puts them into that file.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "bench/markdown_block.h"
#include "ring/movement.h"
#include "ring/placement.h"

namespace aegis::bench {
namespace {

using ring::Movement;
using ring::Placement;
using ring::PlacementMember;
using ring::PlacementOptions;

// Moved against least, over many events.
class Ratio {
 public:
  void Add(std::uint32_t moved, std::uint32_t least) {
    moved_ += moved;
    least_ += least;
    if (least > 0) worst_ = std::max(worst_, static_cast<double>(moved) / least);
  }

  std::string Mean() const {
    if (moved_ == 0) return "none";
    return fmt::format("{:.2f}", static_cast<double>(moved_) / static_cast<double>(least_));
  }
  std::string MeanAndWorst() const {
    return moved_ == 0 ? "none" : fmt::format("{} ({:.2f})", Mean(), worst_);
  }

 private:
  std::uint64_t moved_ = 0;
  std::uint64_t least_ = 0;
  double worst_ = 0;
};

struct Figures {
  double replicas_max = 0;  // Of any node in any cluster, over the fair share.
  double leaders_max = 0;
  Ratio join;
  Ratio leave;
  Ratio join_leaders;
  Ratio leave_leaders;
  double milliseconds = 0;  // The fastest of all computations.
};

void MeasureLoad(const Placement& placement, std::size_t nodes, Figures& figures) {
  std::map<NodeId, std::uint32_t> held;
  std::map<NodeId, std::uint32_t> led;
  std::size_t replicas = 0;
  for (const std::vector<NodeId>& ids : placement.replicas) {
    replicas += ids.size();
    for (const NodeId id : ids) ++held[id];
    ++led[ids.front()];
  }
  const double fair = static_cast<double>(replicas) / static_cast<double>(nodes);
  const double fair_led =
      static_cast<double>(placement.replicas.size()) / static_cast<double>(nodes);
  for (const auto& [id, count] : held) {
    figures.replicas_max = std::max(figures.replicas_max, count / fair);
  }
  for (const auto& [id, count] : led) {
    figures.leaders_max = std::max(figures.leaders_max, count / fair_led);
  }
}

Figures Measure(std::size_t nodes, int events, const PlacementOptions& options) {
  using Clock = std::chrono::steady_clock;
  Figures figures;
  figures.milliseconds = 1e9;
  Rng rng(nodes);
  for (int event = 0; event < events; ++event) {
    std::vector<PlacementMember> members(nodes + 1);
    for (PlacementMember& member : members) member.id = NodeId{rng.Next()};
    const std::vector<PlacementMember> before(members.begin(), members.end() - 1);
    const std::vector<PlacementMember> without(members.begin(), members.end() - 2);

    const Clock::time_point start = Clock::now();
    const Placement placement = ring::ComputePlacement(before, options);
    const std::chrono::duration<double, std::milli> elapsed = Clock::now() - start;
    figures.milliseconds = std::min(figures.milliseconds, elapsed.count());
    MeasureLoad(placement, nodes, figures);

    const Movement join = Diff(placement, ring::ComputePlacement(members, options));
    figures.join.Add(join.replicas_moved, join.replicas_least);
    figures.join_leaders.Add(join.leaders_moved, join.leaders_least);
    const Movement leave = Diff(placement, ring::ComputePlacement(without, options));
    figures.leave.Add(leave.replicas_moved, leave.replicas_least);
    figures.leave_leaders.Add(leave.leaders_moved, leave.leaders_least);
  }
  return figures;
}

std::string Table(const std::vector<std::size_t>& sizes, int events,
                  const PlacementOptions& options) {
  std::string table = fmt::format(
      "{} shards, {} replicas, {} virtual nodes, load bound {:.2f}; {} random clusters per row:\n\n"
      "| nodes | replicas max/fair | leaders max/fair | join: moved/least | leave: moved/least "
      "| leaders moved/least: join, leave | compute |\n"
      "|---:|---:|---:|---:|---:|---:|---:|\n",
      options.num_shards, options.replication_factor, options.virtual_nodes,
      options.load_bound_percent / 100.0, events);
  for (const std::size_t nodes : sizes) {
    const Figures figures = Measure(nodes, events, options);
    fmt::format_to(std::back_inserter(table),
                   "| {} | {:.2f} | {:.2f} | {} | {} | {}, {} | {:.2f} ms |\n", nodes,
                   figures.replicas_max, figures.leaders_max, figures.join.MeanAndWorst(),
                   figures.leave.MeanAndWorst(), figures.join_leaders.Mean(),
                   figures.leave_leaders.Mean(), figures.milliseconds);
  }
  return table;
}

constexpr const char* kLegend =
    "Max/fair is the most that any node of any of the clusters held (or led) over its fair share;\n"
    "the bound is 1.10, rounded up to whole shards. Moved/least is the mean of all joins (or\n"
    "leaves) and, in brackets, the worst, against the least that any rule could move: what the\n"
    "newcomer then holds, or what the leaver held. \"none\": nothing moved and nothing had to.\n"
    "A leader that moves is handed over without data.\n";

int Main(int argc, char** argv) {
  PlacementOptions options;
  std::vector<std::size_t> sizes{3, 5, 10, 50, 200};
  int events = 200;
  std::string file;
  CLI::App app("Figures of the ring: balance, movement and time to compute", "ring-figures");
  app.add_option("--nodes", sizes, "Cluster sizes, a row each")->check(CLI::Range(2, 1023));
  app.add_option("--events", events, "Joins and leaves per row")->check(CLI::Range(1, 100'000));
  std::vector<std::uint32_t> shards{256, 4096};
  app.add_option("--shards", shards, "Numbers of shards, a table each")
      ->check(CLI::Range(1, 16'384));
  app.add_option("--replication-factor", options.replication_factor, "Replicas of each shard")
      ->check(CLI::Range(1, 1023));
  app.add_option("--virtual-nodes", options.virtual_nodes, "Points per node on the ring")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--write", file, "Markdown file whose block 'ring' is to be replaced");
  CLI11_PARSE(app, argc, argv);

  std::string figures = kLegend;
  for (const std::uint32_t num_shards : shards) {
    options.num_shards = num_shards;
    figures += '\n' + Table(sizes, events, options);
  }
  std::fputs(figures.c_str(), stdout);
  if (file.empty() || WriteMarkdownBlock(file, "ring", figures)) return 0;
  fmt::print(stderr, "ring-figures: cannot write {}\n", file);
  return 1;
}

}  // namespace
}  // namespace aegis::bench

int main(int argc, char** argv) { return aegis::bench::Main(argc, argv); }
