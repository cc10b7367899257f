#include "node/runtime/shard_host.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "forwarding_test_support.h"

namespace aegis::node {
namespace {

constexpr ShardId kShard{2};

class ShardHostTest : public ::testing::Test {
 protected:
  ShardHostTest() { shards_.Create(); }

  TestShards shards_{NodeId{1}};
  ShardHost& host_ = shards_.host;
};

TEST_F(ShardHostTest, WhoeverWaitsForAShardHasItBeforeItsHolderTakesItAgain) {
  for (int round = 0; round < 100; ++round) {
    std::atomic<bool> had{false};
    std::thread other;
    ShardEffects effects;
    {
      const ShardGuard mine(host_, kShard, effects);
      other = std::thread([&] {
        ShardEffects of_other;
        const ShardGuard guard(host_, kShard, of_other);
        had = true;
      });
      while (host_.waiting(kShard) == 0) std::this_thread::yield();
    }
    host_.GiveTurn(kShard);
    {
      const ShardGuard again(host_, kShard, effects);
      EXPECT_TRUE(had);
    }
    other.join();
    EXPECT_EQ(host_.waiting(kShard), 0U);
  }
}

TEST_F(ShardHostTest, ATurnThatNobodyWantsIsOverAtOnce) {
  ShardEffects effects;
  const ShardGuard other_shard(host_, ShardId{1}, effects);
  host_.GiveTurn(kShard);
}

// Nobody waits for a turn that is over: else this does not end.
TEST_F(ShardHostTest, ManyWhoGiveTurnsToEachOtherAllGoOn) {
  int taken = 0;  // Under the shard's lock.
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      ShardEffects effects;
      for (int round = 0; round < 5000; ++round) {
        {
          const ShardGuard guard(host_, kShard, effects);
          ++taken;
        }
        host_.GiveTurn(kShard);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 20'000);
  EXPECT_EQ(host_.waiting(kShard), 0U);
}

}  // namespace
}  // namespace aegis::node
