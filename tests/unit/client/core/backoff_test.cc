#include "client/core/backoff.h"

#include <gtest/gtest.h>

namespace aegis::client {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, DoublesUpToItsMaximum) {
  EXPECT_EQ(Doubled(milliseconds(50), 0, milliseconds(1000)), milliseconds(50));
  EXPECT_EQ(Doubled(milliseconds(50), 3, milliseconds(1000)), milliseconds(400));
  EXPECT_EQ(Doubled(milliseconds(50), 5, milliseconds(1000)), milliseconds(1000));
  EXPECT_EQ(Doubled(milliseconds(50), 4'000'000'000U, milliseconds(1000)), milliseconds(1000));
}

TEST(BackoffTest, JitterStaysWithinTheUpperHalfAndFillsIt) {
  Rng rng(1);
  Duration least = Duration::max();
  Duration most = Duration::zero();
  for (int i = 0; i < 1000; ++i) {
    const Duration wait = WithJitter(milliseconds(100), rng);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, milliseconds(50));
  EXPECT_LT(least, milliseconds(52));
  EXPECT_LE(most, milliseconds(100));
  EXPECT_GT(most, milliseconds(98));
}

}  // namespace
}  // namespace aegis::client
