// Large and hostile clusters, in virtual time.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "figures.h"
#include "model/limits.h"
#include "simulation.h"

namespace aegis::gossip::sim {
namespace {

using namespace std::chrono_literals;

// --- Figures ------------------------------------------------------------------------------------

TEST(GossipSimTest, HundredNodesWithTenPercentLossDetectEveryDeathAndNoFalseOne) {
  const Figures figures = Measure({.nodes = 100, .loss = 0.1, .duration = 3min, .seed = 7});

  EXPECT_GE(figures.detected.size(), 8U);
  EXPECT_EQ(figures.undetected, 0U);
  EXPECT_LE(Percentile(figures.detected, 0.5), 6s);
  EXPECT_LE(figures.detected.back(), 12s);
  EXPECT_LE(figures.known_to_all.back(), 15s);
  EXPECT_EQ(figures.false_deaths, 0U);
  EXPECT_LE(figures.datagram_bytes_per_node_second, 3'000);
  EXPECT_LE(figures.stream_bytes_per_node_second, 2'000);
}

TEST(GossipSimTest, WithoutLossNobodyIsSuspectedFalsely) {
  const Figures figures = Measure({.nodes = 30, .loss = 0, .duration = 3min, .seed = 7});
  EXPECT_EQ(figures.false_suspicions, 0U);
  EXPECT_LE(figures.known_to_all.back(), 8s);
}

TEST(GossipSimTest, PercentileIsTheNearestRank) {
  EXPECT_EQ(Percentile({1s, 2s, 3s}, 0.5), 2s);
  EXPECT_EQ(Percentile({1s, 2s, 3s, 4s}, 0.5), 2s);
  EXPECT_EQ(Percentile({1s, 2s, 3s}, 0.99), 3s);
  EXPECT_EQ(Percentile({1s, 2s, 3s}, 0), 1s);
}

// --- Chaos --------------------------------------------------------------------------------------

// A cluster whose network, size and misfortunes come from one seed.
class Chaos {
 public:
  explicit Chaos(std::uint64_t seed)
      : rng_(seed), simulation_(seed, RandomNetwork(rng_)), nodes_(5 + rng_.Below(20)) {
    ClusterSettings settings;
    settings.id = ClusterId{0xc1};
    const std::vector<Endpoint> seeds = {Address(0), Address(1), Address(2)};
    for (std::size_t i = 0; i < nodes_; ++i) {
      const bool born = rng_.Chance(0.5);
      simulation_.Add({.name = "n" + std::to_string(i),
                       .host = Address(i).host,
                       .seeds = seeds,
                       .settings = born || i == 0 ? settings : ClusterSettings{}});
    }
  }

  void Hurt(int times) {
    for (int i = 0; i < times; ++i) {
      simulation_.RunFor(std::chrono::duration_cast<Duration>(4s * rng_.Unit()));
      HurtOnce();
    }
  }

  // A network that works again, and all nodes running.
  void Mend() {
    simulation_.Heal();
    for (std::size_t node = 0; node < nodes_; ++node) {
      if (!simulation_.running(node)) simulation_.Restart(node);
      if (paused_.contains(node)) simulation_.Resume(node);
    }
    paused_.clear();
  }

  Simulation& simulation() { return simulation_; }

 private:
  static Network RandomNetwork(Rng& rng) {
    return {.loss = 0.2 * rng.Unit(),
            .duplicate = 0.1 * rng.Unit(),
            .delay_max = std::chrono::duration_cast<Duration>(50ms * rng.Unit()) + 1ms};
  }
  static Endpoint Address(std::size_t node) { return {"10.0.0." + std::to_string(node + 1), 7701}; }

  void HurtOnce() {
    const std::size_t node = rng_.Below(nodes_);
    const std::size_t other = rng_.Below(nodes_);
    switch (rng_.Below(6)) {
      case 0:
        if (simulation_.running(node)) simulation_.Kill(node);
        paused_.erase(node);
        break;
      case 1:
        if (!simulation_.running(node)) simulation_.Restart(node);
        break;
      case 2:
        if (simulation_.running(node)) {
          simulation_.Pause(node);
          paused_.insert(node);
        }
        break;
      case 3:
        if (paused_.erase(node) != 0) simulation_.Resume(node);
        break;
      case 4:
        if (node != other) simulation_.Cut(node, other);
        break;
      case 5:
        simulation_.Heal();
        break;
    }
  }

  Rng rng_;
  Simulation simulation_;
  const std::size_t nodes_;
  std::set<std::size_t> paused_;
};

bool AllBorn(const Simulation& simulation) {
  for (std::size_t node = 0; node < simulation.size(); ++node) {
    if (!simulation.swim(node).settings().born()) return false;
  }
  return true;
}

TEST(GossipSimTest, WhateverHappenedAMendedClusterAgreesWithinAMinute) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Chaos chaos(seed);
    Simulation& simulation = chaos.simulation();
    chaos.Hurt(60);
    chaos.Mend();
    EXPECT_TRUE(simulation.RunUntil([&] { return simulation.Converged(); }, 60s))
        << "seed " << seed;
    EXPECT_TRUE(AllBorn(simulation)) << "seed " << seed;
    EXPECT_LE(simulation.datagram_size_max(), limits::kDatagramSizeMax);
    const Counters total = simulation.Total();
    EXPECT_EQ(total.malformed + total.oversized, 0U);
    EXPECT_EQ(total.refused_foreign + total.refused_id_conflict, 0U);
  }
}

TEST(GossipSimTest, SameSeedTellsTheSameStory) {
  const auto tell = [](std::uint64_t seed) {
    Chaos chaos(seed);
    chaos.Hurt(60);
    EXPECT_GT(chaos.simulation().history().size(), 100U);
    return chaos.simulation().hash();
  };
  EXPECT_EQ(tell(1), tell(1));
  EXPECT_NE(tell(1), tell(2));
}

}  // namespace
}  // namespace aegis::gossip::sim
