#include "bench/core/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/rng.h"

namespace aegis::bench {
namespace {

using std::chrono::nanoseconds;

TEST(LatencyHistogramTest, NothingRecordedIsZero) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.Percentile(0.99), nanoseconds(0));
  EXPECT_EQ(histogram.Mean(), nanoseconds(0));
}

TEST(LatencyHistogramTest, PercentilesAreWithinOneOf128Upwards) {
  Rng rng(3);
  LatencyHistogram histogram;
  std::vector<std::int64_t> all;
  for (int i = 0; i < 20'000; ++i) {
    const auto latency = static_cast<std::int64_t>(std::exp(rng.Unit() * 24));
    all.push_back(latency);
    histogram.Record(nanoseconds(latency));
  }
  std::sort(all.begin(), all.end());
  for (const double fraction : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(fraction * 20'000)) - 1;
    const auto exact = static_cast<double>(all[rank]);
    const auto shown = static_cast<double>(histogram.Percentile(fraction).count());
    EXPECT_GE(shown, exact) << fraction;
    EXPECT_LE(shown, exact * (1 + 1.0 / 128) + 1) << fraction;
  }
  EXPECT_EQ(histogram.max().count(), all.back());
}

TEST(LatencyHistogramTest, ExtremesAreClamped) {
  LatencyHistogram histogram;
  histogram.Record(nanoseconds(-5));
  histogram.Record(std::chrono::hours(24));
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_EQ(histogram.Percentile(0.5), nanoseconds(0));
  EXPECT_EQ(histogram.Percentile(1), nanoseconds((std::int64_t{1} << 40) - 1));
}

TEST(LatencyHistogramTest, MergingIsRecordingInOne) {
  LatencyHistogram left;
  LatencyHistogram right;
  LatencyHistogram both;
  for (int i = 1; i < 1000; ++i) {
    (i % 3 == 0 ? left : right).Record(nanoseconds(i * 1000));
    both.Record(nanoseconds(i * 1000));
  }
  left.Merge(right);
  EXPECT_EQ(left.count(), both.count());
  EXPECT_EQ(left.Mean(), both.Mean());
  EXPECT_EQ(left.max(), both.max());
  EXPECT_EQ(left.Percentile(0.9), both.Percentile(0.9));
}

}  // namespace
}  // namespace aegis::bench
