// The meta commands.

#include "memcached_test_support.h"

namespace aegis::node {
namespace {

using Form = MemcachedForm;

class MemcachedMetaTest : public MemcachedTest {};

TEST_F(MemcachedMetaTest, ANoopIsAnswered) { EXPECT_EQ(Reply("mn\r\n"), "MN\r\n"); }

TEST_F(MemcachedMetaTest, AGetReadsTheValueOnlyIfItIsAskedFor) {
  EXPECT_EQ(Only("mg k\r\n", Form::kMetaGet).code, OpCode::kPeek);
  EXPECT_EQ(Answer({Item("abc")}), "HD\r\n");
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "EN\r\n");
  EXPECT_EQ(Only("mg k v\r\n", Form::kMetaGet).code, OpCode::kGet);
  EXPECT_EQ(Answer({Item("abc")}), "VA 3\r\nabc\r\n");
}

TEST_F(MemcachedMetaTest, AGetTellsWhatItsFlagsAskForInTheirOrder) {
  Outcome item = Item("abc", 5, 77);
  EXPECT_EQ(Answer("mg k s v k O99 f t c\r\n", item), "VA 3 s3 kk O99 f5 t-1 c77\r\nabc\r\n");
  item.expires_at = unix_now.value + 99'001;
  EXPECT_EQ(Answer("mg k t\r\n", item), "HD t100\r\n");
  EXPECT_EQ(Answer("mg k k O99 s\r\n", With(Status::kNotFound)), "EN kk O99\r\n");
}

TEST_F(MemcachedMetaTest, AQuietGetHidesAMissAndNothingElse) {
  EXPECT_EQ(Answer("mg k q v\r\n", With(Status::kNotFound)), "");
  EXPECT_EQ(Answer("mg k q v\r\n", Item("a")), "VA 1\r\na\r\n");
  EXPECT_TRUE(Answer("mg k q\r\n", With(Status::kUnavailable)).starts_with("SERVER_ERROR "));
}

TEST_F(MemcachedMetaTest, AGetMayGiveANewLifetime) {
  const Operation get = Only("mg k T30 t\r\n", Form::kMetaGet);
  EXPECT_EQ(get.code, OpCode::kGetExpire);
  EXPECT_EQ(get.expiry_ms, 30'000);
  Outcome item = Item("abc");
  item.expires_at = unix_now.value + 30'000;
  EXPECT_EQ(Answer({item}), "HD t30\r\n");
}

TEST_F(MemcachedMetaTest, ASetReadsItsFlags) {
  const Operation set = Only("ms k 2 T100 F5\r\nhi\r\n", Form::kMetaSet);
  EXPECT_EQ(set.code, OpCode::kSet);
  EXPECT_EQ(set.value, "hi");
  EXPECT_EQ(set.expiry_ms, 100'000);
  EXPECT_EQ(set.client_flags, 5U);
  EXPECT_EQ(set.condition, Condition::kAlways);
  EXPECT_EQ(Only("ms k 2 ME C5\r\nhi\r\n", Form::kMetaSet).condition, Condition::kIfAbsent);
  EXPECT_EQ(Only("ms k 2 MR\r\nhi\r\n", Form::kMetaSet).condition, Condition::kIfPresent);
  EXPECT_EQ(Only("ms k 2 MR C5\r\nhi\r\n", Form::kMetaSet).condition, Condition::kIfVersion);
  EXPECT_EQ(Only("ms k 2 MS C5\r\nhi\r\n", Form::kMetaSet).expected.Pack(), 5U);
  EXPECT_EQ(Only("ms k 2 MA\r\nhi\r\n", Form::kMetaSet).code, OpCode::kAppend);
  EXPECT_EQ(plan.operations.front().condition, Condition::kIfPresent);
  const Operation prepend = Only("ms k 2 MP N60\r\nhi\r\n", Form::kMetaSet);
  EXPECT_EQ(prepend.code, OpCode::kPrepend);
  EXPECT_EQ(prepend.condition, Condition::kAlways);
  EXPECT_EQ(prepend.expiry_ms, 60'000);
}

TEST_F(MemcachedMetaTest, ASetTellsWhatBecameOfIt) {
  EXPECT_EQ(Answer("ms k 2 k O1 c s\r\nhi\r\n", Item("hi", 0, 77)), "HD kk O1 c77 s2\r\n");
  EXPECT_EQ(Answer("ms k 2 q\r\nhi\r\n", Item("hi")), "");
  EXPECT_EQ(Answer("ms k 2 q ME\r\nhi\r\n", With(Status::kConflict, "", 9)), "NS\r\n");
  EXPECT_EQ(Answer("ms k 2 C5 c\r\nhi\r\n", With(Status::kConflict, "", 9)), "EX c0\r\n");
  EXPECT_EQ(Answer("ms k 2 C5 k\r\nhi\r\n", With(Status::kConflict)), "NF kk\r\n");
  EXPECT_EQ(Answer("ms k 2 MA C5\r\nhi\r\n", With(Status::kConflict)), "NS\r\n");
}

TEST_F(MemcachedMetaTest, ADeleteMayNameTheVersion) {
  EXPECT_EQ(Only("md k\r\n", Form::kMetaDelete).condition, Condition::kAlways);
  EXPECT_EQ(Answer({Item("")}), "HD\r\n");
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "NF\r\n");
  EXPECT_EQ(Only("md k C5\r\n", Form::kMetaDelete).expected.Pack(), 5U);
  EXPECT_EQ(Answer({With(Status::kConflict, "", 9)}), "EX\r\n");
  EXPECT_EQ(Answer("md k q\r\n", Item("")), "");
  EXPECT_EQ(Answer("md k q\r\n", With(Status::kNotFound)), "NF\r\n");
  EXPECT_EQ(Answer("md k q C5 O1\r\n", With(Status::kConflict, "", 9)), "EX O1\r\n");
}

TEST_F(MemcachedMetaTest, ArithmeticReadsItsFlags) {
  const Operation up = Only("ma n\r\n", Form::kMetaCount);
  EXPECT_EQ(up.code, OpCode::kCountUp);
  EXPECT_EQ(up.number, 1);
  EXPECT_EQ(up.expiry, ExpiryKind::kKeep);
  EXPECT_EQ(up.value, "");
  for (const char* mode : {"MD", "M-"}) {
    EXPECT_EQ(Only(std::string("ma n D7 ") + mode + "\r\n", Form::kMetaCount).code,
              OpCode::kCountDown);
  }
  EXPECT_EQ(plan.operations.front().number, 7);
  EXPECT_EQ(Only("ma n MI C5 T9\r\n", Form::kMetaCount).code, OpCode::kCountUp);
  EXPECT_EQ(plan.operations.front().condition, Condition::kIfVersion);
  EXPECT_EQ(plan.operations.front().expiry_ms, 9'000);
}

TEST_F(MemcachedMetaTest, ArithmeticMayBeginACounterWithALifetimeOfItsOwn) {
  const Operation begin = Only("ma n N60 J0013 T9\r\n", Form::kMetaCount);
  EXPECT_EQ(begin.value, "13");
  EXPECT_EQ(begin.number2, 60'000);
  EXPECT_EQ(begin.expiry_ms, 9'000);
  EXPECT_EQ(Only("ma n N0\r\n", Form::kMetaCount).value, "0");
  EXPECT_EQ(plan.operations.front().number2, 0);
  EXPECT_EQ(Only("ma n N1700000010\r\n", Form::kMetaCount).number2, 9'750);
  EXPECT_EQ(Only("ma n N1600000000\r\n", Form::kMetaCount).number2, -1);
  EXPECT_EQ(Only("ma n N-1 J000\r\n", Form::kMetaCount).number2, -1);
  EXPECT_EQ(plan.operations.front().value, "0");
}

TEST_F(MemcachedMetaTest, ArithmeticTellsWhatBecameOfIt) {
  EXPECT_EQ(Answer("ma n\r\n", Number(5)), "HD\r\n");
  EXPECT_EQ(Answer("ma n v t c k O1\r\n", Number(~std::uint64_t{0})),
            "VA 20 t-1 c0 kn O1\r\n18446744073709551615\r\n");
  EXPECT_EQ(Answer("ma n q v\r\n", Number(5)), "");
  EXPECT_EQ(Answer("ma n q k\r\n", With(Status::kNotFound)), "NF kn\r\n");
  EXPECT_EQ(Answer("ma n C5\r\n", With(Status::kConflict, "", 9)), "EX\r\n");
  EXPECT_EQ(Answer("ma n\r\n", With(Status::kInvalid, "no number")), "CLIENT_ERROR no number\r\n");
}

TEST_F(MemcachedMetaTest, KeysInBase64AreDecodedAndShownAsTheyWere) {
  EXPECT_EQ(Only("mg Zm9v b v k\r\n", Form::kMetaGet).key, "foo");
  EXPECT_EQ(Answer({Item("x")}), "VA 1 kZm9v b\r\nx\r\n");
  for (const char* input : {"mg Zm9 b\r\n", "md !!!! b\r\n", "ma Zg b\r\n", "ms a 1 b\r\nx\r\n"}) {
    EXPECT_EQ(Reply(input), "CLIENT_ERROR error decoding key\r\n") << input;
  }
}

TEST_F(MemcachedMetaTest, DebugTellsWhatIsKnown) {
  Outcome item = Item("abc", 0, 77);
  EXPECT_EQ(Only("me k\r\n", Form::kMetaDebug).code, OpCode::kPeek);
  EXPECT_EQ(Answer({item}), "ME k exp=-1 cas=77 value_size=3\r\n");
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "EN\r\n");
  EXPECT_EQ(Only("me Zm9v b\r\n", Form::kMetaDebug).key, "foo");
  EXPECT_EQ(Reply("me\r\n"), "CLIENT_ERROR bad command line format\r\n");
  EXPECT_EQ(Reply("me k x\r\n"), "CLIENT_ERROR bad command line format\r\n");
}

TEST_F(MemcachedMetaTest, WhatIsNoFlagOrComesTwiceIsRefused) {
  EXPECT_EQ(Reply("mg k !\r\n"), "CLIENT_ERROR invalid flag\r\n");
  EXPECT_EQ(Reply("mg k v v\r\n"), "CLIENT_ERROR duplicate flag\r\n");
  EXPECT_EQ(Reply("ms k 1 noreply\r\nx\r\n"), "CLIENT_ERROR invalid flag\r\n");
  EXPECT_EQ(Reply("md k v\r\n"), "CLIENT_ERROR invalid or duplicate flag\r\n");
  EXPECT_EQ(Reply("ma k q q\r\n"), "CLIENT_ERROR invalid or duplicate flag\r\n");
  std::string many = "mg k";
  for (int i = 0; i < 21; ++i) many += " k";
  EXPECT_EQ(Reply(many + "\r\n"), "CLIENT_ERROR options flags are too long\r\n");
}

TEST_F(MemcachedMetaTest, FlagsWhosePromiseWeCannotKeepAreRefusedByName) {
  for (const char* input :
       {"mg k h\r\n", "mg k l\r\n", "mg k v N30\r\n", "mg k R30\r\n", "mg k E5\r\n",
        "ms k 1 I\r\nx\r\n", "ms k 1 E5\r\nx\r\n", "md k I\r\n", "md k x\r\n", "ma k E5\r\n"}) {
    EXPECT_TRUE(Reply(input).starts_with("CLIENT_ERROR flag ")) << input << out;
    EXPECT_TRUE(out.ends_with(" is not supported here\r\n"));
  }
}

TEST_F(MemcachedMetaTest, TokensThatAreNoneAreRefused) {
  for (const char* input :
       {"mg k T\r\n", "mg k Tx\r\n", "ms k 1 C\r\nx\r\n", "ms k 1 Tx\r\nx\r\n"}) {
    EXPECT_EQ(Reply(input), "CLIENT_ERROR bad token in command line format\r\n") << input;
  }
  for (const char* input : {"ma k Dx\r\n", "ma k D-1\r\n", "ma k Jx\r\n", "md k Cx\r\n"}) {
    EXPECT_EQ(Reply(input), "CLIENT_ERROR invalid or duplicate flag\r\n") << input;
  }
  EXPECT_EQ(Reply("ms k 1 F-1\r\nx\r\n"), "CLIENT_ERROR bad command line format\r\n");
  EXPECT_EQ(Reply("ms k 1 M\r\nx\r\n"), "CLIENT_ERROR incorrect length for M token\r\n");
  EXPECT_EQ(Reply("ms k 1 MX\r\nx\r\n"), "CLIENT_ERROR invalid mode for ms M token\r\n");
  EXPECT_EQ(Reply("ma k MX\r\n"), "CLIENT_ERROR invalid mode for ma M token\r\n");
  EXPECT_EQ(Reply("ms k x\r\n"), "CLIENT_ERROR bad command line format\r\n");
  EXPECT_EQ(Reply("mg k O" + std::string(32, 'x') + "\r\n"),
            "CLIENT_ERROR opaque token too long\r\n");
}

}  // namespace
}  // namespace aegis::node
