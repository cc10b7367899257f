#include "node/runtime/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aegis::node {
namespace {

using testing::HasSubstr;

std::vector<FileEntry> Parsed(std::string_view text) {
  auto entries = ParseConfigFile(text, "f");
  EXPECT_TRUE(entries.ok()) << entries.error().message;
  return entries.ok() ? std::move(entries).value() : std::vector<FileEntry>{};
}

std::string Problem(std::string_view text) {
  const auto entries = ParseConfigFile(text, "f");
  return entries.ok() ? "no problem" : entries.error().message;
}

TEST(ConfigFileTest, ReadsYamlWithLines) {
  const auto entries = Parsed("# a comment\nshards: 512\n\nseeds:\n  - a:1\n  - b:2\nzone:\n");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].key, "shards");
  EXPECT_EQ(entries[0].value, "512");
  EXPECT_EQ(entries[0].line, 2U);
  EXPECT_EQ(entries[1].value, "a:1,b:2");
  EXPECT_TRUE(entries[1].is_list);
  EXPECT_EQ(entries[1].line, 4U);
  EXPECT_EQ(entries[2].value, "");
  EXPECT_EQ(entries[2].line, 7U);
}

TEST(ConfigFileTest, ReadsJsonWithTabsAndWithoutSpaces) {
  const auto entries =
      Parsed("{\n\t\"node_id\":\"node1\",\n\t\"seeds\":[\"a:1\",\"b:2\"],\"shards\":8}");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].value, "node1");
  EXPECT_EQ(entries[1].value, "a:1,b:2");
  EXPECT_EQ(entries[1].line, 3U);
  EXPECT_EQ(entries[2].value, "8");
}

TEST(ConfigFileTest, EmptyItemsOfAListStayVisible) {
  EXPECT_EQ(Parsed("seeds: ['', 'a:1']")[0].value, ",a:1");
  EXPECT_EQ(Parsed("seeds: []")[0].value, "");
}

TEST(ConfigFileTest, DuplicatesStayVisible) {
  EXPECT_EQ(Parsed("shards: 1\nshards: 2\n").size(), 2U);
}

TEST(ConfigFileTest, NothingOrOnlyCommentsIsEmpty) {
  EXPECT_TRUE(Parsed("").empty());
  EXPECT_TRUE(Parsed("# only this\n").empty());
  EXPECT_TRUE(Parsed("---\n").empty());
  EXPECT_TRUE(Parsed("{}").empty());
}

TEST(ConfigFileTest, NamesTheLineOfWhatItCannotUse) {
  EXPECT_THAT(Problem("a: 1\nb: {c: 2}\n"), HasSubstr("f:2: a mapping is not expected"));
  EXPECT_THAT(Problem("a: 1\nb: [[1]]\n"), HasSubstr("f:2: a list is not expected"));
  EXPECT_THAT(Problem("- a\n- b\n"), HasSubstr("f:1: a list is not expected"));
  EXPECT_THAT(Problem("just words"), HasSubstr("f:1: expected settings"));
  EXPECT_THAT(Problem("a: 1\n---\nb: 2\n"), HasSubstr("second document"));
  EXPECT_THAT(Problem("a: &x 1\nb: *x\n"), HasSubstr("f:1: anchors"));
  EXPECT_THAT(Problem("a: 1\nb: 'x"), HasSubstr("f:2: "));
  EXPECT_THAT(Problem("{\n\"a\": 1,\n"),
              HasSubstr("f:1: a mapping is not expected here (is a brace not closed?)"));
  EXPECT_THAT(Problem("a: 1\n\tb: 2\n"), HasSubstr("f:2: "));
}

TEST(ConfigFileTest, EndlessNestingAndLargeFilesAreRefused) {
  EXPECT_NE(Problem("a: " + std::string(100'000, '[')), "no problem");
  EXPECT_THAT(Problem(std::string(kConfigFileSizeMax + 1, '#')), HasSubstr("larger than"));
}

}  // namespace
}  // namespace aegis::node
