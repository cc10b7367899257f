#include "bench/load.h"

#include <gtest/gtest.h>

#include <chrono>

#include "fake_server.h"

namespace aegis::bench {
namespace {

using client::FakeServer;
using client::FakeStore;

void Ignore(const std::string&, double, std::uint64_t) {}

// With times that a machine that stalls does not exceed.
ClientConfig To(const FakeServer& server) {
  const std::chrono::milliseconds patience = std::chrono::minutes(1);
  return {.seeds = {server.address()},
          .conn_timeout = patience,
          .read_timeout = patience,
          .write_timeout = patience};
}

TEST(LoadTest, EveryCallOfTheBudgetIsMadeAndCounted) {
  FakeStore store;
  FakeServer server(store.Handler());
  LoadOptions options;
  options.clients = 2;
  options.pipeline = 8;
  options.operations = 5000;
  options.keys = 100;
  options.read_percent = 50;
  const auto report = RunLoad(To(server), options, Ignore);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->answered(), 5000U);
  EXPECT_GT(report->reads.count(), 2000U);
  EXPECT_GT(report->writes.count(), 2000U);
  EXPECT_EQ(report->misses, 0U) << "every key was written before";
  EXPECT_EQ(report->failed(), 0U);
  EXPECT_GT(report->PerSecond(), 0);
}

TEST(LoadTest, WithoutPreloadReadsMiss) {
  FakeStore store;
  FakeServer server(store.Handler());
  LoadOptions options;
  options.operations = 100;
  options.read_percent = 100;
  options.preload = false;
  const auto report = RunLoad(To(server), options, Ignore);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->misses, 100U);
}

TEST(LoadTest, KeysExpireTenMinutesAfterThePlannedEnd) {
  FakeStore store;
  FakeServer server(store.Handler());
  Client client = std::move(Client::Open(To(server))).value();
  const auto ttl_after = [&](const LoadOptions& options) {
    EXPECT_TRUE(RunLoad(To(server), options, Ignore).ok());
    return client.GetWithTtl("bench:0")->ttl;
  };
  for (const unsigned read_percent : {0U, 100U}) {
    LoadOptions options;
    options.operations = 10;
    options.keys = 1;
    options.read_percent = read_percent;  // 100: the preload's keys stay as they are.
    options.duration = std::chrono::minutes(5);
    EXPECT_EQ(ttl_after(options), std::chrono::minutes(15));
    options.ttl = std::chrono::seconds(30);
    EXPECT_EQ(ttl_after(options), std::chrono::seconds(30));
    options.keep = true;
    EXPECT_EQ(ttl_after(options), std::nullopt);
  }
}

TEST(LoadTest, TimeEndsALoadWithoutABudget) {
  FakeStore store;
  FakeServer server(store.Handler());
  LoadOptions options;
  options.keys = 10;
  double last = 0;
  std::uint64_t answered = 0;
  // A machine that stalls may let a short time pass before the first call: then a longer one.
  for (auto time = std::chrono::milliseconds(300); answered == 0 && time < std::chrono::minutes(1);
       time *= 4) {
    options.duration = time;
    const auto report =
        RunLoad(To(server), options,
                [&](const std::string&, double fraction, std::uint64_t) { last = fraction; });
    ASSERT_TRUE(report.ok());
    EXPECT_GE(report->elapsed, time);
    answered = report->answered();
  }
  EXPECT_GT(answered, 0U);
  EXPECT_GT(last, 0);
}

TEST(LoadTest, FailedCallsAreCountedByName) {
  FakeServer server([](FakeServer::Peer& peer, const wire::RequestFrame&) { peer.Close(); });
  LoadOptions options;
  options.operations = 20;
  options.pipeline = 2;
  options.read_percent = 0;
  options.preload = false;
  const auto report = RunLoad(To(server), options, Ignore);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->answered(), 0U);
  EXPECT_EQ(report->failed(), 20U);
  EXPECT_GT(report->errors.at("UnknownOutcome"), 0U);
}

TEST(LoadTest, PreloadThatFailsIsTheAnswer) {
  const auto nobody = RunLoad({.seeds = {"127.0.0.1:1"}, .max_retries = 0}, LoadOptions(), Ignore);
  EXPECT_TRUE(nobody.Is(Errc::kUnavailable));
  EXPECT_TRUE(RunLoad({.seeds = {"nonsense"}}, LoadOptions(), Ignore).Is(Errc::kInvalid));
}

}  // namespace
}  // namespace aegis::bench
