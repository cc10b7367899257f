// Large and hostile clusters, in virtual time.

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "figures.h"
#include "simulation.h"

namespace aegis::gossip::sim {
namespace {

using namespace std::chrono_literals;

TEST(GossipSimTest, HundredNodesWithTenPercentLossDetectEveryDeathAndNoFalseOne) {
  const Figures figures = Measure({.nodes = 100, .loss = 0.1, .duration = 3min, .seed = 7});

  EXPECT_GE(figures.detected.size(), 8U);
  EXPECT_EQ(figures.undetected, 0U);
  EXPECT_LE(Percentile(figures.detected, 0.5), 8s);
  EXPECT_LE(figures.detected.back(), 15s);
  EXPECT_LE(figures.known_to_all.back(), 20s);
  EXPECT_EQ(figures.false_deaths, 0U);
  EXPECT_LE(figures.datagram_bytes_per_node_second, 10'000);
}

}  // namespace
}  // namespace aegis::gossip::sim
