#include "bench/trace/zipf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace aegis::bench {
namespace {

double Harmonic(std::uint64_t objects, double theta) {
  double sum = 0;
  for (std::uint64_t k = 1; k <= objects; ++k) sum += std::pow(static_cast<double>(k), -theta);
  return sum;
}

// Of the drawn ranks against the law. With 999 degrees of freedom its mean is 999 and its
// deviation 45.
double ChiSquared(double theta, int draws) {
  constexpr std::uint64_t kObjects = 1000;
  const ZipfSampler ranks(kObjects, theta);
  Rng rng(7);
  std::vector<int> counts(kObjects + 1);
  for (int i = 0; i < draws; ++i) ++counts.at(ranks.Next(rng));
  EXPECT_EQ(counts[0], 0);
  const double all = Harmonic(kObjects, theta);
  double chi_squared = 0;
  for (std::uint64_t k = 1; k <= kObjects; ++k) {
    const double expected = draws * std::pow(static_cast<double>(k), -theta) / all;
    chi_squared += std::pow(counts[k] - expected, 2) / expected;
  }
  return chi_squared;
}

TEST(ZipfSamplerTest, RanksComeAsOftenAsTheLawSays) {
  for (const double theta : {0.5, 0.7, 0.99, 1.0, 1.01, 1.2, 2.0}) {
    const double chi_squared = ChiSquared(theta, 1'000'000);
    EXPECT_GT(chi_squared, 999 - 5 * 45) << theta;
    EXPECT_LT(chi_squared, 999 + 5 * 45) << theta;
  }
}

TEST(ZipfSamplerTest, FirstOfTenMillionHasItsShare) {
  constexpr int kDraws = 200'000;
  const ZipfSampler ranks(10'000'000, 1.0);
  Rng rng(1);
  int firsts = 0;
  for (int i = 0; i < kDraws; ++i) firsts += ranks.Next(rng) == 1 ? 1 : 0;
  EXPECT_NEAR(firsts / static_cast<double>(kDraws), 1 / Harmonic(10'000'000, 1.0), 0.002);
}

TEST(ZipfSamplerTest, NoRankIsOutside) {
  Rng rng(3);
  for (const std::uint64_t objects : {1ULL, 2ULL, 3ULL, 1'000'000'000'000ULL}) {
    for (const double theta : {0.1, 1.0, 5.0}) {
      const ZipfSampler ranks(objects, theta);
      for (int i = 0; i < 10'000; ++i) {
        const std::uint64_t rank = ranks.Next(rng);
        ASSERT_GE(rank, 1U);
        ASSERT_LE(rank, objects);
      }
    }
  }
}

}  // namespace
}  // namespace aegis::bench
