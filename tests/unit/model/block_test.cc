#include "model/block.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace aegis {
namespace {

using Total = std::atomic<std::int64_t>;

TEST(BlockTest, IsFreedWhenTheLastLetsItGo) {
  Total total{0};
  BlockRef first = Block::Copy(std::string(100'000, 'v'));
  first->CountAt(total);
  EXPECT_GE(total.load(), 100'000);
  BlockRef second = first;
  BlockRef third(second.get());
  first = {};
  second = {};
  EXPECT_GE(total.load(), 100'000);
  EXPECT_EQ(third->bytes(), std::string(100'000, 'v'));
  third = {};
  EXPECT_EQ(total.load(), 0);
}

TEST(BlockTest, TheLastMayBeOnAnotherThread) {
  Total total{0};
  BlockRef here = Block::Copy("value");
  here->CountAt(total);
  std::thread other([there = here, &total]() mutable {
    EXPECT_EQ(there->bytes(), "value");
    there = {};
    EXPECT_GE(total.load(), 0);
  });
  here = {};
  other.join();
  EXPECT_EQ(total.load(), 0);
}

TEST(BlockTest, ManyThreadsTakeAndGiveReferencesAndItIsFreedOnce) {
  Total total{0};
  BlockRef block = Block::Copy(std::string(1000, 'v'));
  block->CountAt(total);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([block] {
      for (int round = 0; round < 20'000; ++round) {
        const BlockRef mine = block;
        ASSERT_EQ(mine->bytes().front(), 'v');
      }
    });
  }
  block = {};
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  EXPECT_EQ(total.load(), 0);
}

TEST(BlockTest, CountsOnceHoweverOftenItIsToldTo) {
  Total total{0};
  const BlockRef block = Block::Make(5000);
  EXPECT_EQ(total.load(), 0);
  block->CountAt(total);
  block->CountAt(total);
  EXPECT_EQ(total.load(), static_cast<std::int64_t>(block->footprint()));
}

TEST(BlockTest, KnowsWhatLiesInItAndWhetherItIsShared) {
  const BlockRef block = Block::Copy("0123456789");
  const ByteView all = block->bytes();
  EXPECT_TRUE(block->Holds(all));
  EXPECT_TRUE(block->Holds(all.substr(3, 4)));
  EXPECT_FALSE(block->Holds({all.data() + 5, 6}));
  EXPECT_FALSE(block->Holds("0123"));
  EXPECT_TRUE(block->alone());
  const BlockRef other = block;
  EXPECT_FALSE(block->alone());
}

}  // namespace
}  // namespace aegis
