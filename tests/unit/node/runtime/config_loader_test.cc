#include "node/runtime/config_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/runtime/settings.h"
#include "sample_settings.h"

namespace aegis::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

ConfigSources FromFile(std::string text) { return {{}, {}, "f.yaml", std::move(text)}; }

LoadedConfig Load(const ConfigSources& sources) { return LoadConfig(sources, "this-host"); }

std::string OnlyProblem(const ConfigSources& sources) {
  const LoadedConfig loaded = Load(sources);
  return loaded.problems.size() == 1 ? loaded.problems.front()
                                     : std::to_string(loaded.problems.size()) + " problems";
}

// Single-quoted YAML stands for itself, but for quotes and control characters, which need more.
std::string FileLine(const std::string& key, const std::string& value) {
  std::string text = key + ": \"";
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else {
      text += c;
    }
  }
  return text + "\"\n";
}

class EverySetting : public testing::TestWithParam<std::size_t> {
 protected:
  const Setting& setting() const { return Settings()[GetParam()]; }
  const Samples& samples() const { return SampleSettings().at(setting().flag); }
  std::string Value(const LoadedConfig& loaded) const { return setting().render(loaded.config); }
  std::string Origin(const LoadedConfig& loaded) const { return loaded.origins[GetParam()]; }
};

INSTANTIATE_TEST_SUITE_P(Settings, EverySetting, testing::Range(std::size_t{0}, Settings().size()),
                         [](const auto& test) {
                           std::string name = Settings()[test.param].FileKey();
                           std::erase(name, '_');
                           return name;
                         });

TEST_P(EverySetting, HasSamples) { ASSERT_TRUE(SampleSettings().contains(setting().flag)); }

TEST_P(EverySetting, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  const auto& [in_file, in_environment, in_flag] = samples().good;
  ConfigSources sources;
  LoadedConfig loaded = Load(sources);
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(Origin(loaded), "default");
  EXPECT_NE(Value(loaded), in_file);

  sources = FromFile("\n" + FileLine(setting().FileKey(), in_file));
  loaded = Load(sources);
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(Value(loaded), in_file);
  EXPECT_EQ(Origin(loaded), "file f.yaml:2");

  sources.environment[setting().Variable()] = in_environment;
  loaded = Load(sources);
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(Value(loaded), in_environment);
  EXPECT_EQ(Origin(loaded), "environment " + setting().Variable());

  sources.flags[setting().flag] = in_flag;
  loaded = Load(sources);
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(Value(loaded), in_flag);
  EXPECT_EQ(Origin(loaded), "flag --" + setting().flag);
}

TEST_P(EverySetting, ChangesNothingElse) {
  const LoadedConfig changed = Load({{{setting().flag, samples().good[0]}}, {}, {}, {}});
  const LoadedConfig defaults = Load({});
  for (std::size_t i = 0; i < Settings().size(); ++i) {
    if (i == GetParam()) continue;
    EXPECT_EQ(Settings()[i].render(changed.config), Settings()[i].render(defaults.config));
  }
}

TEST_P(EverySetting, BadValueNamesItsSourceTheValueAndWhatIsAllowed) {
  for (const std::string& bad : samples().bad) {
    const std::string refusal = Refusal(bad, setting().allowed);
    EXPECT_EQ(OnlyProblem({{{setting().flag, bad}}, {}, {}, {}}),
              "--" + setting().flag + ": " + refusal);
    EXPECT_EQ(OnlyProblem(FromFile("# one\n" + FileLine(setting().FileKey(), bad))),
              "f.yaml:2: " + setting().FileKey() + ": " + refusal);
    if (bad.empty()) continue;  // An empty variable is one that is not set.
    EXPECT_EQ(OnlyProblem({{}, {{setting().Variable(), bad}}, {}, {}}),
              setting().Variable() + ": " + refusal);
  }
}

TEST_P(EverySetting, BadValueIsReportedEvenIfAStrongerSourceOverridesIt) {
  ConfigSources sources = FromFile(FileLine(setting().FileKey(), samples().bad.back()));
  sources.flags[setting().flag] = samples().good[0];
  EXPECT_THAT(OnlyProblem(sources), StartsWith("f.yaml:1: " + setting().FileKey()));
}

TEST_P(EverySetting, PrintedConfigurationReadsBackTheSame) {
  for (const std::string& good : samples().good) {
    const LoadedConfig given = Load({{{setting().flag, good}}, {}, {}, {}});
    const LoadedConfig again = Load(FromFile(ConfigAsYaml(given)));
    EXPECT_THAT(again.problems, IsEmpty());
    EXPECT_EQ(Value(again), good);
  }
}

TEST_P(EverySetting, EmptyVariableIsNotSet) {
  const LoadedConfig loaded = Load({{}, {{setting().Variable(), ""}}, {}, {}});
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(Origin(loaded), "default");
}

TEST(SettingsTest, NamesAreUnique) {
  std::vector<std::string> names;
  for (const Setting& setting : Settings()) {
    names.push_back(setting.FileKey());
    if (!setting.other_key.empty()) names.push_back(setting.other_key);
  }
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST(ConfigLoaderTest, DefaultsAreThoseThatWerePromised) {
  const Config config = Load({}).config;
  EXPECT_EQ(config.node_id, "this-host");
  EXPECT_EQ(config.bind, (Endpoint{"0.0.0.0", 7700}));
  EXPECT_EQ(config.gossip, (Endpoint{"0.0.0.0", 7701}));
  EXPECT_EQ(config.data_dir, "./data");
  EXPECT_EQ(config.replication_factor, 3U);
  EXPECT_EQ(config.shards, 256U);
  EXPECT_EQ(config.virtual_nodes, 100U);
  EXPECT_EQ(config.weight, 1U);
  EXPECT_EQ(config.max_memory_mb, 1024U);
  EXPECT_EQ(config.drain_timeout, std::chrono::seconds(30));
  EXPECT_EQ(config.health_addr, std::nullopt);
  EXPECT_TRUE(config.seeds.empty());
}

TEST(ConfigLoaderTest, PortAloneMeansAllInterfaces) {
  const Config config =
      Load({{{"bind", ":7710"}, {"gossip", ":7711"}, {"health-addr", ":8081"}}, {}, {}, {}}).config;
  EXPECT_EQ(config.bind, (Endpoint{"0.0.0.0", 7710}));
  EXPECT_EQ(config.gossip, (Endpoint{"0.0.0.0", 7711}));
  EXPECT_EQ(config.health_addr, (Endpoint{"0.0.0.0", 8081}));
}

// The example of AegisKV's README, without what this version does not have.
TEST(ConfigLoaderTest, ReadsTheKeysOfAegisKv) {
  const LoadedConfig loaded = Load(FromFile(R"({
  "node_id": "node1",
  "bind_addr": "0.0.0.0:7710",
  "gossip_bind_addr": "0.0.0.0:7711",
  "seeds": ["host1:7701", "host2:7701"],
  "replication_factor": 2,
  "virtual_nodes": 50,
  "num_shards": 128,
  "max_memory_mb": 512,
  "health_addr": ":8080",
  "log_level": "warn",
  "drain_timeout": "10s"
})"));
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.config.node_id, "node1");
  EXPECT_EQ(loaded.config.bind.port, 7710);
  EXPECT_EQ(loaded.config.gossip.port, 7711);
  EXPECT_THAT(loaded.config.seeds, ElementsAre(Endpoint{"host1", 7701}, Endpoint{"host2", 7701}));
  EXPECT_EQ(loaded.config.replication_factor, 2U);
  EXPECT_EQ(loaded.config.virtual_nodes, 50U);
  EXPECT_EQ(loaded.config.shards, 128U);
  EXPECT_EQ(loaded.config.max_memory_mb, 512U);
  EXPECT_EQ(loaded.config.health_addr->port, 8080);
  EXPECT_EQ(loaded.config.log_level, LogLevel::kWarn);
  EXPECT_EQ(loaded.config.drain_timeout, std::chrono::seconds(10));
}

TEST(ConfigLoaderTest, SeedsMayBeOneText) {
  EXPECT_EQ(Load(FromFile("seeds: 'a:1, b:2'")).config.seeds.size(), 2U);
}

TEST(ConfigLoaderTest, ListWhereOneValueBelongsIsRefused) {
  EXPECT_EQ(OnlyProblem(FromFile("shards: [256]")), "f.yaml:1: shards is not a list");
}

TEST(ConfigLoaderTest, UnknownKeyIsNamedWithFileAndLine) {
  EXPECT_EQ(OnlyProblem(FromFile("shards: 8\nshard: 8\n")),
            "f.yaml:2: unknown setting 'shard'; did you mean shards?");
  EXPECT_EQ(OnlyProblem(FromFile("config: other.yaml")), "f.yaml:1: unknown setting 'config'");
}

TEST(ConfigLoaderTest, KeyGivenTwiceUnderEitherNameIsNamedWithBothLines) {
  EXPECT_EQ(OnlyProblem(FromFile("shards: 8\nnum_shards: 16\n")),
            "f.yaml:2: num_shards was set before, at line 1");
}

TEST(ConfigLoaderTest, SettingsThatThisVersionDoesNotHaveAreRefusedEverywhere) {
  for (const char* key : {"auth_token", "tls_enabled", "tls_cert", "tls_cert_file", "tls_key_file",
                          "gossip_secret", "rate_limit", "rate_burst"}) {
    EXPECT_EQ(OnlyProblem(FromFile(std::string(key) + ": x")),
              "f.yaml:1: " + std::string(key) + ": this version of aegis does not have it");
  }
  EXPECT_EQ(OnlyProblem({{}, {{"AEGIS_AUTH_TOKEN", "secret"}}, {}, {}}),
            "AEGIS_AUTH_TOKEN: this version of aegis does not have it");
}

TEST(ConfigLoaderTest, UnknownVariableIsAWarning) {
  const LoadedConfig loaded =
      Load({{}, {{"AEGIS_SHARD", "8"}, {"AEGIS_CONFIG", "read elsewhere"}}, {}, {}});
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("AEGIS_SHARD ")));
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("did you mean AEGIS_SHARDS?")));
}

TEST(ConfigLoaderTest, VariableOfTheClientProgramsIsNoMistake) {
  EXPECT_THAT(Load({{}, {{"AEGIS_SERVERS", "a:1"}}, {}, {}}).warnings, IsEmpty());
}

TEST(ConfigLoaderTest, DurationWithoutAUnitIsToldToHaveOne) {
  EXPECT_EQ(OnlyProblem({{{"drain-timeout", "30"}}, {}, {}, {}}),
            "--drain-timeout: '30' is not allowed: must be a duration with its unit, like 30s, "
            "500ms or 1m30s, at most 1h");
}

TEST(ConfigLoaderTest, AllProblemsAreReportedAtOnce) {
  ConfigSources sources = FromFile("shards: 3\nbogus: 1\n");
  sources.environment["AEGIS_WEIGHT"] = "0";
  sources.flags["threads"] = "many";
  EXPECT_EQ(Load(sources).problems.size(), 4U);
}

TEST(ConfigLoaderTest, ListenersThatCollideAreNamedBySource) {
  EXPECT_EQ(OnlyProblem({{{"bind", "127.0.0.1:7701"}}, {}, {}, {}}),
            "--bind (127.0.0.1:7701) and --gossip (0.0.0.0:7701): must be different addresses");
  ConfigSources sources = FromFile("health_addr: ':9'");
  sources.environment["AEGIS_GOSSIP"] = ":9";
  EXPECT_EQ(OnlyProblem(sources),
            "AEGIS_GOSSIP (0.0.0.0:9) and f.yaml:1: health_addr (0.0.0.0:9): must be different "
            "addresses");
}

TEST(ConfigLoaderTest, SamePortOnDifferentAddressesOrChosenBySystemIsFine) {
  EXPECT_THAT(Load({{{"bind", "127.0.0.1:1"}, {"gossip", "127.0.0.2:1"}}, {}, {}, {}}).problems,
              IsEmpty());
  EXPECT_THAT(Load({{{"bind", ":0"}, {"gossip", ":0"}}, {}, {}, {}}).problems, IsEmpty());
}

TEST(ConfigLoaderTest, ALeaseEndsAfterItsHolderIsCalledSilent) {
  EXPECT_EQ(OnlyProblem({{{"lease-duration", "300ms"}}, {}, {}, {}}),
            "--lease-silence (300ms) must be below --lease-duration (300ms)");
  ConfigSources sources = FromFile("lease_silence: 2s");
  sources.environment["AEGIS_LEASE_DURATION"] = "1s";
  EXPECT_EQ(OnlyProblem(sources),
            "f.yaml:1: lease_silence (2s) must be below AEGIS_LEASE_DURATION (1s)");
  EXPECT_THAT(Load({{{"lease-duration", "2001ms"}, {"lease-silence", "2s"}}, {}, {}, {}}).problems,
              IsEmpty());
}

TEST(ConfigLoaderTest, NobodyWhoRenewsInTimeIsCalledSilent) {
  EXPECT_EQ(OnlyProblem({{{"lease-duration", "2s"}}, {}, {}, {}}),
            "--lease-silence (300ms) must be at least half of --lease-duration (2s)");
  EXPECT_THAT(Load({{{"lease-duration", "400ms"}}, {}, {}, {}}).problems, IsEmpty());
}

TEST(ConfigLoaderTest, MachineWithoutANameNeedsANodeId) {
  EXPECT_THAT(LoadConfig({}, "").problems, ElementsAre(StartsWith("--node-id: ")));
  EXPECT_THAT(LoadConfig({{{"node-id", "n"}}, {}, {}, {}}, "").problems, IsEmpty());
}

TEST(ConfigLoaderTest, RefusedValuesAreShortenedAndMadePrintable) {
  EXPECT_EQ(Refusal("a\x1b[2J\n", "x"), "'a\\x1b[2J\\x0a' is not allowed: must be x");
  EXPECT_EQ(Refusal(std::string(100, 'v'), "x"),
            "'" + std::string(80, 'v') + "...' is not allowed: must be x");
}

}  // namespace
}  // namespace aegis::node
