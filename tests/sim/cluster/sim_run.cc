#include "sim_run.h"

#include <algorithm>

#include "chaos.h"
#include "registers.h"
#include "rising_numbers.h"
#include "stale_reads.h"

namespace aegis::sim {

using namespace std::chrono_literals;

namespace {

std::unique_ptr<Workload> NumbersOf(SimCluster& cluster, std::size_t keys, Duration pause) {
  auto numbers = std::make_unique<RisingNumbers>(cluster, keys);
  numbers->Start(pause);
  return numbers;
}

std::unique_ptr<Workload> StaleReadsOf(SimCluster& cluster, Duration pause) {
  auto reads = std::make_unique<StaleReads>(cluster, 12);
  reads->Start(pause);
  return reads;
}

// "any": the seed draws one.
std::unique_ptr<Workload> StartWorkload(const std::string& name, SimCluster& cluster, Rng& dice,
                                        const std::vector<std::size_t>& seeds) {
  const std::vector<std::string>& names = WorkloadNames();
  // Histories are what says most; every other run has nothing else.
  static const std::string kHistories[] = {"registers", "registers", "batches", "clears"};
  const bool histories = dice.Chance(0.5);
  const std::string drawn = histories ? kHistories[dice.Below(std::size(kHistories))]
                                      : names[1 + dice.Below(names.size() - 1)];
  const std::string& chosen = name == "any" ? drawn : name;
  Registers::Options options;
  options.clients = 2 + dice.Below(8);
  options.keys = 2 + dice.Below(6);
  options.pause = std::chrono::milliseconds(10 + dice.Below(100));
  static const std::vector<std::int32_t> kQuorums[] = {{0}, {2}, {kAllCopies}, {1, 2}, {0, 2}};
  options.quorums = kQuorums[dice.Below(std::size(kQuorums))];
  options.confirmed_reads = dice.Chance(0.5) ? 0.2 : 0;
  if (chosen == "few-keys") return NumbersOf(cluster, 4, 20ms);
  if (chosen == "many-keys") return NumbersOf(cluster, 200, 2s);
  if (chosen == "stale-reads") return StaleReadsOf(cluster, options.pause);
  if (chosen == "numbers") return NumbersOf(cluster, 30, 200ms);
  const bool both = dice.Chance(0.3);
  if (chosen == "batches" || (chosen != "registers" && both)) options.members = 2 + dice.Below(3);
  if (chosen == "clears" || (chosen != "registers" && both)) options.clears = 0.01;
  if (chosen == "client") options.seeds = seeds;
  auto registers = std::make_unique<Registers>(cluster, options);
  registers->Start();
  return registers;
}

std::set<Enemy> EnemiesOf(const std::string& list, Rng& dice) {
  std::set<Enemy> enemies;
  for (std::size_t i = 0; i < Chaos::kNames.size(); ++i) {
    if (dice.Chance(0.5)) enemies.insert(static_cast<Enemy>(i));
  }
  return list == "any" ? enemies : Chaos::Parse(list).value();
}

SimOptions Draw(const SimRunOptions& run, Rng& dice) {
  SimOptions options;
  options.seed = run.seed;
  options.broken = run.broken;
  options.datagram_loss = dice.Unit() * 0.1;
  options.call_loss = dice.Chance(0.5) ? dice.Unit() * 0.01 : 0;
  options.ring_bytes = 512U << dice.Below(8);
  options.replication_factor = static_cast<std::uint32_t>(2 + dice.Below(2));
  options.clock_drift = dice.Unit() * 0.1;
  options.stall_chance = dice.Chance(0.5) ? dice.Unit() * 0.003 : 0;
  options.stall_max = std::chrono::milliseconds(100 + dice.Below(3000));
  Rng tails(run.seed ^ 0x7a11U);
  if (tails.Chance(0.5)) options.tail_bounds.bytes = 256U << tails.Below(8);
  if (tails.Chance(0.5))
    options.tail_bounds.time = std::chrono::milliseconds(50U << tails.Below(8));
  Rng rates(run.seed ^ 0xc0b1U);
  if (rates.Chance(0.5)) options.copy_rate = 512U << rates.Below(8);
  return options;
}

// Everything at rest within `limit`, or what is missing.
std::string Settle(SimCluster& cluster, bool busy, Duration limit) {
  if (cluster.RunUntil([&] { return cluster.Unsettled(busy).empty(); }, limit)) return "";
  if (!cluster.violation().empty()) return cluster.violation();
  return "does not come to rest: " + cluster.Unsettled(busy);
}

std::string Live(SimCluster& cluster, Workload& workload, Chaos& chaos, Duration duration) {
  if (std::string problem = Settle(cluster, /*busy=*/false, 30s); !problem.empty()) return problem;
  chaos.Start();
  cluster.set_stall_chance(cluster.options().stall_chance);
  cluster.RunFor(duration);
  if (!cluster.violation().empty()) return cluster.violation();
  chaos.Heal();
  cluster.set_stall_chance(0);
  cluster.RunFor(Chaos::pause_max());
  workload.Stop();
  if (std::string problem = Settle(cluster, /*busy=*/false, 180s); !problem.empty()) {
    return problem;
  }
  workload.Verify();
  for (std::uint32_t shard = 0; shard < cluster.options().num_shards; ++shard) {
    cluster.CompareReplicas(shard);
  }
  cluster.CheckLosses();
  if (!cluster.violation().empty()) return cluster.violation();
  return workload.Problem();
}

}  // namespace

void SimRunResult::Add(const SimRunResult& other) {
  simulated += other.simulated;
  operations += other.operations;
  losses += other.losses;
  keys_checked += other.keys_checked;
  keys_excused += other.keys_excused;
  sometimes.Add(other.sometimes);
}

const std::vector<std::string>& WorkloadNames() {
  static const std::vector<std::string> names = {"any",       "numbers",     "few-keys",
                                                 "many-keys", "stale-reads", "client",
                                                 "registers", "batches",     "clears"};
  return names;
}

Result<Ok> Check(const SimRunOptions& options) {
  if (std::ranges::count(WorkloadNames(), options.workload) == 0) {
    return Error{ErrorCode::kInvalid, "no such workload: " + options.workload};
  }
  if (options.enemies == "any") return Ok{};
  if (const auto enemies = Chaos::Parse(options.enemies); !enemies.ok()) return enemies.error();
  return Ok{};
}

SimRunResult RunSeed(const SimRunOptions& options) {
  Rng dice(options.seed ^ 0x5eedU);
  SimCluster cluster(Draw(options, dice));
  const TimePoint began = cluster.now();
  std::vector<std::size_t> seeds;
  for (std::size_t node = 0; node < std::min<std::size_t>(options.nodes, 3); ++node) {
    seeds.push_back(node);
  }
  const auto expect = static_cast<std::uint32_t>(options.nodes);
  for (std::size_t node = 0; node < options.nodes; ++node) cluster.Start(seeds, expect);

  const std::set<Enemy> enemies = EnemiesOf(options.enemies, dice);
  const Duration every = std::chrono::milliseconds(300 + dice.Below(8000));
  Chaos chaos(cluster, dice.Next(), enemies, every, options.nodes + 2);
  cluster.set_stall_chance(0);  // Until it is born.
  const std::unique_ptr<Workload> workload = StartWorkload(options.workload, cluster, dice, seeds);

  SimRunResult result;
  result.failure = Live(cluster, *workload, chaos, options.duration);
  result.simulated = cluster.now() - began;
  result.trace_hash = cluster.trace_hash();
  result.operations = workload->answered();
  result.losses = workload->losses_counted();
  result.keys_checked = workload->keys_checked();
  result.keys_excused = workload->keys_excused();
  result.sometimes = cluster.sometimes();
  return result;
}

std::string CommandLine(const SimRunOptions& options) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.duration).count();
  return "aegis-sim --seed " + std::to_string(options.seed) + " --nodes " +
         std::to_string(options.nodes) + " --seconds " + std::to_string(seconds) + " --workload " +
         options.workload + " --enemies " + options.enemies;
}

}  // namespace aegis::sim
