// What tests of client connections share: one connection to a node that leads some shards and
// knows another node that leads the rest.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "forwarding_test_support.h"
#include "memory_stream.h"
#include "node/runtime/client_connection.h"

namespace aegis::node {

class NoView final : public NodeView {
 public:
  NodeFacts Facts() override { return {}; }
  const RoutingTable& Routing() override { return table_; }
  std::vector<RespSession> Sessions() override { return {}; }
  bool Kill(std::uint64_t) override { return false; }
  void ResetStatistics() override {}
  std::uint64_t Random() override { return 0; }
  void Shutdown() override {}
  SlowLogSettings SlowLog() override { return {}; }
  void SetSlowLog(const SlowLogSettings&) override {}
  std::vector<SlowCommand> SlowCommands() override { return {}; }
  void ForgetSlowCommands() override {}
  std::vector<CommandUsage> CommandUsages() override { return {}; }
  std::int64_t LatencyThresholdMs() override { return 0; }
  void SetLatencyThresholdMs(std::int64_t) override {}
  std::vector<LatencyEvent> LatencyEvents() override { return {}; }
  bool ForgetLatencyEvent(ByteView) override { return false; }
  std::vector<NodeLink> Links() override { return {}; }

 private:
  RoutingTable table_;
};

// What a worker lends to client connections.
struct TestWorker {
  TestWorker(ShardSpace& shards, const RoutingBoard& board, Forwarder& forwarder,
             WorkerCounters& counters)
      : router(shards, board, forwarder, counters),
        services{.router = router,
                 .view = view,
                 .counters = counters,
                 .sessions = sessions,
                 .on_closed = [](auto) {},
                 .statistics = [] { return Bytes(); }} {}

  Router router;
  NoView view;
  std::mutex sessions;
  ClientServices services;
};

inline std::string Times(std::size_t n, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += text;
  return out;
}

inline constexpr std::size_t kLarge = 100'000;
inline constexpr std::size_t kMany = 60;  // Large values, together far over limits::kHeldPause.
// One command may go over the limit.
inline constexpr std::size_t kHeldMax = limits::kHeldPause + kLarge + 1000;

class ClientTest : public ForwarderTest {
 protected:
  explicit ClientTest(ClientPort port = ClientPort::kMain) : port_(port) {
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
  ~ClientTest() override {
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

  const ClientPort port_;
  std::string near_ = "near";
  std::string far_;
  const std::string large_ = std::string(kLarge, 'v');
  std::size_t most_held_ = 0;

  TestWorker worker_{shards_.host, board_, forwarder_, counters_};
  ClientServices& services_ = worker_.services;
  MemoryPeer peer_of_client_{loop_};
  std::shared_ptr<ClientConnection> client_ = std::make_shared<ClientConnection>(
      loop_, std::make_unique<MemoryStream>(peer_of_client_), services_, 1, port_);
};

}  // namespace aegis::node
