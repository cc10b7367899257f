#include "node/core/executor.h"

#include <gtest/gtest.h>

#include "model/limits.h"
#include "node/core/replica.h"

namespace aegis::node {
namespace {

using replication::Record;
using replication::RecordType;

constexpr UnixMs kNow{1'000'000};

// Applies what the executor commits, and remembers it.
class ExecutorTest : public ::testing::Test, public RecordSink {
 protected:
  ExecutorTest() {
    Record begin;
    begin.type = RecordType::kBegin;
    begin.argument = 1;
    const Bytes ended = replication::EncodeVersion({});
    begin.value = ended;
    begin.version = {Epoch{1}, Seq{1}};
    replica_.Apply(begin, {});
  }

  Version Commit(Record& record) override {
    record.version = {Epoch{1}, Seq{replica_.history().last().seq.value() + 1}};
    replica_.Apply(record, {});
    committed_.push_back(record.type);
    return record.version;
  }
  bool MakeRoom(std::size_t, const Incoming& value) override {
    ++rooms_made_;
    return value.size <= room_;
  }

  Outcome Run(const Operation& operation, UnixMs now = kNow) {
    return Executor(replica_.table(), *this, scratch_).Execute(operation, now);
  }
  Outcome Set(ByteView key, ByteView value, std::int64_t ttl_ms = 0) {
    Operation op{.code = OpCode::kSet, .key = key, .value = value};
    if (ttl_ms != 0) op.expiry = ExpiryKind::kRelative;
    op.expiry_ms = ttl_ms;
    return Run(op);
  }
  std::string Get(ByteView key, UnixMs now = kNow) {
    const Outcome outcome = Run({.code = OpCode::kGet, .key = key}, now);
    return outcome.status == Status::kOk ? std::string(outcome.value) : "(none)";
  }

  store::MemoryMeter meter_{1 << 20};
  Replica replica_{7, meter_};
  Bytes scratch_;
  std::size_t room_ = ~std::size_t{0};
  int rooms_made_ = 0;
  std::vector<RecordType> committed_;
};

TEST_F(ExecutorTest, AMissingKeyIsNotFound) {
  EXPECT_EQ(Run({.code = OpCode::kGet, .key = "k"}).status, Status::kNotFound);
  EXPECT_EQ(Run({.code = OpCode::kPeek, .key = "k"}).status, Status::kNotFound);
  EXPECT_EQ(Run({.code = OpCode::kDelete, .key = "k"}).status, Status::kNotFound);
  EXPECT_EQ(Run({.code = OpCode::kExpire, .key = "k"}).status, Status::kNotFound);
  EXPECT_TRUE(committed_.empty());
}

TEST_F(ExecutorTest, ATtlCountsFromTheLeadersClockAndHidesTheKeyAtItsEnd) {
  const Outcome stored = Set("k", "v", 500);
  EXPECT_EQ(stored.expires_at, kNow.value + 500);
  EXPECT_EQ(Get("k", UnixMs{kNow.value + 499}), "v");
  EXPECT_EQ(Get("k", UnixMs{kNow.value + 500}), "(none)");
}

TEST_F(ExecutorTest, SetClearsAnOldTtlUnlessItIsToldToKeepIt) {
  Set("k", "v", 500);
  EXPECT_EQ(Set("k", "w").expires_at, 0);
  Set("k", "v", 500);
  const Outcome kept =
      Run({.code = OpCode::kSet, .key = "k", .value = "x", .expiry = ExpiryKind::kKeep});
  EXPECT_EQ(kept.expires_at, kNow.value + 500);
}

TEST_F(ExecutorTest, ASetThatHasExpiredAlreadyRemovesTheKey) {
  Set("k", "v");
  const Outcome outcome = Run({.code = OpCode::kSet,
                               .key = "k",
                               .value = "x",
                               .expiry = ExpiryKind::kAbsolute,
                               .expiry_ms = kNow.value - 1});
  EXPECT_EQ(outcome.status, Status::kOk);
  EXPECT_EQ(Get("k"), "(none)");
}

TEST_F(ExecutorTest, ConditionsDecideAndNothingIsWrittenWhenTheyFail) {
  const auto set_if = [&](Condition condition, ByteView match = {}) {
    return Run({.code = OpCode::kSet,
                .key = "k",
                .value = "new",
                .match = match,
                .condition = condition})
        .status;
  };
  EXPECT_EQ(set_if(Condition::kIfPresent), Status::kConflict);
  EXPECT_EQ(set_if(Condition::kIfValue, "new"), Status::kConflict);
  EXPECT_TRUE(committed_.empty());
  EXPECT_EQ(set_if(Condition::kIfAbsent), Status::kOk);
  EXPECT_EQ(set_if(Condition::kIfAbsent), Status::kConflict);
  EXPECT_EQ(set_if(Condition::kIfPresent), Status::kOk);
  EXPECT_EQ(set_if(Condition::kIfValue, "old"), Status::kConflict);
  EXPECT_EQ(set_if(Condition::kIfValue, "new"), Status::kOk);
  EXPECT_EQ(committed_.size(), 3U);
}

TEST_F(ExecutorTest, CompareAndSetNeedsTheExactVersion) {
  const Version first = Set("k", "1").version;
  Operation cas{.code = OpCode::kSet,
                .key = "k",
                .value = "2",
                .condition = Condition::kIfVersion,
                .expected = first};
  const Outcome second = Run(cas);
  EXPECT_EQ(second.status, Status::kOk);
  EXPECT_GT(second.version, first);
  const Outcome refused = Run(cas);
  EXPECT_EQ(refused.status, Status::kConflict);
  EXPECT_EQ(refused.version, second.version);
}

TEST_F(ExecutorTest, VersionZeroMeansTheKeyMustBeAbsent) {
  const Operation create{
      .code = OpCode::kSet, .key = "k", .value = "1", .condition = Condition::kIfVersion};
  EXPECT_EQ(Run(create).status, Status::kOk);
  EXPECT_EQ(Run(create).status, Status::kConflict);
  Run({.code = OpCode::kDelete, .key = "k"});
  EXPECT_EQ(Run(create).status, Status::kOk);
}

TEST_F(ExecutorTest, SetCanReturnWhatItReplaced) {
  Set("k", "old");
  const Outcome outcome =
      Run({.code = OpCode::kSet, .key = "k", .value = "new", .return_old = true});
  EXPECT_TRUE(outcome.has_value);
  EXPECT_EQ(outcome.value, "old");
  EXPECT_EQ(Get("k"), "new");
}

TEST_F(ExecutorTest, ADeletedKeyLeavesATombstone) {
  Set("k", "v");
  EXPECT_EQ(Run({.code = OpCode::kDelete, .key = "k"}).status, Status::kOk);
  EXPECT_EQ(Get("k"), "(none)");
  EXPECT_EQ(replica_.table().tombstones(), 1U);
  EXPECT_EQ(Run({.code = OpCode::kDelete, .key = "k"}).status, Status::kNotFound);
}

TEST_F(ExecutorTest, GetDeleteReturnsWhatItDeletes) {
  Set("k", "v");
  const Outcome outcome = Run({.code = OpCode::kGetDelete, .key = "k"});
  EXPECT_EQ(outcome.value, "v");
  EXPECT_EQ(Get("k"), "(none)");
}

TEST_F(ExecutorTest, IncrementsCountFromZeroAndKeepTheTtl) {
  const auto add = [&](std::int64_t by) {
    return Run({.code = OpCode::kIncrement, .key = "n", .number = by});
  };
  EXPECT_EQ(add(5).number, 5);
  EXPECT_EQ(add(-7).number, -2);
  Set("n", "10", 500);
  const Outcome outcome = add(1);
  EXPECT_EQ(outcome.number, 11);
  EXPECT_EQ(outcome.expires_at, kNow.value + 500);
  EXPECT_EQ(Get("n"), "11");
}

TEST_F(ExecutorTest, WhatIsNoIntegerIsNotIncremented) {
  for (const char* text : {"", "a", " 1", "1 ", "+1", "01", "-0", "1.0", "9223372036854775808"}) {
    Set("n", text);
    const Outcome outcome = Run({.code = OpCode::kIncrement, .key = "n", .number = 1});
    EXPECT_EQ(outcome.status, Status::kInvalid) << text;
    EXPECT_EQ(outcome.error, "value is not an integer or out of range");
  }
  Set("n", "9223372036854775807");
  EXPECT_EQ(Run({.code = OpCode::kIncrement, .key = "n", .number = 1}).error,
            "increment or decrement would overflow");
}

TEST_F(ExecutorTest, FloatIncrementsPrintLikeRedis) {
  const auto add = [&](ByteView by) {
    const Outcome outcome = Run({.code = OpCode::kIncrementFloat, .key = "f", .value = by});
    return outcome.status == Status::kOk ? std::string(outcome.value) : outcome.error;
  };
  EXPECT_EQ(add("10.5"), "10.5");
  EXPECT_EQ(add("0.1"), "10.6");
  EXPECT_EQ(add("-10.6"), "0");
  EXPECT_EQ(add("5.0e3"), "5000");
  EXPECT_EQ(add("abc"), "value is not a valid float");
  EXPECT_EQ(add("inf"), "increment would produce NaN or Infinity");
}

TEST_F(ExecutorTest, AppendAndSetRangeBuildValues) {
  EXPECT_EQ(Run({.code = OpCode::kAppend, .key = "k", .value = "Hello"}).number, 5);
  EXPECT_EQ(Run({.code = OpCode::kAppend, .key = "k", .value = " you"}).number, 9);
  EXPECT_EQ(Run({.code = OpCode::kSetRange, .key = "k", .value = "YOU!", .number = 6}).number, 10);
  EXPECT_EQ(Get("k"), "Hello YOU!");
  EXPECT_EQ(Run({.code = OpCode::kSetRange, .key = "z", .value = "x", .number = 2}).number, 3);
  EXPECT_EQ(Get("z"), std::string("\0\0x", 3));
}

TEST_F(ExecutorTest, PrependPutsInFront) {
  EXPECT_EQ(Run({.code = OpCode::kPrepend, .key = "k", .value = "you"}).number, 3);
  EXPECT_EQ(Run({.code = OpCode::kPrepend, .key = "k", .value = "Hello "}).number, 9);
  EXPECT_EQ(Get("k"), "Hello you");
}

TEST_F(ExecutorTest, AnAppendWhoseConditionDoesNotHoldWritesNothing) {
  for (const OpCode code : {OpCode::kAppend, OpCode::kPrepend}) {
    Operation op{.code = code, .key = "k", .value = "v", .condition = Condition::kIfPresent};
    EXPECT_EQ(Run(op).status, Status::kConflict);
    EXPECT_TRUE(committed_.empty());
    const Version version = Set("k", "old").version;
    op.condition = Condition::kIfVersion;
    op.expected = Version{Epoch{1}, Seq{version.seq.value() + 1}};
    EXPECT_EQ(Run(op).status, Status::kConflict);
    EXPECT_EQ(Run(op).version, version);
    EXPECT_EQ(Get("k"), "old");
    op.expected = version;
    EXPECT_EQ(Run(op).status, Status::kOk);
    EXPECT_EQ(Get("k").size(), 4U);
    Run({.code = OpCode::kDelete, .key = "k"});
    committed_.clear();
  }
}

TEST_F(ExecutorTest, AnAppendKeepsWhatTheKeyHasAndGivesANewOneWhatItSays) {
  Run({.code = OpCode::kSet, .key = "old", .value = "v", .client_flags = 5});
  Operation append{.code = OpCode::kAppend, .value = "w", .expiry = ExpiryKind::kRelative};
  append.expiry_ms = 50;
  append.client_flags = 9;
  append.key = "old";
  EXPECT_EQ(Run(append).expires_at, 0);
  EXPECT_EQ(Run(append).client_flags, 5U);
  append.key = "new";
  EXPECT_EQ(Run(append).expires_at, kNow.value + 50);
  EXPECT_EQ(Run(append).client_flags, 9U);
}

TEST_F(ExecutorTest, CountersWrapUpwardsAndStopAtZero) {
  const auto count = [&](OpCode code, std::uint64_t step) {
    const Outcome outcome = Run({.code = code,
                                 .key = "n",
                                 .expiry = ExpiryKind::kKeep,
                                 .number = static_cast<std::int64_t>(step)});
    EXPECT_EQ(outcome.status, Status::kOk) << outcome.error;
    EXPECT_EQ(Get("n"), std::to_string(static_cast<std::uint64_t>(outcome.number)));
    return static_cast<std::uint64_t>(outcome.number);
  };
  Set("n", "18446744073709551614", 500);
  EXPECT_EQ(count(OpCode::kCountUp, 1), ~std::uint64_t{0});
  EXPECT_EQ(count(OpCode::kCountUp, 3), 2U);
  EXPECT_EQ(count(OpCode::kCountDown, 1), 1U);
  EXPECT_EQ(count(OpCode::kCountDown, ~std::uint64_t{0}), 0U);
  EXPECT_EQ(Run({.code = OpCode::kPeek, .key = "n"}).expires_at, kNow.value + 500);
}

TEST_F(ExecutorTest, ACounterIsDigitsWithSpacesAround) {
  const Operation up{
      .code = OpCode::kCountUp, .key = "n", .expiry = ExpiryKind::kKeep, .number = 1};
  for (const char* good : {"9", "9 ", " 9", "09", "9   "}) {
    Set("n", good);
    EXPECT_EQ(Run(up).number, 10) << good;
  }
  for (const char* bad :
       {"", " ", "-9", "9x", "x", "18446744073709551616", "000000000000000000000000000000009"}) {
    Set("n", bad);
    committed_.clear();
    EXPECT_EQ(Run(up).status, Status::kInvalid) << bad;
    EXPECT_EQ(Run(up).error, "cannot increment or decrement non-numeric value");
    EXPECT_TRUE(committed_.empty());
  }
}

TEST_F(ExecutorTest, AMissingCounterIsNotFoundUnlessItIsToBegin) {
  Operation up{.code = OpCode::kCountUp, .key = "n", .expiry = ExpiryKind::kKeep, .number = 5};
  EXPECT_EQ(Run(up).status, Status::kNotFound);
  EXPECT_TRUE(committed_.empty());
  up.value = "13";
  up.number2 = 700;
  const Outcome begun = Run(up);
  EXPECT_EQ(begun.number, 13);
  EXPECT_EQ(begun.expires_at, kNow.value + 700);
  EXPECT_EQ(Run(up).number, 18) << "now it is there";
  up.key = "for ever";
  up.number2 = 0;
  EXPECT_EQ(Run(up).expires_at, 0);
  up.key = "never";
  up.number2 = -1;
  EXPECT_EQ(Run(up).number, 13);
  EXPECT_EQ(Get("never"), "(none)");
  up.value = "x";
  EXPECT_EQ(Run(up).status, Status::kInvalid);
}

TEST_F(ExecutorTest, ACounterMayGetANewLifetimeAndHasItsCondition) {
  const Version version = Set("n", "1").version;
  Operation up{.code = OpCode::kCountUp, .key = "n", .condition = Condition::kIfVersion};
  up.number = 1;
  up.expected = Version{Epoch{1}, Seq{99}};
  EXPECT_EQ(Run(up).status, Status::kConflict);
  EXPECT_EQ(Get("n"), "1");
  up.expected = version;
  up.expiry = ExpiryKind::kRelative;
  up.expiry_ms = 60;
  EXPECT_EQ(Run(up).expires_at, kNow.value + 60);
  up.condition = Condition::kAlways;
  up.expiry = ExpiryKind::kAbsolute;
  up.expiry_ms = 1;
  EXPECT_EQ(Run(up).number, 3);
  EXPECT_EQ(Get("n"), "(none)");
}

TEST_F(ExecutorTest, AGetThatEndsTheLifetimeStillDescribesTheItem) {
  Run({.code = OpCode::kSet, .key = "k", .value = "value", .client_flags = 5});
  const Outcome outcome = Run(
      {.code = OpCode::kGetExpire, .key = "k", .expiry = ExpiryKind::kAbsolute, .expiry_ms = 1});
  EXPECT_EQ(outcome.value, "value");
  EXPECT_EQ(outcome.client_flags, 5U);
  EXPECT_EQ(outcome.number, 5);
  EXPECT_EQ(Get("k"), "(none)");
}

TEST_F(ExecutorTest, ASetRangeOfNothingWritesNothing) {
  EXPECT_EQ(Run({.code = OpCode::kSetRange, .key = "k", .number = 5}).number, 0);
  EXPECT_TRUE(committed_.empty());
}

TEST_F(ExecutorTest, ValuesStayWithinTheirLimit) {
  const auto offset = static_cast<std::int64_t>(limits::kValueSizeMax);
  EXPECT_EQ(Run({.code = OpCode::kSetRange, .key = "k", .value = "x", .number = offset}).status,
            Status::kTooLarge);
  EXPECT_EQ(Run({.code = OpCode::kSetRange,
                 .key = "k",
                 .value = "x",
                 .number = std::numeric_limits<std::int64_t>::max()})
                .status,
            Status::kTooLarge);
  EXPECT_TRUE(committed_.empty());
}

TEST_F(ExecutorTest, GetRangeCutsLikeRedis) {
  Set("k", "This is a string");
  const auto range = [&](std::int64_t from, std::int64_t to) {
    return std::string(
        Run({.code = OpCode::kGetRange, .key = "k", .number = from, .number2 = to}).value);
  };
  EXPECT_EQ(range(0, 3), "This");
  EXPECT_EQ(range(-3, -1), "ing");
  EXPECT_EQ(range(0, -1), "This is a string");
  EXPECT_EQ(range(10, 100), "string");
  EXPECT_EQ(range(5, 3), "");
  EXPECT_EQ(range(100, 200), "");
  EXPECT_EQ(range(-100, -200), "");
  EXPECT_EQ(range(-1, -3), "");
}

TEST_F(ExecutorTest, ExpireRulesCompareWithForever) {
  const auto expire = [&](ExpireRule rule, std::int64_t in_ms) {
    return Run({.code = OpCode::kExpire,
                .key = "k",
                .expiry = ExpiryKind::kRelative,
                .expiry_ms = in_ms,
                .expire_rule = rule})
        .number;
  };
  Set("k", "v");
  EXPECT_EQ(expire(ExpireRule::kIfSome, 100), 0);
  EXPECT_EQ(expire(ExpireRule::kIfGreater, 100), 0);
  EXPECT_EQ(expire(ExpireRule::kIfLess, 100), 1);
  EXPECT_EQ(expire(ExpireRule::kIfNone, 200), 0);
  EXPECT_EQ(expire(ExpireRule::kIfGreater, 200), 1);
  EXPECT_EQ(expire(ExpireRule::kIfLess, 300), 0);
  EXPECT_EQ(expire(ExpireRule::kAlways, -1), 1);
  EXPECT_EQ(Get("k"), "(none)");
}

TEST_F(ExecutorTest, PersistRemovesATtlOnce) {
  Set("k", "v", 500);
  EXPECT_EQ(Run({.code = OpCode::kExpire, .key = "k"}).number, 1);
  EXPECT_EQ(Run({.code = OpCode::kExpire, .key = "k"}).number, 0);
  EXPECT_EQ(Get("k", UnixMs{kNow.value + 10'000}), "v");
}

TEST_F(ExecutorTest, GetExpireReadsThenChanges) {
  Set("k", "v");
  const Outcome outcome = Run(
      {.code = OpCode::kGetExpire, .key = "k", .expiry = ExpiryKind::kRelative, .expiry_ms = 50});
  EXPECT_EQ(outcome.value, "v");
  EXPECT_EQ(outcome.expires_at, kNow.value + 50);
  const std::size_t before = committed_.size();
  EXPECT_EQ(Run({.code = OpCode::kGetExpire, .key = "k", .expiry = ExpiryKind::kKeep}).value, "v");
  EXPECT_EQ(committed_.size(), before);
}

TEST_F(ExecutorTest, RenameMovesValueAndTtl) {
  Set("a", "v", 500);
  Set("b", "old");
  EXPECT_EQ(
      Run({.code = OpCode::kRename, .key = "a", .key2 = "b", .condition = Condition::kIfAbsent})
          .status,
      Status::kConflict);
  EXPECT_EQ(Run({.code = OpCode::kRename, .key = "a", .key2 = "b"}).status, Status::kOk);
  EXPECT_EQ(Get("a"), "(none)");
  EXPECT_EQ(Get("b"), "v");
  EXPECT_EQ(Get("b", UnixMs{kNow.value + 500}), "(none)");
  EXPECT_EQ(Run({.code = OpCode::kRename, .key = "a", .key2 = "b"}).status, Status::kNotFound);
}

TEST_F(ExecutorTest, CopyLeavesTheSource) {
  Set("a", "v");
  EXPECT_EQ(Run({.code = OpCode::kCopy, .key = "a", .key2 = "b"}).status, Status::kOk);
  EXPECT_EQ(Get("a"), "v");
  EXPECT_EQ(Get("b"), "v");
}

TEST_F(ExecutorTest, RenamingAKeyToItselfChangesNothing) {
  Set("a", "v");
  const std::size_t before = committed_.size();
  EXPECT_EQ(Run({.code = OpCode::kRename, .key = "a", .key2 = "a"}).status, Status::kOk);
  EXPECT_EQ(Get("a"), "v");
  EXPECT_EQ(committed_.size(), before);
}

TEST_F(ExecutorTest, MultiSetNxIsAllOrNothing) {
  Operation op{.code = OpCode::kMultiSetNx, .key = "a", .value = "1"};
  op.more = {{"b", "2"}, {"c", "3"}};
  rooms_made_ = 0;
  EXPECT_EQ(Run(op).status, Status::kOk);
  EXPECT_EQ(rooms_made_, 1) << "what was made is for all, and may not be there a second time";
  EXPECT_EQ(Get("c"), "3");
  op.key = "d";
  EXPECT_EQ(Run(op).status, Status::kConflict);
  EXPECT_EQ(Get("d"), "(none)");
}

TEST_F(ExecutorTest, WhatIsHereAlreadyNeedsNoRoom) {
  Set("k", "v");
  room_ = 0;
  const Operation expire{
      .code = OpCode::kExpire, .key = "k", .expiry = ExpiryKind::kRelative, .expiry_ms = 100'000};
  EXPECT_EQ(Run(expire).number, 1);
  const Operation persist{.code = OpCode::kGetExpire, .key = "k", .expiry = ExpiryKind::kNone};
  EXPECT_EQ(Run(persist).value, "v");
  EXPECT_EQ(Run({.code = OpCode::kRename, .key = "k", .key2 = "l"}).status, Status::kOk);
  EXPECT_EQ(Get("l"), "v");
  EXPECT_EQ(Run({.code = OpCode::kCopy, .key = "l", .key2 = "k"}).status, Status::kOutOfMemory);
}

TEST_F(ExecutorTest, ALongerNameNeedsRoom) {
  Set("k", "v");
  EXPECT_EQ(Run({.code = OpCode::kRename, .key = "k", .key2 = "longer"}).status, Status::kOk);
  EXPECT_EQ(rooms_made_, 2);
  EXPECT_EQ(Run({.code = OpCode::kRename, .key = "longer", .key2 = "k"}).status, Status::kOk);
  EXPECT_EQ(rooms_made_, 2) << "and a shorter one none";
}

// Of many items all go but one. It is `used` if that was used, and an arbitrary other one if not.
TEST_F(ExecutorTest, WhoReadsAValueUsesItAndWhoOnlyAsksForItDoesNot) {
  constexpr int kItems = 200;
  const auto survives = [&](Operation operation) {
    for (int i = 0; i < kItems; ++i) Set(std::to_string(i), "v");
    operation.key = "77";
    Run(operation);
    store::Table& table = replica_.table();
    while (table.items() > 1) {
      const auto victim = table.ProposeVictim();
      table.Erase(table.Hash(victim->key), victim->version);
    }
    const bool there = Get("77") == "v";
    Run({.code = OpCode::kClear});
    return there;
  };
  EXPECT_TRUE(survives({.code = OpCode::kGet}));
  EXPECT_TRUE(survives({.code = OpCode::kGetRange}));
  EXPECT_TRUE(survives({.code = OpCode::kGetExpire, .expiry = ExpiryKind::kKeep}));
  EXPECT_TRUE(survives({.code = OpCode::kGetExpire, .expiry = ExpiryKind::kNone}));
  EXPECT_TRUE(survives({.code = OpCode::kCopy, .key2 = "copy"}));
  EXPECT_TRUE(survives({.code = OpCode::kPeek, .number = kUses}));
  EXPECT_FALSE(survives({.code = OpCode::kPeek}));
}

TEST_F(ExecutorTest, WithoutRoomNothingIsWritten) {
  Set("k", "old");
  room_ = 3;
  EXPECT_EQ(Set("k", "too much").status, Status::kOutOfMemory);
  EXPECT_EQ(Get("k"), "old");
  Operation op{.code = OpCode::kMultiSetNx, .key = "a", .value = "1"};
  op.more = {{"b", "234"}};
  EXPECT_EQ(Run(op).status, Status::kOutOfMemory);
  EXPECT_EQ(Get("a"), "(none)");
}

}  // namespace
}  // namespace aegis::node
