#include "node/core/resp_command_table.h"

#include <chrono>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "model/limits.h"
#include "node/core/resp_text.h"
#include "resp_test_support.h"

namespace aegis::node {
namespace {

using RespCommandTableTest = RespTest;

// Tiers T0 and T1 of the RESP design: what Redis clients may expect of this node.
constexpr ByteView kPromised[] = {"hello",
                                  "auth",
                                  "ping",
                                  "echo",
                                  "quit",
                                  "reset",
                                  "select",
                                  "client|setinfo",
                                  "client|setname",
                                  "client|getname",
                                  "client|id",
                                  "client|info",
                                  "client|list",
                                  "client|kill",
                                  "client|reply",
                                  "client|no-evict",
                                  "client|no-touch",
                                  "command",
                                  "command|count",
                                  "command|docs",
                                  "command|info",
                                  "command|getkeys",
                                  "command|list",
                                  "info",
                                  "config|get",
                                  "config|set",
                                  "config|resetstat",
                                  "time",
                                  "get",
                                  "set",
                                  "setnx",
                                  "setex",
                                  "psetex",
                                  "getset",
                                  "getdel",
                                  "getex",
                                  "mget",
                                  "mset",
                                  "msetnx",
                                  "strlen",
                                  "append",
                                  "getrange",
                                  "setrange",
                                  "incr",
                                  "decr",
                                  "incrby",
                                  "decrby",
                                  "incrbyfloat",
                                  "del",
                                  "unlink",
                                  "exists",
                                  "touch",
                                  "type",
                                  "expire",
                                  "pexpire",
                                  "expireat",
                                  "pexpireat",
                                  "ttl",
                                  "pttl",
                                  "expiretime",
                                  "pexpiretime",
                                  "persist",
                                  "wait",
                                  "rename",
                                  "renamenx",
                                  "copy",
                                  "delifeq",
                                  "scan",
                                  "keys",
                                  "randomkey",
                                  "dbsize",
                                  "flushdb",
                                  "flushall",
                                  "multi",
                                  "exec",
                                  "discard",
                                  "watch",
                                  "unwatch"};

TEST_F(RespCommandTableTest, HasEveryPromisedCommand) {
  for (const ByteView name : kPromised) {
    const resp::CommandInfo* const command = resp::FindByFullName(name);
    ASSERT_NE(command, nullptr) << name;
    EXPECT_EQ(command->name, name);
    EXPECT_NE(command->handler, nullptr) << name;
  }
}

TEST_F(RespCommandTableTest, EveryCommandIsInTheDocument) {
  std::ifstream in(AEGIS_SOURCE_DIR "/docs/REDIS.md");
  const std::string document{std::istreambuf_iterator<char>(in), {}};
  for (const resp::CommandInfo& command : resp::AllCommands()) {
    const std::regex word("\\b" + resp::ToUpper(command.name) + "\\b");
    EXPECT_TRUE(std::regex_search(document, word)) << command.name;
  }
}

TEST_F(RespCommandTableTest, LimitsInTheDocumentAreThoseThatHold) {
  std::ifstream in(AEGIS_SOURCE_DIR "/docs/REDIS.md");
  const std::string document{std::istreambuf_iterator<char>(in), {}};
  const auto documented = [&](const std::string& row) {
    return document.find("\n| " + row + " |") != std::string::npos;
  };
  constexpr std::size_t kMega = 1 << 20;
  EXPECT_EQ(limits::kRespArgumentsMax, 1'048'576U);
  EXPECT_TRUE(documented("arguments of a command | 1,048,576"));
  EXPECT_EQ(limits::kRespCommandSizeMax, 128 * kMega);
  EXPECT_TRUE(documented("one argument, and a command with all of its arguments | 128 MiB"));
  EXPECT_EQ(limits::kRespInlineSizeMax, 64U << 10U);
  EXPECT_TRUE(documented("an inline command | 64 KiB"));
  EXPECT_EQ(limits::kKeySizeMax, 64U << 10U);
  EXPECT_TRUE(documented("a key | 1 byte to 64 KiB"));
  EXPECT_EQ(limits::kValueSizeMax, 64 * kMega);
  EXPECT_TRUE(documented("a value | 64 MiB"));
  EXPECT_EQ(limits::kKeysPerCommandMax, 65'536U);
  EXPECT_TRUE(documented("keys of one command | 65,536"));
  EXPECT_EQ(limits::kPatternSizeMax, 1024U);
  EXPECT_TRUE(documented("a pattern | 1024 bytes"));
  EXPECT_EQ(limits::kReplySizeMax, 512 * kMega);
  EXPECT_TRUE(documented("values that one reply shows | 512 MiB"));
  EXPECT_EQ(limits::kOutputStallMax, std::chrono::seconds(60));
  EXPECT_TRUE(documented("replies that wait for a reader who takes none of them | 60 s"));
}

TEST_F(RespCommandTableTest, NamesAreFoundInAnyCaseAndOnlyWhole) {
  EXPECT_EQ(resp::FindCommand("GeT"), resp::FindCommand("get"));
  EXPECT_EQ(resp::FindCommand("ge"), nullptr);
  EXPECT_EQ(resp::FindCommand(""), nullptr);
  EXPECT_EQ(resp::FindCommand(std::string(100'000, 'g')), nullptr);
  EXPECT_EQ(resp::FindByFullName("get|x"), nullptr);
  EXPECT_EQ(resp::FindByFullName("config|x"), nullptr);
}

TEST_F(RespCommandTableTest, RowsAreConsistent) {
  std::set<ByteView> names;
  for (const resp::CommandInfo& command : resp::AllCommands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_EQ(command.keys.first == 0, command.key_access.empty()) << command.name;
    const bool touches_keys = (command.flags & (resp::kWrite | resp::kReadOnly)) != 0;
    const bool of_all_keys = (command.flags & resp::kNotQueued) != 0;
    const bool watches = command.name == "watch";
    EXPECT_EQ(command.keys.first != 0, (touches_keys && !of_all_keys) || watches) << command.name;
    EXPECT_NE((command.flags & resp::kWrite) != 0 && (command.flags & resp::kReadOnly) != 0, true)
        << command.name;
    EXPECT_FALSE(command.summary.empty()) << command.name;
  }
}

TEST_F(RespCommandTableTest, EveryCommandHasANumberOfItsOwn) {
  std::set<std::uint16_t> numbers;
  for (const resp::CommandInfo& command : resp::AllCommands()) {
    EXPECT_TRUE(numbers.insert(command.number).second) << command.name;
    EXPECT_EQ(resp::FindCommand(command.name), &command);
    for (const resp::CommandInfo& subcommand : command.subcommands) {
      EXPECT_TRUE(numbers.insert(subcommand.number).second) << subcommand.name;
      EXPECT_EQ(resp::FindByFullName(subcommand.name), &subcommand);
    }
  }
  EXPECT_LT(*numbers.rbegin(), resp::kCommandNumbers);
}

TEST_F(RespCommandTableTest, CountIsTheTablesSize) {
  EXPECT_EQ(Reply({"command", "count"}), ":" + std::to_string(resp::AllCommands().size()) + "\r\n");
  const std::string all = Reply({"command"});
  EXPECT_TRUE(all.starts_with("*" + std::to_string(resp::AllCommands().size()) + "\r\n"));
  EXPECT_EQ(Reply({"command", "info"}), all);
}

TEST_F(RespCommandTableTest, InfoDescribesACommandAsRedisDoes) {
  EXPECT_EQ(Reply({"command", "info", "GET", "nope"}),
            "*2\r\n*10\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n"
            "*3\r\n+@read\r\n+@string\r\n+@fast\r\n*0\r\n*1\r\n*6\r\n$5\r\nflags\r\n*2\r\n+RO\r\n"
            "+access\r\n$12\r\nbegin_search\r\n*4\r\n$4\r\ntype\r\n$5\r\nindex\r\n$4\r\nspec\r\n"
            "*2\r\n$5\r\nindex\r\n:1\r\n$9\r\nfind_keys\r\n*4\r\n$4\r\ntype\r\n$5\r\nrange\r\n"
            "$4\r\nspec\r\n*6\r\n$7\r\nlastkey\r\n:0\r\n$7\r\nkeystep\r\n:1\r\n$5\r\nlimit\r\n:0"
            "\r\n*0\r\n$-1\r\n");
}

TEST_F(RespCommandTableTest, InfoUsesSetsAndMapsInResp3) {
  session.version = 3;
  const std::string info = Reply({"command", "info", "rename"});
  EXPECT_NE(info.find("~1\r\n+write\r\n"), std::string::npos) << info;
  EXPECT_NE(info.find("~2\r\n%3\r\n$5\r\nflags\r\n~3\r\n+RW\r\n+access\r\n+delete\r\n"),
            std::string::npos)
      << info;
  EXPECT_NE(info.find("%3\r\n$5\r\nflags\r\n~2\r\n+OW\r\n+update\r\n"), std::string::npos) << info;
}

TEST_F(RespCommandTableTest, GetKeysFindsTheKeysOfAnyCommand) {
  EXPECT_EQ(Reply({"command", "getkeys", "get", "a"}), "*1\r\n$1\r\na\r\n");
  EXPECT_EQ(Reply({"command", "getkeys", "mset", "a", "1", "b", "2"}),
            "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  EXPECT_EQ(Reply({"command", "getkeys", "del", "a", "b"}), "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  EXPECT_EQ(Reply({"command", "getkeysandflags", "copy", "a", "b"}),
            "*2\r\n*2\r\n$1\r\na\r\n*2\r\n+RO\r\n+access\r\n*2\r\n$1\r\nb\r\n*2\r\n+OW\r\n"
            "+update\r\n");
}

TEST_F(RespCommandTableTest, GetKeysRefusesWhatRedisRefuses) {
  EXPECT_EQ(Reply({"command", "getkeys", "get"}),
            "-ERR wrong number of arguments for 'command|getkeys' command\r\n");
  EXPECT_EQ(Reply({"command", "getkeys", "foo", "a"}), "-ERR Invalid command specified\r\n");
  EXPECT_EQ(Reply({"command", "getkeys", "mset", "a"}),
            "-ERR Invalid number of arguments specified for command\r\n");
  EXPECT_EQ(Reply({"command", "getkeys", "client", "list"}),
            "-ERR The command has no key arguments\r\n");
  EXPECT_EQ(Reply({"command", "getkeys", "client", "foo"}), "-ERR Invalid command specified\r\n");
}

TEST_F(RespCommandTableTest, ListFiltersByPatternAndCategory) {
  EXPECT_EQ(Reply({"command", "list", "filterby", "pattern", "GETD*"}), "*1\r\n$6\r\ngetdel\r\n");
  const std::string too_long(1025, '*');
  EXPECT_EQ(Reply({"command", "list", "filterby", "pattern", too_long}),
            "-ERR the pattern has 1025 bytes: a pattern has 1024 bytes at most\r\n");
  EXPECT_EQ(Reply({"command", "list", "FILTERBY", "MODULE", "x"}), "*0\r\n");
  EXPECT_EQ(Reply({"command", "list", "filterby", "aclcat", "foo"}), "*0\r\n");
  const std::string admin = Reply({"command", "list", "filterby", "aclcat", "admin"});
  EXPECT_NE(admin.find("config|set"), std::string::npos);
  EXPECT_EQ(admin.find("\nget\r\n"), std::string::npos);
  EXPECT_NE(Reply({"command", "list"}).find("client|setname"), std::string::npos);
  EXPECT_EQ(Reply({"command", "list", "foo"}), "-ERR syntax error\r\n");
  EXPECT_EQ(Reply({"command", "list", "filterby", "foo", "x"}), "-ERR syntax error\r\n");
}

TEST_F(RespCommandTableTest, DocsDescribeTheArguments) {
  EXPECT_EQ(Reply({"command", "docs", "nope"}), "*0\r\n");
  EXPECT_EQ(Reply({"command", "docs", "get"}),
            "*2\r\n$3\r\nget\r\n*8\r\n$7\r\nsummary\r\n$22\r\nGet the value of a key\r\n"
            "$5\r\nsince\r\n$5\r\n1.0.0\r\n$5\r\ngroup\r\n$6\r\nstring\r\n$9\r\narguments\r\n"
            "*1\r\n*4\r\n$4\r\nname\r\n$3\r\nkey\r\n$4\r\ntype\r\n$3\r\nkey\r\n");
  session.version = 3;
  const std::string all = Reply({"command", "docs"});
  EXPECT_TRUE(all.starts_with("%" + std::to_string(resp::AllCommands().size()) + "\r\n"));
  EXPECT_NE(all.find("$11\r\nsubcommands\r\n%4\r\n$10\r\nconfig|get\r\n"), std::string::npos);
}

}  // namespace
}  // namespace aegis::node
