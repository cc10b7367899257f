#include "bench/core/key_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace aegis::bench {
namespace {

KeyChoice Choice(std::string_view text, std::uint64_t keys) {
  auto choice = KeyChoice::Parse(text, keys);
  EXPECT_TRUE(choice.ok()) << text;
  return std::move(choice).value();
}

std::vector<int> Drawn(KeyChoice choice, std::uint64_t keys, int draws) {
  Rng rng(3);
  std::vector<int> drawn(keys);
  for (int i = 0; i < draws; ++i) ++drawn.at(choice.Draw(rng));
  return drawn;
}

TEST(KeyChoiceTest, UniformAsksForAllAlike) {
  for (const int count : Drawn(Choice("uniform", 10), 10, 10'000)) EXPECT_NEAR(count, 1000, 150);
}

TEST(KeyChoiceTest, SequentialAsksForOneAfterTheOtherFromWhereItStarts) {
  Rng rng(3);
  KeyChoice choice = Choice("sequential", 3);
  choice.StartAt(5);
  for (const std::uint64_t expected : {2U, 0U, 1U, 2U, 0U}) EXPECT_EQ(choice.Draw(rng), expected);
}

TEST(KeyChoiceTest, ZipfAsksForFewKeysMuchMoreOften) {
  std::vector<int> drawn = Drawn(Choice("zipf:1.2", 1000), 1000, 100'000);
  std::ranges::sort(drawn, std::greater());
  int most_popular = 0;
  for (int i = 0; i < 10; ++i) most_popular += drawn[static_cast<std::size_t>(i)];
  EXPECT_NEAR(most_popular, 56'900, 1000);
}

TEST(KeyChoiceTest, ThetaIs099IfNobodySays) {
  EXPECT_EQ(Drawn(Choice("zipf", 100), 100, 1000), Drawn(Choice("zipf:0.99", 100), 100, 1000));
}

TEST(KeyChoiceTest, PopularKeysLieScattered) {
  const std::vector<int> drawn = Drawn(Choice("zipf:2", 1000), 1000, 100'000);
  const auto first = std::ranges::max_element(drawn) - drawn.begin();
  std::vector<int> others = drawn;
  others[static_cast<std::size_t>(first)] = 0;
  const auto second = std::ranges::max_element(others) - others.begin();
  EXPECT_GT(std::abs(first - second), 100);
}

TEST(KeyChoiceTest, HotspotSendsItsShareOfCallsToItsShareOfKeys) {
  std::vector<int> drawn = Drawn(Choice("hotspot:10:90", 100), 100, 100'000);
  std::ranges::sort(drawn, std::greater());
  int hot = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_NEAR(drawn[i], 9000, 500);
    hot += drawn[i];
  }
  EXPECT_NEAR(hot, 90'000, 500);
  for (std::size_t i = 10; i < 100; ++i) EXPECT_NEAR(drawn[i], 111, 60);
}

TEST(KeyChoiceTest, EveryNumberOfKeysIsReachedToItsLast) {
  for (const std::uint64_t keys : {1U, 2U, 3U, 10U, 17U}) {
    for (const char* text : {"uniform", "zipf:0.5", "sequential", "hotspot:50:50"}) {
      for (const int count : Drawn(Choice(text, keys), keys, 2000)) {
        EXPECT_GT(count, 0) << text << " of " << keys;
      }
    }
  }
}

TEST(KeyChoiceTest, WhatIsNoDistributionIsRefused) {
  for (const char* text :
       {"", "gauss", "uniform:1", "sequential:", "zipf:", "zipf:0", "zipf:-1", "zipf:6", "zipf:nan",
        "hotspot", "hotspot:10", "hotspot:0:90", "hotspot:10:100", "hotspot:10:90:1"}) {
    EXPECT_FALSE(KeyChoice::Parse(text, 10).ok()) << text;
  }
}

}  // namespace
}  // namespace aegis::bench
