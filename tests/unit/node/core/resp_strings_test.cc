#include <limits>

#include "model/limits.h"
#include "node/core/resp_commands.h"
#include "resp_test_support.h"

namespace aegis::node {
namespace {

using RespStringsTest = RespTest;

constexpr ByteView kSyntaxError = "-ERR syntax error\r\n";
constexpr ByteView kNotAnInteger = "-ERR value is not an integer or out of range\r\n";

TEST_F(RespStringsTest, GetReadsOneKey) {
  const Operation op = Only({"GET", "k"}, ReplyForm::kValueOrNull);
  EXPECT_EQ(op.code, OpCode::kGet);
  EXPECT_EQ(op.key, "k");
}

TEST_F(RespStringsTest, PlainSetIsUnconditionalAndClearsAnExpiry) {
  const Operation op = Only({"set", "k", "v"}, ReplyForm::kSetResult);
  EXPECT_EQ(op.code, OpCode::kSet);
  EXPECT_EQ(op.key, "k");
  EXPECT_EQ(op.value, "v");
  EXPECT_EQ(op.condition, Condition::kAlways);
  EXPECT_EQ(op.expiry, ExpiryKind::kNone);
  EXPECT_FALSE(op.return_old);
}

TEST_F(RespStringsTest, SetTakesEveryLifetime) {
  const auto lifetime = [&](std::vector<ByteView> options) {
    std::vector<ByteView> argv{"set", "k", "v"};
    argv.insert(argv.end(), options.begin(), options.end());
    const Operation op = Only(argv, ReplyForm::kSetResult);
    return std::pair(op.expiry, op.expiry_ms);
  };
  EXPECT_EQ(lifetime({"ex", "60"}), std::pair(ExpiryKind::kRelative, std::int64_t{60'000}));
  EXPECT_EQ(lifetime({"PX", "1"}), std::pair(ExpiryKind::kRelative, std::int64_t{1}));
  EXPECT_EQ(lifetime({"exat", "1"}), std::pair(ExpiryKind::kAbsolute, std::int64_t{1000}));
  EXPECT_EQ(lifetime({"pxat", "1700000000999"}),
            std::pair(ExpiryKind::kAbsolute, std::int64_t{1'700'000'000'999}));
  EXPECT_EQ(lifetime({"KeepTTL"}).first, ExpiryKind::kKeep);
  EXPECT_EQ(lifetime({"ex", "1", "ex", "2"}), std::pair(ExpiryKind::kRelative, std::int64_t{2000}));
}

TEST_F(RespStringsTest, SetTakesEveryConditionWithGet) {
  Operation op = Only({"set", "k", "v", "nx"}, ReplyForm::kSetResult);
  EXPECT_EQ(op.condition, Condition::kIfAbsent);
  op = Only({"set", "k", "v", "XX", "get", "px", "5"}, ReplyForm::kValueOrNull);
  EXPECT_EQ(op.condition, Condition::kIfPresent);
  EXPECT_TRUE(op.return_old);
  EXPECT_EQ(op.expiry_ms, 5);
  op = Only({"set", "k", "v", "get", "nx"}, ReplyForm::kValueOrNull);
  EXPECT_EQ(op.condition, Condition::kIfAbsent);
  op = Only({"set", "k", "v", "ifeq", "old", "keepttl"}, ReplyForm::kSetResult);
  EXPECT_EQ(op.condition, Condition::kIfValue);
  EXPECT_EQ(op.match, "old");
  EXPECT_EQ(op.expiry, ExpiryKind::kKeep);
}

TEST_F(RespStringsTest, OptionNamesAreOptionsOnlyInOptionPlaces) {
  const Operation op = Only({"set", "ex", "nx", "ifeq", "xx"}, ReplyForm::kSetResult);
  EXPECT_EQ(op.key, "ex");
  EXPECT_EQ(op.value, "nx");
  EXPECT_EQ(op.match, "xx");
}

TEST_F(RespStringsTest, SetOptionsThatExcludeEachOtherAreASyntaxError) {
  const std::vector<std::vector<ByteView>> conflicts = {
      {"nx", "xx"},
      {"xx", "nx"},
      {"nx", "ifeq", "a"},
      {"ifeq", "a", "xx"},
      {"ex", "1", "px", "1"},
      {"px", "1", "exat", "1"},
      {"exat", "1", "pxat", "1"},
      {"ex", "1", "keepttl"},
      {"keepttl", "pxat", "1"},
      {"ex"},
      {"ifeq"},
      {"persist"},
      {"foo"},
      {""},
  };
  for (const auto& options : conflicts) {
    std::vector<ByteView> argv{"set", "k", "v"};
    argv.insert(argv.end(), options.begin(), options.end());
    EXPECT_EQ(Reply(argv), kSyntaxError) << options[0];
  }
}

TEST_F(RespStringsTest, LifetimesOutsideTheRangeNameTheCommand) {
  const std::string set = "-ERR invalid expire time in 'set' command\r\n";
  for (const ByteView option : {"ex", "px", "exat", "pxat"}) {
    EXPECT_EQ(Reply({"set", "k", "v", option, "0"}), set) << option;
    EXPECT_EQ(Reply({"set", "k", "v", option, "-1"}), set) << option;
    if (option != "pxat") {
      EXPECT_EQ(Reply({"set", "k", "v", option, "9223372036854775807"}), set) << option;
    }
    EXPECT_EQ(Reply({"set", "k", "v", option, "1.5"}), kNotAnInteger) << option;
  }
  EXPECT_EQ(Reply({"setex", "k", "0", "v"}), "-ERR invalid expire time in 'setex' command\r\n");
  EXPECT_EQ(Reply({"psetex", "k", "-5", "v"}), "-ERR invalid expire time in 'psetex' command\r\n");
  EXPECT_EQ(Reply({"getex", "k", "ex", "0"}), "-ERR invalid expire time in 'getex' command\r\n");
}

TEST_F(RespStringsTest, APointInTimeHasNoLimit) {
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  const std::string last = std::to_string(kLast);
  EXPECT_EQ(Only({"set", "k", "v", "pxat", last}, ReplyForm::kSetResult).expiry_ms, kLast);
  EXPECT_EQ(Only({"getex", "k", "pxat", last}, ReplyForm::kValueOrNull).expiry_ms, kLast);
}

TEST_F(RespStringsTest, TheLongestLifetimeIsTheLimit) {
  const std::string most = std::to_string(limits::kTtlMsMax);
  const std::string more = std::to_string(limits::kTtlMsMax + 1);
  EXPECT_EQ(Only({"set", "k", "v", "px", most}, ReplyForm::kSetResult).expiry_ms,
            limits::kTtlMsMax);
  EXPECT_EQ(Reply({"set", "k", "v", "px", more}), "-ERR invalid expire time in 'set' command\r\n");
}

TEST_F(RespStringsTest, SetNxSetExPSetExAndGetSetAreFormsOfSet) {
  Operation op = Only({"setnx", "k", "v"}, ReplyForm::kNumberFromFound);
  EXPECT_EQ(op.code, OpCode::kSet);
  EXPECT_EQ(op.condition, Condition::kIfAbsent);
  op = Only({"setex", "k", "10", "v"}, ReplyForm::kOk);
  EXPECT_EQ(op.code, OpCode::kSet);
  EXPECT_EQ(op.value, "v");
  EXPECT_EQ(op.expiry_ms, 10'000);
  op = Only({"psetex", "k", "10", "v"}, ReplyForm::kOk);
  EXPECT_EQ(op.expiry_ms, 10);
  op = Only({"getset", "k", "v"}, ReplyForm::kValueOrNull);
  EXPECT_TRUE(op.return_old);
  EXPECT_EQ(op.expiry, ExpiryKind::kNone);
}

TEST_F(RespStringsTest, GetDelTakesTheValueAway) {
  EXPECT_EQ(Only({"getdel", "k"}, ReplyForm::kValueOrNull).code, OpCode::kGetDelete);
}

TEST_F(RespStringsTest, GetExKeepsSetsOrClearsTheExpiry) {
  Operation op = Only({"getex", "k"}, ReplyForm::kValueOrNull);
  EXPECT_EQ(op.code, OpCode::kGetExpire);
  EXPECT_EQ(op.expiry, ExpiryKind::kKeep);
  EXPECT_EQ(Only({"getex", "k", "persist"}, ReplyForm::kValueOrNull).expiry, ExpiryKind::kNone);
  op = Only({"getex", "k", "PXAT", "99"}, ReplyForm::kValueOrNull);
  EXPECT_EQ(op.expiry, ExpiryKind::kAbsolute);
  EXPECT_EQ(op.expiry_ms, 99);
  EXPECT_EQ(Reply({"getex", "k", "persist", "ex", "1"}), kSyntaxError);
  EXPECT_EQ(Reply({"getex", "k", "ex", "1", "persist"}), kSyntaxError);
  EXPECT_EQ(Reply({"getex", "k", "keepttl"}), kSyntaxError);
  EXPECT_EQ(Reply({"getex", "k", "nx"}), kSyntaxError);
  EXPECT_EQ(Reply({"getex", "k", "ex"}), kSyntaxError);
}

TEST_F(RespStringsTest, StrLenAppendAndRangesReachTheShardAsTheyAre) {
  EXPECT_EQ(Only({"strlen", "k"}, ReplyForm::kNumber).code, OpCode::kPeek);
  Operation op = Only({"append", "k", "v"}, ReplyForm::kNumber);
  EXPECT_EQ(op.code, OpCode::kAppend);
  EXPECT_EQ(op.value, "v");
  op = Only({"getrange", "k", "-3", "10"}, ReplyForm::kValueOrEmpty);
  EXPECT_EQ(op.code, OpCode::kGetRange);
  EXPECT_EQ(op.number, -3);
  EXPECT_EQ(op.number2, 10);
  op = Only({"setrange", "k", "5", "v"}, ReplyForm::kNumber);
  EXPECT_EQ(op.code, OpCode::kSetRange);
  EXPECT_EQ(op.number, 5);
  EXPECT_EQ(op.value, "v");
  EXPECT_EQ(Reply({"getrange", "k", "a", "1"}), kNotAnInteger);
  EXPECT_EQ(Reply({"getrange", "k", "1", "a"}), kNotAnInteger);
  EXPECT_EQ(Reply({"setrange", "k", "a", "v"}), kNotAnInteger);
  EXPECT_EQ(Reply({"setrange", "k", "-1", "v"}), "-ERR offset is out of range\r\n");
}

TEST_F(RespStringsTest, IncrementsCarryTheirNumber) {
  EXPECT_EQ(Only({"incr", "k"}, ReplyForm::kNumber).number, 1);
  EXPECT_EQ(Only({"decr", "k"}, ReplyForm::kNumber).number, -1);
  EXPECT_EQ(Only({"incrby", "k", "-9223372036854775808"}, ReplyForm::kNumber).number, INT64_MIN);
  EXPECT_EQ(Only({"decrby", "k", "9223372036854775807"}, ReplyForm::kNumber).number, -INT64_MAX);
  EXPECT_EQ(plan.operations[0].code, OpCode::kIncrement);
}

TEST_F(RespStringsTest, IncrementsRefuseWhatIsNotACanonicalInteger) {
  for (const ByteView bad : {"", " 1", "1 ", "+1", "01", "-0", "1.0", "0x1", "--1", "-",
                             "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_EQ(Reply({"incrby", "k", bad}), kNotAnInteger) << bad;
  }
  EXPECT_EQ(Reply({"decrby", "k", "-9223372036854775808"}), "-ERR decrement would overflow\r\n");
}

TEST_F(RespStringsTest, IncrByFloatTakesWhatRedisReadsAsAFloat) {
  for (const ByteView good : {"1", "-1.5", "1e400", "0x10", "inf", "+3", "5."}) {
    const Operation op = Only({"incrbyfloat", "k", good}, ReplyForm::kValueText);
    EXPECT_EQ(op.code, OpCode::kIncrementFloat);
    EXPECT_EQ(op.value, good);
  }
  for (const ByteView bad :
       {ByteView(""), ByteView(" 1"), ByteView("1 "), ByteView("a"), ByteView("nan"),
        ByteView("1e5000"), ByteView("1e-5000"), ByteView("1\0", 2)}) {
    EXPECT_EQ(Reply({"incrbyfloat", "k", bad}), "-ERR value is not a valid float\r\n") << bad;
  }
}

TEST_F(RespStringsTest, KeysAndValuesOverTheirLimitsAreRefused) {
  const std::string longest(limits::kKeySizeMax, 'k');
  const std::string too_long(limits::kKeySizeMax + 1, 'k');
  const std::string too_large(limits::kValueSizeMax + 1, 'v');
  EXPECT_EQ(Only({"get", longest}, ReplyForm::kValueOrNull).key, longest);
  EXPECT_EQ(Reply({"get", too_long}),
            "-ERR the key has 65537 bytes: a key has 65536 bytes at most\r\n");
  EXPECT_EQ(Reply({"get", ""}), "-ERR the key is empty: a key has 1 byte at least\r\n");
  EXPECT_EQ(Reply({"set", "k", too_large}),
            "-ERR the value has 67108865 bytes: a value has 67108864 bytes at most\r\n");
}

}  // namespace
}  // namespace aegis::node
