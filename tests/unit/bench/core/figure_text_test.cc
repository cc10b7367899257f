#include "bench/core/figure_text.h"

#include <gtest/gtest.h>

namespace aegis::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(FigureTextTest, LatenciesGetTheUnitThatFits) {
  EXPECT_EQ(FormatLatency(nanoseconds(850)), "0.8 us");
  EXPECT_EQ(FormatLatency(nanoseconds(9949)), "9.9 us");
  EXPECT_EQ(FormatLatency(microseconds(812)), "812 us");
  EXPECT_EQ(FormatLatency(microseconds(3249)), "3.2 ms");
  EXPECT_EQ(FormatLatency(std::chrono::milliseconds(1500)), "1.50 s");
}

TEST(FigureTextTest, ThousandsAreGrouped) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
}

}  // namespace
}  // namespace aegis::bench
