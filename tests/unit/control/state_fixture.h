// StateTest: a small cluster, and commands that change it or do not.

#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "control/state.h"
#include "unit/control/written_log.h"

namespace aegis::control {

// Four shards and three nodes; node 1 leads shard 0 in epoch 1, with node 2 in sync.
class StateTest : public testing::Test {
 protected:
  void SetUp() override {
    Take(BirthOf(4));
    for (const std::uint64_t node : {1U, 2U, 3U}) Take(RegisterOf(node));
    Take(AssignOf(0, 0, kNobody, HolderOf(1)));
    Take(log_.Change(CopyOf(2)));
  }
  void TearDown() override { EXPECT_EQ(log_.state().BrokenInvariant(), nullptr); }

  void Take(const Command& command) { ASSERT_TRUE(log_.Takes(command)); }
  void Refuse(const Command& command) { EXPECT_FALSE(log_.Takes(command)); }

  // Node `node` has started again, as `run`.
  void Restart(std::uint64_t node, std::uint64_t run) {
    Take(Fence{HolderOf(node, run - 1)});
    Take(RegisterOf(node, run));
  }

  const ShardState& shard() const { return log_.Shard(0); }

  WrittenLog log_;
};

using Copies = std::vector<Copy>;

}  // namespace aegis::control
