// aegis-sim: simulates whole clusters, one seed after the other, until one fails.
//
//     aegis-sim --seed 1 --seeds 2000 --nodes 5 --minutes 10 --workload any --enemies any

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <string>

#include "chaos.h"
#include "sim_run.h"

namespace aegis::sim {
namespace {

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string Listed() {
  std::string names = "any, none, all";
  for (const std::string_view name : Chaos::kNames) names += ", " + std::string(name);
  return names;
}

void Print(const SimRunResult& total, std::uint64_t seeds, double real) {
  for (std::size_t i = 0; i < Sometimes::kCount; ++i) {
    std::printf("%10llu  %s\n", static_cast<unsigned long long>(total.sometimes[i]),
                std::string(Sometimes::kNames[i]).c_str());
  }
  std::printf("%llu seeds, %.0f simulated seconds in %.1f s: %.0f times as fast as real time\n",
              static_cast<unsigned long long>(seeds), Seconds(total.simulated), real,
              Seconds(total.simulated) / real);
  std::printf("%llu operations answered, %llu acknowledged asynchronous writes lost\n",
              static_cast<unsigned long long>(total.operations),
              static_cast<unsigned long long>(total.losses));
  std::printf("%llu histories of keys checked, %llu excused by a lost asynchronous write\n",
              static_cast<unsigned long long>(total.keys_checked),
              static_cast<unsigned long long>(total.keys_excused));
}

constexpr std::uint64_t kProgressEvery = 10;  // Seeds.

// Several runs at once may share a terminal.
void PrintProgress(std::uint64_t seed, std::uint64_t done, std::uint64_t seeds, double real) {
  if (done % kProgressEvery != 0 || done == seeds) return;
  std::fprintf(stderr, "seed %llu: %llu of %llu done in %.0f s\n",
               static_cast<unsigned long long>(seed), static_cast<unsigned long long>(done),
               static_cast<unsigned long long>(seeds), real);
}

// True: none failed.
bool RunSeeds(SimRunOptions options, std::uint64_t seeds, bool twice, bool keep_going) {
  const auto began = std::chrono::steady_clock::now();
  const auto real = [began] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  SimRunResult total;
  std::uint64_t failed = 0;
  std::uint64_t done = 0;
  for (; done < seeds; ++done, ++options.seed) {
    SimRunResult result = RunSeed(options);
    if (twice && result.failure.empty() && RunSeed(options).trace_hash != result.trace_hash) {
      result.failure = "a second run took another course";
    }
    total.Add(result);
    PrintProgress(options.seed, done + 1, seeds, real());
    if (result.failure.empty()) continue;
    ++failed;
    std::printf("seed %llu failed after %.1f simulated seconds: %s\nagain: %s\n",
                static_cast<unsigned long long>(options.seed), Seconds(result.simulated),
                result.failure.c_str(), CommandLine(options).c_str());
    std::fflush(stdout);
    if (!keep_going) break;
  }
  Print(total, std::min(done + 1, seeds), real());
  return failed == 0;
}

int Main(int argc, char** argv) {
  SimRunOptions options;
  std::uint64_t seeds = 1;
  double minutes = 10;
  double seconds = 0;
  bool twice = false;
  bool keep_going = false;
  CLI::App app("Simulates whole clusters in virtual time.", "aegis-sim");
  app.add_option("--seed", options.seed, "the first seed")->capture_default_str();
  app.add_option("--seeds", seeds, "how many seeds, one after the other")->capture_default_str();
  app.add_option("--nodes", options.nodes, "nodes at birth")
      ->capture_default_str()
      ->check(CLI::Range(2, 32));
  app.add_option("--minutes", minutes, "of chaos, simulated")->capture_default_str();
  app.add_option("--seconds", seconds, "instead of --minutes");
  app.add_option("--workload", options.workload)
      ->capture_default_str()
      ->check(CLI::IsMember(WorkloadNames()));
  app.add_option("--enemies", options.enemies, "comma-separated: " + Listed())
      ->capture_default_str();
  app.add_flag("--twice", twice, "run every seed twice and compare the traces");
  app.add_flag("--keep-going", keep_going, "do not stop at the first failure");
  CLI11_PARSE(app, argc, argv);
  const double chosen = seconds > 0 ? seconds : minutes * 60;
  options.duration = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(chosen));
  if (const auto fine = Check(options); !fine.ok()) {
    std::fprintf(stderr, "aegis-sim: %s\n", fine.error().message.c_str());
    return 2;
  }
  return RunSeeds(options, seeds, twice, keep_going) ? 0 : 1;
}

}  // namespace
}  // namespace aegis::sim

int main(int argc, char** argv) { return aegis::sim::Main(argc, argv); }
