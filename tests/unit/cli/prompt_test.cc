#include "cli/prompt.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace aegis::cli {
namespace {

TEST(PromptTest, HistoryLivesWhereStateBelongs) {
  setenv("XDG_STATE_HOME", "state", 1);
  EXPECT_EQ(HistoryFile(), "state/aegis_history");
  unsetenv("XDG_STATE_HOME");
  setenv("HOME", "user", 1);
  EXPECT_EQ(HistoryFile(), "user/.aegis_history");
  unsetenv("HOME");
  EXPECT_EQ(HistoryFile(), "");
}

}  // namespace
}  // namespace aegis::cli
