#include "bench/core/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace aegis::bench {
namespace {

TEST(ScheduleTest, CallsAreDueAtEqualDistances) {
  const Schedule schedule(1000, 1e6, 0, 1);
  for (const std::uint64_t index : {0U, 1U, 2U, 1'000'000U}) {
    EXPECT_EQ(schedule.DueNs(index), 1000 + static_cast<std::int64_t>(index) * 1000);
  }
}

TEST(ScheduleTest, ARateThatDividesNothingDoesNotDrift) {
  const Schedule schedule(0, 3, 0, 1);
  EXPECT_EQ(schedule.DueNs(3'000'000), 1'000'000'000'000'000);
}

TEST(ScheduleTest, ThreadsTakeTurnsInOneSchedule) {
  constexpr std::uint64_t kThreads = 3;
  std::vector<std::int64_t> all;
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    const Schedule schedule(50, 1e9 / 700, thread, kThreads);
    for (std::uint64_t index = 0; index < 10; ++index) all.push_back(schedule.DueNs(index));
  }
  std::ranges::sort(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(all[i]), 50 + 700.0 * static_cast<double>(i), 1);
  }
}

TEST(ScheduleTest, CallsBeforeATimeAreCountedExactly) {
  for (const double rate : {3.0, 700.0, 1e6, 333'333.3}) {
    const Schedule schedule(5000, rate, 1, 2);
    for (const std::uint64_t index : {0U, 1U, 2U, 7U, 1000U, 123'457U}) {
      EXPECT_EQ(schedule.CountBefore(schedule.DueNs(index)), index) << rate;
      EXPECT_EQ(schedule.CountBefore(schedule.DueNs(index) + 1), index + 1) << rate;
    }
    EXPECT_EQ(schedule.CountBefore(5000), 0U);
    EXPECT_EQ(schedule.CountBefore(0), 0U);
  }
}

}  // namespace
}  // namespace aegis::bench
