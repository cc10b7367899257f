#include "node/runtime/setting_values.h"

#include <gtest/gtest.h>

#include <chrono>

namespace aegis::node {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(DurationTest, ReadsPartsOfAnyUnit) {
  EXPECT_EQ(ParseDuration("30s"), seconds(30));
  EXPECT_EQ(ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(ParseDuration("1m30s"), seconds(90));
  EXPECT_EQ(ParseDuration("2h3m4s5ms"), hours(2) + minutes(3) + seconds(4) + milliseconds(5));
  EXPECT_EQ(ParseDuration("0"), Duration::zero());
  EXPECT_EQ(ParseDuration("0s"), Duration::zero());
}

TEST(DurationTest, RefusesWhatHasNoUnitOrOverflows) {
  for (const char* text : {"", "30", "s", "-1s", "1s2", "1.5s", "1 s", "1S", "1us", "4294967295h",
                           "4294967296ms", "2562047h2562047h"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(DurationTest, IsWrittenAsItIsRead) {
  for (const char* text : {"0s", "1ms", "30s", "1m30s", "1h", "2h3m4s5ms"}) {
    EXPECT_EQ(DurationText(ParseDuration(text).value()), text);
  }
  EXPECT_EQ(DurationText(ParseDuration("90s").value()), "1m30s");
}

TEST(EndpointsTest, IgnoresSpacesAroundCommas) {
  const auto endpoints = ParseEndpoints(" a:1 , [::1]:2");
  ASSERT_TRUE(endpoints);
  EXPECT_EQ(EndpointsText(*endpoints), "a:1,[::1]:2");
}

TEST(EndpointsTest, NothingIsAnEmptyListButAnEmptyItemIsWrong) {
  EXPECT_EQ(ParseEndpoints(" ")->size(), 0U);
  EXPECT_EQ(ParseEndpoints("a:1,"), std::nullopt);
  EXPECT_EQ(ParseEndpoints(",a:1"), std::nullopt);
}

}  // namespace
}  // namespace aegis::node
