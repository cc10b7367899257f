#include "cli/completion.h"

#include <gtest/gtest.h>

#include "cli/command.h"

namespace aegis::cli {
namespace {

using Words = std::vector<std::string>;

TEST(CompletionTest, FirstWordIsACommand) {
  EXPECT_EQ(Completions("m"), (Words{"members", "mget"}));
  EXPECT_EQ(Completions("exp"), Words{"expire"});
  EXPECT_TRUE(Completions("nonsense").empty());
  EXPECT_GE(Completions("").size(), CommandNames().size());
}

TEST(CompletionTest, FlagsAreOfferedOnceADashIsTyped) {
  EXPECT_EQ(Completions("set k v --"), (Words{"--cas", "--nx", "--ttl", "--xx"}));
  EXPECT_EQ(Completions("set k v --t"), Words{"--ttl"});
  EXPECT_TRUE(Completions("set ").empty()) << "a key is due";
  EXPECT_EQ(Completions("expire k "), Words{"never"});
  EXPECT_EQ(Completions("help exp"), Words{"expire"});
}

TEST(CompletionTest, EveryFlagOfferedIsOneThatParses) {
  for (const std::string& name : CommandNames()) {
    for (const std::string& flag : Completions(name + " --")) {
      const CommandLine help = ParsePromptLine(name + " --help", {});
      ASSERT_TRUE(help.end.has_value());
      EXPECT_NE(help.end->text.find(flag), std::string::npos) << name << " " << flag;
    }
  }
}

TEST(CompletionTest, CommonPrefixIsWhatAllBeginWith) {
  EXPECT_EQ(CommonPrefix({"members", "mget"}), "m");
  EXPECT_EQ(CommonPrefix({"get"}), "get");
  EXPECT_EQ(CommonPrefix({"set", "get"}), "");
  EXPECT_EQ(CommonPrefix({"shards", "shard"}), "shard");
}

}  // namespace
}  // namespace aegis::cli
