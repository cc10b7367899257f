// What one connection may hold, wherever its bytes are.

#include "node/runtime/client_connection.h"

#include <gtest/gtest.h>

#include <mutex>
#include <string>

#include "forwarding_test_support.h"
#include "memory_stream.h"

namespace aegis::node {
namespace {

class NoView final : public NodeView {
 public:
  NodeFacts Facts() override { return {}; }
  const RoutingTable& Routing() override { return table_; }
  std::vector<RespSession> Sessions() override { return {}; }
  bool Kill(std::uint64_t) override { return false; }
  void ResetStatistics() override {}

 private:
  RoutingTable table_;
};

std::string Command(const std::vector<std::string>& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return out;
}

std::string Bulk(const std::string& value) {
  return "$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
}

std::string Times(std::size_t n, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += text;
  return out;
}

constexpr std::size_t kLarge = 100'000;
constexpr std::size_t kMany = 60;  // Large values, together far over limits::kHeldPause.
// One command may go over the limit.
constexpr std::size_t kHeldMax = limits::kHeldPause + kLarge + 1000;

class ClientConnectionTest : public ForwarderTest {
 protected:
  ClientConnectionTest() {
    BeBorn();
    Lead(1);
    other_.Create();
    other_.Lead(1);
    far_ = "far";
    while (ring::ShardOf(near_, TestShards::kShards) == ring::ShardOf(far_, TestShards::kShards)) {
      far_ += "r";
    }
    Split();
  }
  ~ClientConnectionTest() override {
    if (!client_->closed()) client_->Close("the test is over");
    loop_.io().poll();
  }

  // kOther leads the shard of far_, this node all others.
  void Split() {
    Publish(kOther, 1);
    auto table = std::make_shared<RoutingTable>(*board_.Get());
    table->version = ++version_;
    for (std::uint32_t id = 0; id < TestShards::kShards; ++id) {
      if (ShardId{id} != ring::ShardOf(far_, TestShards::kShards)) table->shards[id].leader = kSelf;
    }
    board_.Publish(std::move(table));
  }

  // Runs the loop until `condition`; the connection never holds more than it may.
  template <class Condition>
  bool UntilWithin(Condition condition) {
    return Until([&] {
      most_held_ = std::max(most_held_, client_->held());
      return condition();
    });
  }
  // Until the connection has taken all that it will: it does not read while it is paused.
  void UntilPaused() {
    ASSERT_TRUE(UntilWithin([&] { return client_->held() > limits::kHeldPause; }));
    for (int i = 0; i < 1000; ++i) {
      loop_.io().poll();
      most_held_ = std::max(most_held_, client_->held());
    }
    EXPECT_GT(peer_of_client_.to_node.size(), 0U) << "it went on reading";
  }

  std::string near_ = "near";
  std::string far_;
  const std::string large_ = std::string(kLarge, 'v');
  std::size_t most_held_ = 0;

  Router router_{shards_.host, board_, forwarder_, counters_};
  NoView view_;
  std::mutex sessions_;
  ClientServices services_{
      router_, view_, counters_, sessions_, [](auto) {}, [] { return Bytes(); },
      {},      {},    {},        {},        {}};
  MemoryPeer peer_of_client_{loop_};
  std::shared_ptr<ClientConnection> client_ = std::make_shared<ClientConnection>(
      loop_, std::make_unique<MemoryStream>(peer_of_client_), services_, 1);
};

TEST_F(ClientConnectionTest, RepliesThatAreNotTakenPauseItAndNoneIsLost) {
  shards_.Execute(SetOf(near_, large_));
  peer_of_client_.listens = false;
  client_->Start();
  // Enough input that the pause can be seen: it does not fit one read.
  peer_of_client_.Send(Times(kMany, Command({"GET", near_}) + Command({"PING", large_})));
  UntilPaused();
  EXPECT_LE(most_held_, kHeldMax);
  peer_of_client_.Listen();
  const std::string expected = Times(kMany, Bulk(large_) + Bulk(large_));
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_EQ(peer_of_client_.from_node, expected);
  EXPECT_LE(most_held_, kHeldMax);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(ClientConnectionTest, AReaderWhoIsAlwaysBehindDoesNotMakeItKeepWhatWasSent) {
  constexpr std::size_t kRequests = 1000;
  shards_.Execute(SetOf(near_, large_));
  peer_of_client_.Listen(0);
  client_->Start();
  peer_of_client_.Send(Times(kRequests, Command({"GET", near_})));
  UntilPaused();
  std::size_t most_kept = 0;
  while (peer_of_client_.from_node.size() < kRequests * Bulk(large_).size()) {
    const std::size_t before = peer_of_client_.from_node.size();
    peer_of_client_.Listen(2 * limits::kHeldPause / 3);
    ASSERT_TRUE(Until([&] { return peer_of_client_.from_node.size() > before; }));
    most_kept = std::max(most_kept, client_->output_kept());
  }
  EXPECT_LE(most_kept, 2 * kHeldMax);
}

TEST_F(ClientConnectionTest, RepliesBehindOneThatIsMissingPauseItToo) {
  shards_.Execute(SetOf(near_, large_));
  client_->Start();
  peer_of_client_.Send(Command({"GET", far_}) +
                       Times(kMany, Command({"GET", near_}) + Command({"PING", large_})));
  UntilPaused();
  EXPECT_LE(most_held_, kHeldMax);
  EXPECT_TRUE(peer_of_client_.from_node.empty());
  // Only now does the other node say anything.
  ServeOther();
  const std::string expected = "$-1\r\n" + Times(kMany, Bulk(large_) + Bulk(large_));
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_EQ(peer_of_client_.from_node, expected);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(ClientConnectionTest, WritesOnTheirWayPauseIt) {
  client_->Start();
  peer_of_client_.Send(Times(kMany, Command({"SET", far_, large_})));
  UntilPaused();
  EXPECT_LE(most_held_, kHeldMax);
  EXPECT_LE(forwarder_.pending_bytes(), kHeldMax);
  ServeOther();
  const std::string expected = Times(kMany, "+OK\r\n");
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_EQ(peer_of_client_.from_node, expected);
  EXPECT_EQ(client_->held(), 0U);
  EXPECT_EQ(forwarder_.pending_bytes(), 0U);
}

TEST_F(ClientConnectionTest, ValuesThatOtherNodesSendPauseItWhateverTheirSizeIs) {
  other_.Execute(SetOf(far_, "small"));
  peer_of_client_.listens = false;
  client_->Start();
  // It learns that values are small here, and then they are not; the order of each stays.
  const std::string rounds = Times(500, Command({"GET", far_})) + Command({"SET", far_, large_}) +
                             Times(kMany, Command({"GET", far_})) +
                             Command({"SET", far_, "small", "GET"}) + Command({"GETDEL", far_}) +
                             Command({"GET", far_});
  peer_of_client_.Send(rounds);
  ServeOther();
  ASSERT_TRUE(UntilWithin([&] { return client_->backlog() > limits::kHeldPause / 2; }));
  for (int i = 0; i < 1000; ++i) {
    loop_.io().poll();
    most_held_ = std::max(most_held_, client_->held());
  }
  EXPECT_LE(most_held_, kHeldMax);
  peer_of_client_.Listen();
  const std::string expected = Times(500, Bulk("small")) + "+OK\r\n" +
                               Times(kMany + 1, Bulk(large_)) + Bulk("small") + "$-1\r\n";
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_TRUE(peer_of_client_.from_node == expected);
  EXPECT_LE(most_held_, kHeldMax);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(ClientConnectionTest, OneCommandMayNeedMoreThanTheLimitAndThenItIsAlone) {
  const std::string huge(3 * limits::kHeldPause, 'h');
  other_.Execute(SetOf(far_, huge));
  client_->Start();
  peer_of_client_.Send(Times(3, Command({"GET", far_}) + Command({"MGET", far_, near_, far_})));
  ServeOther();
  const std::string expected =
      Times(3, Bulk(huge) + "*3\r\n" + Bulk(huge) + "$-1\r\n" + Bulk(huge));
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_TRUE(peer_of_client_.from_node == expected);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(ClientConnectionTest, ATurnTakesABoundedNumberOfBytes) {
  const std::string input = Times(kMany, Command({"SET", near_, large_}));
  client_->Start(input);
  const std::size_t in_one_turn = peer_of_client_.from_node.size() / 5;
  EXPECT_GE(in_one_turn, limits::kBytesPerTurn / kLarge);
  EXPECT_LE(in_one_turn, limits::kBytesPerTurn / kLarge + 1);
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() == kMany * 5; }));
}

TEST_F(ClientConnectionTest, WhileANodeOwesTooMuchConnectionsThatAskItMoreWait) {
  // Another connection has filled what this worker keeps for the node.
  const std::string filling(limits::kForwardBacklogPause, 'f');
  Submit(1, SetOf(far_, filling));
  client_->Start();
  peer_of_client_.Send(Command({"SET", far_, "v"}) + Command({"PING"}));
  loop_.io().poll();
  peer_of_client_.Send(Command({"PING"}));
  loop_.io().poll();
  EXPECT_FALSE(peer_of_client_.to_node.empty()) << "it reads on";
  ServeOther();
  const std::string expected = "+OK\r\n+PONG\r\n+PONG\r\n";
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_EQ(peer_of_client_.from_node, expected);
}

TEST_F(ClientConnectionTest, ValuesGatheredForOneCommandAreNotKeptForTheNext) {
  shards_.Execute(SetOf(near_, large_));
  client_->Start();
  peer_of_client_.Send(Command({"MGET", near_, near_, near_}));
  const std::string expected = "*3\r\n" + Times(3, Bulk(large_));
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_LT(services_.gathering.bytes(), kLarge);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(ClientConnectionTest, AClosedConnectionHoldsNothing) {
  other_.Execute(SetOf(far_, large_));
  client_->Start();
  peer_of_client_.listens = false;
  peer_of_client_.Send(Times(kMany, Command({"GET", far_})));
  ServeOther();
  ASSERT_TRUE(UntilWithin([&] { return client_->backlog() > 0; }));
  client_->Close("for the test");
  EXPECT_TRUE(Until([&] { return forwarder_.pending() == 0; }));
  loop_.io().poll();
  EXPECT_EQ(client_.use_count(), 1);
}

}  // namespace
}  // namespace aegis::node
