// The contract of asynchronous writes, in whole clusters: what other nodes do not have yet is
// bounded.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "ring/slot.h"
#include "sim_cluster.h"

namespace aegis::sim {
namespace {

using namespace std::chrono_literals;

class AsyncLagSimTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kBound = 8192;
  static constexpr std::uint32_t kShard = 0;

  static SimOptions Bounded() {
    SimOptions options;
    options.tail_bounds.bytes = kBound;
    return options;
  }

  void SetUp() override {
    for (int i = 0; i < 5; ++i) cluster_.Start({0, 1, 2}, /*bootstrap_expect=*/5);
    ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.Unsettled().empty(); }, 30s))
        << cluster_.Unsettled();
    const ShardRoute& route = cluster_.control(0).routing().shards[kShard];
    for (std::size_t node = 0; node < cluster_.size(); ++node) {
      if (cluster_.id(node) == route.leader) {
        leader_ = node;
      } else if (std::ranges::count(route.replicas, cluster_.id(node)) > 0) {
        followers_.push_back(node);
      }
    }
    for (int i = 0; keys_.size() < 50; ++i) {
      const std::string key = "key" + std::to_string(i);
      if (ring::ShardOf(key, cluster_.options().num_shards) == ShardId{kShard})
        keys_.push_back(key);
    }
  }

  // A write to the shard every `pause`, for ever.
  void KeepWriting(Duration pause) {
    const std::string value(200, 'v');
    const std::string& key = keys_[next_++ % keys_.size()];
    cluster_.Submit(leader_, {.code = OpCode::kSet, .key = key, .value = value},
                    [this](const Outcome& outcome) { ++answers_[outcome.status]; });
    cluster_.After(pause, [this, pause] { KeepWriting(pause); });
  }
  void KeepReading(Duration pause) {
    cluster_.Submit(leader_, {.code = OpCode::kGet, .key = keys_.front()},
                    [this](const Outcome& outcome) { ++reads_[outcome.status]; });
    cluster_.After(pause, [this, pause] { KeepReading(pause); });
  }
  std::uint64_t Tail() const { return cluster_.shard(leader_, kShard)->tail().bytes(); }
  SimCluster cluster_{Bounded()};
  std::size_t leader_ = 0;
  std::vector<std::size_t> followers_;
  std::vector<std::string> keys_;
  std::size_t next_ = 0;
  std::map<Status, int> answers_;
  std::map<Status, int> reads_;
};

TEST_F(AsyncLagSimTest, ALeaderWhoseFollowersHangIsBusyAndItsTailStaysWithinTheBound) {
  KeepWriting(5ms);
  KeepReading(20ms);
  cluster_.RunFor(2s);
  ASSERT_EQ(answers_[Status::kBusy], 0);
  ASSERT_GT(answers_[Status::kOk], 200);
  // As if they hung: their links stand, and what is sent to them is taken by nobody.
  for (const std::size_t follower : followers_) cluster_.Pause(follower, 6s);
  std::uint64_t most = 0;
  std::string trace;
  cluster_.RunUntil(
      [&] {
        if (Tail() > most) trace = cluster_.Describe(kShard);
        most = std::max(most, Tail());
        return false;
      },
      6s);
  EXPECT_LE(most, kBound) << trace;
  EXPECT_GT(most, kBound / 2);
  EXPECT_GT(answers_[Status::kBusy], 50);
  EXPECT_GT(reads_[Status::kOk], 350) << "reads go on";

  cluster_.RunFor(10s);
  answers_.clear();
  cluster_.RunFor(5s);
  EXPECT_EQ(answers_[Status::kBusy], 0);
  EXPECT_GT(answers_[Status::kOk], 900);
  EXPECT_EQ(cluster_.violation(), "");
}

TEST_F(AsyncLagSimTest, OneFollowerThatKeepsUpIsEnough) {
  KeepWriting(5ms);
  cluster_.RunFor(1s);
  cluster_.Cut(leader_, followers_.front(), true);
  cluster_.RunFor(6s);
  EXPECT_EQ(answers_[Status::kBusy], 0);
  EXPECT_EQ(answers_[Status::kUnavailable], 0);
  EXPECT_EQ(cluster_.violation(), "");
}

}  // namespace
}  // namespace aegis::sim
