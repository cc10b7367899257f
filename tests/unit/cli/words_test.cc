#include "cli/words.h"

#include <gtest/gtest.h>

namespace aegis::cli {
namespace {

using Words = std::vector<std::string>;

TEST(WordsTest, QuotesHoldWordsTogetherAndEscapeBytes) {
  EXPECT_EQ(SplitWords("  a  b\tc ").value(), (Words{"a", "b", "c"}));
  EXPECT_EQ(SplitWords(R"("a b"c '' "\x00\n\"\\")").value(),
            (Words{"a bc", "", std::string("\0\n\"\\", 4)}));
  EXPECT_EQ(SplitWords(R"('\n')").value(), Words{"\\n"});
  EXPECT_FALSE(SplitWords("\"a").ok());
  EXPECT_TRUE(SplitWords("").value().empty());
}

}  // namespace
}  // namespace aegis::cli
