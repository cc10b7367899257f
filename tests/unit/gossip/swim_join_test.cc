// How nodes come together: small simulated clusters.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "gossip/swim.h"
#include "simulation.h"

namespace aegis::gossip {
namespace {

using namespace std::chrono_literals;
using sim::NodeSpec;
using sim::Simulation;

ClusterSettings Cluster(std::uint64_t id) {
  ClusterSettings settings;
  settings.id = ClusterId{id};
  return settings;
}

// How often `what` stands in the history, as in "n0 joined n1".
std::ptrdiff_t Count(const Simulation& simulation, const std::string& what) {
  return std::ranges::count_if(simulation.history(), [&](const std::string& line) {
    return line.find(' ' + what) != std::string::npos;
  });
}

bool AllBorn(const Simulation& simulation) {
  for (std::size_t i = 0; i < simulation.size(); ++i) {
    if (!simulation.swim(i).settings().born()) return false;
  }
  return true;
}

TEST(SwimJoinTest, OneSeedIsEnoughForAllToFindEachOther) {
  Simulation simulation(1);
  simulation.AddCluster(5);
  EXPECT_TRUE(simulation.RunUntil([&] { return simulation.Converged(); }, 1s));
  EXPECT_TRUE(simulation.swim(0).joined());
  EXPECT_TRUE(simulation.swim(4).joined());
  EXPECT_EQ(simulation.swim(4).refusal(), "");
}

TEST(SwimJoinTest, SilentSeedIsTriedUntilItAnswers) {
  Simulation simulation(1);
  const Endpoint seed{"10.0.0.99", 7701};
  simulation.Add({.name = "early", .seeds = {seed}, .settings = Cluster(1)});
  simulation.RunFor(10min);
  EXPECT_FALSE(simulation.swim(0).joined());
  simulation.Add({.name = "late", .host = seed.host, .settings = Cluster(1)});
  EXPECT_TRUE(simulation.RunUntil([&] { return simulation.Converged(); }, 3s));
}

TEST(SwimJoinTest, SeedThatIsTheNodeItselfIsNoSeed) {
  Simulation simulation(1);
  const Endpoint own{"10.0.0.1", 7701};
  simulation.Add({.name = "alone", .host = own.host, .seeds = {own}, .settings = Cluster(1)});
  simulation.RunFor(1min);
  EXPECT_FALSE(simulation.swim(0).joined());
  EXPECT_EQ(simulation.Total().sent[MessageKind::kPushPull], 0U);
}

TEST(SwimJoinTest, UnbornNodesKnowEachOtherBeforeTheClusterIsBorn) {
  Simulation simulation(1);
  for (const char* name : {"a", "b", "c"}) {
    simulation.Add({.name = name, .seeds = {{"10.0.0.1", 7701}}});
  }
  EXPECT_TRUE(simulation.RunUntil([&] { return simulation.Converged(); }, 1s));
  EXPECT_FALSE(simulation.swim(0).settings().born());
}

TEST(SwimJoinTest, BirthSpreadsWithinAProbeRound) {
  for (const std::size_t nodes : {3U, 30U}) {
    Simulation simulation(nodes);
    for (std::size_t i = 0; i < nodes; ++i) {
      simulation.Add({.name = "n" + std::to_string(i), .seeds = {{"10.0.0.1", 7701}}});
    }
    ASSERT_TRUE(simulation.RunUntil([&] { return simulation.Converged(); }, 10s));
    simulation.RunFor(5s);
    simulation.Call(0, [](Swim& swim, TimePoint now, Effects& effects) {
      swim.SetSettings(Cluster(9), now);
      swim.Tick(now, effects);
    });
    EXPECT_TRUE(simulation.RunUntil([&] { return AllBorn(simulation); }, 500ms)) << nodes;
    EXPECT_EQ(simulation.swim(nodes - 1).settings(), Cluster(9));
  }
}

TEST(SwimJoinTest, BirthIsDueAtOnce) {
  Simulation simulation(1);
  simulation.Add({.name = "a"});
  simulation.Call(0, [](Swim& swim, TimePoint now, Effects&) {
    swim.SetSettings(Cluster(9), now);
    EXPECT_EQ(swim.wake_up_at(), now);
  });
}

TEST(SwimJoinTest, AdoptedSettingsAreReportedWithTheirDifferences) {
  Simulation simulation(1);
  ClusterSettings old_cluster = Cluster(1);
  old_cluster.num_shards = 512;
  old_cluster.hash_seed = 42;
  simulation.Add({.name = "old", .settings = old_cluster});
  simulation.Add({.name = "new", .seeds = {simulation.address(0)}});
  simulation.RunFor(1s);
  EXPECT_EQ(simulation.swim(1).settings(), old_cluster);
  EXPECT_EQ(Count(simulation, "n1 adopted old shards 512 instead of 256"), 1);
}

TEST(SwimJoinTest, UnbornSeedIsBornByWhoJoinsThroughIt) {
  Simulation simulation(1);
  simulation.Add({.name = "unborn"});
  simulation.Add({.name = "born", .seeds = {simulation.address(0)}, .settings = Cluster(1)});
  simulation.RunFor(100ms);
  EXPECT_EQ(simulation.swim(0).settings(), Cluster(1));
}

TEST(SwimJoinTest, MetadataChangesReachEverybody) {
  Simulation simulation(1);
  simulation.AddCluster(5);
  simulation.RunFor(5s);
  simulation.Call(3, [](Swim& swim, TimePoint now, Effects& effects) {
    Member changed = swim.self();
    changed.weight = 4;
    swim.UpdateSelf(changed, now, effects);
  });
  simulation.RunFor(2s);
  for (std::size_t node = 0; node < 5; ++node) {
    EXPECT_EQ(simulation.swim(node).Find(simulation.identity(3).id)->weight, 4U);
  }
}

TEST(SwimJoinTest, ShortPartitionHealsWithinSecondsOfItsEnd) {
  Simulation simulation(1);
  simulation.AddCluster(5);
  simulation.RunFor(5s);
  simulation.Split({0, 1}, {2, 3, 4});
  simulation.RunFor(40s);
  EXPECT_EQ(simulation.Believes(0, 3), MemberState::kDead);
  EXPECT_EQ(simulation.Believes(3, 0), MemberState::kDead);
  simulation.Heal();
  EXPECT_TRUE(simulation.RunUntil([&] { return simulation.Converged(); }, 8s));
}

TEST(SwimJoinTest, DeadMembersAreCalledInCaseTheyLiveWhateverTheSeeds) {
  Simulation simulation(1);
  Options options;
  options.seed_interval = 24h;
  simulation.AddCluster(5, options);
  simulation.RunFor(5s);
  simulation.Split({0, 1}, {2, 3, 4});
  // Long enough that no rumour about it is on its way any more.
  simulation.RunFor(50s);
  simulation.Heal();
  EXPECT_TRUE(simulation.RunUntil([&] { return simulation.Converged(); }, 8s));
}

TEST(SwimJoinTest, PartitionOfHoursHealsThroughTheSeeds) {
  Simulation simulation(1);
  simulation.AddCluster(5);
  simulation.RunFor(5s);
  simulation.Split({0, 1}, {2, 3, 4});
  simulation.RunFor(3h);
  EXPECT_EQ(simulation.swim(4).Find(simulation.identity(0).id), nullptr) << "forgotten by now";
  simulation.Heal();
  EXPECT_TRUE(simulation.RunUntil([&] { return simulation.Converged(); }, 15s));
}

}  // namespace
}  // namespace aegis::gossip
