// Operations that run as one: on the leader, on every copy, and over a failover.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "node/core/batch_cost.h"
#include "node/core/shard.h"
#include "shard_test_support.h"
#include "wire/operation_codec.h"

namespace aegis::node {
namespace {

using replication::RecordType;

class ShardBatchTest : public ShardTest {
 protected:
  struct Watched {
    std::string key;
    Version version;
    Version absent_at = {};
  };

  Outcome Batch(std::size_t node, const std::vector<Operation>& operations,
                const std::vector<Watched>& watched = {},
                std::optional<std::int32_t> quorum = std::nullopt) {
    encoded_.clear();
    versions_.clear();
    wire::AppendMultiRequest(operations, encoded_);
    Operation batch{.code = OpCode::kBatch, .key = "any", .value = encoded_, .quorum = quorum};
    for (const Watched& one : watched) {
      versions_.push_back(replication::EncodeVersion(one.version));
      if (one.absent_at == Version{}) continue;
      versions_.back() += replication::EncodeVersion(one.absent_at);
    }
    for (std::size_t i = 0; i < watched.size(); ++i) {
      batch.more.push_back({watched[i].key, versions_[i]});
    }
    return Run(node, batch);
  }
  static Operation SetTo(ByteView key, ByteView value) {
    return {.code = OpCode::kSet, .key = key, .value = value};
  }
  Version Last(std::size_t node) const { return shards_[node]->replica().history().last(); }
  static Operation AppendTo(ByteView key, ByteView value) {
    return {.code = OpCode::kAppend, .key = key, .value = value};
  }
  static Operation CopyTo(ByteView key, ByteView key2) {
    return {.code = OpCode::kCopy, .key = key, .key2 = key2};
  }
  // All of it is refused, and nothing of it done.
  void ExpectRefused(Status status, const std::vector<Operation>& operations) {
    const Version last = Last(0);
    EXPECT_EQ(Batch(0, operations).status, status);
    EXPECT_EQ(Last(0), last);
  }
  static Operation Get(ByteView key) { return {.code = OpCode::kGet, .key = key}; }

  std::string Value(std::size_t node, const std::string& key) {
    std::string value = "-";
    shards_[node]->replica().table().Scan(0, ~std::size_t{0}, [&](const store::ItemView& item) {
      if (item.key == key && !item.tombstone) value = item.value;
    });
    return value;
  }

  Bytes encoded_;
  std::vector<Bytes> versions_;
};

TEST_F(ShardBatchTest, EachOperationSeesThoseBeforeIt) {
  LeadWith(0, 1, {1, 2});
  const Outcome outcome = Batch(0, {SetTo("n", "1"),
                                    {.code = OpCode::kIncrement, .key = "n", .number = 4},
                                    Get("n"),
                                    {.code = OpCode::kAppend, .key = "x", .value = "text"},
                                    Get("missing")});
  ASSERT_EQ(outcome.status, Status::kOk);
  const auto outcomes = wire::DecodeMultiReply(outcome.value).value();
  ASSERT_EQ(outcomes.size(), 5U);
  EXPECT_EQ(outcomes[1].number, 5);
  EXPECT_EQ(outcomes[2].value, "5");
  EXPECT_EQ(outcomes[4].status, Status::kNotFound);
  Settle();
  ExpectReplicasEqual(0, 1);
  EXPECT_EQ(Value(1, "n"), "5");
}

TEST_F(ShardBatchTest, AFailedOperationLeavesTheOthersDone) {
  LeadWith(0, 1, {});
  const Outcome outcome = Batch(0, {SetTo("text", "abc"),
                                    {.code = OpCode::kIncrement, .key = "text", .number = 1},
                                    SetTo("behind", "v")});
  const auto outcomes = wire::DecodeMultiReply(outcome.value).value();
  EXPECT_EQ(outcomes[1].status, Status::kInvalid);
  EXPECT_EQ(Value(0, "behind"), "v");
}

TEST_F(ShardBatchTest, NothingIsDoneIfAWatchedKeyHasChanged) {
  LeadWith(0, 1, {});
  Set(0, "k", "1");
  const Version watched = shards_[0]->VersionOf("k");
  EXPECT_EQ(Batch(0, {SetTo("k", "2")}, {{"k", watched}, {"missing", {}}}).status, Status::kOk);
  const Version last = shards_[0]->replica().history().last();
  EXPECT_EQ(Batch(0, {SetTo("k", "3")}, {{"k", watched}}).status, Status::kConflict);
  EXPECT_EQ(Batch(0, {SetTo("k", "3")}, {{"k", {}}}).status, Status::kConflict);
  EXPECT_EQ(Batch(0, {SetTo("k", "3")}, {{"missing", watched}}).status, Status::kConflict);
  EXPECT_EQ(shards_[0]->replica().history().last(), last);
  EXPECT_EQ(Value(0, "k"), "2");
}

TEST_F(ShardBatchTest, ARemovedWatchedKeyIsAbsentAndOneThatWasClearedHasChanged) {
  LeadWith(0, 1, {});
  Set(0, "k", "1");
  const Version watched = shards_[0]->VersionOf("k");
  Delete(0, "k");
  EXPECT_EQ(Batch(0, {Get("k")}, {{"k", watched}}).status, Status::kConflict);
  EXPECT_EQ(Batch(0, {Get("k")}, {{"k", {}, Last(0)}}).status, Status::kOk);
  Set(0, "k", "2");
  const Version again = shards_[0]->VersionOf("k");
  Run(0, {.code = OpCode::kClear, .key = "any"});
  EXPECT_EQ(Batch(0, {Get("k")}, {{"k", again}}).status, Status::kConflict);
}

TEST_F(ShardBatchTest, WhatOnlyReadsWritesNoRecord) {
  LeadWith(0, 1, {});
  Set(0, "k", "v");
  const Version last = shards_[0]->replica().history().last();
  EXPECT_EQ(Batch(0, {Get("k"), Get("x")}).status, Status::kOk);
  EXPECT_EQ(shards_[0]->replica().history().last(), last);
}

// A link carries records in whole chunks, but what breaks it may come between any two of them.
TEST_F(ShardBatchTest, ACopyAppliesAllOfItOrNone) {
  LeadWith(0, 1, {1, 2});
  Set(0, "a", "0");
  Settle();
  // Larger than a turn of the link, so that its records travel in several frames.
  const std::string large(kBudget, 'x');
  Batch(0, {SetTo("a", "1"), SetTo("b", large), SetTo("c", large), SetTo("d", "1")});
  Bytes out;
  shards_[0]->Pump(Id(1), 1, kNow, out);
  wires_[0][1] += out;
  const Version before = shards_[1]->replica().history().last();
  Deliver(0, 1);
  EXPECT_EQ(shards_[1]->replica().history().last(), before);
  EXPECT_EQ(Value(1, "a"), "0") << "the end has not come";
  Settle();
  EXPECT_EQ(Value(1, "d"), "1");
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardBatchTest, AFailoverInTheMiddleLeavesNothingOfIt) {
  LeadWith(0, 1, {1, 2});
  Set(0, "a", "0");
  Settle();
  const std::string large(kBudget, 'x');
  Batch(0, {SetTo("a", "1"), SetTo("b", large), SetTo("c", "1")});
  Bytes out;
  shards_[0]->Pump(Id(1), 1, kNow, out);
  wires_[0][1] += out;
  Deliver(0, 1);
  for (auto& row : cut_) row.fill(true);
  cut_[1][2] = cut_[2][1] = false;
  LeadWith(1, 2, {2});
  Settle();
  for (const std::size_t node : {1U, 2U}) {
    EXPECT_EQ(Value(node, "a"), "0");
    EXPECT_EQ(Value(node, "b"), "-");
  }
  Set(1, "after", "v");
  Settle();
  ExpectReplicasEqual(1, 2);
}

TEST_F(ShardBatchTest, AFailoverInTheMiddleOfARenameLeavesTheKeyWhereItWas) {
  LeadWith(0, 1, {1, 2});
  const std::string large(kBudget, 'x');
  Set(0, "old", large);
  Settle();
  EXPECT_EQ(Run(0, {.code = OpCode::kRename, .key = "old", .key2 = "new"}).status, Status::kOk);
  Bytes out;
  shards_[0]->Pump(Id(1), 1, kNow, out);
  ASSERT_LT(out.size(), 2 * kBudget) << "the first record alone";
  wires_[0][1] += out;
  Deliver(0, 1);
  for (auto& row : cut_) row.fill(true);
  cut_[1][2] = cut_[2][1] = false;
  LeadWith(1, 2, {2});
  Settle();
  for (const std::size_t node : {1U, 2U}) {
    EXPECT_EQ(Value(node, "old"), large);
    EXPECT_EQ(Value(node, "new"), "-");
  }
}

TEST_F(ShardBatchTest, AFailoverInTheMiddleOfAMultiSetNxLeavesNoneOfIt) {
  LeadWith(0, 1, {1, 2});
  Settle();
  const std::string large(kBudget, 'x');
  EXPECT_EQ(Run(0, {.code = OpCode::kMultiSetNx,
                    .key = "a",
                    .value = large,
                    .more = {{"b", "1"}, {"c", "1"}}})
                .status,
            Status::kOk);
  Bytes out;
  shards_[0]->Pump(Id(1), 1, kNow, out);
  wires_[0][1] += out;
  Deliver(0, 1);
  for (auto& row : cut_) row.fill(true);
  LeadWith(1, 2, {});
  EXPECT_EQ(Value(1, "a"), "-");
  EXPECT_EQ(Value(1, "b"), "-");
}

TEST_F(ShardBatchTest, ABrokenLinkInTheMiddleSendsItAnew) {
  LeadWith(0, 1, {1, 2});
  Settle();
  const std::string large(kBudget, 'x');
  Batch(0, {SetTo("a", "1"), SetTo("b", large), SetTo("c", "1")});
  Bytes out;
  shards_[0]->Pump(Id(1), 1, kNow, out);
  wires_[0][1] += out;
  Deliver(0, 1);
  ShardEffects effects;
  shards_[0]->OnLinkUp(Id(1), effects);
  shards_[1]->OnLinkUp(Id(0), effects);
  Settle();
  EXPECT_EQ(Value(1, "c"), "1");
  ExpectReplicasEqual(0, 1);
}

TEST_F(ShardBatchTest, ItsQuorumHoldsAllOfIt) {
  LeadWith(0, 1, {1, 2}, /*quorum_used=*/true);
  Settle();
  Outcome outcome = Batch(0, {SetTo("a", "1"), SetTo("b", "1")}, {}, 2);
  EXPECT_NE(outcome.hold.reign, Epoch{});
  EXPECT_EQ(outcome.hold.until, shards_[0]->replica().history().last());
  EXPECT_NE(Run(0, {.code = OpCode::kGet, .key = "a"}).hold.reign, Epoch{});
  EXPECT_NE(Batch(0, {Get("b")}).hold.reign, Epoch{}) << "it shows what waits";
  EXPECT_NE(Batch(0, {Get("c")}, {{"c", {}}, {"a", shards_[0]->VersionOf("a")}}).hold.reign,
            Epoch{})
      << "that nothing has changed shows it as well";
  Settle();
  EXPECT_TRUE(shards_[0]->Settle(/*write=*/true, outcome));
  EXPECT_EQ(outcome.status, Status::kOk);
}

TEST_F(ShardBatchTest, NoRoomForAllOfItIsNoRoomForAnyOfIt) {
  small_memory_ = true;
  Restart(0);
  LeadWith(0, 1, {});
  const std::string large(1 << 20, 'x');
  ExpectRefused(Status::kOutOfMemory, {SetTo("a", large), SetTo("b", large), SetTo("c", large)});
  // What it makes of values that are there needs room as well.
  Set(0, "k", large);
  EXPECT_EQ(Batch(0, {SetTo("a", "1"), CopyTo("k", "c"), CopyTo("k", "d")}).status,
            Status::kOutOfMemory);
  EXPECT_EQ(Value(0, "a"), "-");
}

// Its records take memory as well, until they are sent.
TEST_F(ShardBatchTest, NothingIsEvictedBetweenItsOperations) {
  small_memory_ = true;
  Restart(0);
  LeadWith(0, 1, {1});
  Settle();
  Set(0, "old", std::string(300'000, 'x'));
  Settle();
  Set(0, "small", "1");
  Settle();
  const std::string large(600'000, 'x');
  EXPECT_EQ(Batch(0, {SetTo("a", large), SetTo("b", large)}).status, Status::kOk);
  EXPECT_EQ(shards_[0]->counters().evicted, 0U);
  EXPECT_EQ(Value(0, "a"), large);
}

TEST_F(ShardBatchTest, WhatOnlyRemovesNeedsNoRoom) {
  Replica replica(9, meters_[1]);
  const std::vector<Operation> removes{{.code = OpCode::kDelete, .key = "k"}};
  EXPECT_EQ(BatchCost(replica.table(), removes).room(), 0U);
  EXPECT_GT(BatchCost(replica.table(), removes).stored(), 0U);
  const std::vector<Operation> keeps{AppendTo("k", "w")};
  EXPECT_EQ(BatchCost(replica.table(), keeps).room(), store::Table::ItemBytes(1, 1));
}

TEST_F(ShardBatchTest, TooMuchToBeStoredIsRefusedBeforeAnythingIsDone) {
  LeadWith(0, 1, {});
  const std::string large(limits::kBatchStoredMax / 3, 'x');
  Set(0, "k", large);
  const Operation one = SetTo("a", "1");
  ExpectRefused(Status::kTooLarge, {one, SetTo("b", large), SetTo("b", large), SetTo("b", large)});
  ExpectRefused(Status::kTooLarge,
                {one, AppendTo("k", "x"), AppendTo("k", "x"), AppendTo("k", "x")});
  ExpectRefused(Status::kTooLarge, {one, CopyTo("k", "b"), CopyTo("b", "c"), CopyTo("c", "d")});
  ExpectRefused(
      Status::kTooLarge,
      {one,
       {.code = OpCode::kSetRange, .key = "b", .value = "x", .number = limits::kBatchStoredMax}});
  const Operation expire{
      .code = OpCode::kExpire, .key = "k", .expiry = ExpiryKind::kRelative, .expiry_ms = 1000};
  ExpectRefused(Status::kTooLarge, {one, expire, expire, expire});
  EXPECT_EQ(Batch(0, {one, AppendTo("k", "x"), CopyTo("k", "b")}).status, Status::kOk);
}

TEST_F(ShardBatchTest, TooMuchToBeShownIsRefusedBeforeAnythingIsDone) {
  LeadWith(0, 1, {});
  const std::string large(limits::kBatchShownMax / 8, 'x');
  Set(0, "k", large);
  std::vector<Operation> operations(7, Get("k"));
  EXPECT_EQ(Batch(0, operations).status, Status::kOk);
  operations.resize(8, {.code = OpCode::kGetDelete, .key = "k"});
  EXPECT_EQ(Batch(0, operations).status, Status::kOk);
  EXPECT_EQ(Value(0, "k"), "-");
  // What they store themselves counts as well.
  operations.assign(9, Get("k"));
  operations.front() = SetTo("k", large);
  EXPECT_EQ(Batch(0, operations).status, Status::kOk);
  operations.push_back({.code = OpCode::kGetDelete, .key = "k"});
  ExpectRefused(Status::kTooLarge, operations);
}

TEST_F(ShardBatchTest, ItsOutcomesFitInAFrameHoweverManyTheyAre) {
  LeadWith(0, 1, {});
  Set(0, "k", std::string(limits::kBatchShownMax / limits::kBatchOperationsMax, 'x'), 1000);
  const std::vector<Operation> operations(limits::kBatchOperationsMax, Get("k"));
  const Outcome outcome = Batch(0, operations);
  ASSERT_EQ(outcome.status, Status::kOk);
  EXPECT_GT(outcome.value.size(), limits::kBatchShownMax);
  EXPECT_LT(outcome.value.size(), limits::kValueSizeMax);
}

TEST_F(ShardBatchTest, WhatItMayStoreAndShowIsKnownBefore) {
  LeadWith(0, 1, {});
  const std::string large(limits::kQuickValueBytes, 'x');
  Set(0, "k", large);
  const auto batch_of = [&](const Operation& operation) {
    encoded_.clear();
    wire::AppendMultiRequest({&operation, 1}, encoded_);
    return Operation{.code = OpCode::kBatch, .key = "any", .value = encoded_};
  };
  EXPECT_FALSE(shards_[0]->MayHold(batch_of(AppendTo("x", "x")), kNow));
  EXPECT_TRUE(shards_[0]->MayHold(batch_of(AppendTo("k", "x")), kNow));
  EXPECT_LT(shards_[0]->BytesShown(batch_of(SetTo("k", "x"))), 1000U);
  EXPECT_GE(shards_[0]->BytesShown(batch_of(Get("k"))), large.size());
  EXPECT_GT(shards_[0]->BytesShown({.code = OpCode::kScan, .key = "any"}), 0U);
  EXPECT_LE(shards_[0]->BytesShown({.code = OpCode::kScan, .key = "any"}),
            limits::kScanBytesMax + limits::kKeySizeMax);
}

TEST_F(ShardBatchTest, AKeyThatCameAndWentAgainHasChanged) {
  LeadWith(0, 1, {});
  Set(0, "other", "1");
  const Version at = Last(0);
  EXPECT_EQ(Batch(0, {SetTo("other", "2")}, {{"k", {}, at}}).status, Status::kOk);
  Set(0, "k", "1");
  Delete(0, "k");
  EXPECT_EQ(Batch(0, {SetTo("k", "2")}, {{"k", {}, at}}).status, Status::kConflict);
  EXPECT_EQ(Batch(0, {Get("k")}, {{"k", {}, Last(0)}}).status, Status::kOk);
}

TEST_F(ShardBatchTest, AKeyThatCameAndWasEvictedHasChangedAndSoHasOneThatWasThere) {
  LeadWith(0, 1, {});
  const Version at = Last(0);
  Set(0, "k", "1");
  const Version watched = shards_[0]->VersionOf("k");
  ShardEffects effects;
  ASSERT_GT(shards_[0]->GiveWay(1, effects), 0U);
  ASSERT_EQ(Value(0, "k"), "-");
  EXPECT_EQ(Batch(0, {SetTo("k", "2")}, {{"k", {}, at}}).status, Status::kConflict);
  EXPECT_EQ(Batch(0, {SetTo("k", "2")}, {{"k", watched}}).status, Status::kConflict);
  EXPECT_EQ(Batch(0, {SetTo("k", "2")}, {{"k", {}, Last(0)}}).status, Status::kOk);
}

TEST_F(ShardBatchTest, WhatAnOldLinkLeftOfItIsNotContinuedOnANewOne) {
  LeadWith(0, 1, {1});
  Settle();
  const std::string large(kBudget, 'x');
  Batch(0, {SetTo("a", "1"), SetTo("b", large), SetTo("c", "1")});
  Bytes out;
  shards_[0]->Pump(Id(1), 1, kNow, out);
  wires_[0][1] += out;
  Deliver(0, 1);
  out.clear();
  while (shards_[0]->Pump(Id(1), kBudget, kNow, out)) continue;
  const Version before = Last(1);
  ShardEffects effects;
  shards_[1]->OnLinkUp(Id(0), effects);
  Bytes asked;
  shards_[1]->Pump(Id(0), kBudget, kNow, asked);
  wires_[0][1] += out;
  Deliver(0, 1);
  EXPECT_EQ(Last(1), before) << "it belongs to what the new link has yet to bring";
}

TEST_F(ShardBatchTest, WhatIsNoBatchIsRefused) {
  LeadWith(0, 1, {});
  EXPECT_EQ(Run(0, {.code = OpCode::kBatch, .key = "any", .value = "\x0a\x05"}).status,
            Status::kInvalid);
}

}  // namespace
}  // namespace aegis::node
