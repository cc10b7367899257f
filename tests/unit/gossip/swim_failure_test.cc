// How failures are found, and how healthy nodes are spared: small simulated clusters.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "gossip/codec.h"
#include "gossip/swim.h"
#include "simulation.h"
#include "test_members.h"

namespace aegis::gossip {
namespace {

using namespace std::chrono_literals;
using sim::Network;
using sim::Simulation;

std::ptrdiff_t Count(const Simulation& simulation, const std::string& what) {
  return std::ranges::count_if(simulation.history(), [&](const std::string& line) {
    return line.find(what) != std::string::npos;
  });
}

class SwimFailureTest : public testing::Test {
 protected:
  void Start(std::size_t nodes, Network network = {}, std::uint64_t seed = 1) {
    simulation_ = std::make_unique<Simulation>(seed, network);
    simulation_->AddCluster(nodes);
    ASSERT_TRUE(simulation_->RunUntil([&] { return simulation_->Converged(); }, 10s));
    simulation_->RunFor(3s);
  }

  bool AllBelieve(std::size_t about, MemberState state) const {
    for (std::size_t node = 0; node < simulation_->size(); ++node) {
      if (node == about || !simulation_->running(node)) continue;
      if (simulation_->Believes(node, about) != state) return false;
    }
    return true;
  }
  bool AllDeclareDead(std::size_t about, Duration limit) {
    return simulation_->RunUntil([&] { return AllBelieve(about, MemberState::kDead); }, limit);
  }

  std::unique_ptr<Simulation> simulation_;
};

TEST_F(SwimFailureTest, KilledNodeOfThreeIsDeadWithinFourSeconds) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Start(3, {}, seed);
    simulation_->RunFor(seed * 37ms);
    simulation_->Kill(2);
    EXPECT_TRUE(AllDeclareDead(2, 4s)) << seed;
  }
}

TEST_F(SwimFailureTest, LinksThatBreakWithTheNodeShortenItToTheSuspicion) {
  const auto die_with_links = [&](std::size_t nodes, std::uint64_t seed, Duration limit) {
    Start(nodes, {}, seed);
    simulation_->RunFor(seed * 37ms);
    simulation_->Kill(2);
    for (std::size_t node = 0; node < nodes; ++node) {
      if (node == 2) continue;
      simulation_->Call(node, [&](Swim& swim, TimePoint now, Effects& effects) {
        swim.ProbeSoon(simulation_->identity(2).id, now, effects);
        swim.ProbeSoon(simulation_->identity(2).id, now, effects);
      });
    }
    return AllDeclareDead(2, limit);
  };
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    EXPECT_TRUE(die_with_links(3, seed, 2500ms)) << seed;
    EXPECT_TRUE(die_with_links(10, seed, 2500ms)) << seed;
  }
  EXPECT_TRUE(die_with_links(100, 1, 4500ms));
}

TEST_F(SwimFailureTest, BrokenLinkToAHealthyNodeMeansNothing) {
  Start(3);
  simulation_->Call(0, [&](Swim& swim, TimePoint now, Effects& effects) {
    swim.ProbeSoon(simulation_->identity(2).id, now, effects);
    swim.ProbeSoon(simulation_->identity(0).id, now, effects);
    swim.ProbeSoon(NodeId{12345}, now, effects);
  });
  simulation_->RunFor(10s);
  EXPECT_EQ(Count(*simulation_, "suspected"), 0);
}

TEST_F(SwimFailureTest, QuietNetworkRaisesNoSuspicion) {
  Start(10);
  simulation_->RunFor(10min);
  EXPECT_EQ(Count(*simulation_, "suspected"), 0);
  EXPECT_EQ(simulation_->Total().probes_failed, 0U);
}

TEST_F(SwimFailureTest, ProbeThroughOthersSavesANodeThatOneCannotReach) {
  Start(4);
  simulation_->Split({0}, {1});
  simulation_->RunFor(1min);
  EXPECT_EQ(Count(*simulation_, "suspected"), 0);
  EXPECT_GT(simulation_->swim(0).counters().probes_saved_by_relay, 0U);
  EXPECT_EQ(simulation_->swim(0).counters().probes_saved_by_stream, 0U);
}

TEST_F(SwimFailureTest, OneWayCutIsNoDeathEither) {
  Start(4);
  simulation_->Cut(1, 0);
  simulation_->RunFor(1min);
  EXPECT_EQ(Count(*simulation_, "suspected"), 0);
}

TEST_F(SwimFailureTest, TcpSavesNodesWhereUdpIsBlocked) {
  Start(2, {.udp = false});
  simulation_->RunFor(1min);
  EXPECT_EQ(Count(*simulation_, "suspected"), 0);
  EXPECT_GT(simulation_->swim(0).counters().probes_saved_by_stream, 0U);
}

TEST_F(SwimFailureTest, FalselyAccusedNodeRefutesBeforeItIsDead) {
  Start(5);
  const Member victim = *simulation_->swim(1).Find(simulation_->identity(0).id);
  const Member& accuser = simulation_->identity(2);
  const Sender sender{ClusterId{0xc1}, accuser.id, accuser.session};
  simulation_->Inject(1, simulation_->address(2),
                      EncodeDatagramHead(sender, std::monostate()) +
                          EncodeRumour(Said(MemberState::kSuspect, victim, accuser.id)));
  EXPECT_EQ(simulation_->Believes(1, 0), MemberState::kSuspect);
  EXPECT_TRUE(simulation_->RunUntil([&] { return simulation_->Converged(); }, 1s));
  EXPECT_EQ(simulation_->swim(0).counters().refutations, 1U);
  EXPECT_EQ(Count(*simulation_, "refuted n0"), Count(*simulation_, "suspected n0"));
  EXPECT_EQ(Count(*simulation_, "died"), 0);
}

TEST_F(SwimFailureTest, FalselyBuriedNodeComesBack) {
  Start(5);
  const Member victim = *simulation_->swim(1).Find(simulation_->identity(0).id);
  const Member& accuser = simulation_->identity(2);
  const Sender sender{ClusterId{0xc1}, accuser.id, accuser.session};
  simulation_->Inject(1, simulation_->address(2),
                      EncodeDatagramHead(sender, std::monostate()) +
                          EncodeRumour(Said(MemberState::kDead, victim, accuser.id)));
  EXPECT_TRUE(simulation_->RunUntil([&] { return simulation_->Converged(); }, 1s));
  EXPECT_GT(simulation_->Total().false_deaths, 0U);
}

TEST_F(SwimFailureTest, StoppedNodeAccusesNobodyWhenItGoesOn) {
  Start(5);
  // Right after a ping: its ack will wait unread, and its time run out.
  const std::uint64_t probes = simulation_->swim(0).counters().probes;
  ASSERT_TRUE(
      simulation_->RunUntil([&] { return simulation_->swim(0).counters().probes > probes; }, 1s));
  simulation_->Pause(0);
  simulation_->RunFor(1s);
  simulation_->Resume(0);
  simulation_->RunFor(20s);
  EXPECT_EQ(Count(*simulation_, "n0 suspected"), 0);
  EXPECT_EQ(Count(*simulation_, "died"), 0);
  EXPECT_GT(simulation_->swim(0).counters().stalls, 0U);
  EXPECT_TRUE(simulation_->Converged());
}

TEST_F(SwimFailureTest, NodeStoppedForMinutesIsBuriedAndComesBack) {
  Start(5);
  simulation_->Pause(0);
  simulation_->RunFor(30s);
  EXPECT_TRUE(AllBelieve(0, MemberState::kDead));
  simulation_->Resume(0);
  EXPECT_TRUE(simulation_->RunUntil([&] { return simulation_->Converged(); }, 10s));
  EXPECT_EQ(Count(*simulation_, "n0 died"), 0);
}

TEST_F(SwimFailureTest, DeadNodeIsForgottenAfterItsRetention) {
  Start(3);
  simulation_->Kill(2);
  ASSERT_TRUE(AllDeclareDead(2, 4s));
  simulation_->RunFor(58s);
  EXPECT_NE(simulation_->swim(0).Find(simulation_->identity(2).id), nullptr);
  simulation_->RunFor(5s);
  EXPECT_EQ(simulation_->swim(0).Find(simulation_->identity(2).id), nullptr);
  EXPECT_EQ(Count(*simulation_, "reaped n2"), 2);
}

TEST_F(SwimFailureTest, GoodbyeIsHeardByAllAtOnceAndIsNoDeath) {
  Start(5);
  simulation_->Call(4, [](Swim& swim, TimePoint now, Effects& effects) {
    EXPECT_FALSE(swim.farewell_said());
    swim.Leave(now, effects);
  });
  EXPECT_TRUE(simulation_->RunUntil([&] { return AllBelieve(4, MemberState::kLeft); }, 100ms));
  EXPECT_TRUE(simulation_->RunUntil([&] { return simulation_->swim(4).farewell_said(); }, 1s));
  simulation_->Kill(4);
  simulation_->RunFor(10s);
  EXPECT_EQ(Count(*simulation_, "suspected"), 0);
  EXPECT_EQ(Count(*simulation_, "died"), 0);
  EXPECT_EQ(Count(*simulation_, " left n4"), 4);
  EXPECT_EQ(simulation_->Total().streams_failed, 0U) << "nobody calls who has left";
}

TEST_F(SwimFailureTest, LeavingNodeGoesOnAnsweringAndProbesNobody) {
  Start(3);
  simulation_->Call(2,
                    [](Swim& swim, TimePoint now, Effects& effects) { swim.Leave(now, effects); });
  simulation_->RunFor(1s);
  const std::uint64_t probes = simulation_->swim(2).counters().probes;
  simulation_->RunFor(10s);
  EXPECT_EQ(simulation_->swim(2).counters().probes, probes);

  const Member& asker = simulation_->identity(0);
  const Member& self = simulation_->identity(2);
  const std::uint64_t acks = simulation_->swim(2).counters().sent[MessageKind::kAck];
  simulation_->Inject(2, simulation_->address(0),
                      EncodeDatagramHead({ClusterId{0xc1}, asker.id, asker.session},
                                         Ping{1, self.id, self.session}));
  EXPECT_EQ(simulation_->swim(2).counters().sent[MessageKind::kAck], acks + 1);
}

TEST_F(SwimFailureTest, LonelyNodeMayGoAtOnce) {
  Start(1);
  simulation_->Call(0, [](Swim& swim, TimePoint now, Effects& effects) {
    swim.Leave(now, effects);
    EXPECT_TRUE(swim.farewell_said());
  });
}

}  // namespace
}  // namespace aegis::gossip
