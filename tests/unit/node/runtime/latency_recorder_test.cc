#include "node/runtime/latency_recorder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

#include "base/rng.h"

namespace aegis::node {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

LatencyDistribution Seen(const LatencyRecorder& recorder) {
  LatencyDistribution distribution;
  recorder.AddTo(distribution);
  return distribution;
}

TEST(LatencyBucketsTest, CoverEveryValueOnceAndToThreePercent) {
  std::uint64_t begin = 0;
  for (std::size_t bucket = 0; bucket < latency::kBuckets; ++bucket) {
    const std::uint64_t end = latency::BucketEnd(bucket);
    ASSERT_GE(end, begin);
    ASSERT_EQ(latency::BucketOf(begin), bucket);
    ASSERT_EQ(latency::BucketOf(end), bucket);
    ASSERT_LE(static_cast<double>(end - begin), static_cast<double>(begin) / 32.0);
    begin = end + 1;
  }
}

TEST(LatencyRecorderTest, CountsAndSums) {
  LatencyRecorder recorder;
  recorder.Add(microseconds(10));
  recorder.Add(milliseconds(2), 3);
  EXPECT_EQ(Seen(recorder).count(), 4U);
  EXPECT_EQ(Seen(recorder).sum(), microseconds(6010));
}

TEST(LatencyRecorderTest, ExtremesLandInTheFirstAndTheLastBucket) {
  LatencyRecorder recorder;
  recorder.Add(seconds(-1));
  recorder.Add(std::chrono::hours(1));
  const LatencyDistribution seen = Seen(recorder);
  EXPECT_EQ(seen.CountAtMost(nanoseconds(0)), 1U);
  EXPECT_EQ(seen.CountAtMost(latency::kLatencyMax - nanoseconds(1)), 1U);
  EXPECT_EQ(seen.CountAtMost(latency::kLatencyMax), 2U);
}

TEST(LatencyDistributionTest, ASubtractionLeavesWhatCameSince) {
  LatencyRecorder recorder;
  recorder.Add(microseconds(10), 5);
  const LatencyDistribution before = Seen(recorder);
  recorder.Add(milliseconds(2), 3);
  LatencyDistribution since = Seen(recorder);
  since.Subtract(before);
  EXPECT_EQ(since.count(), 3U);
  EXPECT_EQ(since.sum(), milliseconds(6));
  EXPECT_EQ(since.CountAtMost(milliseconds(1)), 0U);
}

TEST(LatencyDistributionTest, QuantilesAreWithinThreePercentOfTheTruth) {
  Rng rng(7);
  LatencyRecorder recorder;
  std::vector<double> truth;
  for (int i = 0; i < 10'000; ++i) {
    const double nanos = std::exp(10 + 6 * rng.Unit());
    truth.push_back(std::floor(nanos));
    recorder.Add(nanoseconds(static_cast<std::int64_t>(nanos)));
  }
  std::sort(truth.begin(), truth.end());
  const LatencyDistribution seen = Seen(recorder);
  for (const double quantile : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact = truth[static_cast<std::size_t>(std::ceil(quantile * 10'000)) - 1];
    const auto estimate = static_cast<double>(seen.Quantile(quantile).count());
    EXPECT_GE(estimate, exact);
    EXPECT_LE(estimate, exact * (1 + 1.0 / 32));
  }
  EXPECT_EQ(LatencyDistribution().Quantile(0.5), Duration::zero());
}

TEST(LatencyDistributionTest, MergedIsAsIfOneRecorderHadSeenAll) {
  LatencyRecorder a;
  LatencyRecorder b;
  LatencyRecorder both;
  for (int i = 0; i < 100; ++i) {
    a.Add(microseconds(i));
    b.Add(milliseconds(i));
    both.Add(microseconds(i));
    both.Add(milliseconds(i));
  }
  LatencyDistribution merged = Seen(a);
  merged.Merge(Seen(b));
  LatencyDistribution added = Seen(a);
  b.AddTo(added);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(merged.CountAtMost(milliseconds(i)), Seen(both).CountAtMost(milliseconds(i)));
    EXPECT_EQ(added.CountAtMost(milliseconds(i)), merged.CountAtMost(milliseconds(i)));
  }
  EXPECT_EQ(merged.count(), 200U);
  EXPECT_EQ(merged.sum(), Seen(both).sum());
}

TEST(LatencyRecorderTest, IsReadWhileItIsWritten) {
  LatencyRecorder recorder;
  constexpr std::uint64_t kTimes = 100'000;
  std::thread writer([&recorder] {
    for (std::uint64_t i = 0; i < kTimes; ++i) recorder.Add(nanoseconds(i));
  });
  std::uint64_t last = 0;
  while (last < kTimes) {
    const std::uint64_t now = Seen(recorder).count();
    ASSERT_GE(now, last);
    last = now;
  }
  writer.join();
  EXPECT_EQ(Seen(recorder).count(), kTimes);
}

}  // namespace
}  // namespace aegis::node
