// A node is lost for good that alone had what a quorum had acknowledged: its shards wait for it
// until it is known, or said, not to come back.

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "sim_cluster.h"

namespace aegis::sim {
namespace {

using namespace std::chrono_literals;

constexpr int kKeys = 100;

// Five nodes; one copy of each key, written by a quorum of one.
class ForgetSimTest : public testing::Test {
 protected:
  ForgetSimTest() {
    cluster_ = std::make_unique<SimCluster>(SimOptions{.replication_factor = 1});
    const std::vector<std::size_t> all = {0, 1, 2, 3, 4};
    for (std::size_t i = 0; i < all.size(); ++i) cluster_->Start(all, 5);
    EXPECT_TRUE(Settles(30s)) << cluster_->Unsettled();
    cluster_->RunFor(3s);
    EXPECT_EQ(Written(), kKeys);
  }

  bool Settles(Duration within) {
    return cluster_->RunUntil([&] { return cluster_->Unsettled().empty(); }, within);
  }

  // How many of the keys are written through node 0.
  int Written() {
    int written = 0;
    for (int i = 0; i < kKeys; ++i) {
      const Bytes key = "key:" + std::to_string(i);
      cluster_->Submit(0, {.code = OpCode::kSet, .key = key, .value = "v", .quorum = 1},
                       [&](const Outcome& outcome) { written += outcome.status == Status::kOk; });
    }
    cluster_->RunFor(10s);
    return written;
  }

  // And how many are still there.
  int Kept() {
    int kept = 0;
    for (int i = 0; i < kKeys; ++i) {
      const Bytes key = "key:" + std::to_string(i);
      cluster_->Submit(0, {.code = OpCode::kGet, .key = key},
                       [&](const Outcome& outcome) { kept += outcome.value == "v"; });
    }
    cluster_->RunFor(10s);
    return kept;
  }

  // Node 3 begins to leave; nothing is handed over yet.
  void BeginToLeave() {
    cluster_->Leave(3);
    const auto leaves = [&] {
      return cluster_->control(0).log()->state().Find(cluster_->id(3))->leaving;
    };
    for (int i = 0; i < 1000 && !leaves(); ++i) cluster_->RunFor(1ms);
    ASSERT_TRUE(leaves());
  }

  std::unique_ptr<SimCluster> cluster_;
};

TEST_F(ForgetSimTest, WhatAQuorumWroteWaitsForItsNodeUntilThatIsGivenUp) {
  cluster_->Kill(3);
  cluster_->RunFor(180s);
  EXPECT_LT(Written(), kKeys);
  EXPECT_FALSE(cluster_->Ready(0));

  ASSERT_TRUE(cluster_->Forget(1, 3).ok());
  EXPECT_TRUE(Settles(30s)) << cluster_->Unsettled();
  EXPECT_EQ(Written(), kKeys);
  EXPECT_EQ(cluster_->violation(), "");
}

TEST_F(ForgetSimTest, SoItDoesForOneThatDiedWhileItWasLeaving) {
  BeginToLeave();
  cluster_->Kill(3);
  cluster_->RunFor(180s);
  EXPECT_LT(Written(), kKeys);

  ASSERT_TRUE(cluster_->Forget(1, 3).ok());
  EXPECT_TRUE(Settles(30s)) << cluster_->Unsettled();
  EXPECT_EQ(Written(), kKeys);
  EXPECT_EQ(cluster_->violation(), "");
}

TEST_F(ForgetSimTest, ANodeThatWasCutOffWhileItLeftHandsOverWhatItHasWhenItIsBack) {
  BeginToLeave();
  const auto cut = [&](bool cut_off) {
    for (const std::size_t one : {3, 4}) {
      for (const std::size_t other : {0, 1, 2}) cluster_->Cut(one, other, cut_off);
    }
  };
  cut(true);
  cluster_->RunFor(180s);
  EXPECT_TRUE(cluster_->alive(3));
  cut(false);
  EXPECT_TRUE(cluster_->RunUntil([&] { return !cluster_->alive(3); }, 60s));
  EXPECT_EQ(Kept(), kKeys);
  EXPECT_EQ(cluster_->violation(), "");
}

TEST_F(ForgetSimTest, WhoIsGivenUpAndComesBackIsANewMember) {
  cluster_->Kill(3);
  cluster_->RunFor(90s);
  ASSERT_TRUE(cluster_->Forget(0, 3).ok());
  ASSERT_TRUE(Settles(60s)) << cluster_->Unsettled();
  cluster_->Restart(3);
  EXPECT_TRUE(Settles(60s)) << cluster_->Unsettled();
  EXPECT_EQ(Written(), kKeys);
  EXPECT_EQ(cluster_->violation(), "");
}

TEST_F(ForgetSimTest, NobodyIsGivenUpThatLives) {
  const Result<bool> alive = cluster_->Forget(0, 3);
  ASSERT_FALSE(alive.ok());
  EXPECT_EQ(alive.error().message, "node3 is alive: stop it first, or drain it");
  const Result<bool> itself = cluster_->Forget(0, 0);
  ASSERT_FALSE(itself.ok());
  EXPECT_EQ(itself.error().message, "that is the node that was asked");
}

}  // namespace
}  // namespace aegis::sim
