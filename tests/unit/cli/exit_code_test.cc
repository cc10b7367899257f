#include "cli/exit_code.h"

#include <gtest/gtest.h>

namespace aegis::cli {
namespace {

TEST(ExitCodeTest, EveryErrorHasItsStatus) {
  EXPECT_EQ(ExitCodeOf(Errc::kNotFound), ExitCode::kNo);
  EXPECT_EQ(ExitCodeOf(Errc::kConflict), ExitCode::kNo);
  EXPECT_EQ(ExitCodeOf(Errc::kInvalid), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(Errc::kTooLarge), ExitCode::kUsage);
  for (const Errc code : {Errc::kTimeout, Errc::kUnavailable, Errc::kBusy, Errc::kMaxRetries,
                          Errc::kProtocol, Errc::kClosed}) {
    EXPECT_EQ(ExitCodeOf(code), ExitCode::kUnavailable) << NameOf(code);
  }
  EXPECT_EQ(ExitCodeOf(Errc::kUnknownOutcome), ExitCode::kUnknownOutcome);
}

TEST(ExitCodeTest, StatusesAreTheDocumentedNumbers) {
  EXPECT_EQ(static_cast<int>(ExitCode::kOk), 0);
  EXPECT_EQ(static_cast<int>(ExitCode::kNo), 1);
  EXPECT_EQ(static_cast<int>(ExitCode::kUsage), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::kUnavailable), 3);
  EXPECT_EQ(static_cast<int>(ExitCode::kUnknownOutcome), 4);
  EXPECT_EQ(Worse(ExitCode::kNo, ExitCode::kUnavailable), ExitCode::kUnavailable);
}

}  // namespace
}  // namespace aegis::cli
