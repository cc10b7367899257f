// Planned hand-overs in virtual time: how long the keys of a node that leaves, or comes, have to
// wait. Messages take up to half a millisecond and disk writes up to 3.5: nothing else is slow.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "pause_watch.h"
#include "sim_cluster.h"

namespace aegis::sim {
namespace {

using namespace std::chrono_literals;

// A hand-over is two writes to disk after one another, at most one of them behind another write,
// and half a dozen messages. A client asks again every 5 ms.
constexpr Duration kPauseMax = 20ms;
constexpr std::uint64_t kSeeds = 3;

enum class Role : std::uint8_t { kControlLeader, kVoter, kNoVoter };

// Equal nodes, each shard with a client that writes to it.
class HandOverSimTest : public testing::Test {
 protected:
  void Form(std::uint64_t seed, std::size_t nodes) {
    SimOptions options;
    options.seed = seed;
    options.num_shards = 64;
    options.hiccup_chance = 0;
    cluster_ = std::make_unique<SimCluster>(options);
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < nodes; ++i) all.push_back(i);
    for (std::size_t i = 0; i < nodes; ++i) {
      cluster_->Start(all, static_cast<std::uint32_t>(nodes));
    }
    Settle();
    cluster_->RunFor(3s);  // Until the voters are chosen.
  }

  void Settle() {
    const auto settled = [&] { return cluster_->Unsettled(/*busy=*/true).empty(); };
    ASSERT_TRUE(cluster_->RunUntil(settled, 20s)) << cluster_->Unsettled(true);
  }

  std::size_t Find(Role role) const {
    const std::size_t leader = *cluster_->ControlLeader();
    if (role == Role::kControlLeader) return leader;
    const std::vector<NodeId> voters = cluster_->control(leader).log()->voters();
    for (std::size_t node = 0; node < cluster_->size(); ++node) {
      const bool votes = std::ranges::find(voters, cluster_->id(node)) != voters.end();
      if (node != leader && votes == (role == Role::kVoter)) return node;
    }
    ADD_FAILURE() << "no such node";
    return leader;
  }

  // `change` happens while every shard is written to through `node`, until all is settled again.
  template <class Change>
  void Watch(std::size_t node, Change change, Duration pause_max = kPauseMax) {
    watches_.push_back(std::make_unique<PauseWatch>(*cluster_, node));
    PauseWatch& watch = *watches_.back();
    watch.Start();
    cluster_->RunFor(200ms);
    change();
    Settle();
    cluster_->RunFor(1s);
    watch.Stop();
    cluster_->RunFor(10ms);
    EXPECT_EQ(cluster_->violation(), "");
    EXPECT_EQ(watch.failures(), 0U);
    EXPECT_LE(watch.longest(), pause_max) << watch.Describe();
  }

  void Leave(const std::vector<std::size_t>& leavers) {
    for (const std::size_t node : leavers) cluster_->Leave(node);
    const auto gone = [&] {
      return std::ranges::none_of(leavers, [&](std::size_t node) { return cluster_->alive(node); });
    };
    ASSERT_TRUE(cluster_->RunUntil(gone, 5s)) << "not drained";
  }

  std::size_t Other(std::vector<std::size_t> nodes) const {
    std::size_t other = 0;
    while (std::ranges::find(nodes, other) != nodes.end()) ++other;
    return other;
  }

  void CheckLeaving(std::size_t nodes, Role role) {
    for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::to_string(nodes) + " nodes");
      Form(seed, nodes);
      const std::size_t leaver = Find(role);
      Watch(Other({leaver}), [&] { Leave({leaver}); });
    }
  }

  std::unique_ptr<SimCluster> cluster_;
  std::vector<std::unique_ptr<PauseWatch>> watches_;
};

TEST_F(HandOverSimTest, NoKeyWaitsLongWhenTheControlLeaderLeaves) {
  CheckLeaving(3, Role::kControlLeader);
  CheckLeaving(5, Role::kControlLeader);
}

TEST_F(HandOverSimTest, NoKeyWaitsLongWhenAVoterLeaves) {
  CheckLeaving(3, Role::kVoter);
  CheckLeaving(5, Role::kVoter);
}

TEST_F(HandOverSimTest, NoKeyWaitsLongWhenANodeWithoutAVoteLeaves) {
  CheckLeaving(4, Role::kNoVoter);
}

TEST_F(HandOverSimTest, NoKeyWaitsLongWhenTwoNodesLeaveAtOnce) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Form(seed, 5);
    const std::vector<std::size_t> leavers = {Find(Role::kControlLeader), Find(Role::kVoter)};
    // The one may have given the log to the other, which gives it on while shards are handed over.
    Watch(
        Other(leavers), [&] { Leave(leavers); }, /*pause_max=*/100ms);
  }
}

TEST_F(HandOverSimTest, NoKeyWaitsLongWhenANodeJoins) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Form(seed, 3);
    Watch(0, [&] {
      const std::size_t joined = cluster_->Start({1});
      ASSERT_TRUE(cluster_->RunUntil([&] { return cluster_->Ready(joined); }, 20s));
    });
  }
}

// It can give nothing up to anybody: not the log, not the shards.
TEST_F(HandOverSimTest, TheLastNodeOfAClusterLeavesAtOnce) {
  SimOptions options;
  options.hiccup_chance = 0;
  cluster_ = std::make_unique<SimCluster>(options);
  cluster_->Start({});
  Settle();
  cluster_->Leave(0);
  EXPECT_TRUE(cluster_->RunUntil([&] { return !cluster_->alive(0); }, 100ms));
}

TEST_F(HandOverSimTest, NobodyWaitsForNodesThatLeaveToo) {
  Form(1, 3);
  for (std::size_t node = 0; node < 3; ++node) cluster_->Leave(node);
  const auto all_gone = [&] {
    return !cluster_->alive(0) && !cluster_->alive(1) && !cluster_->alive(2);
  };
  EXPECT_TRUE(cluster_->RunUntil(all_gone, 5s));
}

TEST_F(HandOverSimTest, OneNodeAfterTheOtherLeavesAndTheLastGoesOn) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {  // Whoever of the voters is listed first.
    SCOPED_TRACE(seed);
    Form(seed, 3);
    for (const std::size_t node : {0, 1}) {
      cluster_->Leave(node);
      EXPECT_TRUE(cluster_->RunUntil([&] { return !cluster_->alive(node); }, 5s)) << node;
    }
    cluster_->RunFor(5s);
    EXPECT_TRUE(cluster_->Ready(2)) << cluster_->Readiness(2);
    EXPECT_EQ(cluster_->control(2).log()->voters().size(), 1U);
    EXPECT_EQ(cluster_->violation(), "");
  }
}

TEST_F(HandOverSimTest, TheThirdOfThreeKeepsItsVoteForAWhile) {
  Form(1, 3);
  cluster_->Leave(2);
  cluster_->RunFor(40s);
  ASSERT_FALSE(cluster_->alive(2));
  EXPECT_EQ(cluster_->control(0).log()->voters().size(), 3U);
  cluster_->RunFor(60s);
  EXPECT_EQ(cluster_->control(0).log()->voters().size(), 1U);
  EXPECT_EQ(cluster_->violation(), "");
}

}  // namespace
}  // namespace aegis::sim
