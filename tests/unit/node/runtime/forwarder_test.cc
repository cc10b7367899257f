#include "node/runtime/forwarder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "forwarding_test_support.h"
#include "wire/operation_codec.h"

namespace aegis::node {
namespace {

TEST_F(ForwarderTest, WhatComesBeforeBirthRunsAfterItInOrder) {
  Submit(1, SetOf("k", "a"));
  Submit(2, GetOf("k"));
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
  Submit(1, SetOf("k", "a"));
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
  Submit(1, SetOf("k", "a"));
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
  Submit(1, GetOf("k"));
  forwarder_.OnTick(now_ + limits::kRouteWait);
  EXPECT_EQ(owner_->statuses[1], Status::kUnavailable);
  EXPECT_EQ(owner_->errors[1], "waiting for others");
  EXPECT_FALSE(forwarder_.blocked(ShardId{0}));
}

TEST_F(ForwarderTest, AShardThatDoesNotLeadYetIsAskedAgainWithoutNewRouting) {
  BeBorn();
  Publish(kSelf, 1);
  Submit(1, SetOf("k", "a"));
  Submit(2, GetOf("k"));
  EXPECT_TRUE(owner_->order.empty());
  Lead(1);
  const TimePoint begin = SteadyNow();
  while (owner_->order.size() < 2 && SteadyNow() - begin < std::chrono::minutes(1)) {
    forwarder_.OnTick(now_);
  }
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(owner_->values[2], "a");
}

TEST_F(ForwarderTest, NothingOvertakesAnOperationOnItsShard) {
  BeBorn();
  Publish(kNoNode, 0);
  Submit(1, SetOf("k", "first"));
  Lead(1);
  Publish(kSelf, 1);
  // The routing has changed; nobody has told the forwarder yet.
  Router router(shards_.host, board_, forwarder_, counters_);
  bool shown = false;
  EXPECT_FALSE(
      router.RunHere(SetOf("k", "second"), true, UnixNow(), [&](const Outcome&) { shown = true; }));
  EXPECT_FALSE(shown);
  Submit(2, SetOf("k", "second"));
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_TRUE(router.RunHere(GetOf("k"), true, UnixNow(),
                             [&](const Outcome& outcome) { EXPECT_EQ(outcome.value, "second"); }));
}

TEST_F(ForwarderTest, OtherShardsAreNotBlocked) {
  BeBorn();
  Publish(kNoNode, 0);
  Submit(1, SetOf("k", "a"));
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
  Submit(1, GetOf("missing"));
  const auto get = static_cast<std::size_t>(OpCode::kGet);
  EXPECT_EQ(counters_.operations[get][ResultOf(Status::kNotFound)].Get(), 1U);
}

TEST_F(ForwarderTest, TooMuchForOneNodeIsSaidAndTakenBackOnceHalfIsGone) {
  BeBorn();
  Publish(kNoNode, 0);
  const std::string megabyte(1 << 20, 'v');
  const std::size_t limit = limits::kForwardBacklogPause >> 20;
  for (std::uint64_t i = 0; i + 1 < limit; ++i) {
    SubmitAt(now_ + std::chrono::milliseconds(i), i, SetOf("k", megabyte));
  }
  EXPECT_EQ(owner_->congestions, 0);
  const auto late = std::make_shared<Owner>();
  const TimePoint last = now_ + std::chrono::seconds(1);
  SubmitAt(last, 100, SetOf("k", megabyte), kAnyRoom, late);
  EXPECT_EQ(late->congestions, 1) << "what an operation costs is more than its value";
  EXPECT_EQ(owner_->congestions, 0);
  EXPECT_GT(forwarder_.pending_bytes(), limits::kForwardBacklogPause);

  // Below the limit again, but above half, nobody may fill what the one that waits is waiting for.
  forwarder_.OnTick(now_ + limits::kRouteWait + std::chrono::milliseconds(2));
  SubmitAt(last, 101, SetOf("k", "small"));
  EXPECT_EQ(owner_->congestions, 1);
  const auto more_than_half = std::chrono::milliseconds(limit / 2);
  forwarder_.OnTick(now_ + limits::kRouteWait + more_than_half - std::chrono::milliseconds(1));
  EXPECT_EQ(late->congestions, 1);
  forwarder_.OnTick(now_ + limits::kRouteWait + more_than_half);
  EXPECT_EQ(late->congestions, 0);
  forwarder_.OnTick(last + limits::kRouteWait);
  EXPECT_EQ(forwarder_.pending_bytes(), 0U);
}

TEST_F(ForwarderTest, WhatHasNoRoomComesBackAndWhatItsOwnerSentBehindItToo) {
  BeBorn();
  Lead(1);
  shards_.Execute(SetOf("k", std::string(100, 'v')));
  Publish(kNoNode, 0);
  const auto stranger = std::make_shared<Owner>();
  Submit(1, GetOf("k"), 99);
  Submit(2, SetOf("k", "new"), 99);
  Submit(3, GetOf("k"), kAnyRoom, stranger);
  Publish(kSelf, 1);
  forwarder_.OnRouting();
  EXPECT_TRUE(owner_->order.empty());
  ASSERT_EQ(owner_->returned.size(), 2U);
  EXPECT_EQ(owner_->returned[0]->ticket.sequence, 1U);
  EXPECT_EQ(owner_->returned[0]->needed, 100U);
  EXPECT_EQ(owner_->returned[1]->ticket.sequence, 2U);
  EXPECT_EQ(owner_->returned[1]->needed, 0U);
  EXPECT_EQ(stranger->values[3].size(), 100U) << "others do not wait";
  EXPECT_EQ(forwarder_.pending(), 0U);
  EXPECT_EQ(forwarder_.pending_bytes(), 0U);

  auto returned = std::exchange(owner_->returned, {});
  for (auto& forward : returned) {
    forward->room = 100;
    forwarder_.Submit(std::move(forward), SteadyNow());
  }
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(owner_->values[1].size(), 100U);
}

TEST(LacksRoomTest, OnlyWhatIsShownNeedsRoom) {
  TestShards shards(kSelf);
  shards.Create();
  shards.Lead(1);
  shards.Execute(SetOf("k", std::string(100, 'v')));
  ShardGuard shard(shards.host, ring::ShardOf("k", TestShards::kShards), shards.effects);
  const auto lacks = [&](const Operation& operation, std::size_t room) {
    return LacksRoom(*shard, operation, room);
  };
  EXPECT_EQ(lacks(GetOf("k"), 99), 100U);
  EXPECT_EQ(lacks(GetOf("k"), 100), 0U);
  EXPECT_EQ(lacks(GetOf("k"), kAnyRoom), 0U);
  Operation set = SetOf("k", "w");
  EXPECT_EQ(lacks(set, 10), 0U);
  set.return_old = true;
  EXPECT_EQ(lacks(set, 10), 100U);
  Operation range = GetOf("k");
  range.code = OpCode::kGetRange;
  range.number2 = 19;
  EXPECT_EQ(lacks(range, 10), 20U);
  EXPECT_EQ(lacks(range, 20), 0U);
  range.number2 = -1;
  EXPECT_EQ(lacks(range, 20), 100U);
  for (const OpCode code : {OpCode::kGetDelete, OpCode::kGetExpire}) {
    Operation operation = GetOf("k");
    operation.code = code;
    EXPECT_EQ(lacks(operation, 10), 100U);
  }
  Operation peek = GetOf("k");
  peek.code = OpCode::kPeek;
  EXPECT_EQ(lacks(peek, 10), 0U);
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

  operation = {.code = OpCode::kScan, .key = "k"};
  const std::string pattern(limits::kPatternSizeMax, '*');
  operation.match = pattern;
  EXPECT_EQ(status(operation), Status::kOk);
  const std::string long_pattern = pattern + "*";
  operation.match = long_pattern;
  EXPECT_EQ(status(operation), Status::kTooLarge);

  operation = {.code = OpCode::kCountUp, .key = "k", .value = "1"};
  for (const std::int64_t ttl : {std::int64_t{-1}, std::int64_t{0}, limits::kTtlMsMax}) {
    operation.number2 = ttl;
    EXPECT_EQ(status(operation), Status::kOk) << ttl;
  }
  operation.number2 = limits::kTtlMsMax + 1;
  EXPECT_EQ(status(operation), Status::kInvalid);
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

TEST(CheckOperationTest, ABatchIsRefusedForWhateverIsWrongInIt) {
  Bytes encoded;
  const auto refusal = [&](const std::vector<Operation>& operations, std::int64_t number = 0,
                           std::vector<KeyValue> watched = {}) {
    encoded.clear();
    wire::AppendMultiRequest(operations, encoded);
    Operation batch{.code = OpCode::kBatch, .key = "{t}", .value = encoded, .number = number};
    batch.more = std::move(watched);
    return CheckOperation(batch, 256);
  };
  const Operation set{.code = OpCode::kSet, .key = "{t}a", .value = "v"};
  const Operation get{.code = OpCode::kGet, .key = "{t}a"};
  const Bytes version(8, '\0');
  EXPECT_FALSE(refusal({set, get}));
  EXPECT_FALSE(refusal({get}, kOnlyReads, {{"{t}b", version}}));
  EXPECT_FALSE(refusal({}));
  EXPECT_EQ(refusal({get, set}, kOnlyReads)->status, Status::kInvalid) << "it writes";
  EXPECT_EQ(refusal({{.code = OpCode::kGet, .key = "elsewhere"}})->status, Status::kInvalid);
  EXPECT_EQ(refusal({{.code = OpCode::kClear, .key = "{t}"}})->status, Status::kInvalid);
  EXPECT_EQ(refusal({{.code = OpCode::kBatch, .key = "{t}"}})->status, Status::kInvalid);
  EXPECT_EQ(refusal({{.code = OpCode::kGet, .key = ""}})->status, Status::kInvalid);
  EXPECT_EQ(refusal({get}, 0, {{"{t}b", "short"}})->status, Status::kInvalid);
  EXPECT_EQ(refusal({get}, 0, {{"elsewhere", version}})->status, Status::kInvalid);
  EXPECT_EQ(
      CheckOperation({.code = OpCode::kBatch, .key = "{t}", .value = "\x0a\x05"}, 256)->status,
      Status::kInvalid);
}

TEST(CheckOperationTest, WhatIsAboutAShardHasNoBoundOnStaleness) {
  for (const OpCode code : {OpCode::kScan, OpCode::kCount, OpCode::kPick}) {
    const Operation operation{.code = code, .key = "k", .max_stale_ms = 10};
    EXPECT_EQ(CheckOperation(operation, 256)->status, Status::kInvalid);
  }
}

TEST(CheckOperationTest, OnlyReadsWithoutAQuorumHaveABoundOnStaleness) {
  Operation operation{.code = OpCode::kGet, .key = "k"};
  for (const std::int64_t bound : {std::int64_t{1}, limits::kStalenessMsMax, kAnyStaleness}) {
    operation.max_stale_ms = bound;
    EXPECT_FALSE(CheckOperation(operation, 256)) << bound;
  }
  for (const std::int64_t bound :
       {std::int64_t{0}, std::int64_t{-2}, limits::kStalenessMsMax + 1}) {
    operation.max_stale_ms = bound;
    EXPECT_EQ(CheckOperation(operation, 256)->status, Status::kInvalid) << bound;
  }
  operation.max_stale_ms = 5;
  operation.quorum = 2;
  EXPECT_EQ(CheckOperation(operation, 256)->status, Status::kInvalid);
  operation.quorum = 0;
  EXPECT_FALSE(CheckOperation(operation, 256));
  for (const OpCode code : {OpCode::kSet, OpCode::kGetExpire, OpCode::kAwait}) {
    operation.code = code;
    EXPECT_EQ(CheckOperation(operation, 256)->status, Status::kInvalid);
  }
}

}  // namespace
}  // namespace aegis::node
