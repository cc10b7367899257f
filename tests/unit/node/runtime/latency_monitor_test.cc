#include "node/runtime/latency_monitor.h"

#include <gtest/gtest.h>

#include "model/limits.h"

namespace aegis::node {
namespace {

using std::chrono::milliseconds;
using Event = LatencyMonitor::Event;

class LatencyMonitorTest : public ::testing::Test {
 protected:
  void Note(Event event, std::int64_t second, int ms) {
    monitor_.Note(event, UnixMs{second * 1000 + 7}, milliseconds(ms));
  }

  LatencyMonitor monitor_;
};

TEST_F(LatencyMonitorTest, IsOffUntilAThresholdIsSet) {
  EXPECT_EQ(monitor_.threshold_ms(), 0);
  Note(Event::kCommand, 1, 1'000'000);
  EXPECT_TRUE(monitor_.Events().empty());
  monitor_.SetThreshold(20);
  EXPECT_EQ(monitor_.threshold_ms(), 20);
  Note(Event::kCommand, 1, 19);
  EXPECT_TRUE(monitor_.Events().empty());
  Note(Event::kCommand, 1, 20);
  EXPECT_EQ(monitor_.Events().size(), 1U);
  monitor_.SetThreshold(0);
  Note(Event::kLoop, 1, 1'000'000);
  EXPECT_EQ(monitor_.Events().size(), 1U) << "what was noted stays";
}

TEST_F(LatencyMonitorTest, KeepsTheWorstOfEachSecond) {
  monitor_.SetThreshold(1);
  Note(Event::kMaintenance, 5, 30);
  Note(Event::kMaintenance, 5, 40);
  Note(Event::kMaintenance, 5, 10);
  Note(Event::kMaintenance, 6, 20);
  const auto events = monitor_.Events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].name, "maintenance");
  EXPECT_EQ(events[0].worst_ms, 40);
  ASSERT_EQ(events[0].samples.size(), 2U);
  EXPECT_EQ(events[0].samples[0].at, 5);
  EXPECT_EQ(events[0].samples[0].ms, 40);
  EXPECT_EQ(events[0].samples[1].ms, 20);
}

TEST_F(LatencyMonitorTest, TheOldestGoes) {
  monitor_.SetThreshold(1);
  for (std::size_t i = 0; i <= limits::kLatencySamplesMax; ++i) {
    Note(Event::kLoop, static_cast<std::int64_t>(i), i == 0 ? 99 : 5);
  }
  const auto events = monitor_.Events();
  ASSERT_EQ(events[0].samples.size(), limits::kLatencySamplesMax);
  EXPECT_EQ(events[0].samples[0].at, 1);
  EXPECT_EQ(events[0].worst_ms, 99) << "the worst is remembered";
}

TEST_F(LatencyMonitorTest, ForgetsWhatItIsTold) {
  monitor_.SetThreshold(1);
  Note(Event::kLoop, 1, 5);
  Note(Event::kCommand, 1, 5);
  EXPECT_FALSE(monitor_.Forget("maintenance"));
  EXPECT_FALSE(monitor_.Forget("nothing"));
  EXPECT_TRUE(monitor_.Forget("LOOP"));
  EXPECT_FALSE(monitor_.Forget("loop"));
  ASSERT_EQ(monitor_.Events().size(), 1U);
  EXPECT_EQ(monitor_.Events()[0].name, "command");
}

}  // namespace
}  // namespace aegis::node
