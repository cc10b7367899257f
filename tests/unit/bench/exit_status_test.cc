#include "bench/exit_status.h"

#include <gtest/gtest.h>

namespace aegis::bench {
namespace {

TEST(ExitStatusTest, TellsFailedCallsFromALoadThatCouldNotBegin) {
  LoadReport report;
  EXPECT_EQ(ExitStatusOf(report), 0);
  report.misses = 5;
  EXPECT_EQ(ExitStatusOf(report), 0) << "a read that finds nothing was answered";
  report.errors["Timeout"] = 1;
  EXPECT_EQ(ExitStatusOf(report), 1);
  EXPECT_EQ(ExitStatusOf(ClientError{Errc::kInvalid, ""}), 2);
  EXPECT_EQ(ExitStatusOf(ClientError{Errc::kTooLarge, ""}), 2);
  EXPECT_EQ(ExitStatusOf(ClientError{Errc::kUnavailable, ""}), 3);
  EXPECT_EQ(ExitStatusOf(ClientError{Errc::kTimeout, ""}), 3);
  EXPECT_EQ(ExitStatusOf(ClientError{Errc::kUnknownOutcome, ""}), 4);
}

}  // namespace
}  // namespace aegis::bench
