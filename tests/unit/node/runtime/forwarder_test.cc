#include "node/runtime/forwarder.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/limits.h"
#include "node/runtime/clocks.h"
#include "node/runtime/router.h"
#include "node/runtime/shard_host.h"

namespace aegis::node {
namespace {

constexpr NodeId kSelf{1};

class Owner final : public ForwardOwner {
 public:
  void OnOutcome(Ticket ticket, const Outcome& outcome) override {
    order.push_back(ticket.sequence);
    statuses[ticket.sequence] = outcome.status;
    values[ticket.sequence] = outcome.value;
    errors[ticket.sequence] = outcome.error;
  }
  std::vector<std::uint64_t> order;
  std::map<std::uint64_t, Status> statuses;
  std::map<std::uint64_t, std::string> values;
  std::map<std::uint64_t, std::string> errors;
};

// One worker's forwarder over real shards, without a network: what it would send waits.
class ForwarderTest : public ::testing::Test {
 protected:
  ForwarderTest() {
    host_.SetListeners([] {}, [](NodeId) {});
    settings_.id = ClusterId{5};
    settings_.num_shards = 4;
  }

  void BeBorn() { host_.Create(settings_); }

  void Lead(std::uint32_t epoch) {
    for (std::uint32_t id = 0; id < settings_.num_shards; ++id) {
      ShardGuard shard(host_, ShardId{id}, effects_);
      shard->Lead(Epoch{epoch}, effects_);
    }
  }

  void Publish(NodeId leader, std::uint32_t epoch) {
    auto table = std::make_shared<RoutingTable>();
    table->version = ++version_;
    table->self = kSelf;
    table->settings = settings_;
    ShardRoute route;
    route.leader = leader;
    route.epoch = Epoch{epoch};
    table->shards.assign(settings_.num_shards, route);
    board_.Publish(std::move(table));
  }

  Operation Set(ByteView key, ByteView value) {
    Operation operation;
    operation.code = OpCode::kSet;
    operation.key = key;
    operation.value = value;
    return operation;
  }
  Operation Get(ByteView key) {
    Operation operation;
    operation.key = key;
    return operation;
  }

  void Submit(std::uint64_t ticket, const Operation& operation) {
    forwarder_.Submit(owner_, {ticket, 0}, operation, now_);
  }

  ClusterSettings settings_;
  std::uint64_t version_ = 0;
  TimePoint now_ = SteadyNow();
  ShardEffects effects_;
  Loop loop_;
  ShardHost host_{kSelf, Session{3}, 1 << 20};
  RoutingBoard board_{kSelf};
  WorkerCounters counters_;
  Forwarder forwarder_{loop_, host_, board_, counters_};
  std::shared_ptr<Owner> owner_ = std::make_shared<Owner>();
};

TEST_F(ForwarderTest, WhatComesBeforeBirthRunsAfterItInOrder) {
  Submit(1, Set("k", "a"));
  Submit(2, Get("k"));
  EXPECT_TRUE(forwarder_.blocked(ShardId{0}));
  BeBorn();
  Lead(1);
  Publish(kSelf, 1);
  forwarder_.OnRouting();
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(owner_->values[2], "a");
  EXPECT_FALSE(forwarder_.blocked(ShardId{0}));
  EXPECT_EQ(forwarder_.pending(), 0U);
}

TEST_F(ForwarderTest, AShardWithoutLeaderMakesOperationsWaitUntilItHasOne) {
  BeBorn();
  Publish(kNoNode, 0);
  Submit(1, Set("k", "a"));
  EXPECT_TRUE(owner_->order.empty());
  EXPECT_TRUE(forwarder_.blocked(ring::ShardOf("k", 4)));
  Lead(1);
  Publish(kSelf, 1);
  forwarder_.OnRouting();
  EXPECT_EQ(owner_->statuses[1], Status::kOk);
}

TEST_F(ForwarderTest, AnOperationThatNobodyTakesInTimeIsUnavailable) {
  BeBorn();
  Publish(kNoNode, 0);
  Submit(1, Set("k", "a"));
  forwarder_.OnTick(now_ + limits::kRouteWait - std::chrono::milliseconds(1));
  EXPECT_TRUE(owner_->order.empty());
  forwarder_.OnTick(now_ + limits::kRouteWait);
  EXPECT_EQ(owner_->statuses[1], Status::kUnavailable);
  EXPECT_FALSE(forwarder_.blocked(ring::ShardOf("k", 4)));
}

TEST_F(ForwarderTest, BeforeBirthTooAndItSaysWhatTheNodeWaitsFor) {
  auto unborn = std::make_shared<RoutingTable>();
  unborn->unborn_reason = "waiting for others";
  board_.Publish(std::move(unborn));
  Submit(1, Get("k"));
  forwarder_.OnTick(now_ + limits::kRouteWait);
  EXPECT_EQ(owner_->statuses[1], Status::kUnavailable);
  EXPECT_EQ(owner_->errors[1], "waiting for others");
  EXPECT_FALSE(forwarder_.blocked(ShardId{0}));
}

TEST_F(ForwarderTest, AShardThatDoesNotLeadYetIsAskedAgainWithoutNewRouting) {
  BeBorn();
  Publish(kSelf, 1);
  Submit(1, Set("k", "a"));
  Submit(2, Get("k"));
  EXPECT_TRUE(owner_->order.empty());
  Lead(1);
  while (owner_->order.size() < 2 && SteadyNow() - now_ < std::chrono::seconds(5)) {
    forwarder_.OnTick(SteadyNow());
  }
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(owner_->values[2], "a");
}

TEST_F(ForwarderTest, NothingOvertakesAnOperationOnItsShard) {
  BeBorn();
  Publish(kNoNode, 0);
  Submit(1, Set("k", "first"));
  Lead(1);
  Publish(kSelf, 1);
  // The routing has changed; nobody has told the forwarder yet.
  Router router(host_, board_, forwarder_, counters_);
  bool shown = false;
  EXPECT_FALSE(
      router.RunHere(Set("k", "second"), UnixNow(), [&](const Outcome&) { shown = true; }));
  EXPECT_FALSE(shown);
  Submit(2, Set("k", "second"));
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_TRUE(router.RunHere(Get("k"), UnixNow(),
                             [&](const Outcome& outcome) { EXPECT_EQ(outcome.value, "second"); }));
}

TEST_F(ForwarderTest, OtherShardsAreNotBlocked) {
  BeBorn();
  Publish(kNoNode, 0);
  Submit(1, Set("k", "a"));
  const ShardId blocked = ring::ShardOf("k", 4);
  for (std::uint32_t id = 0; id < 4; ++id) {
    EXPECT_EQ(forwarder_.blocked(ShardId{id}), ShardId{id} == blocked);
  }
}

TEST_F(ForwarderTest, OutcomesAreCounted) {
  BeBorn();
  Lead(1);
  Publish(kSelf, 1);
  forwarder_.OnRouting();
  Submit(1, Get("missing"));
  const auto get = static_cast<std::size_t>(OpCode::kGet);
  EXPECT_EQ(counters_.operations[get][ResultOf(Status::kNotFound)].Get(), 1U);
}

TEST(CheckOperationTest, SizesAndTtlsBeyondTheirLimitsAreRefusedWithTheReason) {
  const auto status = [](const Operation& operation) {
    const auto refusal = CheckOperation(operation, 256);
    EXPECT_TRUE(!refusal || !refusal->error.empty());
    return refusal ? refusal->status : Status::kOk;
  };
  Operation operation;
  EXPECT_EQ(status(operation), Status::kInvalid);
  const std::string key(limits::kKeySizeMax, 'k');
  operation.key = key;
  EXPECT_EQ(status(operation), Status::kOk);
  const std::string long_key = key + "k";
  operation.key = long_key;
  EXPECT_EQ(status(operation), Status::kTooLarge);

  operation = {};
  operation.code = OpCode::kSet;
  operation.key = "k";
  const std::string long_value(limits::kValueSizeMax + 1, 'v');
  operation.value = ByteView(long_value).substr(1);
  EXPECT_EQ(status(operation), Status::kOk);
  operation.value = long_value;
  EXPECT_EQ(status(operation), Status::kTooLarge);

  operation.value = "v";
  operation.expiry = ExpiryKind::kRelative;
  for (const std::int64_t ttl : {std::int64_t{0}, std::int64_t{-1}, limits::kTtlMsMax + 1}) {
    operation.expiry_ms = ttl;
    EXPECT_EQ(status(operation), Status::kInvalid) << ttl;
  }
  operation.expiry_ms = limits::kTtlMsMax;
  EXPECT_EQ(status(operation), Status::kOk);
}

TEST(CheckOperationTest, KeysOfOneOperationMustShareAShard) {
  Operation rename;
  rename.code = OpCode::kRename;
  rename.key = "{tag}a";
  rename.key2 = "{tag}b";
  EXPECT_FALSE(CheckOperation(rename, 256));
  rename.key2 = "elsewhere";
  EXPECT_EQ(CheckOperation(rename, 256)->status, Status::kInvalid);
  rename.key2 = "";
  EXPECT_EQ(CheckOperation(rename, 256)->status, Status::kInvalid);
}

}  // namespace
}  // namespace aegis::node
