// What tests of forwarding share: one worker's forwarder over real shards, an owner that keeps what
// it hears, and a peer on the same loop that answers as the test says.

#pragma once

#include <gtest/gtest.h>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/limits.h"
#include "node/runtime/addresses.h"
#include "node/runtime/byte_stream.h"
#include "node/runtime/clocks.h"
#include "node/runtime/forward_server.h"
#include "node/runtime/forwarder.h"
#include "node/runtime/lease_clock.h"
#include "node/runtime/router.h"
#include "node/runtime/shard_host.h"
#include "node/runtime/stream_preamble.h"
#include "wire/native.h"

namespace aegis::node {

inline constexpr NodeId kSelf{1};
inline constexpr NodeId kOther{2};
inline constexpr ClusterId kCluster{5};

class Owner final : public ForwardOwner {
 public:
  void OnOutcome(const Forward& forward, const Outcome& outcome) override {
    const std::uint64_t ticket = forward.ticket.sequence;
    order.push_back(ticket);
    statuses[ticket] = outcome.status;
    values[ticket] = outcome.value;
    errors[ticket] = outcome.error;
  }
  void OnNoRoom(std::unique_ptr<Forward> forward) override {
    returned.push_back(std::move(forward));
  }
  bool takes_back() const override { return !returned.empty(); }
  void OnCongested() override { ++congestions; }
  void OnUncongested() override { --congestions; }

  std::vector<std::uint64_t> order;
  std::map<std::uint64_t, Status> statuses;
  std::map<std::uint64_t, std::string> values;
  std::map<std::uint64_t, std::string> errors;
  std::vector<std::unique_ptr<Forward>> returned;
  int congestions = 0;
};

inline Operation SetOf(ByteView key, ByteView value) {
  Operation operation;
  operation.code = OpCode::kSet;
  operation.key = key;
  operation.value = value;
  return operation;
}

inline Operation GetOf(ByteView key) {
  Operation operation;
  operation.key = key;
  return operation;
}

// The shards of one node.
struct TestShards {
  static constexpr Session kLease{5};

  explicit TestShards(NodeId self, ShardHost::Quorums quorums = {})
      : host(self, Session{self.value()}, {.memory = 1 << 30}, quorums, lease) {
    lease.Publish(kLease, TimePoint::max());
    host.SetListeners({.on_changed = [] {},
                       .on_wake = [](NodeId) {},
                       .on_settled = [this](ShardId shard) { held.MarkSettled(shard); }});
  }
  void Create() {
    ClusterSettings settings;
    settings.id = kCluster;
    settings.num_shards = kShards;
    host.Create(settings);
  }
  void Lead(std::uint32_t epoch) {
    for (std::uint32_t id = 0; id < kShards; ++id) {
      ShardGuard shard(host, ShardId{id}, effects);
      shard->Lead(Epoch{epoch}, kLease, /*quorum_used=*/false, effects);
    }
  }
  // Nobody else is to hold the shards any more.
  void BeAlone(std::uint32_t epoch) {
    for (std::uint32_t id = 0; id < kShards; ++id) {
      ShardGuard shard(host, ShardId{id}, effects);
      shard->SetReplicas({.epoch = Epoch{epoch}}, effects);
    }
  }
  Outcome Execute(const Operation& operation) {
    ShardGuard shard(host, ring::ShardOf(operation.key, kShards), effects);
    return shard->Execute(operation, UnixNow(), effects);
  }

  static constexpr std::uint32_t kShards = 4;
  LeaseClock lease;
  ShardHost host;
  HeldOutcomes held{host, [this] { woken = true; }};
  bool woken = false;  // Outcomes that were held ask to be looked at.
  ShardEffects effects;
};

// The other end of one forward link, by hand or by a ForwardServer.
class Peer {
 public:
  explicit Peer(Loop& loop)
      : loop_(loop),
        acceptor_(loop.io(), {asio::ip::make_address("127.0.0.1"), 0}),
        socket_(loop.io()) {
    acceptor_.async_accept(socket_, [this](const asio::error_code& error) {
      if (!error) accepted_ = true;
    });
  }

  Endpoint address() const { return ToEndpoint(acceptor_.local_endpoint()); }
  bool accepted() const { return accepted_; }

  // What has arrived, without waiting.
  Bytes& Received() {
    if (!accepted_) return received_;
    socket_.non_blocking(true);
    char chunk[4096];
    asio::error_code error;
    while (const std::size_t size = socket_.read_some(asio::buffer(chunk), error)) {
      received_.append(chunk, size);
    }
    return received_;
  }
  void Send(ByteView bytes) {
    socket_.non_blocking(false);
    asio::write(socket_, asio::buffer(bytes.data(), bytes.size()));
  }
  void Answer(bool accept) {
    Bytes answer;
    AppendForwardAnswer({.accepted = accept, .node = kOther, .reason = accept ? "" : "no"}, answer);
    Send(answer);
  }
  void Close() { socket_.close(); }
  // REQUIRES: the preamble was received, and nothing else.
  void Serve(TestShards& shards) {
    socket_.non_blocking(false);
    std::make_shared<ForwardServer>(loop_,
                                    std::make_unique<TcpStream>(loop_.poller(), std::move(socket_)),
                                    shards.host, shards.held, kOther)
        ->Start();
  }

 private:
  Loop& loop_;
  asio::ip::tcp::acceptor acceptor_;
  asio::ip::tcp::socket socket_;
  bool accepted_ = false;
  Bytes received_;
};

// Runs the loop until `condition`. False: it did not come true within a minute.
template <class Condition>
bool RunUntil(Loop& loop, Condition condition) {
  const TimePoint begin = SteadyNow();
  while (!condition()) {
    if (SteadyNow() - begin > std::chrono::minutes(1)) return false;
    loop.io().run_one_for(std::chrono::milliseconds(1));
  }
  return true;
}

class ForwarderTest : public ::testing::Test {
 protected:
  explicit ForwarderTest(ShardHost::Quorums quorums = {})
      : shards_(kSelf, quorums), other_(kOther, quorums) {}

  void BeBorn() { shards_.Create(); }
  void Lead(std::uint32_t epoch) { shards_.Lead(epoch); }

  void Publish(NodeId leader, std::uint32_t epoch, MemberState other = MemberState::kAlive) {
    auto table = std::make_shared<RoutingTable>();
    table->version = ++version_;
    table->self = kSelf;
    table->settings = {};
    table->settings.id = kCluster;
    table->settings.num_shards = TestShards::kShards;
    if (leader == kOther || other != MemberState::kAlive) {
      Member member;
      member.id = kOther;
      member.state = other;
      member.gossip_address = peer_.address();
      table->members.push_back(member);
    }
    ShardRoute route;
    route.leader = leader;
    route.epoch = Epoch{epoch};
    table->shards.assign(TestShards::kShards, route);
    board_.Publish(std::move(table));
  }

  // Born, with kOther as the leader of everything, and its shards behind the peer.
  void FollowOther() {
    BeBorn();
    other_.Create();
    other_.Lead(1);
    Publish(kOther, 1);
  }
  // REQUIRES: something was submitted.
  void ServeOther() {
    ASSERT_TRUE(Until([&] { return peer_.Received().size() == kForwardPreambleSize; }));
    peer_.Serve(other_);
  }

  void Submit(std::uint64_t ticket, const Operation& operation, std::size_t room = kAnyRoom,
              std::shared_ptr<Owner> owner = nullptr) {
    SubmitAt(now_, ticket, operation, room, std::move(owner));
  }
  void SubmitAt(TimePoint now, std::uint64_t ticket, const Operation& operation,
                std::size_t room = kAnyRoom, std::shared_ptr<Owner> owner = nullptr) {
    auto forward = forwarder_.Encode(operation);
    forward->owner = owner ? std::move(owner) : owner_;
    forward->ticket = {ticket, 0};
    forward->room = room;
    forwarder_.Submit(std::move(forward), now);
  }

  template <class Condition>
  bool Until(Condition condition) {
    return RunUntil(loop_, condition);
  }

  std::uint64_t version_ = 0;
  TimePoint now_ = SteadyNow();
  Loop loop_;
  TestShards shards_;
  TestShards other_;
  Peer peer_{loop_};
  RoutingBoard board_{kSelf};
  WorkerCounters counters_;
  Forwarder forwarder_{loop_, shards_.host, board_, shards_.held, counters_};
  std::shared_ptr<Owner> owner_ = std::make_shared<Owner>();
};

}  // namespace aegis::node
