// aegis::Client over real sockets, against servers that do not behave.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "aegis/client.h"
#include "fake_server.h"
#include "wire/native_error.h"

namespace aegis {
namespace {

using client::FakeServer;
using client::FakeStore;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Peer = FakeServer::Peer;
using Request = wire::RequestFrame;

// Times that the test does not choose are long: a machine that stalls makes no call fail.
Client Connect(ClientConfig config) {
  const ClientConfig usual;
  for (const auto time :
       {&ClientConfig::conn_timeout, &ClientConfig::read_timeout, &ClientConfig::write_timeout}) {
    if (config.*time == usual.*time) config.*time = std::chrono::minutes(1);
  }
  return std::move(Client::Open(std::move(config))).value();
}

Bytes FrameOf(std::uint64_t id, ByteView value) {
  wire::ReplyFrame frame;
  frame.id = id;
  frame.value = value;
  Bytes bytes;
  wire::AppendReply(frame, bytes);
  return bytes;
}

TEST(ClientFailureTest, RepliesOutOfOrderFindTheirCalls) {
  std::vector<std::pair<std::uint64_t, Bytes>> held;
  FakeServer server([&](Peer& peer, const Request& request) {
    held.emplace_back(request.id, Bytes(request.key));
    if (held.size() < 10) return;
    for (; !held.empty(); held.pop_back()) {
      peer.Send(FrameOf(held.back().first, held.back().second));
    }
  });
  Client client = Connect({.seeds = {server.address()}, .max_conns = 1});
  std::vector<std::string> keys;
  for (int i = 0; i < 10; ++i) keys.push_back("k" + std::to_string(i));
  const auto got = client.MultiGet(std::vector<std::string_view>(keys.begin(), keys.end()));
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(got[i]->value, keys[i]);
}

TEST(ClientFailureTest, ReadSurvivesAConnectionBrokenInTheMiddleOfAFrame) {
  std::atomic<int> tries = 0;
  FakeServer server([&](Peer& peer, const Request& request) {
    Bytes frame = FrameOf(request.id, "value");
    if (++tries == 1) frame.resize(frame.size() / 2);
    peer.Send(frame);
    if (tries == 1) peer.Close();
  });
  Client client = Connect({.seeds = {server.address()}});
  EXPECT_EQ(client.Get("k")->value, "value");
  EXPECT_EQ(tries, 2);
}

TEST(ClientFailureTest, WriteOnAConnectionThatBreaksIsUnknownAndNotRepeated) {
  std::atomic<int> tries = 0;
  FakeServer server([&](Peer& peer, const Request&) {
    ++tries;
    peer.Close();
  });
  Client client = Connect({.seeds = {server.address()}});
  EXPECT_TRUE(client.Set("k", "v").Is(Errc::kUnknownOutcome));
  EXPECT_TRUE(client.Increment("n").Is(Errc::kUnknownOutcome));
  EXPECT_EQ(tries, 2);
}

TEST(ClientFailureTest, GarbageIsAProtocolError) {
  FakeServer server([](Peer& peer, const Request&) { peer.Send("HTTP/1.1 400 Bad Request\r\n"); });
  Client client = Connect({.seeds = {server.address()}, .max_retries = 1});
  EXPECT_TRUE(client.Get("k").Is(Errc::kProtocol));
  EXPECT_TRUE(client.Set("k", "v").Is(Errc::kUnknownOutcome));
}

TEST(ClientFailureTest, WriteToWhatIsNoNodeIsUnavailable) {
  FakeServer server([](Peer&, const Request&) { ADD_FAILURE() << "it was sent something"; });
  server.SetGreeting("HTTP/1.1 400 Bad Request\r\n");
  Client client = Connect({.seeds = {server.address()}, .max_retries = 1});
  const auto set = client.Set("k", "v");
  ASSERT_TRUE(set.Is(Errc::kUnavailable)) << NameOf(set.error().code);
  EXPECT_NE(set.error().message.find(server.address() + ": no AegisKV node answered: \"HTTP/1.1"),
            std::string::npos)
      << set.error().message;
  EXPECT_TRUE(client.Ping(server.address()).Is(Errc::kUnavailable));
}

TEST(ClientFailureTest, MemberThatTurnsOutToBeOfAnotherClusterIsSentNothing) {
  FakeStore store;
  FakeServer seed(store.Handler());
  FakeServer stranger([](Peer& peer, const Request& request) {
    EXPECT_EQ(request.command, static_cast<std::uint8_t>(wire::Command::kPing));
    peer.Reply(request.id, {});
  });
  stranger.SetIdentity({ClusterId{2}, NodeId{1}, "y1"});
  seed.SetTopology({stranger.address(), seed.address()});  // The stranger, so it says, leads all.
  Client client = Connect({.seeds = {seed.address()}, .max_retries = 1});
  for (int i = 0; stranger.connections() < 2; ++i) {
    ASSERT_TRUE(client.Set("k" + std::to_string(i), "v").ok());
  }
  EXPECT_TRUE(client.Ping(stranger.address()).ok()) << "whoever it is";

  seed.Stop();
  Expected<Item> got = client.Get("k");
  for (int tries = 0; tries < 100 && !got.Is(Errc::kUnavailable); ++tries) got = client.Get("k");
  ASSERT_TRUE(got.Is(Errc::kUnavailable));
  EXPECT_NE(got.error().message.find(stranger.address() +
                                     ": expected node node1 of cluster 0000000000000001, but "
                                     "node y1 of cluster 0000000000000002 answered"),
            std::string::npos)
      << got.error().message;
}

TEST(ClientFailureTest, SlowServerTimesOut) {
  FakeServer server([](Peer&, const Request&) {});
  Client client = Connect({.seeds = {server.address()},
                           .read_timeout = milliseconds(50),
                           .write_timeout = milliseconds(50)});
  EXPECT_TRUE(client.Get("k").Is(Errc::kTimeout));
  // Where even the connection takes longer, nothing was sent.
  Expected<Written> set = client.Set("k", "v");
  for (int tries = 0; tries < 100 && set.Is(Errc::kTimeout); ++tries) set = client.Set("k", "v");
  EXPECT_TRUE(set.Is(Errc::kUnknownOutcome));
}

TEST(ClientFailureTest, ServerThatReadsNothingTimesOutToo) {
  FakeServer server([](Peer& peer, const Request&) { peer.Hang(); });
  Client client = Connect({.seeds = {server.address()}, .write_timeout = milliseconds(200)});
  const std::string value(8 << 20, 'x');
  std::vector<Client::Future<Written>> sets;
  for (int i = 0; i < 4; ++i) sets.push_back(client.SetAsync("k", value));
  for (auto& set : sets) {
    const Expected<Written> result = set.get();
    EXPECT_TRUE(result.Is(Errc::kUnknownOutcome) || result.Is(Errc::kTimeout));
  }
}

TEST(ClientFailureTest, RedirectIsFollowed) {
  FakeStore store;
  FakeServer leader(store.Handler());
  std::atomic<int> redirected = 0;
  FakeServer server([&](Peer& peer, const Request& request) {
    if (!request.redirect) return store.Answer(peer, request);  // Forwards, so to say.
    ++redirected;
    const std::string address = leader.address();
    wire::ReplyFrame reply;
    reply.status = wire::ReplyStatus::kRedirect;
    reply.address = address;
    peer.Reply(request.id, reply);
  });
  server.SetTopology({server.address()});
  Client client = Connect({.seeds = {server.address()}});
  while (leader.connections() == 0) ASSERT_TRUE(client.Set("k", "v").ok());
  EXPECT_GE(redirected, 1);
  EXPECT_EQ(client.Get("k")->value, "v");
}

TEST(ClientFailureTest, RefusedCallsAreRepeatedUntilTheServerIsReady) {
  FakeStore store;
  std::atomic<int> tries = 0;
  FakeServer server([&](Peer& peer, const Request& request) {
    if (++tries > 2) return store.Answer(peer, request);
    const Bytes error = wire::ErrorText(Status::kUnavailable, "no leader");
    wire::ReplyFrame reply;
    reply.status = wire::ReplyStatus::kError;
    reply.error = error;
    peer.Reply(request.id, reply);
  });
  Client client = Connect({.seeds = {server.address()}});
  EXPECT_TRUE(client.Set("k", "v").ok());
  EXPECT_EQ(tries, 3);
}

TEST(ClientFailureTest, NobodyThereIsUnavailable) {
  FakeStore store;
  FakeServer gone(store.Handler());
  gone.Stop();
  Client client = Connect({.seeds = {gone.address()}, .max_retries = 1});
  const auto set = client.Set("k", "v");
  ASSERT_TRUE(set.Is(Errc::kUnavailable));
  EXPECT_NE(set.error().message.find("refused"), std::string::npos) << set.error().message;
}

TEST(ClientFailureTest, RestartedServerIsFoundAgain) {
  FakeStore store;
  FakeServer server(store.Handler());
  Client client = Connect({.seeds = {server.address()}});
  ASSERT_TRUE(client.Set("k", "v").ok());
  server.Stop();
  EXPECT_FALSE(client.Get("k").ok());
  const FakeServer restarted(store.Handler(), server.port());
  EXPECT_EQ(client.Get("k")->value, "v");
}

TEST(ClientFailureTest, CloseEndsTheCallsInFlight) {
  std::promise<void> arrived;
  FakeServer server([&, count = 0](Peer&, const Request&) mutable {
    if (++count == 2) arrived.set_value();
  });
  Client client = Connect({.seeds = {server.address()}});
  auto read = client.GetAsync("k");
  auto write = client.SetAsync("k", "v");
  arrived.get_future().wait();
  client.Close();
  EXPECT_TRUE(read.get().Is(Errc::kClosed));
  EXPECT_TRUE(write.get().Is(Errc::kUnknownOutcome));
}

TEST(ClientFailureTest, ClientMayBeClosedAndDestroyedInACallback) {
  FakeStore store;
  FakeServer server(store.Handler());
  auto client = std::make_unique<Client>(Connect({.seeds = {server.address()}}));
  std::promise<void> destroyed;
  Client& borrowed = *client;
  borrowed.SetAsync("k", "v", {}, [&](Expected<Written>) {
    client->Close();
    client.reset();
    destroyed.set_value();
  });
  destroyed.get_future().wait();
  EXPECT_EQ(client, nullptr);
}

TEST(ClientFailureTest, ThreadsThatCallWhileTheClientClosesAllGetAnAnswer) {
  FakeStore store;
  FakeServer server(store.Handler());
  Client client = Connect({.seeds = {server.address()}});
  ASSERT_TRUE(client.Set("k", "v").ok());
  std::atomic<int> started = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      ++started;
      Expected<Item> got = client.Get("k");
      while (got.ok()) got = client.Get("k");
      EXPECT_TRUE(got.Is(Errc::kClosed)) << got.error().message;
    });
  }
  while (started < 4) std::this_thread::yield();
  client.Close();
  for (std::thread& thread : threads) thread.join();
}

TEST(ClientFailureTest, CallsBeyondTheLimitWaitForRoom) {
  FakeStore store;
  FakeServer server(store.Handler());
  // Under a sanitizer the server may need long for what is in flight at the limit.
  Client client = Connect({.seeds = {server.address()}, .read_timeout = seconds(120)});
  std::atomic<int> answered = 0;
  std::promise<void> all;
  constexpr int kCalls = 100'000;  // Half as many again as may be in flight.
  for (int i = 0; i < kCalls; ++i) {
    client.GetAsync("k", [&](Expected<Item> item) {
      EXPECT_TRUE(item.Is(Errc::kNotFound));
      if (++answered == kCalls) all.set_value();
    });
  }
  all.get_future().wait();
  EXPECT_EQ(answered, kCalls);
}

}  // namespace
}  // namespace aegis
