#include "bench/trace/generators.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace aegis::bench {
namespace {

constexpr double kAlwaysFirst = 60;  // As a theta: rank 2 comes once in 10^18 draws.

TEST(ZipfGeneratorTest, RankedKeysStayRanked) {
  ZipfGenerator zipf(1000, 1.0);
  Rng rng(1);
  std::vector<int> counts(1000);
  for (int i = 0; i < 100'000; ++i) ++counts.at(zipf.Next(rng));
  EXPECT_NEAR(counts[0] / static_cast<double>(counts[1]), 2, 0.1);
  EXPECT_NEAR(counts[0] / static_cast<double>(counts[9]), 10, 1);
}

TEST(ShiftingGeneratorTest, ColdestKeyBecomesTheHottestAfterEachPeriod) {
  ShiftingGenerator shifting(4, kAlwaysFirst, 3);
  Rng rng(1);
  std::vector<std::uint64_t> keys(15);
  for (std::uint64_t& key : keys) key = shifting.Next(rng);
  EXPECT_EQ(keys, (std::vector<std::uint64_t>{0, 0, 0, 3, 3, 3, 2, 2, 2, 1, 1, 1, 0, 0, 0}));
}

TEST(ShiftingGeneratorTest, OtherKeysFallByOneRank) {
  constexpr std::uint64_t kPeriod = 100'000;
  ShiftingGenerator shifting(100, 1.0, kPeriod);
  Rng rng(5);
  std::vector<int> counts(100);
  for (std::uint64_t i = 0; i < kPeriod; ++i) shifting.Next(rng);
  for (std::uint64_t i = 0; i < kPeriod; ++i) ++counts.at(shifting.Next(rng));
  EXPECT_NEAR(counts[99] / static_cast<double>(counts[0]), 2, 0.1);
  EXPECT_NEAR(counts[99] / static_cast<double>(counts[1]), 3, 0.2);
}

TEST(LoopGeneratorTest, GoesRound) {
  LoopGenerator loop(3);
  Rng rng(1);
  for (std::uint64_t i = 0; i < 10; ++i) EXPECT_EQ(loop.Next(rng), kLoopKeys + i % 3);
}

TEST(ScanGeneratorTest, PassesAreUnbrokenAndHaveTheirShare) {
  constexpr std::uint64_t kLength = 50;
  constexpr std::uint64_t kObjects = 1000;
  ScanGenerator scans(std::make_unique<ZipfGenerator>(10, 1.0), 0.3, kLength, kObjects);
  Rng rng(2);
  constexpr int kDraws = 400'000;
  int scanned = 0;
  std::uint64_t in_pass = 0;
  std::uint64_t previous = 0;
  std::set<std::uint64_t> begins;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t key = scans.Next(rng);
    if (in_pass == 0 && key < 10) continue;  // Of the base.
    ASSERT_GE(key, kScanKeys);
    ASSERT_LT(key, kScanKeys + kObjects);
    if (in_pass == 0) {
      begins.insert(key);
    } else {
      ASSERT_EQ(key - kScanKeys, (previous - kScanKeys + 1) % kObjects);
    }
    previous = key;
    in_pass = (in_pass + 1) % kLength;
    ++scanned;
  }
  EXPECT_NEAR(scanned / static_cast<double>(kDraws), 0.3, 0.015);
  EXPECT_GT(begins.size(), 800U);  // Of 2400 passes from 1000 places.
}

TEST(OnceGeneratorTest, NoKeyComesTwice) {
  OnceGenerator once;
  Rng rng(1);
  std::set<std::uint64_t> keys;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(keys.insert(once.Next(rng)).second);
  EXPECT_GE(*keys.begin(), kOnceKeys);
}

TEST(MixGeneratorTest, OtherHasItsShare) {
  MixGenerator mix(std::make_unique<ZipfGenerator>(10, 1.0), std::make_unique<OnceGenerator>(),
                   0.25);
  Rng rng(1);
  int once = 0;
  for (int i = 0; i < 100'000; ++i) once += mix.Next(rng) >= kOnceKeys ? 1 : 0;
  EXPECT_NEAR(once, 25'000, 700);
}

TEST(SizeDistributionTest, AsManySizesPerDoubling) {
  constexpr SizeDistribution kSizes{.least = 64, .most = 16'384};
  std::vector<int> doublings(8);
  for (std::uint64_t key = 0; key < 80'000; ++key) {
    const std::uint32_t size = kSizes.SizeOf(key, 9);
    ASSERT_GE(size, 64U);
    ASSERT_LE(size, 16'384U);
    std::size_t doubling = 0;
    while (size >= 128U << doubling) ++doubling;
    ++doublings.at(doubling);
  }
  for (const int count : doublings) EXPECT_NEAR(count, 10'000, 500);
}

TEST(SizeDistributionTest, KeysKeepTheirSizes) {
  constexpr SizeDistribution kSizes{.least = 1, .most = 1'000'000};
  EXPECT_EQ(kSizes.SizeOf(5, 1), kSizes.SizeOf(5, 1));
  EXPECT_NE(kSizes.SizeOf(5, 1), kSizes.SizeOf(6, 1));
  EXPECT_NE(kSizes.SizeOf(5, 1), kSizes.SizeOf(5, 2));
  EXPECT_EQ((SizeDistribution{.least = 7, .most = 7}.SizeOf(5, 1)), 7U);
}

}  // namespace
}  // namespace aegis::bench
