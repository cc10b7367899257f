#include "cli/table.h"

#include <gtest/gtest.h>

namespace aegis::cli {
namespace {

TEST(TableTest, ColumnsLineUpAndLinesEndWithTheirText) {
  Table table(
      {{.title = "NAME"}, {.title = "COUNT", .align = Table::Align::kRight}, {.title = "X"}});
  table.Add({"a", "1", "x"});
  table.Add({"long name", "1000000"});
  EXPECT_EQ(table.Render(),
            "NAME         COUNT  X\n"
            "a                1  x\n"
            "long name  1000000\n");
}

TEST(TableTest, WidthIsCountedInCharacters) {
  Table table({{.title = "A"}, {.title = "B"}});
  table.Add({"é", "1"});
  table.Add({"ab", "2"});
  EXPECT_EQ(table.Render(), "A   B\né   1\nab  2\n");
}

TEST(TableTest, TerminalsAreSparedControlBytes) {
  EXPECT_EQ(Printable("plain é"), "plain é");
  EXPECT_EQ(Printable(std::string("a\0\n\x1b[31m\xff", 9)), "a\\x00\\x0a\\x1b[31m\\xff");
  EXPECT_EQ(Printable("\xc2\x9b\x33\x31m \xc2\xa0"), "\\xc2\\x9b31m \xc2\xa0") << "U+009B is CSI";
  EXPECT_EQ(Printable("abcdef", 3), "abc...");
  EXPECT_EQ(PrintableLines("a\n\tb\r\x1b"), "a\n\tb\\x0d\\x1b");
  EXPECT_EQ(PrintableLines(std::string(100, 'x')), std::string(100, 'x'));
}

TEST(TableTest, Utf8IsToldFromOtherBytes) {
  for (const char* good : {"", "ascii", "é", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad :
       {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xe0\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

}  // namespace
}  // namespace aegis::cli
