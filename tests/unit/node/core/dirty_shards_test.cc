#include "node/core/dirty_shards.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "base/rng.h"

namespace aegis::node {
namespace {

constexpr std::uint32_t kShards = 256;

std::vector<std::uint32_t> TakeAll(DirtyShards& dirty) {
  std::vector<std::uint32_t> taken;
  EXPECT_TRUE(dirty.Take([&](ShardId id) {
    taken.push_back(id.value());
    return true;
  }));
  return taken;
}

TEST(DirtyShardsTest, OneTakeFindsEveryMarkWherever) {
  DirtyShards dirty(kShards);
  Rng rng(1);
  for (int round = 0; round < 2000; ++round) {
    std::set<std::uint32_t> marked;
    for (std::uint64_t i = rng.Below(12); i > 0; --i) {
      const auto id = static_cast<std::uint32_t>(rng.Below(kShards));
      marked.insert(id);
      dirty.Mark(ShardId{id});
    }
    const std::vector<std::uint32_t> taken = TakeAll(dirty);
    EXPECT_EQ(std::set(taken.begin(), taken.end()), marked);
    EXPECT_EQ(taken.size(), marked.size());
  }
}

TEST(DirtyShardsTest, ShardsThatAreMarkedAgainAndAgainStarveNobody) {
  DirtyShards dirty(kShards);
  std::set<std::uint32_t> visited;
  for (std::uint32_t id = 0; id < kShards; ++id) dirty.Mark(ShardId{id});
  for (std::uint32_t turn = 0; turn < kShards; ++turn) {
    EXPECT_FALSE(dirty.Take([&](ShardId id) {
      visited.insert(id.value());
      dirty.Mark(id);
      return false;
    }));
  }
  EXPECT_EQ(visited.size(), kShards);
}

TEST(DirtyShardsTest, OnlyTheFirstMarkSinceTheLinkLookedWakesIt) {
  DirtyShards dirty(kShards);
  EXPECT_TRUE(dirty.Mark(ShardId{3}));
  EXPECT_FALSE(dirty.Mark(ShardId{3}));
  EXPECT_FALSE(dirty.Mark(ShardId{200}));
  dirty.Sleep();
  EXPECT_TRUE(dirty.Mark(ShardId{4}));
}

// A link that looks only when it is woken ends up having seen every mark.
TEST(DirtyShardsTest, NoMarkOfAnotherThreadIsOverlooked) {
  DirtyShards dirty(kShards);
  std::atomic<int> wakes{0};
  std::atomic<bool> done{false};
  std::vector<std::atomic<int>> due(kShards);  // Set before the mark, cleared by the visit.
  std::thread marker([&] {
    Rng rng(7);
    for (int i = 0; i < 200'000; ++i) {
      const auto id = static_cast<std::uint32_t>(rng.Below(kShards));
      due[id].store(1);
      if (dirty.Mark(ShardId{id})) wakes.fetch_add(1);
    }
    done.store(true);
  });
  int seen = 0;
  while (true) {
    const bool last = done.load();
    const int woken = wakes.load();
    if (woken == seen) {
      if (last) break;
      continue;
    }
    seen = woken;
    dirty.Sleep();
    dirty.Take([&](ShardId id) {
      due[id.value()].store(0);
      return true;
    });
  }
  marker.join();
  for (std::uint32_t id = 0; id < kShards; ++id) EXPECT_EQ(due[id].load(), 0) << id;
}

}  // namespace
}  // namespace aegis::node
