#include "node/runtime/rate.h"

#include <gtest/gtest.h>

namespace aegis::node {
namespace {

TEST(RateTest, IsTheGrowthSinceTheLastSample) {
  const TimePoint begin{std::chrono::hours(1)};
  Rate rate;
  rate.Sample(1'000'000, begin);
  EXPECT_EQ(rate.per_second(), 0U) << "nobody knows since when";
  rate.Sample(1'000'300, begin + std::chrono::seconds(1));
  EXPECT_EQ(rate.per_second(), 300U);
  rate.Sample(1'001'300, begin + std::chrono::seconds(3));
  EXPECT_EQ(rate.per_second(), 500U);
  rate.Sample(1'001'300, begin + std::chrono::seconds(4));
  EXPECT_EQ(rate.per_second(), 0U);
}

}  // namespace
}  // namespace aegis::node
