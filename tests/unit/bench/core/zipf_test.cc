#include "bench/core/zipf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace aegis::bench {
namespace {

TEST(ZipfTest, RanksAreDrawnInProportionToTheirPower) {
  constexpr std::uint64_t kRanks = 50;
  constexpr int kDraws = 400'000;
  for (const double theta : {0.5, 0.99, 1.0, 1.2, 2.0}) {
    Rng rng(7);
    const Zipf zipf(kRanks, theta);
    std::vector<double> drawn(kRanks);
    for (int i = 0; i < kDraws; ++i) ++drawn[zipf.Draw(rng)];
    double sum = 0;
    for (std::uint64_t rank = 1; rank <= kRanks; ++rank) {
      sum += std::pow(static_cast<double>(rank), -theta);
    }
    for (std::uint64_t rank = 1; rank <= kRanks; ++rank) {
      const double expected = kDraws * std::pow(static_cast<double>(rank), -theta) / sum;
      EXPECT_NEAR(drawn[rank - 1], expected, 5 * std::sqrt(expected)) << theta << " " << rank;
    }
  }
}

TEST(ZipfTest, EveryDrawIsOneOfTheRanks) {
  for (const std::uint64_t ranks : {1U, 2U, 3U, 1'000'000'000U}) {
    Rng rng(7);
    const Zipf zipf(ranks, 0.99);
    for (int i = 0; i < 10'000; ++i) ASSERT_LT(zipf.Draw(rng), ranks);
  }
}

}  // namespace
}  // namespace aegis::bench
