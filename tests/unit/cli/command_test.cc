#include "cli/command.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace aegis::cli {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

Command Parsed(const Words& words) {
  const CommandLine line = ParseCommandLine(words);
  EXPECT_FALSE(line.end.has_value()) << line.end->text;
  return line.command;
}

std::string Mistake(const Words& words) {
  const CommandLine line = ParseCommandLine(words);
  EXPECT_TRUE(line.end.has_value() && line.end->mistake);
  return line.end ? line.end->text : "";
}

TEST(CommandTest, SetTakesItsOptions) {
  const Command set = Parsed({"set", "k", "v", "--ttl", "90s", "--nx"});
  EXPECT_EQ(set.name, "set");
  EXPECT_EQ(set.keys, Words{"k"});
  EXPECT_EQ(set.value, "v");
  EXPECT_EQ(set.ttl, milliseconds(90'000));
  EXPECT_TRUE(set.if_absent);
  EXPECT_FALSE(set.expected.has_value());
  EXPECT_EQ(Parsed({"set", "k", "v", "--cas", "18446744073709551615"}).expected,
            18446744073709551615U);
}

TEST(CommandTest, ConditionsExcludeEachOther) {
  EXPECT_NE(Mistake({"set", "k", "v", "--nx", "--xx"}).find("excludes"), std::string::npos);
  EXPECT_NE(Mistake({"set", "k", "v", "--nx", "--cas", "1"}).find("excludes"), std::string::npos);
}

TEST(CommandTest, NegativeNumbersAreWords) {
  EXPECT_EQ(Parsed({"incr", "n", "-5"}).delta, -5);
  EXPECT_EQ(Parsed({"incr", "n"}).delta, 1);
  EXPECT_EQ(Parsed({"set", "k", "-1"}).value, "-1");
  EXPECT_EQ(Parsed({"set", "k", "-"}).value, "-");
  EXPECT_EQ(Parsed({"set", "k", "--", "--nx"}).value, "--nx");
}

TEST(CommandTest, GlobalOptionsStandAnywhere) {
  for (const Words& words :
       {Words{"--json", "-s", "a:1,b:2", "--timeout", "250ms", "get", "k"},
        Words{"get", "k", "--server", "a:1,b:2", "--json", "--timeout", "250ms"}}) {
    const CommandLine line = ParseCommandLine(words);
    ASSERT_FALSE(line.end.has_value()) << line.end->text;
    EXPECT_EQ(line.global.servers, (Words{"a:1", "b:2"}));
    EXPECT_TRUE(line.global.json);
    EXPECT_EQ(line.global.timeout, milliseconds(250));
  }
}

TEST(CommandTest, ServersComeFromTheEnvironmentUnlessTheyAreGiven) {
  EXPECT_EQ(ParseCommandLine({"members"}).global.servers, Words{"127.0.0.1:7700"});
  setenv("AEGIS_SERVERS", "a:1,b:2", 1);
  EXPECT_EQ(ParseCommandLine({"members"}).global.servers, (Words{"a:1", "b:2"}));
  EXPECT_EQ(ParseCommandLine({"-s", "c:3", "members"}).global.servers, Words{"c:3"});
  unsetenv("AEGIS_SERVERS");
}

TEST(CommandTest, ExpireTakesADurationOrNever) {
  EXPECT_EQ(Parsed({"expire", "k", "5m"}).ttl, milliseconds(300'000));
  EXPECT_EQ(Parsed({"expire", "k", "never"}).ttl, std::nullopt);
  EXPECT_NE(Mistake({"expire", "k", "soon"}).find("soon"), std::string::npos);
}

TEST(CommandTest, SeveralKeysAndAddresses) {
  EXPECT_EQ(Parsed({"mget", "a", "-1", "c"}).keys, (Words{"a", "-1", "c"}));
  EXPECT_EQ(Parsed({"del", "a", "b"}).keys, (Words{"a", "b"}));
  EXPECT_EQ(Parsed({"ping", "a:1", "b:1"}).addresses, (Words{"a:1", "b:1"}));
  EXPECT_TRUE(Parsed({"shards", "--summary"}).summary);
}

TEST(CommandTest, BenchTakesALoad) {
  const Command bench = Parsed({"bench", "-c", "3", "-n", "1000", "--reads", "50", "--no-preload"});
  EXPECT_EQ(bench.load.clients, 3U);
  EXPECT_EQ(bench.load.operations, 1000U);
  EXPECT_EQ(bench.load.read_percent, 50U);
  EXPECT_FALSE(bench.load.preload);
  Mistake({"bench", "--reads", "101"});
  Mistake({"bench", "--clients", "0"});
}

TEST(CommandTest, MistakesAreNamed) {
  EXPECT_NE(Mistake({"gte", "k"}).find("gte"), std::string::npos);
  EXPECT_NE(Mistake({"get"}).find("key"), std::string::npos);
  EXPECT_NE(Mistake({"set", "k", "v", "--ttl", "1y"}).find("1y"), std::string::npos);
  EXPECT_NE(Mistake({"set", "k", "v", "--cas", "-1"}).find("-1"), std::string::npos);
  EXPECT_NE(Mistake({"incr", "n", "1.5"}).find("1.5"), std::string::npos);
}

TEST(CommandTest, HelpIsNoMistakeAndShowsExamples) {
  const CommandLine line = ParseCommandLine({"--help"});
  ASSERT_TRUE(line.end.has_value());
  EXPECT_FALSE(line.end->mistake);
  EXPECT_NE(line.end->text.find("Examples:"), std::string::npos);
  EXPECT_NE(line.end->text.find("Exit status:"), std::string::npos);
  EXPECT_FALSE(ParseCommandLine({}).end.has_value()) << "no command: the prompt";
}

TEST(CommandTest, PromptLinesAreCommandsWithoutGlobalOptions) {
  const CommandLine line = ParsePromptLine(R"(set "a key" 'a "value"' --ttl 5s)");
  ASSERT_FALSE(line.end.has_value()) << line.end->text;
  EXPECT_EQ(line.command.keys, Words{"a key"});
  EXPECT_EQ(line.command.value, R"(a "value")");
  EXPECT_TRUE(ParsePromptLine("get k --json").end->mistake);
  const CommandLine help = ParsePromptLine("help");
  EXPECT_FALSE(help.end->mistake);
  for (const std::string& name : CommandNames()) {
    EXPECT_NE(help.end->text.find(name), std::string::npos) << name;
  }
  EXPECT_TRUE(ParsePromptLine("set 'open").end->mistake);
}

TEST(CommandTest, QuotesHoldWordsTogetherAndEscapeBytes) {
  EXPECT_EQ(SplitWords("  a  b\tc ").value(), (Words{"a", "b", "c"}));
  EXPECT_EQ(SplitWords(R"("a b"c '' "\x00\n\"\\")").value(),
            (Words{"a bc", "", std::string("\0\n\"\\", 4)}));
  EXPECT_EQ(SplitWords(R"('\n')").value(), Words{"\\n"});
  EXPECT_FALSE(SplitWords("\"a").ok());
  EXPECT_TRUE(SplitWords("").value().empty());
}

}  // namespace
}  // namespace aegis::cli
