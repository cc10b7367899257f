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

CommandLine Prompt(std::string_view line, const GlobalOptions& global = {}) {
  return ParsePromptLine(line, global);
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
    EXPECT_EQ(line.global.quorums.write, std::nullopt);
  }
}

TEST(CommandTest, QuorumsHoldForTheWholeRun) {
  const CommandLine line =
      ParseCommandLine({"--write-quorum", "2", "--read-quorum", "-1", "set", "k", "v"});
  ASSERT_FALSE(line.end.has_value()) << line.end->text;
  EXPECT_EQ(line.command.name, "set");
  EXPECT_EQ(line.global.quorums.write, 2);
  EXPECT_EQ(line.global.quorums.read, -1);
}

TEST(CommandTest, ServersComeFromTheEnvironmentUnlessTheyAreGiven) {
  unsetenv("AEGIS_SERVERS");
  EXPECT_EQ(ParseCommandLine({"members"}).global.servers, Words{"127.0.0.1:7700"});
  setenv("AEGIS_SERVERS", "a:1,b:2", 1);
  EXPECT_EQ(ParseCommandLine({"members"}).global.servers, (Words{"a:1", "b:2"}));
  EXPECT_EQ(ParseCommandLine({"-s", "c:3", "members"}).global.servers, Words{"c:3"});
  unsetenv("AEGIS_SERVERS");
}

TEST(CommandTest, ExpireTakesADurationOrNever) {
  EXPECT_EQ(Parsed({"expire", "k", "5m"}).ttl, milliseconds(300'000));
  EXPECT_EQ(Parsed({"expire", "k", "60"}).ttl, milliseconds(60'000));
  EXPECT_EQ(Parsed({"expire", "k", "1d2h"}).ttl, std::chrono::hours(26));
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
  EXPECT_FALSE(bench.load.ttl.has_value());
  EXPECT_EQ(Parsed({"bench", "--ttl", "1h"}).load.ttl, std::chrono::hours(1));
  EXPECT_TRUE(Parsed({"bench", "--ttl", "never"}).load.keep);
  EXPECT_EQ(Parsed({"bench", "-d", "30"}).load.duration, std::chrono::seconds(30));
  EXPECT_EQ(Parsed({"bench", "-d", "1m30s"}).load.duration, std::chrono::seconds(90));
  EXPECT_NE(Mistake({"bench", "-d", "5ms"}).find("from 100ms to 1d"), std::string::npos);
  Mistake({"bench", "--reads", "101"});
  Mistake({"bench", "--clients", "0"});
}

TEST(CommandTest, ARecoveryNamesItsNode) {
  EXPECT_FALSE(Parsed({"cluster"}).recover);
  const Command recover = Parsed({"cluster", "recover", "--node", "a:7780"});
  EXPECT_EQ(recover.name, "cluster");
  EXPECT_TRUE(recover.recover);
  EXPECT_FALSE(recover.confirmed);
  EXPECT_EQ(recover.addresses, Words{"a:7780"});
  EXPECT_TRUE(Parsed({"cluster", "recover", "--node", "a:7780", "--yes"}).confirmed);
  EXPECT_NE(Mistake({"cluster", "recover"}).find("--node is required"), std::string::npos);
  EXPECT_NE(Mistake({"cluster", "recover", "--node", "a"}).find("HOST:PORT"), std::string::npos);
  const Command forget = Parsed({"cluster", "forget", "node3", "--node", "a:7780"});
  EXPECT_EQ(forget.forgotten, "node3");
  EXPECT_EQ(forget.addresses, Words{"a:7780"});
  EXPECT_NE(Mistake({"cluster", "forget", "--node", "a:1"}).find("name is required"),
            std::string::npos);
  const CommandLine help = ParseCommandLine({"cluster", "recover", "--help"});
  ASSERT_TRUE(help.end && !help.end->mistake);
  EXPECT_NE(help.end->text.find("two clusters that both take writes"), std::string::npos);
}

TEST(CommandTest, MistakesAreNamed) {
  EXPECT_EQ(Mistake({"gte", "k"}),
            "aegis-cli: unknown command 'gte'; there are bench, cluster, del, drain, expire, get, "
            "incr, members, mget, ping, set, shards, "
            "stats, ttl, wal and help\naegis-cli help [COMMAND] "
            "says more\n");
  EXPECT_EQ(Mistake({"-s", "node1:7700", "foo"}).find("aegis-cli: unknown command 'foo'"), 0U);
  EXPECT_EQ(Prompt("keys *").end->text.find("unknown command 'keys'; there are bench"), 0U);
  EXPECT_NE(Mistake({"\x1b[31m"}).find("'\\x1b[31m'"), std::string::npos);
  EXPECT_NE(Mistake({"get"}).find("get: key is required"), std::string::npos);
  EXPECT_NE(Mistake({"get", "a", "b", "c"}).find("get: a word too many, 'b'"), std::string::npos);
  EXPECT_NE(Mistake({"get", "a", "--foo"}).find("unknown option '--foo'"), std::string::npos);
  EXPECT_NE(Mistake({"set", "k", "v", "--ttl", "1y"}).find("1y"), std::string::npos);
  EXPECT_NE(Mistake({"set", "k", "v", "--cas", "-1"}).find("-1"), std::string::npos);
  EXPECT_NE(Mistake({"incr", "n", "1.5"}).find("1.5"), std::string::npos);
}

TEST(CommandTest, MistakesSayWhatIsAllowed) {
  const std::pair<Words, const char*> mistakes[] = {
      {{"-s", "foo", "get", "k"}, "aegis-cli: --servers: 'foo' is not allowed: must be HOST:PORT"},
      {{"-s", "a:1,:2", "get", "k"}, "--servers: ':2' is not allowed: must be HOST:PORT"},
      {{"-s", "a:0", "get", "k"}, "as in -s node1:7700,node2:7700; AEGIS_SERVERS"},
      {{"ping", "foo"}, "ping: address: 'foo' is not allowed: must be HOST:PORT"},
      {{"--timeout", "0", "get", "k"},
       "aegis-cli: --timeout: '0' is not allowed: must be from 1ms"},
      {{"--write-quorum", "8", "get", "k"},
       "aegis-cli: --write-quorum: '8' is not allowed: must be from -1 to 7"},
      {{"--read-quorum", "all", "get", "k"},
       "aegis-cli: --read-quorum: 'all' is not allowed: must be from -1 to 7"},
      {{"set", "k", "v", "--cas", "abc"},
       "'abc' is not allowed: must be a whole number from 0 to 18446744073709551615"},
      {{"incr", "n", "abc"}, "must be a whole number from -9223372036854775808 to"},
      {{"set", "k", "v", "--ttl", "-1s"}, "'-1s' is not allowed: must be a duration like 500ms"},
  };
  for (const auto& [words, said] : mistakes) {
    EXPECT_NE(Mistake(words).find(said), std::string::npos) << Mistake(words);
  }
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
  const CommandLine line = Prompt(R"(set "a key" 'a "value"' --ttl 5s)");
  ASSERT_FALSE(line.end.has_value()) << line.end->text;
  EXPECT_EQ(line.command.keys, Words{"a key"});
  EXPECT_EQ(line.command.value, R"(a "value")");
  EXPECT_TRUE(Prompt("set 'open").end->mistake);
  EXPECT_EQ(Prompt("get k --timeout 1s").end->text,
            "get: '--timeout' belongs on the command line that starts the prompt: "
            "aegis-cli --timeout ...\nhelp [COMMAND] says more\n");
}

TEST(CommandTest, AnyPromptLineTakesJsonForItself) {
  EXPECT_TRUE(Prompt("get k --json").global.json);
  EXPECT_TRUE(Prompt("--json get k").global.json);
  EXPECT_FALSE(Prompt("get k").global.json);
  EXPECT_TRUE(Prompt("get k", {.json = true}).global.json);
  EXPECT_EQ(Prompt("get k --json", {.servers = {"a:1"}}).global.servers, Words{"a:1"});
}

TEST(CommandTest, HelpNamesEveryCommandAndShowsEachOne) {
  for (const CommandLine& help : {Prompt("help"), ParseCommandLine({"help"})}) {
    EXPECT_FALSE(help.end->mistake);
    for (const std::string& name : CommandNames()) {
      EXPECT_NE(help.end->text.find(name), std::string::npos) << name;
    }
  }
  for (const CommandLine& help :
       {Prompt("help set"), Prompt("set --help"), ParseCommandLine({"help", "set"}),
        ParseCommandLine({"-s", "a:1", "--json", "help", "set"})}) {
    ASSERT_TRUE(help.end.has_value());
    EXPECT_FALSE(help.end->mistake) << help.end->text;
    EXPECT_NE(help.end->text.find("--nx"), std::string::npos) << help.end->text;
  }
  EXPECT_NE(Mistake({"help", "foo"}).find("unknown command 'foo'"), std::string::npos);
  EXPECT_EQ(Parsed({"get", "help"}).keys, Words{"help"});
}

TEST(CommandTest, AValueFromTheInputIsRefusedWhereTheInputHoldsCommands) {
  const CommandLine line = Prompt("set k -");
  ASSERT_TRUE(line.end.has_value() && line.end->mistake);
  EXPECT_NE(line.end->text.find("aegis-cli set KEY - < FILE"), std::string::npos);
}

TEST(CommandTest, ABoundOnStalenessIsADurationOrAny) {
  using std::chrono::milliseconds;
  EXPECT_EQ(ParseCommandLine({"get", "k"}).global.max_staleness, std::nullopt);
  EXPECT_EQ(ParseCommandLine({"--max-staleness", "250ms", "get", "k"}).global.max_staleness,
            milliseconds(250));
  EXPECT_EQ(ParseCommandLine({"--max-staleness", "any", "get", "k"}).global.max_staleness, kAnyAge);
  for (const char* wrong : {"0s", "2d", "soon"}) {
    const CommandLine line = ParseCommandLine({"--max-staleness", wrong, "get", "k"});
    ASSERT_TRUE(line.end.has_value()) << wrong;
    EXPECT_TRUE(line.end->mistake) << wrong;
    EXPECT_NE(line.end->text.find("--max-staleness"), std::string::npos) << line.end->text;
  }
}

}  // namespace
}  // namespace aegis::cli
