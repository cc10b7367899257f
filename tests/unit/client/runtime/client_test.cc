// aegis::Client over real sockets, against servers that behave.

#include "aegis/client.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "fake_server.h"
#include "wire/operation_codec.h"

namespace aegis {
namespace {

using client::FakeServer;
using client::FakeStore;
using std::chrono::milliseconds;
using std::chrono::seconds;

// With times that a machine that stalls does not exceed.
Client Connect(const std::vector<std::string>& seeds) {
  return std::move(Client::Open({.seeds = seeds,
                                 .conn_timeout = seconds(60),
                                 .read_timeout = seconds(60),
                                 .write_timeout = seconds(60)}))
      .value();
}

class ClientTest : public testing::Test {
 protected:
  FakeStore store_;
  FakeServer server_{store_.Handler()};
  Client client_ = Connect({server_.address()});
};

TEST_F(ClientTest, WhatWasSetIsRead) {
  const std::string bytes("\0binary\xff", 8);
  const auto set = client_.Set("k", bytes);
  ASSERT_TRUE(set.ok());
  const auto got = client_.Get("k");
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->value, bytes);
  EXPECT_EQ(got->version, set->version);
}

TEST_F(ClientTest, QuorumsAreOfTheClientOrOfCallsThroughAnotherView) {
  std::vector<std::optional<std::int32_t>> asked;
  FakeServer server([&](FakeServer::Peer& peer, const wire::RequestFrame& frame) {
    if (static_cast<wire::Command>(frame.command) == wire::Command::kExecute) {
      asked.push_back(wire::DecodeOperation(frame.value).value().quorum);
    } else {
      asked.emplace_back();
    }
    peer.Reply(frame.id, {});
  });
  Client plain = Connect({server.address()});
  Client careful = std::move(plain.WithQuorums({.write = 2, .read = -1})).value();
  EXPECT_TRUE(plain.Set("k", "v").ok());
  EXPECT_TRUE(careful.Set("k", "v").ok());
  EXPECT_TRUE(careful.Get("k").ok());
  EXPECT_TRUE(plain.Get("k").ok());
  EXPECT_EQ(asked, (decltype(asked){std::nullopt, 2, -1, std::nullopt}));
  EXPECT_EQ(server.connections(), 1) << "they share what they have";
  EXPECT_TRUE(plain.WithQuorums({.write = 8}).Is(Errc::kInvalid));
  EXPECT_TRUE(
      Client::Open({.seeds = {server.address()}, .quorums = {.read = -2}}).Is(Errc::kInvalid));
  careful.Close();
  EXPECT_TRUE(plain.Get("k").Is(Errc::kClosed));
}

TEST_F(ClientTest, ASessionSendsWhatItHasSeenAndGoesOnFromWhatIsLeft) {
  std::vector<std::optional<Version>> asked;
  std::vector<Outcome> answers(4);
  answers[0].position = {Epoch{1}, Seq{9}};
  answers[1].stale_ms = 40;
  answers[1].position = {Epoch{1}, Seq{8}};
  answers[2].status = Status::kSessionLost;
  answers[2].position = {Epoch{1}, Seq{5}};
  FakeServer server([&](FakeServer::Peer& peer, const wire::RequestFrame& frame) {
    asked.push_back(wire::DecodeOperation(frame.value).value().session);
    Bytes value;
    wire::AppendOutcome(answers[asked.size() - 1], value);
    peer.Reply(frame.id, {.value = value});
  });
  Client plain = Connect({server.address()});
  Client session = plain.WithSession();
  EXPECT_TRUE(session.Set("k", "v").ok());
  Client stale = std::move(session.WithStaleness(std::chrono::milliseconds(100))).value();
  const auto read = stale.Get("k");
  ASSERT_TRUE(read.ok());
  ASSERT_TRUE(read->stale.has_value());
  EXPECT_EQ(read->stale->age, std::chrono::milliseconds(40));
  EXPECT_TRUE(session.Get("k").Is(Errc::kSessionLost));
  EXPECT_TRUE(session.Get("k").ok());
  const Version first{Epoch{1}, Seq{9}};
  EXPECT_EQ(asked, (decltype(asked){Version{}, first, first, Version{Epoch{1}, Seq{5}}}));
}

TEST_F(ClientTest, ABoundOnStalenessIsCheckedBeforeAnythingIsSent) {
  EXPECT_TRUE(client_.WithStaleness(std::chrono::milliseconds(0)).Is(Errc::kInvalid));
  EXPECT_TRUE(client_.WithStaleness(kAnyAge).ok());
  EXPECT_TRUE(
      Client::Open({.seeds = {server_.address()}, .max_staleness = std::chrono::milliseconds(-5)})
          .Is(Errc::kInvalid));
}

TEST_F(ClientTest, AViewGoesOnWhenTheClientItCameFromIsGone) {
  std::optional<Client> plain = Connect({server_.address()});
  Client careful = std::move(plain->WithQuorums({.write = 2})).value();
  plain.reset();
  EXPECT_TRUE(careful.Set("k", "v").ok());
}

// The signals that each thread of this process blocks, by thread; see proc(5).
std::map<std::string, std::uint64_t> BlockedSignals() {
  std::map<std::string, std::uint64_t> blocked;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("SigBlk:")) {
        blocked[task.path().filename()] = std::stoull(line.substr(7), nullptr, 16);
      }
    }
  }
  return blocked;
}

TEST_F(ClientTest, SignalsAreForTheThreadsOfTheProgram) {
  ASSERT_TRUE(client_.Set("k", "v").ok());
  const auto before = BlockedSignals();
  Client another = Connect({server_.address()});
  ASSERT_TRUE(another.Set("k", "v").ok());  // So its thread runs, and not only begins to.
  const std::string own = std::to_string(::getpid());
  EXPECT_EQ(BlockedSignals().at(own), before.at(own));
  std::size_t newcomers = 0;
  for (const auto& [thread, blocked] : BlockedSignals()) {
    if (before.contains(thread)) continue;
    ++newcomers;
    for (const int signal : {SIGINT, SIGTERM, SIGTSTP, SIGUSR1, SIGCHLD}) {
      EXPECT_TRUE(blocked >> (signal - 1) & 1U) << signal;
    }
  }
  EXPECT_EQ(newcomers, 1U);
}

TEST_F(ClientTest, MissingKeyIsNotFound) {
  EXPECT_TRUE(client_.Get("k").Is(Errc::kNotFound));
  EXPECT_TRUE(client_.GetWithTtl("k").Is(Errc::kNotFound));
  EXPECT_FALSE(client_.Delete("k").value());
  EXPECT_FALSE(client_.Expire("k", seconds(1)).value());
}

TEST_F(ClientTest, TtlIsReadBackAndNoneMeansNever) {
  ASSERT_TRUE(client_.SetWithTtl("k", "v", milliseconds(1500)).ok());
  EXPECT_EQ(client_.GetWithTtl("k")->ttl, milliseconds(1500));
  ASSERT_TRUE(client_.Expire("k", std::nullopt).value());
  EXPECT_EQ(client_.GetWithTtl("k")->ttl, std::nullopt);
  ASSERT_TRUE(client_.Expire("k", seconds(2)).value());
  EXPECT_EQ(client_.GetWithTtl("k")->ttl, seconds(2));
}

TEST_F(ClientTest, DeletedKeyIsGone) {
  ASSERT_TRUE(client_.Set("k", "v").ok());
  EXPECT_TRUE(client_.Delete("k").value());
  EXPECT_TRUE(client_.Get("k").Is(Errc::kNotFound));
}

TEST_F(ClientTest, IncrementCountsFromZero) {
  EXPECT_EQ(client_.Increment("n")->value, 1);
  EXPECT_EQ(client_.Increment("n", 41)->value, 42);
  EXPECT_EQ(client_.Increment("n", -43)->value, -1);
}

TEST_F(ClientTest, CompareAndSetNeedsTheVersion) {
  const auto first = client_.CompareAndSet("k", "a", 0);
  ASSERT_TRUE(first.ok());
  const auto again = client_.CompareAndSet("k", "b", 0);
  ASSERT_TRUE(again.Is(Errc::kConflict));
  EXPECT_EQ(again.error().version, first->version);
  EXPECT_TRUE(client_.CompareAndSet("k", "b", first->version).ok());
  EXPECT_EQ(client_.Get("k")->value, "b");
}

TEST_F(ClientTest, ConditionalSetsHoldToTheirCondition) {
  EXPECT_TRUE(client_.Set("k", "v", {.when = SetWhen::kIfPresent}).Is(Errc::kConflict));
  EXPECT_TRUE(client_.Set("k", "v", {.when = SetWhen::kIfAbsent}).ok());
  EXPECT_TRUE(client_.Set("k", "v", {.when = SetWhen::kIfAbsent}).Is(Errc::kConflict));
  EXPECT_TRUE(client_.Set("k", "v", {.when = SetWhen::kIfPresent}).ok());
}

TEST_F(ClientTest, ManyKeysComeBackInTheirOrder) {
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back("k" + std::to_string(i));
  std::vector<KeyAndValue> items;
  std::vector<std::string_view> views;
  for (const std::string& key : keys) {
    items.push_back({key, key});
    views.push_back(key);
  }
  for (const auto& written : client_.MultiSet(items)) ASSERT_TRUE(written.ok());
  views.push_back("missing");
  const auto got = client_.MultiGet(views);
  ASSERT_EQ(got.size(), 1001U);
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(got[i]->value, keys[i]);
  EXPECT_TRUE(got[1000].Is(Errc::kNotFound));
  EXPECT_TRUE(client_.MultiGet({}).empty());
}

TEST_F(ClientTest, FuturesPipeline) {
  std::vector<Client::Future<Counter>> futures;
  for (int i = 0; i < 5000; ++i) futures.push_back(client_.IncrementAsync("n"));
  std::set<std::int64_t> seen;
  for (auto& future : futures) seen.insert(future.get()->value);
  EXPECT_EQ(seen.size(), 5000U) << "each increment was applied once";
  EXPECT_EQ(*seen.rbegin(), 5000);
}

TEST_F(ClientTest, CallbacksMayStartCallsButNotWaitForThem) {
  std::promise<std::string> promise;
  client_.SetAsync("k", "v", {}, [&](Expected<Written>) {
    EXPECT_TRUE(client_.Get("k").Is(Errc::kInvalid));
    EXPECT_TRUE(client_.MultiGet(std::vector<std::string_view>{"k"})[0].Is(Errc::kInvalid));
    client_.GetAsync("k", [&](Expected<Item> item) { promise.set_value(item->value); });
  });
  EXPECT_EQ(promise.get_future().get(), "v");
}

TEST_F(ClientTest, ManyThreadsShareOneClient) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string key = "k" + std::to_string(t) + ":" + std::to_string(i);
        ASSERT_TRUE(client_.Set(key, key).ok());
        ASSERT_EQ(client_.Get(key)->value, key);
        ASSERT_TRUE(client_.Increment("n").ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(client_.Increment("n")->value, 1601);
}

TEST_F(ClientTest, LargeValuesTravel) {
  const std::string value(20 << 20, 'x');
  ASSERT_TRUE(client_.Set("k", value).ok());
  EXPECT_EQ(client_.Get("k")->value, value);
}

TEST_F(ClientTest, WrongCallsFailBeforeAnythingIsSent) {
  EXPECT_TRUE(client_.Get("").Is(Errc::kInvalid));
  EXPECT_TRUE(client_.SetWithTtl("k", "v", milliseconds(-1)).Is(Errc::kInvalid));
  EXPECT_TRUE(client_.Set(std::string(65537, 'k'), "v").Is(Errc::kTooLarge));
  EXPECT_TRUE(client_.Ping("").Is(Errc::kInvalid));
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(ClientTest, PingReachesOneNode) {
  EXPECT_GT(client_.Ping(server_.address()).value().count(), 0);
  EXPECT_EQ(client_.Stats(server_.address()).value(), R"({"keys":1})");
  const std::uint16_t port = server_.port();
  server_.Stop();
  EXPECT_TRUE(client_.Ping("127.0.0.1:" + std::to_string(port)).Is(Errc::kUnavailable));
}

TEST_F(ClientTest, TopologyIsLearntAndShown) {
  FakeServer other(store_.Handler());
  for (FakeServer* server : {&server_, &other}) {
    server->SetTopology({other.address(), server_.address()});
  }
  const auto info = client_.Topology();
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->nodes.size(), 2U);
  EXPECT_EQ(info->nodes[0].client_address, other.address());
  EXPECT_EQ(info->shards.size(), 4U);

  // The client has asked for itself by now too, or does so while these run.
  while (client_.Servers().size() < 2 || other.connections() == 0) {
    ASSERT_TRUE(client_.Set("k", "v").ok());
  }
  std::set<std::string> servers = {other.address(), server_.address()};
  EXPECT_EQ(client_.Servers(), std::vector<std::string>(servers.begin(), servers.end()));
}

TEST_F(ClientTest, ServersAreAddedAndRemoved) {
  FakeServer other(store_.Handler());
  ASSERT_TRUE(client_.AddServer(other.address()).ok());
  EXPECT_EQ(client_.Servers().size(), 2U);
  ASSERT_TRUE(client_.RemoveServer(server_.address()).ok());
  EXPECT_EQ(client_.Servers(), std::vector<std::string>{other.address()});
  ASSERT_TRUE(client_.Set("k", "v").ok());
  EXPECT_EQ(server_.connections(), 0);
  EXPECT_EQ(other.connections(), 1);
  EXPECT_TRUE(client_.AddServer("nonsense").Is(Errc::kInvalid));
}

TEST_F(ClientTest, ClosedClientSaysSo) {
  ASSERT_TRUE(client_.Set("k", "v").ok());
  client_.Close();
  client_.Close();
  EXPECT_TRUE(client_.Get("k").Is(Errc::kClosed));
  EXPECT_TRUE(client_.Ping(server_.address()).Is(Errc::kClosed));
  EXPECT_TRUE(client_.AddServer("a:1").Is(Errc::kClosed));
  EXPECT_TRUE(client_.Servers().empty());
  EXPECT_TRUE(client_.GetAsync("k").get().Is(Errc::kClosed));
}

TEST(ClientOpenTest, WrongConfigurationIsNamed) {
  const std::pair<ClientConfig, std::string> wrong[] = {
      {{.seeds = {}}, "seeds"},
      {{.seeds = {"nonsense"}}, "seeds"},
      {{.seeds = {"a:1"}, .max_conns = 0}, "max_conns"},
      {{.seeds = {"a:1"}, .conn_timeout = milliseconds(0)}, "conn_timeout"},
      {{.seeds = {"a:1"}, .read_timeout = milliseconds(-1)}, "read_timeout"},
      {{.seeds = {"a:1"}, .write_timeout = milliseconds(0)}, "write_timeout"},
  };
  for (const auto& [config, field] : wrong) {
    const auto client = Client::Open(config);
    ASSERT_TRUE(client.Is(Errc::kInvalid)) << field;
    EXPECT_NE(client.error().message.find(field), std::string::npos) << client.error().message;
  }
}

TEST(ClientOpenTest, NamesAreResolved) {
  FakeStore store;
  FakeServer server(store.Handler());
  Client client = Connect({"localhost:" + std::to_string(server.port())});
  EXPECT_TRUE(client.Set("k", "v").ok());
}

}  // namespace
}  // namespace aegis
