// Raft groups in virtual time: random runs in which servers crash, pause, lose each other and
// change their voters; and that the simulation finds a host that breaks the rules.

#include "raft_sim.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

namespace aegis::consensus::sim {
namespace {

using namespace std::chrono_literals;

// Rare things that did happen, over all runs of a test.
struct Seen {
  std::uint64_t terms_led = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t truncations = 0;
  std::uint64_t promotions = 0;
  std::uint64_t removals = 0;
  std::uint64_t transfers = 0;
};

// What seeds differ in.
struct Dice {
  explicit Dice(std::uint64_t seed, Mutant mutant) : rng(seed ^ 0x5eed) {
    sim.seed = seed;
    sim.mutant = mutant;
    sim.delay_max = std::chrono::microseconds(200 + rng.Below(rng.Chance(0.3) ? 60'000 : 3'000));
    sim.store_max = std::chrono::microseconds(300 + rng.Below(rng.Chance(0.3) ? 150'000 : 4'000));
    sim.drift_max = rng.Chance(0.5) ? 0.1 : 0.0;
    sim.node.kept_tail = rng.Below(30);
    servers = 3 + rng.Below(5);
    mean_fault = std::chrono::milliseconds(20 + rng.Below(600));
    for (double& weight : weights) weight = rng.Chance(0.3) ? 0.0 : rng.Unit();
    compact_every = 10 + rng.Below(100);
  }

  Rng rng;
  RaftSimOptions sim;
  std::uint64_t servers;
  Duration mean_fault;
  double weights[6];  // Crash, pause, part two, part one, break a link, stop a disk.
  Index compact_every;
};

// One run: chaos, then everything is healed and has to work.
class ChaosRun {
 public:
  ChaosRun(std::uint64_t seed, Mutant mutant, Seen& seen)
      : dice_(seed, mutant), sim_(dice_.sim), seen_(seen) {
    sim_.Add(/*founder=*/true);
    while (sim_.servers().size() < dice_.servers) sim_.Add();
  }

  // What went wrong, or nothing.
  std::string Go() {
    const TimePoint end = sim_.now() + 15s;
    while (sim_.now() < end && sim_.violation().empty()) {
      sim_.RunFor(Exponential(dice_.mean_fault / 4));
      if (!sim_.violation().empty()) break;
      Work();
      if (rng().Chance(0.25)) Fault();
    }
    if (sim_.violation().empty()) Recover();
    seen_.terms_led += sim_.terms_led();
    seen_.snapshots += sim_.snapshots_installed();
    seen_.truncations += sim_.entries_truncated();
    return sim_.violation().empty() ? stuck_ : sim_.violation();
  }

 private:
  Rng& rng() { return dice_.rng; }

  Duration Exponential(Duration mean) {
    return Duration(static_cast<Duration::rep>(-std::log(1.0 - rng().Unit()) *
                                               static_cast<double>(mean.count())));
  }

  ServerId Any() { return sim_.servers()[rng().Below(dice_.servers)]; }

  void Fault() {
    double total = 0;
    for (const double weight : dice_.weights) total += weight;
    double at = rng().Unit() * total;
    std::size_t kind = 0;
    while (kind < 5 && at >= dice_.weights[kind]) at -= dice_.weights[kind++];
    const ServerId one = Any();
    const ServerId other = Any();
    switch (kind) {
      case 0:
        if (sim_.up(one)) sim_.Crash(one);
        if (rng().Chance(0.6)) sim_.Restart(one);
        break;
      case 1:
        sim_.Pause(one, Exponential(500ms));
        break;
      case 2:
        if (one != other) sim_.SetReachable(one, other, rng().Chance(0.5));
        break;
      case 3:
        sim_.SetReachable(one, rng().Chance(0.5));
        break;
      case 4:
        if (one != other) sim_.BreakLink(one, other);
        break;
      default:
        sim_.StopStoring(one, rng().Chance(0.5));
    }
    // Now and then everything is up, or nothing would ever be committed.
    if (rng().Chance(0.1)) sim_.Heal();
  }

  void Work() {
    for (const ServerId id : sim_.servers()) {
      if (!sim_.up(id)) continue;
      RaftNode& node = sim_.node(id);
      if (sim_.applied(id) > node.snapshot().last.index + dice_.compact_every) sim_.Compact(id);
      if (!node.leads()) continue;
      for (std::uint64_t n = rng().Below(4); n > 0; --n) {
        Ignore(sim_.Propose(id, fmt::format("command {}", ++commands_)));
      }
      if (rng().Chance(0.1)) wanted_voters_ = 1 + 2 * rng().Below((dice_.servers + 1) / 2);
      ChangeVoters(id, wanted_voters_);
      if (rng().Chance(0.02)) {
        sim_.Transfer(id, rng().Chance(0.5) ? Any() : ServerId{});
        ++seen_.transfers;
      }
    }
  }

  // One step towards this number of voters.
  void ChangeVoters(ServerId leader, std::uint64_t wanted) {
    RaftNode& node = sim_.node(leader);
    if (!node.configuration_committed()) return;
    std::vector<Server> servers = node.configuration().servers;
    const std::uint64_t voters = CountVoters(servers);
    const auto spare = std::ranges::find(servers, ServerRole::kSpare, &Server::role);
    if (voters < wanted && spare != servers.end()) {
      if (!node.CaughtUp(spare->id)) {
        sim_.CatchUp(leader, spare->id);
        if (rng().Chance(0.05)) {  // Perhaps it is down: try another.
          servers.erase(spare);
          Ignore(sim_.Reconfigure(leader, servers));
        }
        return;
      }
      spare->role = ServerRole::kVoter;
      if (sim_.Reconfigure(leader, servers).ok()) ++seen_.promotions;
    } else if (voters < wanted) {
      const ServerId newcomer = Any();
      if (FindServer(servers, newcomer) != nullptr) return;
      // Now and then at once, without catching up.
      servers.push_back({newcomer, rng().Chance(0.1) ? ServerRole::kVoter : ServerRole::kSpare});
      std::ranges::sort(servers, {}, &Server::id);
      Ignore(sim_.Reconfigure(leader, servers));
    } else if (voters > wanted) {
      const std::size_t victim = rng().Below(servers.size());
      if (servers[victim].id == leader) {
        sim_.Transfer(leader, ServerId{});
        return;
      }
      servers.erase(servers.begin() + static_cast<std::ptrdiff_t>(victim));
      if (sim_.Reconfigure(leader, servers).ok()) ++seen_.removals;
    }
  }

  // Everything is healed: a leader emerges, a command is committed on every voter, and the voters
  // can be changed.
  void Recover() {
    sim_.Heal();
    const Bytes last = "the last command";
    bool proposed = false;
    const auto applied_everywhere = [&] {
      const std::optional<ServerId> leader = sim_.leader();
      if (!leader || !sim_.node(*leader).configuration_committed()) return false;
      if (!proposed) proposed = sim_.Propose(*leader, last).ok();
      const std::vector<Bytes>& commands = sim_.commands();
      if (std::ranges::find(commands, last) == commands.end()) {
        proposed = proposed && sim_.node(*leader).last_index() > sim_.committed();
        return false;
      }
      return std::ranges::all_of(
          sim_.node(*leader).configuration().servers, [&](const Server& server) {
            return server.role == ServerRole::kSpare || sim_.applied(server.id) == sim_.committed();
          });
    };
    if (!sim_.RunUntil(applied_everywhere, 30s)) {
      stuck_ =
          "no leader, or its commands are not applied everywhere, long after healing:" + Describe();
      return;
    }
    const TimePoint until = sim_.now() + 60s;
    while (sim_.now() < until && sim_.violation().empty()) {
      const std::optional<ServerId> leader = sim_.leader();
      if (leader && sim_.node(*leader).configuration_committed() &&
          CountVoters(sim_.node(*leader).configuration().servers) == 3) {
        return;
      }
      if (leader) ChangeVoters(*leader, 3);
      sim_.RunFor(20ms);
    }
    stuck_ = "the voters cannot be changed long after healing:" + Describe();
  }

  std::string Describe() {
    std::string text;
    for (const ServerId id : sim_.servers()) {
      const RaftNode& node = sim_.node(id);
      text += fmt::format(
          "\n  server {}: term {}, leader {}{}, log {}..{}, committed {} of {}, in {}:", id.value(),
          node.term(), node.leader().value(), node.leads() ? " (itself)" : "", node.first_index(),
          node.last_index(), node.commit_index(), sim_.committed(), node.configuration().at.index);
      for (const Server& server : node.configuration().servers) {
        text += fmt::format(" {}{}", server.id.value(),
                            server.role == ServerRole::kSpare ? " (spare)" : "");
      }
    }
    return text;
  }

  static void Ignore(const Result<LogPosition>& result) { static_cast<void>(result.ok()); }

  Dice dice_;
  RaftSim sim_;
  Seen& seen_;
  std::string stuck_;
  std::uint64_t commands_ = 0;
  std::uint64_t wanted_voters_ = 3;
};

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

TEST(RaftSimTest, RandomRunsAreSafeAndRecover) {
  const std::uint64_t first = FromEnvironment("AEGIS_SIM_SEED", 1);
  const std::uint64_t runs = FromEnvironment("AEGIS_SIM_RUNS", 1500);
  Seen seen;
  for (std::uint64_t seed = first; seed < first + runs; ++seed) {
    ASSERT_EQ(ChaosRun(seed, Mutant::kNone, seen).Go(), "")
        << "replay: AEGIS_SIM_SEED=" << seed
        << " AEGIS_SIM_RUNS=1 consensus_sim_tests --gtest_filter=*RandomRuns*";
  }
  RecordProperty("terms_led", static_cast<int>(seen.terms_led));
  if (runs < 50) return;
  EXPECT_GT(seen.terms_led, runs);
  EXPECT_GT(seen.snapshots, 0U);
  EXPECT_GT(seen.truncations, 0U);
  EXPECT_GT(seen.promotions, 0U);
  EXPECT_GT(seen.removals, 0U);
  EXPECT_GT(seen.transfers, 0U);
}

// How many seeds it takes to find the mutant; 0 if it is not found.
std::uint64_t SeedsToFind(Mutant mutant) {
  Seen seen;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    if (!ChaosRun(seed, mutant, seen).Go().empty()) return seed;
  }
  return 0;
}

TEST(RaftSimTest, AForgottenVoteIsFound) { EXPECT_GT(SeedsToFind(Mutant::kForgetsVotes), 0U); }

TEST(RaftSimTest, AnEntryThatIsConfirmedBeforeItIsDurableIsFound) {
  EXPECT_GT(SeedsToFind(Mutant::kConfirmsTooEarly), 0U);
}

}  // namespace
}  // namespace aegis::consensus::sim
