// The whole lease rule in random worlds; and, because a checker that was never seen to fail proves
// nothing, the same worlds with one rule broken at a time.
//
// AEGIS_SIM_SEED: the first seed. AEGIS_SIM_RUNS: how many.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "simulation.h"

namespace aegis::lease::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kChaos = 20s;

constexpr std::uint64_t kThemes = 3;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

Theme ThemeOf(std::uint64_t seed) { return static_cast<Theme>(seed % kThemes); }

TEST(LeaseSimTest, AtMostOneNodeHoldsTheShardAndOneDoesOnceTheWorldHeals) {
  const std::uint64_t first = FromEnvironment("AEGIS_SIM_SEED", 1);
  const std::uint64_t runs = FromEnvironment("AEGIS_SIM_RUNS", 200);
  std::map<std::string, std::uint64_t> sometimes;
  for (std::uint64_t seed = first; seed < first + runs; ++seed) {
    SCOPED_TRACE("replay: AEGIS_SIM_SEED=" + std::to_string(seed) +
                 " AEGIS_SIM_RUNS=1 lease_sim_tests --gtest_filter=*AtMostOne*");
    Simulation simulation(seed, ThemeOf(seed), Mutant::kNone);
    ASSERT_EQ(simulation.Run(kChaos), "");
    ASSERT_TRUE(simulation.Recovers(10s)) << simulation.violation();
    for (const auto& [what, count] : simulation.sometimes()) sometimes[what] += count;
  }
  for (const auto& [what, count] : sometimes) {
    std::printf("%8llu times %s\n", static_cast<unsigned long long>(count), what.c_str());
  }
}

TEST(LeaseSimTest, RareThingsHappen) {
  std::map<std::string, std::uint64_t> sometimes;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Simulation simulation(seed, ThemeOf(seed), Mutant::kNone);
    simulation.Run(kChaos);
    for (const auto& [what, count] : simulation.sometimes()) sometimes[what] += count;
  }
  for (const char* what : {
           "a control leader was elected",
           "a control leader was paused",
           "a crash undid an append",
           "a durable fence was truncated",
           "a holder that did not hear its grants was fenced",
           "a refusal was lost",
           "one that is no voter was asked",
           "a silent holder was fenced",
           "a voter change was committed",
           "a write was acknowledged",
           "a write was not acknowledged because of the second check",
           "an assignment was committed",
           "grants of one attempt named different configurations",
           "the shard's leader was paused",
       }) {
    EXPECT_GT(sometimes[what], 0U) << what;
  }
}

TEST(LeaseSimTest, TheSameSeedGivesTheSameRun) {
  const auto hash = [](std::uint64_t seed) {
    Simulation simulation(seed, ThemeOf(seed), Mutant::kNone);
    simulation.Run(kChaos);
    return simulation.hash();
  };
  for (std::uint64_t seed = 1; seed <= kThemes; ++seed) EXPECT_EQ(hash(seed), hash(seed));
  EXPECT_NE(hash(1), hash(2));
}

struct BrokenRule {
  const char* name;
  Mutant mutant;
  Theme theme;  // Where it is noticed soonest.
};

TEST(LeaseSimTest, EveryBrokenRuleIsNoticed) {
  constexpr std::uint64_t kSeedsMax = 300;
  for (const BrokenRule& rule : {
           BrokenRule{"skip the wait", Mutant::kSkipTheWait, Theme::kCrashes},
           BrokenRule{"halve the wait", Mutant::kHalveTheWait, Theme::kCrashes},
           BrokenRule{"assign without a majority that holds the fence", Mutant::kSkipTheFence,
                      Theme::kCrashes},
           BrokenRule{"count grants across configurations", Mutant::kMixConfigurations,
                      Theme::kVoterChanges},
           BrokenRule{"change voters without spacing", Mutant::kHurryVoterChanges,
                      Theme::kVoterChanges},
           BrokenRule{"forget fences at a restart", Mutant::kForgetFences, Theme::kCrashes},
           BrokenRule{"report a fence before it is durable", Mutant::kReportBeforeDurable,
                      Theme::kCrashes},
           BrokenRule{"clocks that drift beyond the bound", Mutant::kDriftBeyondTheBound,
                      Theme::kEverything},
           BrokenRule{"acknowledge without the second check", Mutant::kSkipTheSecondCheck,
                      Theme::kEverything},
       }) {
    std::uint64_t seed = 0;
    std::string violation;
    while (violation.empty() && seed < kSeedsMax) {
      violation = Simulation(++seed, rule.theme, rule.mutant).Run(kChaos);
    }
    EXPECT_NE(violation, "") << rule.name;
    std::printf("%4llu seeds  %s: %s\n", static_cast<unsigned long long>(seed), rule.name,
                violation.c_str());
    // It was the rule, not the world.
    EXPECT_EQ(Simulation(seed, rule.theme, Mutant::kNone).Run(kChaos), "") << rule.name;
  }
}

}  // namespace
}  // namespace aegis::lease::sim
