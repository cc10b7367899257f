#include "wire/inline_arguments.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aegis::wire {
namespace {

using namespace std::string_literals;

struct Split {
  bool ok = false;
  std::vector<std::string> argv;
};

Split SplitLine(ByteView line) {
  std::vector<ByteView> argv = {"left over"};
  Bytes scratch = "left over";
  Split split;
  split.ok = SplitInlineArguments(line, argv, scratch);
  if (split.ok) split.argv.assign(argv.begin(), argv.end());
  return split;
}

TEST(InlineArgumentsTest, LinesSplitAsInRedis) {
  const struct {
    std::string line;
    std::vector<std::string> argv;
  } cases[] = {
      {"", {}},
      {" \t\v\f ", {}},
      {"GET key", {"GET", "key"}},
      {"  GET   key  ", {"GET", "key"}},
      {R"(SET "a key" 'its value')", {"SET", "a key", "its value"}},
      {R"("\n\r\t\b\a\\\"\q")", {"\n\r\t\b\a\\\"q"}},
      {R"("\x41\x7a\xFf\x00")", {"Az\xff\0"s}},
      {R"("\x4")", {"x4"}},
      {R"("\xg1")", {"xg1"}},
      {R"('it\'s' '\n')", {"it's", "\\n"}},
      {R"(plain\n)", {"plain\\n"}},
      {R"(before"in side" after)", {"beforein side", "after"}},
      {R"("" '')", {"", ""}},
      {"a\vb", {"a\vb"}},
      {"a\0b c"s, {"a"}},
      {R"(mixed "q" plain 'r')", {"mixed", "q", "plain", "r"}},
  };
  for (const auto& c : cases) {
    const Split split = SplitLine(c.line);
    EXPECT_TRUE(split.ok) << c.line;
    EXPECT_EQ(split.argv, c.argv) << c.line;
  }
}

TEST(InlineArgumentsTest, UnbalancedQuotesFail) {
  for (const char* line : {R"(")", R"(')", R"(a "b)", R"(a 'b)", R"("a"b)", R"('a'b)", R"("a\)",
                           R"('a\')", R"("a""b")", R"(x"a\")"}) {
    EXPECT_FALSE(SplitLine(line).ok) << line;
  }
}

TEST(InlineArgumentsTest, PlainArgumentsAreNotCopied) {
  const Bytes line = R"(GET "quoted" key)";
  std::vector<ByteView> argv;
  Bytes scratch;
  ASSERT_TRUE(SplitInlineArguments(line, argv, scratch));
  ASSERT_EQ(argv.size(), 3U);
  EXPECT_EQ(argv[0].data(), line.data());
  EXPECT_EQ(argv[1].data(), scratch.data());
  EXPECT_EQ(argv[2].data(), line.data() + 13);
}

TEST(InlineArgumentsTest, QuotedArgumentsStayValidHoweverMany) {
  Bytes line;
  for (int i = 0; i < 5000; ++i) line += "\"" + std::to_string(i) + "\" ";
  std::vector<ByteView> argv;
  Bytes scratch;
  ASSERT_TRUE(SplitInlineArguments(line, argv, scratch));
  ASSERT_EQ(argv.size(), 5000U);
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(argv[static_cast<std::size_t>(i)], std::to_string(i));
}

}  // namespace
}  // namespace aegis::wire
