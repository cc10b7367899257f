// Commands against a server on loopback: what they print, and with what status they end.

#include "cli/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>

#include "fake_server.h"
#include "wire/operation_codec.h"

namespace aegis::cli {
namespace {

using client::FakeServer;
using client::FakeStore;

class ExecutorTest : public testing::Test {
 protected:
  struct Ran {
    ExitCode code;
    std::string out;
    std::string err;
  };

  Ran Run(const std::vector<std::string>& words, const std::string& input = "",
          bool on_terminal = false) {
    CommandLine line = ParseCommandLine(words);
    EXPECT_FALSE(line.end.has_value()) << line.end->text;
    line.global.servers = {server_.address()};
    line.global.timeout = std::chrono::minutes(1);  // For a machine that stalls.
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    Client client = std::move(Client::Open(ConfigOf(line.global))).value();
    Executor executor(
        client, line.global,
        {.in = in, .out = out, .err = err, .show_progress = false, .out_is_terminal = on_terminal});
    const ExitCode code = executor.Run(line.command);
    return {code, out.str(), err.str()};
  }

  FakeStore store_;
  FakeServer server_{store_.Handler()};
};

TEST_F(ExecutorTest, SetAndGet) {
  EXPECT_EQ(Run({"set", "k", "v"}).out, "OK, version 1\n");
  const Ran got = Run({"get", "k"});
  EXPECT_EQ(got.out, "v\n");
  EXPECT_EQ(got.code, ExitCode::kOk);
}

TEST_F(ExecutorTest, MissingKeyIsStatusOne) {
  const Ran got = Run({"get", "k"});
  EXPECT_EQ(got.code, ExitCode::kNo);
  EXPECT_EQ(got.out, "");
  EXPECT_EQ(got.err, "no such key\n");
  EXPECT_EQ(Run({"ttl", "k"}).code, ExitCode::kNo);
  EXPECT_EQ(Run({"expire", "k", "5s"}).code, ExitCode::kNo);
  const Ran deleted = Run({"del", "k"});
  EXPECT_EQ(deleted.code, ExitCode::kNo);
  EXPECT_EQ(deleted.out, "0\n");
}

TEST_F(ExecutorTest, ValuesPassThroughByteForByte) {
  const std::string bytes("\0\xff\n-\r\n", 6);
  EXPECT_EQ(Run({"set", "k", "-"}, bytes).code, ExitCode::kOk);
  EXPECT_EQ(Run({"get", "k", "--raw"}).out, bytes);
  EXPECT_EQ(Run({"get", "k", "--json"}).out,
            "{\"key\":\"k\",\"value_base64\":\"AP8KLQ0K\",\"version\":1,\"ttl_ms\":null}\n");
}

TEST_F(ExecutorTest, TerminalsAreSparedTheControlBytesOfAValue) {
  const std::string value = "red: \x1b[31m\nbell: \x07";
  Run({"set", "k", value});
  EXPECT_EQ(Run({"get", "k"}, "", true).out, "red: \\x1b[31m\nbell: \\x07\n");
  EXPECT_NE(Run({"get", "k", "-l"}, "", true).out.find("\\x1b[31m"), std::string::npos);
  EXPECT_EQ(Run({"get", "k", "--raw"}, "", true).out, value);
  EXPECT_EQ(Run({"get", "k"}).out, value + "\n") << "a file or a pipe gets the bytes";
}

TEST_F(ExecutorTest, RawAndJsonExcludeEachOther) {
  Run({"set", "k", "v"});
  const Ran got = Run({"get", "k", "--raw", "--json"});
  EXPECT_EQ(got.code, ExitCode::kUsage);
  EXPECT_EQ(Json::parse(got.out)["message"], "--raw and --json exclude each other");
}

TEST_F(ExecutorTest, ConditionsThatDoNotHoldAreStatusOne) {
  EXPECT_EQ(Run({"set", "k", "v", "--xx"}).code, ExitCode::kNo);
  EXPECT_EQ(Run({"set", "k", "v", "--nx"}).code, ExitCode::kOk);
  const Ran again = Run({"set", "k", "v", "--nx"});
  EXPECT_EQ(again.code, ExitCode::kNo);
  EXPECT_NE(again.err.find("the key has version 1"), std::string::npos) << again.err;
  EXPECT_EQ(Run({"set", "k", "v", "--cas", "7"}).code, ExitCode::kNo);
  EXPECT_EQ(Run({"set", "k", "v", "--cas", "1"}).code, ExitCode::kOk);
}

TEST_F(ExecutorTest, TtlIsShownForPeopleAndPrograms) {
  Run({"set", "k", "v", "--ttl", "90s"});
  EXPECT_EQ(Run({"ttl", "k"}).out, "1m 30s\n");
  EXPECT_EQ(Run({"ttl", "k", "--json"}).out, "{\"key\":\"k\",\"ttl_ms\":90000}\n");
  EXPECT_EQ(Run({"expire", "k", "never"}).out, "OK\n");
  EXPECT_EQ(Run({"ttl", "k"}).out, "never expires\n");
  EXPECT_EQ(Run({"get", "k", "-l"}).out, "value    v\nversion  2\nttl      never expires\n");
}

TEST_F(ExecutorTest, IncrementShowsTheSum) {
  EXPECT_EQ(Run({"incr", "n"}).out, "1\n");
  EXPECT_EQ(Run({"incr", "n", "-5"}).out, "-4\n");
}

TEST_F(ExecutorTest, SeveralKeysAreATable) {
  Run({"set", "a", "1"});
  const Ran got = Run({"mget", "a", "b"});
  EXPECT_EQ(got.out, "KEY  VALUE\na    1\nb    (no such key)\n");
  EXPECT_EQ(got.code, ExitCode::kNo);
  EXPECT_EQ(Run({"mget", "a", "b", "--json"}).out,
            R"({"items":[{"key":"a","value":"1","version":1},{"key":"b","error":"NotFound"}]})"
            "\n");
}

TEST_F(ExecutorTest, ErrorsInJsonStandOnTheOutput) {
  const Ran got = Run({"get", "k", "--json"});
  EXPECT_EQ(got.out, "{\"error\":\"NotFound\",\"message\":\"no such key\"}\n");
  EXPECT_EQ(got.err, "");
}

TEST_F(ExecutorTest, PingTellsWhoDoesNotAnswer) {
  const std::string gone = "127.0.0.1:1";
  const Ran ping = Run({"ping", server_.address(), gone});
  EXPECT_EQ(ping.code, ExitCode::kUnavailable);
  EXPECT_THAT(ping.out, testing::ContainsRegex(server_.address() + " +[0-9.]+ (us|ms|s)\n"));
  EXPECT_NE(ping.out.find("refused"), std::string::npos) << ping.out;
  EXPECT_EQ(Run({"ping"}).code, ExitCode::kOk);
}

TEST_F(ExecutorTest, ClusterIsShown) {
  server_.SetTopology({server_.address()});
  EXPECT_NE(Run({"members"}).out.find("node1  alive"), std::string::npos);
  EXPECT_NE(Run({"shards"}).out.find("    3      1  node1   node1"), std::string::npos);
  EXPECT_NE(Run({"shards", "--summary"}).out.find("4 of 4 shards have a leader"),
            std::string::npos);
  EXPECT_EQ(Json::parse(Run({"members", "--json"}).out)["members"].size(), 1U);
  EXPECT_EQ(Json::parse(Run({"shards", "--json"}).out)["shards"].size(), 4U);
  EXPECT_EQ(Json::parse(Run({"shards", "--summary", "--json"}).out)["shards_led"], 4);
  EXPECT_NE(Run({"cluster"}).out.find("4 of 4 shards have a leader"), std::string::npos);
  EXPECT_EQ(Json::parse(Run({"cluster", "--json"}).out)["shards_led"], 4);
  EXPECT_EQ(Run({"stats"}).out, "NAME  VALUE\nkeys  1\n");
  EXPECT_EQ(Json::parse(Run({"stats", "--json"}).out)["nodes"][0]["stats"]["keys"], 1);
}

TEST_F(ExecutorTest, BenchReportsWhatItMeasured) {
  const Ran bench = Run({"bench", "-n", "100", "--keys", "10", "--json"});
  EXPECT_EQ(bench.code, ExitCode::kOk);
  EXPECT_EQ(Json::parse(bench.out)["calls"], 100);
  EXPECT_EQ(bench.err, "") << "no progress bar without a terminal";
}

TEST_F(ExecutorTest, WhatBenchWroteExpires) {
  Run({"bench", "-n", "10", "--keys", "1"});
  EXPECT_EQ(Json::parse(Run({"ttl", "bench:0", "--json"}).out)["ttl_ms"], 610'000);
  Run({"bench", "-n", "10", "--keys", "1", "--ttl", "5m"});
  EXPECT_EQ(Run({"ttl", "bench:0"}).out, "5m 0s\n");
  Run({"bench", "-n", "10", "--keys", "1", "--ttl", "never"});
  EXPECT_EQ(Run({"ttl", "bench:0"}).out, "never expires\n");
}

TEST_F(ExecutorTest, NobodyThereIsStatusThree) {
  server_.Stop();
  const Ran got = Run({"get", "k"});
  EXPECT_EQ(got.code, ExitCode::kUnavailable);
  EXPECT_NE(got.err.find("Unavailable"), std::string::npos) << got.err;
}

TEST_F(ExecutorTest, TooLargeIsStatusTwo) {
  EXPECT_EQ(Run({"get", std::string(70'000, 'k')}).code, ExitCode::kUsage);
}

TEST_F(ExecutorTest, BenchWithFailedCallsIsStatusOne) {
  FakeServer breaks([](FakeServer::Peer& peer, const wire::RequestFrame&) { peer.Close(); });
  CommandLine line = ParseCommandLine(
      {"-s", breaks.address(), "bench", "-n", "5", "-p", "1", "-r", "0", "--no-preload"});
  std::ostringstream out;
  Client client = std::move(Client::Open(ConfigOf(line.global))).value();
  std::istringstream in;
  Executor executor(
      client, line.global,
      {.in = in, .out = out, .err = out, .show_progress = false, .out_is_terminal = false});
  EXPECT_EQ(executor.Run(line.command), ExitCode::kNo) << out.str();
}

TEST(StaleExecutorTest, WhatIsNotTheLeadersAnswerIsMarked) {
  Outcome outcome;
  outcome.has_value = true;
  outcome.value = "v";
  outcome.stale_ms = 40;
  FakeServer server([&](FakeServer::Peer& peer, const wire::RequestFrame& frame) {
    Bytes value;
    wire::AppendOutcome(outcome, value);
    peer.Reply(frame.id, {.value = value});
  });
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--timeout", "1m", "--max-staleness", "1s"});
    CommandLine line = ParseCommandLine(words);
    line.global.servers = {server.address()};
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Client client = std::move(Client::Open(ConfigOf(line.global))).value();
    Executor(client, line.global,
             {.in = in, .out = out, .err = err, .show_progress = false, .out_is_terminal = false})
        .Run(line.command);
    return out.str() + "|" + err.str();
  };
  EXPECT_EQ(run({"get", "k"}), "v\n|stale: from a copy 40 ms old at most\n");
  EXPECT_NE(run({"get", "k", "-l"}).find("stale    from a copy 40 ms old at most\n"),
            std::string::npos);
  EXPECT_NE(run({"get", "k", "--json"}).find("\"stale\":true,\"age_ms\":40"), std::string::npos);
  outcome.stale_ms = kUnknownAge;
  EXPECT_EQ(run({"get", "k"}), "v\n|stale: from a copy of unknown age\n");
  EXPECT_NE(run({"get", "k", "--json"}).find("\"stale\":true,\"age_ms\":null"), std::string::npos);
  outcome.status = Status::kNotFound;
  outcome.has_value = false;
  EXPECT_EQ(run({"get", "k"}), "|no such key in a copy of unknown age\n");
}

}  // namespace
}  // namespace aegis::cli
