#include "bench/trace_command.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace aegis::bench {
namespace {

struct Outcome {
  int status;
  std::string out;
  std::string err;
};

Outcome RunTrace(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int status = RunTraceCommand(arguments, out, err);
  return {status, out.str(), err.str()};
}

// That no other process has.
std::filesystem::path TemporaryFile(const std::string& extension) {
  const std::string name = "command_test_" + std::to_string(::getpid()) + extension;
  return std::filesystem::path(testing::TempDir()) / name;
}

TEST(TraceCommandTest, WithoutANameAllGeneratedTracesAreReplayed) {
  const Outcome outcome = RunTrace({"--accesses", "2000", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["traces"].size(), 10U);
  for (const auto& trace : json["traces"]) {
    EXPECT_EQ(trace["accesses"], 2000);
    EXPECT_EQ(trace["capacities"].size(), 3U);
    EXPECT_EQ(trace["capacities"][0]["fraction"], 0.001);
  }
}

TEST(TraceCommandTest, WhatWasChosenIsReplayedAndNothingElse) {
  const Outcome outcome =
      RunTrace({"--accesses", "2000", "--preset", "loop,sizes", "--policies",
                "textbook-s3fifo,store-s3fifo", "--capacities", "5,20", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(json["traces"].size(), 2U);
  EXPECT_EQ(json["traces"][0]["trace"], "loop");
  EXPECT_EQ(json["traces"][1]["equal_sizes"], false);
  const auto& capacities = json["traces"][1]["capacities"];
  ASSERT_EQ(capacities.size(), 2U);
  EXPECT_EQ(capacities[1]["fraction"], 0.2);
  ASSERT_EQ(capacities[1]["policies"].size(), 2U);
  EXPECT_EQ(capacities[1]["policies"][0]["policy"], "textbook-s3fifo");
}

TEST(TraceCommandTest, SeedDecidesAllFigures) {
  const auto run = [](const char* seed) {
    return RunTrace({"--accesses", "3000", "--preset", "mixed,sizes", "--seed", seed}).out;
  };
  EXPECT_EQ(run("5"), run("5"));
  EXPECT_NE(run("5").substr(10), run("6").substr(10));
}

TEST(TraceCommandTest, SizesCanBeIgnored) {
  const Outcome outcome =
      RunTrace({"--accesses", "2000", "--preset", "sizes", "--ignore-sizes", "--json"});
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["traces"][0]["equal_sizes"], true);
}

TEST(TraceCommandTest, FilesAreReadAsTheFlagsSay) {
  const std::filesystem::path file = TemporaryFile(".log");
  std::ofstream(file) << "x;who;much\n1;a;10\n2;b;20\n3;a;10\n";
  const Outcome outcome =
      RunTrace({"--file", file.string(), "--format", "csv", "--separator", ";", "--key-column",
                "who", "--size-column", "much", "--capacities", "100", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const auto trace = nlohmann::json::parse(outcome.out)["traces"][0];
  EXPECT_EQ(trace["trace"], file.stem().string());
  EXPECT_EQ(trace["working_set"], 30);
  EXPECT_EQ(trace["capacities"][0]["policies"][0]["hits"], 1);
  std::filesystem::remove(file);
}

TEST(TraceCommandTest, FilesThatCannotBeReadEndWithOne) {
  const Outcome outcome = RunTrace({"--file", "no/such/file.csv"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err,
            "aegis-bench trace: no/such/file.csv: cannot be read: No such file or directory\n");
  EXPECT_EQ(outcome.out, "");
}

TEST(TraceCommandTest, WrongFlagsEndWithTwo) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--preset", "nothing"},
                                             {"--policies", "textbook-fifo"},
                                             {"--capacities", "0"},
                                             {"--capacities", "101"},
                                             {"--accesses", "0"},
                                             {"--accesses", "100000001"},
                                             {"--format", "xml"},
                                             {"--unknown"},
                                             {"surplus"}}) {
    const Outcome outcome = RunTrace(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments.front();
    EXPECT_NE(outcome.err, "") << arguments.front();
  }
}

TEST(TraceCommandTest, HelpNamesTracesAndPolicies) {
  const Outcome outcome = RunTrace({"--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.out.find("zipf-1.2"), std::string::npos);
  EXPECT_NE(outcome.out.find("textbook-s3fifo"), std::string::npos);
}

TEST(TraceCommandTest, TablesGoIntoTheirBlockOfAFile) {
  const std::filesystem::path file = TemporaryFile(".md");
  std::ofstream(file) << "before\n<!-- eviction:begin -->\nold\n<!-- eviction:end -->\nafter\n";
  const Outcome outcome =
      RunTrace({"--accesses", "2000", "--preset", "scan", "--write", file.string()});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(text,
            "before\n<!-- eviction:begin -->\n" + outcome.out + "<!-- eviction:end -->\nafter\n");
  std::filesystem::remove(file);
  EXPECT_EQ(
      RunTrace({"--accesses", "2000", "--preset", "scan", "--write", "no/such/folder/x.md"}).status,
      1);
}

}  // namespace
}  // namespace aegis::bench
