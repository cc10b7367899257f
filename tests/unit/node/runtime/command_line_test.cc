#include "node/runtime/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "node/runtime/settings.h"
#include "node/runtime/version.h"
#include "sample_settings.h"
#include "temporary_directory.h"

namespace aegis::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

StartPlan Read(std::vector<const char*> arguments,
               const std::map<std::string, std::string>& environment = {}) {
  arguments.insert(arguments.begin(), "aegis");
  return ReadCommandLine(static_cast<int>(arguments.size()), arguments.data(), environment);
}

void ExpectRefused(const StartPlan& plan, const std::string& error) {
  EXPECT_EQ(plan.exit_status, 2);
  EXPECT_EQ(plan.output, "");
  EXPECT_THAT(plan.errors, HasSubstr("aegis: " + error));
}

TEST(CommandLineTest, WithoutArgumentsTheNodeRunsWithDefaults) {
  const StartPlan plan = Read({});
  EXPECT_EQ(plan.exit_status, std::nullopt) << plan.errors;
  EXPECT_EQ(plan.config.bind.port, 7700);
  EXPECT_FALSE(plan.config.node_id.empty());
}

TEST(CommandLineTest, TakesEveryFlagInBothForms) {
  for (const Setting& setting : Settings()) {
    for (const std::string& value : SampleSettings().at(setting.flag).good) {
      const StartPlan apart = Read({setting.FlagName().c_str(), value.c_str()});
      EXPECT_EQ(apart.exit_status, std::nullopt) << apart.errors;
      EXPECT_EQ(setting.render(apart.config), value);
      const StartPlan joined = Read({(setting.FlagName() + "=" + value).c_str()});
      EXPECT_EQ(joined.exit_status, std::nullopt) << joined.errors;
      EXPECT_EQ(setting.render(joined.config), value);
    }
  }
}

TEST(CommandLineTest, RefusesEveryBadValueWithExitStatusTwo) {
  for (const Setting& setting : Settings()) {
    for (const std::string& value : SampleSettings().at(setting.flag).bad) {
      ExpectRefused(Read({setting.FlagName().c_str(), value.c_str()}), setting.FlagName() + ": '");
    }
  }
}

TEST(CommandLineTest, NegativeNumberIsAValueAndNotAFlag) {
  ExpectRefused(Read({"--weight", "-1"}), "--weight: '-1' is not allowed");
}

TEST(CommandLineTest, FlagWithoutItsValueIsNamedWithWhatIsAllowed) {
  for (const Setting& setting : Settings()) {
    const std::string error =
        setting.FlagName() + ": a value is missing: must be " + setting.allowed + "\n";
    ExpectRefused(Read({setting.FlagName().c_str()}), error);
    ExpectRefused(Read({setting.FlagName().c_str(), "--check-config"}), error);
  }
  ExpectRefused(Read({"--config", "--check-config"}), "--config: a value is missing: must be");
}

TEST(CommandLineTest, NothingBehindTheEqualsSignIsTheEmptyValue) {
  for (const Setting& setting : Settings()) {
    const std::string flag = setting.FlagName() + "=";
    const StartPlan plan = Read({flag.c_str(), "--check-config"});
    Config config;
    if (setting.assign("", config)) {
      EXPECT_EQ(plan.output, "ok\n") << flag;
      EXPECT_EQ(plan.exit_status, 0) << flag;
    } else {
      ExpectRefused(plan, setting.FlagName() + ": '' is not allowed: must be " + setting.allowed);
    }
  }
  EXPECT_EQ(Read({"--zone="}, {{"AEGIS_ZONE", "eu"}}).config.zone, "");
  EXPECT_TRUE(Read({"--seeds="}, {{"AEGIS_SEEDS", "a:1"}}).config.seeds.empty());
  ExpectRefused(Read({"--config="}), "--config: '' is not allowed: must be the name of a file");
  ExpectRefused(Read({"--config", ""}), "--config: '' is not allowed: must be the name of a file");
}

TEST(CommandLineTest, ValueBehindTheEqualsSignMayLookLikeAFlag) {
  EXPECT_EQ(Read({"--zone=--check-config"}).config.zone, "--check-config");
  EXPECT_EQ(Read({"--zone=a=b"}).config.zone, "a=b");
  EXPECT_EQ(Read({"--zone=[a,b]"}).config.zone, "[a,b]");
}

TEST(CommandLineTest, SwitchesTakeNoValue) {
  for (const char* flag : {"--check-config", "--print-config", "--version", "--help"}) {
    ExpectRefused(Read({(std::string(flag) + "=0").c_str()}),
                  std::string(flag) + ": takes no value, '0' is too much");
    ExpectRefused(Read({(std::string(flag) + "=").c_str()}),
                  std::string(flag) + ": takes no value, '' is too much");
  }
}

TEST(CommandLineTest, UnknownFlagsAndWordsAreNamed) {
  ExpectRefused(Read({"--shard", "8"}), "--shard: no such flag; did you mean --shards?\n");
  ExpectRefused(Read({"--shard=8"}), "--shard: no such flag; did you mean --shards?\n");
  ExpectRefused(Read({"--nonsense"}), "--nonsense: no such flag\n");
  ExpectRefused(Read({"serve"}), "'serve': only flags are expected");
  ExpectRefused(Read({"-x"}), "'-x': only flags are expected");
  ExpectRefused(Read({"--"}), "'--': only flags are expected");
  // What becomes of a value with a space and no quotes.
  ExpectRefused(Read({"--node-id=a", "b"}), "'b': only flags are expected");
  ExpectRefused(Read({"--node-id", "a", "b"}), "'b': only flags are expected");
  ExpectRefused(Read({"--seeds", "a:1", "b:2"}), "'b:2': only flags are expected");
}

TEST(CommandLineTest, FlagOfALaterVersionIsRefusedWithoutShowingItsValue) {
  for (const std::string& flag : AbsentFlags()) {
    const StartPlan plan = Read({("--" + flag).c_str(), "hunter2"});
    ExpectRefused(plan, "--" + flag + ": this version of aegis does not have it");
    EXPECT_THAT(plan.errors, Not(HasSubstr("hunter2")));
    EXPECT_THAT(Read({("--" + flag + "=hunter2").c_str()}).errors, Not(HasSubstr("hunter2")));
  }
}

TEST(CommandLineTest, OnlySeedsMayBeRepeated) {
  EXPECT_THAT(Read({"--seeds", "a:1", "--seeds", "b:2,c:3"}).config.seeds,
              ElementsAre(Endpoint{"a", 1}, Endpoint{"b", 2}, Endpoint{"c", 3}));
  ExpectRefused(Read({"--shards", "8", "--shards", "8"}), "--shards: given more than once");
  ExpectRefused(Read({"--config", "a", "--config", "b"}), "--config: given more than once");
}

TEST(CommandLineTest, FileIsNamedByFlagBeforeEnvironment) {
  const TemporaryDirectory directory;
  const std::string a = directory.Write("a.yaml", "shards: 8\n");
  const std::string b = directory.Write("b.yaml", "shards: 16\n");
  EXPECT_EQ(Read({"--config", a.c_str()}, {{"AEGIS_CONFIG", b}}).config.shards, 8U);
  EXPECT_EQ(Read({}, {{"AEGIS_CONFIG", b}}).config.shards, 16U);
}

TEST(CommandLineTest, FileThatCannotBeReadIsNamed) {
  const TemporaryDirectory directory;
  ExpectRefused(Read({"--config", directory.File("none").c_str()}),
                "--config: " + directory.File("none") + ": cannot be opened: No such file");
  ExpectRefused(Read({}, {{"AEGIS_CONFIG", directory.path()}}),
                "AEGIS_CONFIG: " + directory.path() + ": cannot be read: Is a directory");
}

TEST(CommandLineTest, CheckConfigSaysOkOrAllProblems) {
  const StartPlan good = Read({"--check-config", "--shards", "8"});
  EXPECT_EQ(good.exit_status, 0);
  EXPECT_EQ(good.output, "ok\n");
  const StartPlan bad = Read({"--check-config", "--shards", "9"}, {{"AEGIS_WEIGHT", "0"}});
  ExpectRefused(bad, "--shards: '9'");
  ExpectRefused(bad, "AEGIS_WEIGHT: '0'");
}

TEST(CommandLineTest, CheckingAndPrintingWarnOfVariablesThatAreNoSetting) {
  const std::map<std::string, std::string> environment = {{"AEGIS_NODEID", "n"}};
  const std::string warning =
      "aegis: warning: the environment variable AEGIS_NODEID is not a setting; "
      "did you mean AEGIS_NODE_ID?\n";
  EXPECT_EQ(Read({"--check-config"}, environment).errors, warning);
  EXPECT_EQ(Read({"--check-config"}, environment).output, "ok\n");
  EXPECT_EQ(Read({"--check-config"}, environment).exit_status, 0);
  EXPECT_EQ(Read({"--print-config"}, environment).errors, warning);
}

TEST(CommandLineTest, ConfigurationIsCheckedAndPrintedWhenBothAreAskedFor) {
  const std::string printed = Read({"--print-config", "--shards", "8"}).output;
  EXPECT_EQ(Read({"--check-config", "--print-config", "--shards", "8"}).output,
            printed + "\n# ok\n");
}

TEST(CommandLineTest, PrintConfigShowsEverySettingWithItsOrigin) {
  const TemporaryDirectory directory;
  const std::string file = directory.Write("a.yaml", "num_shards: 8\n");
  const StartPlan plan = Read({"--print-config", "--config", file.c_str(), "--zone", "eu"},
                              {{"AEGIS_SEEDS", "a:1,b:2"}});
  EXPECT_EQ(plan.exit_status, 0);
  EXPECT_THAT(plan.output, testing::ContainsRegex("shards: 8 +# file .*a\\.yaml:1\n"));
  EXPECT_THAT(plan.output, testing::ContainsRegex("zone: \"eu\" +# flag --zone\n"));
  EXPECT_THAT(plan.output,
              testing::ContainsRegex("seeds: \"a:1,b:2\" +# environment AEGIS_SEEDS\n"));
  EXPECT_THAT(plan.output, testing::ContainsRegex("weight: 1 +# default\n"));
}

TEST(CommandLineTest, HelpShowsEveryFlagInGroups) {
  const StartPlan plan = Read({"--help"});
  EXPECT_EQ(plan.exit_status, 0);
  for (const Setting& setting : Settings()) {
    EXPECT_THAT(plan.output, HasSubstr(setting.FlagName() + " " + setting.value));
    EXPECT_THAT(plan.output, HasSubstr("\n" + setting.group + ":\n"));
    EXPECT_THAT(plan.output, HasSubstr(setting.help));
  }
  EXPECT_EQ(Read({"-h"}).output, plan.output);
}

TEST(CommandLineTest, HelpSaysWhenMoreShardsAreWanted) {
  EXPECT_THAT(Read({"--help"}).output, testing::ContainsRegex("--shards [^\n]*4096"));
}

TEST(CommandLineTest, VersionIsPrinted) {
  EXPECT_EQ(Read({"--version"}).output, "aegis " + std::string(SoftwareVersion()) + "\n");
}

TEST(CommandLineTest, ProcessEnvironmentHasOnlyOurVariables) {
  ::setenv("AEGIS_ZONE", "a=b", 1);
  const auto variables = ProcessEnvironment();
  ::unsetenv("AEGIS_ZONE");
  EXPECT_EQ(variables.at("AEGIS_ZONE"), "a=b");
  EXPECT_FALSE(variables.contains("PATH"));
}

}  // namespace
}  // namespace aegis::node
