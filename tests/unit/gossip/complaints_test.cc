#include "gossip/complaints.h"

#include <gtest/gtest.h>

#include <chrono>

namespace aegis::gossip {
namespace {

using namespace std::chrono_literals;
using Kind = Event::Kind;

TEST(ComplaintsTest, OneKindSpeaksOncePerPeriod) {
  Complaints complaints;
  Effects effects;
  const TimePoint start{1s};
  complaints.Add(Kind::kMalformed, {}, "first", start, effects);
  complaints.Add(Kind::kMalformed, {}, "too soon", start + Complaints::kPeriod - 1ns, effects);
  complaints.Add(Kind::kMalformed, {}, "second", start + Complaints::kPeriod, effects);
  ASSERT_EQ(effects.events.size(), 2U);
  EXPECT_EQ(effects.events[0].detail, "first");
  EXPECT_EQ(effects.events[1].detail, "second");
}

TEST(ComplaintsTest, KindsDoNotSilenceEachOther) {
  Complaints complaints;
  Effects effects;
  complaints.Add(Kind::kMalformed, {}, "", TimePoint{1s}, effects);
  complaints.Add(Kind::kRefusedForeign, {}, "", TimePoint{1s}, effects);
  EXPECT_EQ(effects.events.size(), 2U);
}

}  // namespace
}  // namespace aegis::gossip
