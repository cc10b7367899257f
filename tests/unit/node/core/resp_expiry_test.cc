#include <limits>

#include "model/limits.h"
#include "node/core/resp_commands.h"
#include "resp_test_support.h"

namespace aegis::node {
namespace {

class RespExpiryTest : public RespTest {
 protected:
  ExpireRule Rule(std::vector<ByteView> options) {
    std::vector<ByteView> argv{"expire", "k", "10"};
    argv.insert(argv.end(), options.begin(), options.end());
    return Only(argv, ReplyForm::kNumber).expire_rule;
  }
};

TEST_F(RespExpiryTest, TheFourCommandsDifferInUnitAndOrigin) {
  struct Row {
    ByteView name;
    ExpiryKind kind;
    std::int64_t expiry_ms;
  };
  for (const Row& row :
       {Row{"expire", ExpiryKind::kRelative, 10'000}, Row{"pexpire", ExpiryKind::kRelative, 10},
        Row{"expireat", ExpiryKind::kAbsolute, 10'000},
        Row{"PEXPIREAT", ExpiryKind::kAbsolute, 10}}) {
    const Operation op = Only({row.name, "k", "10"}, ReplyForm::kNumber);
    EXPECT_EQ(op.code, OpCode::kExpire);
    EXPECT_EQ(op.expiry, row.kind) << row.name;
    EXPECT_EQ(op.expiry_ms, row.expiry_ms) << row.name;
    EXPECT_EQ(op.expire_rule, ExpireRule::kAlways);
  }
}

TEST_F(RespExpiryTest, TimesThatAreNotInTheFutureExpireAtOnceAndNeverMeanPersist) {
  for (const ByteView name : {"expire", "pexpire", "expireat", "pexpireat"}) {
    for (const ByteView time : {"0", "-1", "-1700000000250"}) {
      const Operation op = Only({name, "k", time}, ReplyForm::kNumber);
      EXPECT_EQ(op.expiry, ExpiryKind::kAbsolute) << name << " " << time;
      EXPECT_EQ(op.expiry_ms, 1) << name << " " << time;
    }
  }
}

TEST_F(RespExpiryTest, OptionsBecomeRules) {
  EXPECT_EQ(Rule({"nx"}), ExpireRule::kIfNone);
  EXPECT_EQ(Rule({"XX"}), ExpireRule::kIfSome);
  EXPECT_EQ(Rule({"gt"}), ExpireRule::kIfGreater);
  EXPECT_EQ(Rule({"Lt"}), ExpireRule::kIfLess);
  EXPECT_EQ(Rule({"xx", "gt"}), ExpireRule::kIfGreater);
  EXPECT_EQ(Rule({"lt", "xx"}), ExpireRule::kIfSomeAndLess);
  EXPECT_EQ(Rule({"nx", "nx"}), ExpireRule::kIfNone);
}

TEST_F(RespExpiryTest, IncompatibleOptionsAreRedisTexts) {
  const std::string nx = "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n";
  EXPECT_EQ(Reply({"expire", "k", "1", "nx", "xx"}), nx);
  EXPECT_EQ(Reply({"expire", "k", "1", "gt", "nx"}), nx);
  EXPECT_EQ(Reply({"expire", "k", "1", "nx", "lt"}), nx);
  EXPECT_EQ(Reply({"expire", "k", "1", "gt", "lt"}),
            "-ERR GT and LT options at the same time are not compatible\r\n");
  EXPECT_EQ(Reply({"expire", "k", "1", "FOO"}), "-ERR Unsupported option FOO\r\n");
  EXPECT_EQ(Reply({"expire", "k", "a", "nx", "xx"}), nx) << "options are read first";
}

TEST_F(RespExpiryTest, TimesOutsideTheRangeNameTheCommand) {
  EXPECT_EQ(Reply({"expire", "k", "a"}), "-ERR value is not an integer or out of range\r\n");
  for (const ByteView name : {"expire", "pexpire", "expireat"}) {
    EXPECT_EQ(Reply({name, "k", "9223372036854775807"}),
              "-ERR invalid expire time in '" + std::string(name) + "' command\r\n");
  }
  EXPECT_EQ(Reply({"expire", "k", "-9223372036854775807"}),
            "-ERR invalid expire time in 'expire' command\r\n");
  EXPECT_EQ(Send({"pexpire", "k", "-9223372036854775808"}), Translation::kPlanned);
  const std::string most = std::to_string(limits::kTtlMsMax / 1000);
  const std::string more = std::to_string(limits::kTtlMsMax / 1000 + 1);
  EXPECT_EQ(Only({"expire", "k", most}, ReplyForm::kNumber).expiry_ms, limits::kTtlMsMax);
  EXPECT_EQ(Reply({"expire", "k", more}), "-ERR invalid expire time in 'expire' command\r\n");
}

TEST_F(RespExpiryTest, AnyPointInTimeIsAccepted) {
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(Only({"pexpireat", "k", std::to_string(kLast)}, ReplyForm::kNumber).expiry_ms, kLast);
  const std::string seconds = std::to_string(kLast / 1000);
  EXPECT_EQ(Only({"expireat", "k", seconds}, ReplyForm::kNumber).expiry_ms, kLast / 1000 * 1000);
  const std::string more = std::to_string(kLast / 1000 + 1);
  EXPECT_EQ(Reply({"expireat", "k", more}), "-ERR invalid expire time in 'expireat' command\r\n");
  Send({"expiretime", "k"});
  Outcome outcome;
  outcome.expires_at = kLast;
  EXPECT_EQ(Answer({outcome}), ":9223372036854776\r\n");
}

TEST_F(RespExpiryTest, PersistIsAnExpiryOfNone) {
  const Operation op = Only({"persist", "k"}, ReplyForm::kNumber);
  EXPECT_EQ(op.code, OpCode::kExpire);
  EXPECT_EQ(op.expiry, ExpiryKind::kNone);
  EXPECT_EQ(op.expire_rule, ExpireRule::kAlways);
}

TEST_F(RespExpiryTest, LifetimesAreShownAsRedisRoundsThem) {
  const auto shown = [&](ByteView name, std::int64_t remaining_ms) {
    Send({name, "k"});
    Outcome outcome;
    outcome.expires_at = unix_now.value + remaining_ms;
    return Answer({outcome});
  };
  EXPECT_EQ(shown("ttl", 59'499), ":59\r\n");
  EXPECT_EQ(shown("ttl", 59'500), ":60\r\n");
  EXPECT_EQ(shown("ttl", 499), ":0\r\n");
  EXPECT_EQ(shown("ttl", -5), ":0\r\n");
  EXPECT_EQ(shown("pttl", 59'499), ":59499\r\n");
  EXPECT_EQ(shown("pttl", -5), ":0\r\n");
  EXPECT_EQ(shown("expiretime", 249), ":1700000000\r\n");
  EXPECT_EQ(shown("expiretime", 250), ":1700000001\r\n");
  EXPECT_EQ(shown("pexpiretime", 250), ":1700000000500\r\n");
}

TEST_F(RespExpiryTest, MissingKeysAreMinusTwoAndPersistentOnesMinusOne) {
  for (const ByteView name : {"ttl", "pttl", "expiretime", "pexpiretime"}) {
    ASSERT_EQ(Send({name, "k"}), Translation::kPlanned);
    EXPECT_EQ(plan.operations[0].code, OpCode::kPeek);
    EXPECT_EQ(Answer({With(Status::kNotFound)}), ":-2\r\n") << name;
    EXPECT_EQ(Answer({Outcome{}}), ":-1\r\n") << name;
  }
}

}  // namespace
}  // namespace aegis::node
