#include "bench/run_flags.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace aegis::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

RunOptions Parsed(std::vector<std::string> words) {
  RunOptions options;
  CLI::App app;
  AddRunFlags(app, options);
  std::vector<std::string> reversed(words.rbegin(), words.rend());  // As CLI11 wants it.
  app.parse(reversed);
  CheckTogether(options);
  return options;
}

std::string RefusalOf(std::vector<std::string> words) {
  try {
    Parsed(std::move(words));
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "";
}

TEST(RunFlagsTest, EveryFlagReachesTheOptions) {
  const RunOptions options = Parsed({"-s",
                                     "a:1,b:2",
                                     "--protocol",
                                     "memcached",
                                     "-c",
                                     "9",
                                     "-t",
                                     "3",
                                     "-p",
                                     "32",
                                     "--rate",
                                     "1500.5",
                                     "-d",
                                     "5s",
                                     "--warm-up",
                                     "200ms",
                                     "--ratio",
                                     "1:3",
                                     "-k",
                                     "1000",
                                     "--key-size",
                                     "20",
                                     "--key-prefix",
                                     "k",
                                     "--ttl",
                                     "1h",
                                     "--distribution",
                                     "zipf:0.9",
                                     "--value-size",
                                     "1-9",
                                     "--fill",
                                     "--verify",
                                     "--seed",
                                     "7",
                                     "--server-pid",
                                     "1,2",
                                     "--label",
                                     "ours",
                                     "--json",
                                     "-",
                                     "--svg",
                                     "plot.svg"});
  EXPECT_EQ(options.servers, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(options.protocol, Protocol::kMemcached);
  EXPECT_EQ(options.connections, 9U);
  EXPECT_EQ(options.threads, 3U);
  EXPECT_EQ(options.pipeline, 32U);
  EXPECT_EQ(options.rate, 1500.5);
  EXPECT_EQ(options.duration, seconds(5));
  EXPECT_EQ(options.warm_up, milliseconds(200));
  EXPECT_EQ(options.gets, 1U);
  EXPECT_EQ(options.sets, 3U);
  EXPECT_EQ(options.keys, 1000U);
  EXPECT_EQ(options.key_size, 20U);
  EXPECT_EQ(options.key_prefix, "k");
  EXPECT_EQ(options.ttl, std::chrono::hours(1));
  EXPECT_EQ(options.distribution, "zipf:0.9");
  EXPECT_EQ(options.value_size, "1-9");
  EXPECT_TRUE(options.fill);
  EXPECT_TRUE(options.verify);
  EXPECT_EQ(options.seed, 7U);
  EXPECT_EQ(options.server_pids, (std::vector<pid_t>{1, 2}));
  EXPECT_EQ(options.label, "ours");
  EXPECT_EQ(options.json_file, "-");
  EXPECT_EQ(options.svg_file, "plot.svg");
}

TEST(RunFlagsTest, WithoutFlagsNothingExpires) {
  EXPECT_EQ(Parsed({}).ttl, milliseconds(0));
  EXPECT_EQ(Parsed({"--ttl", "never"}).ttl, milliseconds(0));
}

TEST(RunFlagsTest, WhatIsNotAllowedIsRefusedByNameWithWhatIs) {
  struct {
    std::vector<std::string> words;
    const char* says;
  } const cases[] = {
      {{"--protocol", "http"}, "must be resp, memcached or native"},
      {{"--ratio", "10"}, "like 10:1"},
      {{"--ratio", "0:0"}, "like 10:1"},
      {{"--ratio", "1:-1"}, "like 10:1"},
      {{"--ratio", "1:2:3"}, "like 10:1"},
      {{"--distribution", "gauss"}, "must be uniform, zipf"},
      {{"--value-size", "big"}, "must be bytes, a range or a list"},
      {{"--duration", "2d"}, "at most 1d"},
      {{"--warm-up", "soon"}, "must be a duration"},
      {{"--rate", "0"}, "--rate"},
      {{"--pipeline", "0"}, "--pipeline"},
      {{"--connections", "0"}, "--connections"},
      {{"--threads", "4", "--connections", "3"}, "at least one for each of the threads"},
      {{"--duration", "0"}, "nothing to do"},
      {{"--protocol", "memcached", "--key-size", "251"}, "at most 250 bytes"},
      {{"--protocol", "memcached", "--key-prefix", "a b"}, "no blanks"},
      {{"--protocol", "memcached", "--ttl", "31d"}, "at most 30d"},
      {{"--server", "nowhere"}, "HOST:PORT"},
  };
  for (const auto& each : cases) {
    EXPECT_NE(RefusalOf(each.words).find(each.says), std::string::npos)
        << each.words[0] << ' ' << each.words[1] << ": " << RefusalOf(each.words);
  }
}

TEST(RunFlagsTest, ReportsSayWhatWasRun) {
  const auto setup =
      SetupOf(Parsed({"--ratio", "1:0", "-p", "32", "--ttl", "1h", "-s", "a:1,b:2"}));
  EXPECT_EQ(setup.at("ratio"), "1:0");
  EXPECT_EQ(setup.at("pipeline"), "32");
  EXPECT_EQ(setup.at("ttl"), "1h");
  EXPECT_EQ(setup.at("servers"), "a:1,b:2");
  EXPECT_EQ(setup.at("rate"), "as fast as it goes");
}

}  // namespace
}  // namespace aegis::bench
