#include "cli/rough_duration.h"

#include <gtest/gtest.h>

namespace aegis::cli {
namespace {

using std::chrono::milliseconds;

TEST(RoughDurationTest, DurationsAreShownAsPeopleSayThem) {
  EXPECT_EQ(RoughDuration(milliseconds(812)), "812ms");
  EXPECT_EQ(RoughDuration(milliseconds(59'812)), "59.812s");
  EXPECT_EQ(RoughDuration(milliseconds(65'000)), "1m 5s");
  EXPECT_EQ(RoughDuration(milliseconds(3'900'000)), "1h 5m");
  EXPECT_EQ(RoughDuration(milliseconds(266'400'000)), "3d 2h");
}

}  // namespace
}  // namespace aegis::cli
