// Restarts, twins and strangers: small simulated clusters.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "gossip/swim.h"
#include "simulation.h"

namespace aegis::gossip {
namespace {

using namespace std::chrono_literals;
using sim::Simulation;

std::ptrdiff_t Count(const Simulation& simulation, const std::string& what) {
  return std::ranges::count_if(simulation.history(), [&](const std::string& line) {
    return line.find(what) != std::string::npos;
  });
}

ClusterSettings Cluster(std::uint64_t id) {
  ClusterSettings settings;
  settings.id = ClusterId{id};
  return settings;
}

class SwimIdentityTest : public testing::Test {
 protected:
  SwimIdentityTest() {
    simulation_.AddCluster(3);
    simulation_.RunFor(5s);
  }

  // Another process with the --node-id of n2, at an address of its own; joins through n0.
  std::size_t AddTwin() {
    return simulation_.Add({.name = "n2",
                            .host = "10.9.9.9",
                            .seeds = {simulation_.address(0)},
                            .settings = Cluster(0xc1)});
  }

  Simulation simulation_{1};
};

TEST_F(SwimIdentityTest, RestartAtTheSameAddressIsKnownWithinASecond) {
  simulation_.Kill(2);
  simulation_.RunFor(10ms);
  simulation_.Restart(2);
  EXPECT_TRUE(simulation_.RunUntil([&] { return simulation_.Converged(); }, 1s));
  EXPECT_EQ(Count(simulation_, "restarted n2"), 2);
  EXPECT_EQ(Count(simulation_, "died"), 0);
}

TEST_F(SwimIdentityTest, WhoeverStillAsksForTheEarlierRunHearsOfTheNewOne) {
  simulation_.Kill(0);
  simulation_.RunFor(10ms);
  // The seed knows nobody after its restart and asks nobody.
  simulation_.Restart(0);
  EXPECT_TRUE(simulation_.RunUntil([&] { return simulation_.Converged(); }, 2s));
  EXPECT_EQ(Count(simulation_, "died"), 0);
}

TEST_F(SwimIdentityTest, RestartElsewhereIsRefusedUntilTheEarlierRunIsDead) {
  simulation_.Kill(2);
  simulation_.RunFor(10ms);
  simulation_.Restart(2, "10.9.9.9");
  simulation_.RunFor(1s);
  EXPECT_NE(simulation_.swim(2).refusal().find("node id 'n2' is in use"), std::string::npos);
  EXPECT_FALSE(simulation_.swim(2).joined());
  EXPECT_TRUE(simulation_.RunUntil([&] { return simulation_.Converged(); }, 6s));
  EXPECT_EQ(simulation_.swim(2).refusal(), "");
}

TEST_F(SwimIdentityTest, TwinIsRefusedLoudlyOnBothSidesAndTheMemberIsNotTouched) {
  const std::size_t twin = AddTwin();
  simulation_.RunFor(1min);
  EXPECT_FALSE(simulation_.swim(twin).joined());
  EXPECT_EQ(simulation_.swim(twin).members().size(), 1U);
  EXPECT_GT(Count(simulation_, "n3 conflict"), 0);
  EXPECT_GT(Count(simulation_, "n0 conflict"), 0);
  EXPECT_LE(Count(simulation_, "n0 conflict"), 7) << "once per 10 s";
  EXPECT_GT(simulation_.swim(0).counters().refused_id_conflict, 10U);
  for (const std::size_t node : {0U, 1U, 2U}) {
    const Member* member = simulation_.swim(node).Find(simulation_.identity(2).id);
    EXPECT_EQ(member->session, simulation_.identity(2).session);
    EXPECT_EQ(member->state, MemberState::kAlive);
  }
  EXPECT_EQ(Count(simulation_, "suspected"), 0);
}

TEST_F(SwimIdentityTest, TwinTakesThePlaceOnceTheMemberHasLeft) {
  const std::size_t twin = AddTwin();
  simulation_.Call(2,
                   [](Swim& swim, TimePoint now, Effects& effects) { swim.Leave(now, effects); });
  simulation_.RunFor(1s);
  simulation_.Kill(2);
  EXPECT_TRUE(simulation_.RunUntil([&] { return simulation_.Converged(); }, 5s));
  EXPECT_EQ(simulation_.swim(0).Find(simulation_.identity(twin).id)->session,
            simulation_.identity(twin).session);
}

TEST_F(SwimIdentityTest, TwoClustersRefuseEachOtherAndNothingIsMerged) {
  const std::size_t other =
      simulation_.Add({.name = "x", .seeds = {simulation_.address(0)}, .settings = Cluster(0xd2)});
  simulation_.RunFor(1min);
  EXPECT_EQ(simulation_.swim(other).members().size(), 1U);
  EXPECT_EQ(simulation_.swim(0).members().size(), 3U);
  EXPECT_EQ(simulation_.swim(0).settings(), Cluster(0xc1));
  EXPECT_EQ(simulation_.swim(other).settings(), Cluster(0xd2));
  EXPECT_NE(simulation_.swim(other).refusal().find("belongs to cluster 00000000000000d2"),
            std::string::npos);
  EXPECT_GT(Count(simulation_, "n3 foreign"), 0);
  EXPECT_GT(Count(simulation_, "n0 foreign"), 0);
  EXPECT_LE(Count(simulation_, "n0 foreign"), 7) << "once per 10 s";
}

TEST_F(SwimIdentityTest, WhoWasSeenUnbornAndIsBornElsewhereIsNoMember) {
  const std::size_t other = simulation_.Add({.name = "x", .settings = Cluster(0xd2)});
  const std::size_t joiner = simulation_.Add(
      {.name = "lost", .seeds = {simulation_.address(0), simulation_.address(other)}});
  simulation_.RunFor(2s);
  const bool with_us = simulation_.swim(joiner).settings() == Cluster(0xc1);
  const std::size_t ours = with_us ? 0 : other;
  const std::size_t theirs = with_us ? other : 0;
  EXPECT_EQ(simulation_.Believes(ours, joiner), MemberState::kAlive);
  EXPECT_EQ(simulation_.Believes(theirs, joiner), MemberState::kLeft);
  EXPECT_EQ(simulation_.swim(0).Find(simulation_.identity(other).id), nullptr);
}

TEST_F(SwimIdentityTest, SameClusterWithOtherSettingsIsRefused) {
  ClusterSettings wrong = Cluster(0xc1);
  wrong.num_shards = 64;
  const std::size_t node =
      simulation_.Add({.name = "x", .seeds = {simulation_.address(0)}, .settings = wrong});
  simulation_.RunFor(5s);
  EXPECT_FALSE(simulation_.swim(node).joined());
  EXPECT_NE(simulation_.swim(node).refusal().find("shards 256 instead of 64"), std::string::npos)
      << simulation_.swim(node).refusal();
}

}  // namespace
}  // namespace aegis::gossip
