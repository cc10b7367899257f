#include "bench/core/process_figures.h"

#include <gtest/gtest.h>

namespace aegis::bench {
namespace {

constexpr std::string_view kStatus =
    "Name:\tVmRSS:\nVmRSSx:\t1 kB\nVmRSS:\t   10708 kB\nvoluntary_ctxt_switches:\t150\n"
    "nonvoluntary_ctxt_switches:\t545";

TEST(ProcessFiguresTest, NumbersOfAStatusFileAreFoundByTheirWholeName) {
  EXPECT_EQ(StatusNumber(kStatus, "VmRSS"), 10708U);
  EXPECT_EQ(StatusNumber(kStatus, "voluntary_ctxt_switches"), 150U);
  EXPECT_EQ(StatusNumber(kStatus, "nonvoluntary_ctxt_switches"), 545U);
}

TEST(ProcessFiguresTest, WhatIsNotThereOrNoNumberIsNothing) {
  EXPECT_EQ(StatusNumber(kStatus, "VmSwap"), std::nullopt);
  EXPECT_EQ(StatusNumber(kStatus, "Name"), std::nullopt);
  EXPECT_EQ(StatusNumber("", "VmRSS"), std::nullopt);
}

TEST(ProcessFiguresTest, TicksStandBehindAnyName) {
  const std::string rest = " S 1 2 3 4 5 6 7 8 9 10 1234 567 0 0 20 0";
  for (const char* name : {"(aegis)", "(a b)", "(a) S 1 2)", "(\n)"}) {
    const auto ticks = TicksOf("42 " + std::string(name) + rest);
    ASSERT_TRUE(ticks) << name;
    EXPECT_EQ(ticks->user, 1234U);
    EXPECT_EQ(ticks->system, 567U);
  }
}

TEST(ProcessFiguresTest, AStatFileThatEndsEarlyIsNothing) {
  EXPECT_FALSE(TicksOf(""));
  EXPECT_FALSE(TicksOf("42 (aegis"));
  EXPECT_FALSE(TicksOf("42 (aegis) S 1 2 3 4 5 6 7 8 9 10 1234"));
}

}  // namespace
}  // namespace aegis::bench
