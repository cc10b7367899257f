#include "cli/duration_text.h"

#include <gtest/gtest.h>

namespace aegis::cli {
namespace {

using std::chrono::milliseconds;

TEST(DurationTextTest, EveryUnitIsRead) {
  const std::pair<const char*, std::int64_t> expected[] = {
      {"500ms", 500},  {"60s", 60'000},   {"60", 60'000},      {"1.5s", 1500},
      {"5m", 300'000}, {"1h", 3'600'000}, {"7d", 604'800'000}, {"-1s", -1000}};
  for (const auto& [text, ms] : expected) {
    const auto duration = ParseDuration(text);
    ASSERT_TRUE(duration.ok()) << text;
    EXPECT_EQ(duration.value(), milliseconds(ms)) << text;
  }
}

TEST(DurationTextTest, WhatIsNoDurationIsNamed) {
  for (const char* text : {"", "s", "5y", "1h5m", "5 s", "1e400", "99999999999999999999d", "nan"}) {
    const auto duration = ParseDuration(text);
    ASSERT_FALSE(duration.ok()) << text;
    EXPECT_NE(duration.error().message.find(text), std::string::npos);
  }
}

TEST(DurationTextTest, DurationsAreShownAsPeopleSayThem) {
  EXPECT_EQ(FormatDuration(milliseconds(812)), "812ms");
  EXPECT_EQ(FormatDuration(milliseconds(59'812)), "59.812s");
  EXPECT_EQ(FormatDuration(milliseconds(65'000)), "1m 5s");
  EXPECT_EQ(FormatDuration(milliseconds(3'900'000)), "1h 5m");
  EXPECT_EQ(FormatDuration(milliseconds(266'400'000)), "3d 2h");
}

}  // namespace
}  // namespace aegis::cli
