#include "bench/run.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "bench/core/items.h"
#include "fake_server.h"

namespace aegis::bench {
namespace {

using client::FakeServer;
using client::FakeStore;
using std::chrono::milliseconds;

RunOptions Options(const FakeServer& server) {
  RunOptions options;
  options.servers = {server.address()};
  options.protocol = Protocol::kNative;
  options.connections = 4;
  options.pipeline = 8;
  options.keys = 500;
  options.warm_up = milliseconds(0);
  options.duration = milliseconds(300);
  return options;
}

RunReport ReportOf(const RunOptions& options) {
  const auto report = RunOverSockets(options);
  EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().message);
  return report.ok() ? report.value() : RunReport();
}

// A machine that stalls may let a short window pass before the calls are made: then it is a longer
// one, `options` tells which.
template <class Enough>
RunReport ReportOf(RunOptions& options, Enough enough) {
  for (;; options.duration *= 4) {
    RunReport report = ReportOf(options);
    if (enough(report) || options.duration > std::chrono::seconds(10)) return report;
  }
}

std::uint64_t Answered(const RunReport& report) { return report.All().count(); }

// As many calls as there are in flight, and they have failed.
bool AllFailed(const RunReport& report) { return report.failed() == 4U * 8; }

TEST(RunTest, WhatWasFilledInComesBackAndBelongsToItsKey) {
  FakeStore store;
  FakeServer server(store.Handler());
  RunOptions options = Options(server);
  options.threads = 2;
  options.fill = true;
  options.verify = true;
  options.value_size = "1-200";
  // The window of the main thread begins late if the machine is busy.
  const RunReport report = ReportOf(options, [](const RunReport& each) {
    return each.sets.count() > 0 && each.gets.count() > each.sets.count() && each.replies > 0 &&
           each.seconds > 0.15;
  });
  EXPECT_EQ(report.keys_filled, 500U);
  EXPECT_EQ(report.misses, 0U);
  EXPECT_EQ(report.failed(), 0U);
  EXPECT_GT(report.gets.count(), report.sets.count());
  EXPECT_GT(report.sets.count(), 0U);
  EXPECT_GT(report.seconds, 0.15);
  EXPECT_GT(report.PerSecond(), 0);
  EXPECT_GE(report.timeline.size(), 1U);
}

TEST(RunTest, FillingInAloneIsARun) {
  FakeStore store;
  FakeServer server(store.Handler());
  RunOptions options = Options(server);
  options.fill = true;
  options.duration = milliseconds(0);
  const RunReport report = ReportOf(options);
  EXPECT_EQ(report.keys_filled, 500U);
  EXPECT_EQ(report.seconds, 0);
  EXPECT_EQ(Answered(report), 0U) << "what was filled in is not what was measured";
}

TEST(RunTest, KeysThatNobodyFilledInAreMisses) {
  FakeStore store;
  FakeServer server(store.Handler());
  RunOptions options = Options(server);
  options.sets = 0;
  const RunReport report = ReportOf(options, [](const RunReport& each) { return each.misses > 0; });
  EXPECT_GT(report.misses, 0U);
  EXPECT_EQ(report.misses, report.gets.count());
  EXPECT_EQ(report.failed(), 0U);
}

TEST(RunTest, AForeignValueIsAnErrorOnlyForThoseWhoVerify) {
  FakeServer server([](FakeServer::Peer& peer, const wire::RequestFrame& request) {
    peer.Reply(request.id, {.value = "somebody else's"});
  });
  RunOptions options = Options(server);
  options.value_size = "15";
  options.sets = 0;
  EXPECT_EQ(ReportOf(options).failed(), 0U);
  options.verify = true;
  const RunReport report =
      ReportOf(options, [](const RunReport& each) { return each.failed() > 0; });
  EXPECT_EQ(Answered(report), 0U);
  EXPECT_GT(report.errors.at("a value that does not belong to its key"), 0U);
}

TEST(RunTest, ErrorsAreCountedByTheirText) {
  FakeServer server([](FakeServer::Peer& peer, const wire::RequestFrame& request) {
    const bool is_set = request.command == static_cast<std::uint8_t>(wire::Command::kSet);
    peer.Reply(request.id, {.status = wire::ReplyStatus::kError,
                            .error = is_set ? "OOM no room" : "UNAVAILABLE no leader"});
  });
  RunOptions options = Options(server);
  const RunReport report =
      ReportOf(options, [](const RunReport& each) { return each.errors.size() > 1; });
  EXPECT_GT(report.errors.at("OOM no room"), 0U);
  EXPECT_GT(report.errors.at("UNAVAILABLE no leader"), 0U);
  EXPECT_EQ(report.errors.size(), 2U);
  EXPECT_EQ(Answered(report), 0U);
}

TEST(RunTest, RepliesMayComeInAnyOrder) {
  const Items items = Items::Make("bench:", 16, 500, 100).value();
  std::vector<std::pair<std::uint64_t, Bytes>> waiting;
  FakeServer server([&](FakeServer::Peer& peer, const wire::RequestFrame& request) {
    Bytes value;
    items.AppendValue(std::stoul(Bytes(request.key.substr(6))), 100, value);
    waiting.emplace_back(request.id, std::move(value));
    if (waiting.size() < 8) return;
    for (auto each = waiting.rbegin(); each != waiting.rend(); ++each) {
      peer.Reply(each->first, {.value = each->second});
    }
    waiting.clear();
  });
  RunOptions options = Options(server);
  options.connections = 1;
  options.sets = 0;
  options.verify = true;
  const RunReport report =
      ReportOf(options, [](const RunReport& each) { return Answered(each) > 8; });
  EXPECT_GT(Answered(report), 8U);
  EXPECT_EQ(report.failed(), 0U);
}

TEST(RunTest, AReplyThatNoCallWaitsForEndsTheConnection) {
  FakeServer server([](FakeServer::Peer& peer, const wire::RequestFrame& request) {
    peer.Reply(request.id + 1000, {});
  });
  RunOptions options = Options(server);
  const RunReport report = ReportOf(options, AllFailed);
  EXPECT_EQ(report.errors.at("connection: a reply that no call waits for"), 4U * 8);
}

TEST(RunTest, CallsOfAConnectionThatWasClosedHaveFailed) {
  FakeServer server([](FakeServer::Peer& peer, const wire::RequestFrame&) { peer.Close(); });
  RunOptions options = Options(server);
  const RunReport report = ReportOf(options, AllFailed);
  EXPECT_EQ(report.failed(), 4U * 8);
  EXPECT_TRUE(report.errors.begin()->first.starts_with("connection: "));
}

TEST(RunTest, AServerThatAnswersNothingHasFailedTheCalls) {
  FakeServer server([](FakeServer::Peer&, const wire::RequestFrame&) {});
  RunOptions options = Options(server);
  options.patience = milliseconds(300);
  const RunReport report = ReportOf(options, AllFailed);
  EXPECT_EQ(report.errors.at("connection: no reply within 300ms"), 4U * 8);
}

TEST(RunTest, BytesThatAreNoReplyAreAnError) {
  FakeServer server([](FakeServer::Peer& peer, const wire::RequestFrame&) {
    peer.Send("HTTP/1.1 400 Bad Request\r\n\r\n and more, to be long enough for a header");
  });
  RunOptions options = Options(server);
  const RunReport report = ReportOf(options, AllFailed);
  ASSERT_EQ(report.errors.size(), 1U);
  const auto& [text, count] = *report.errors.begin();
  EXPECT_EQ(count, 4U * 8);
  EXPECT_TRUE(text.starts_with("connection: frame of ")) << text;
}

TEST(RunTest, AnOpenLoopSendsAsManyCallsAsItsRateSays) {
  FakeStore store;
  FakeServer server(store.Handler());
  RunOptions options = Options(server);
  options.threads = 2;
  options.rate = 1000;
  options.patience = std::chrono::minutes(1);
  const RunReport report = ReportOf(options);
  EXPECT_EQ(Answered(report), 300U);
  EXPECT_EQ(report.never_sent, 0U);
  EXPECT_EQ(report.rate_wanted, 1000);
}

TEST(RunTest, AnOpenLoopChargesCallsForTheTimeThatTheyCouldNotBeSent) {
  FakeStore store;
  FakeServer server(store.Handler());
  RunOptions options = Options(server);
  options.connections = 1;
  options.pipeline = 1;
  options.rate = 200'000;  // A call needs 10 us on any machine, so this is late by as much again.
  options.duration = milliseconds(50);
  options.patience = std::chrono::minutes(1);
  const RunReport report = ReportOf(options);
  EXPECT_EQ(Answered(report), 10'000U);
  EXPECT_GT(report.All().max(), milliseconds(50));
}

TEST(RunTest, CallsThatWereDueAndNeverSentAreToldApart) {
  FakeServer server([](FakeServer::Peer&, const wire::RequestFrame&) {});
  RunOptions options = Options(server);
  options.connections = 1;
  options.rate = 1'000'000;  // What there is room for is due at once, before any patience ends.
  options.patience = milliseconds(100);
  const RunReport report =
      ReportOf(options, [](const RunReport& each) { return each.failed() == 8; });
  EXPECT_EQ(report.failed(), 8U);
  const auto due = static_cast<std::uint64_t>(options.duration.count()) * 1000;
  EXPECT_EQ(report.never_sent, due - 8);
}

TEST(RunTest, CallsGoToTheServerThatLeadsTheirKeys) {
  FakeStore store;
  FakeServer leader(store.Handler());
  std::atomic<int> strays = 0;
  FakeServer other([&strays](FakeServer::Peer& peer, const wire::RequestFrame& request) {
    ++strays;
    peer.Reply(request.id, {});
  });
  for (FakeServer* each : {&leader, &other}) {
    each->SetTopology({leader.address(), other.address()});
  }
  RunOptions options = Options(other);
  options.servers = {other.address(), leader.address()};
  options.to_leaders = true;
  options.fill = true;
  const RunReport report =
      ReportOf(options, [](const RunReport& each) { return Answered(each) > 0; });
  EXPECT_GT(Answered(report), 0U);
  EXPECT_EQ(report.failed() + report.misses, 0U);
  EXPECT_EQ(strays, 0);
}

TEST(RunTest, ALeaderThatIsNotAmongTheServersIsNamed) {
  FakeStore store;
  FakeServer server(store.Handler());
  server.SetTopology({"127.0.0.1:1", server.address()});
  RunOptions options = Options(server);
  options.to_leaders = true;
  const auto report = RunOverSockets(options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(report.error().message.ends_with("leads keys and is not among --servers"));
}

TEST(RunTest, ANodeWithoutAClusterCannotSayWhoLeads) {
  FakeServer server([](FakeServer::Peer&, const wire::RequestFrame&) {});
  RunOptions options = Options(server);
  options.to_leaders = true;
  const auto unborn = RunOverSockets(options);
  ASSERT_FALSE(unborn.ok());
  EXPECT_EQ(unborn.error().code, ErrorCode::kUnavailable);
}

TEST(RunTest, WhatTheServerCostIsMeasuredInTheWindow) {
  FakeStore store;
  FakeServer server(store.Handler());
  RunOptions options = Options(server);
  options.server_pids = {getpid()};
  const RunReport report =
      ReportOf(options, [](const RunReport& each) { return each.CpuMicrosecondsPerCommand() > 0; });
  ASSERT_TRUE(report.server);
  EXPECT_GT(report.CpuMicrosecondsPerCommand(), 0);
  EXPECT_GT(report.server->rss_at_end, 1U << 20);
}

TEST(RunTest, NobodyToConnectToIsUnavailable) {
  RunOptions options;
  options.servers = {"127.0.0.1:1"};
  const auto report = RunOverSockets(options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(report.error().message.starts_with("127.0.0.1:1: ")) << report.error().message;
}

TEST(RunTest, AProcessThatDoesNotRunIsRefused) {
  FakeStore store;
  FakeServer server(store.Handler());
  RunOptions options = Options(server);
  options.server_pids = {0x7ffffff0};
  const auto report = RunOverSockets(options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::kInvalid);
  EXPECT_NE(report.error().message.find("2147483632"), std::string::npos);
}

}  // namespace
}  // namespace aegis::bench
