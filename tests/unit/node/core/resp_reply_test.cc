#include "node/core/resp_commands.h"
#include "resp_test_support.h"

namespace aegis::node {
namespace {

using RespReplyTest = RespTest;

TEST_F(RespReplyTest, ValuesAndTheirAbsence) {
  Send({"get", "k"});
  EXPECT_EQ(Answer({Found("v")}), "$1\r\nv\r\n");
  EXPECT_EQ(Answer({Found("")}), "$0\r\n\r\n");
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "$-1\r\n");
  Send({"getrange", "k", "0", "1"});
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "$0\r\n\r\n");
  session.version = 3;
  Send({"get", "k"});
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "_\r\n");
}

TEST_F(RespReplyTest, SetSaysOkOrNull) {
  Send({"set", "k", "v", "nx"});
  EXPECT_EQ(Answer({Outcome{}}), "+OK\r\n");
  EXPECT_EQ(Answer({With(Status::kConflict)}), "$-1\r\n");
}

TEST_F(RespReplyTest, SetGetShowsTheOldValueWhetherOrNotItWasReplaced) {
  Send({"set", "k", "v", "nx", "get"});
  Outcome kept = Found("old");
  kept.status = Status::kConflict;
  EXPECT_EQ(Answer({kept}), "$3\r\nold\r\n");
  EXPECT_EQ(Answer({Outcome{}}), "$-1\r\n");
}

TEST_F(RespReplyTest, Numbers) {
  Send({"incr", "k"});
  EXPECT_EQ(Answer({Number(-5)}), ":-5\r\n");
  Send({"strlen", "k"});
  EXPECT_EQ(Answer({With(Status::kNotFound)}), ":0\r\n");
  Send({"setnx", "k", "v"});
  EXPECT_EQ(Answer({Outcome{}}), ":1\r\n");
  EXPECT_EQ(Answer({With(Status::kConflict)}), ":0\r\n");
  Send({"incrbyfloat", "k", "1"});
  EXPECT_EQ(Answer({Found("3.5")}), "$3\r\n3.5\r\n");
}

TEST_F(RespReplyTest, RenameOfNothingIsAnErrorAndCopyOfNothingIsZero) {
  Send({"rename", "{t}a", "{t}b"});
  EXPECT_EQ(Answer({Outcome{}}), "+OK\r\n");
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "-ERR no such key\r\n");
  Send({"renamenx", "{t}a", "{t}b"});
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "-ERR no such key\r\n");
  EXPECT_EQ(Answer({With(Status::kConflict)}), ":0\r\n");
  Send({"copy", "{t}a", "{t}b"});
  EXPECT_EQ(Answer({With(Status::kNotFound)}), ":0\r\n");
  EXPECT_EQ(Answer({Outcome{}}), ":1\r\n");
}

TEST_F(RespReplyTest, TypeIsStringOrNone) {
  Send({"type", "k"});
  EXPECT_EQ(Answer({Outcome{}}), "+string\r\n");
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "+none\r\n");
}

TEST_F(RespReplyTest, EveryErrorBeginsWithACodeThatClientsKnow) {
  Send({"set", "k", "v"});
  EXPECT_EQ(Answer({With(Status::kInvalid, "value is not an integer or out of range")}),
            "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Answer({With(Status::kTooLarge, "string exceeds maximum allowed size")}),
            "-ERR string exceeds maximum allowed size\r\n");
  EXPECT_EQ(Answer({With(Status::kOutOfMemory)}),
            "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
  EXPECT_EQ(Answer({With(Status::kNotLeader)}),
            "-TRYAGAIN The key's shard is changing its leader; the key is unchanged\r\n");
  EXPECT_EQ(Answer({With(Status::kUnavailable)}),
            "-CLUSTERDOWN The key's shard has no leader; the key is unchanged\r\n");
  EXPECT_EQ(Answer({With(Status::kUnknownOutcome)}),
            "-UNKNOWNOUTCOME The command may or may not have been applied\r\n");
}

TEST_F(RespReplyTest, AnErrorStandsForItsKeyInAnArray) {
  Send({"mget", "a", "b", "c"});
  EXPECT_EQ(Answer({Found("1"), With(Status::kUnavailable), With(Status::kNotFound)}),
            "*3\r\n$1\r\n1\r\n-CLUSTERDOWN The key's shard has no leader; the key is unchanged\r\n"
            "$-1\r\n");
  session.version = 3;
  Send({"mget", "a", "b"});
  EXPECT_EQ(Answer({Found("1"), With(Status::kNotFound)}), "*2\r\n$1\r\n1\r\n_\r\n");
}

TEST_F(RespReplyTest, SumsCountWhatWasFound) {
  Send({"del", "a", "b", "c"});
  EXPECT_EQ(Answer({Outcome{}, With(Status::kNotFound), Outcome{}}), ":2\r\n");
  Send({"mset", "a", "1", "b", "2"});
  EXPECT_EQ(Answer({Outcome{}, Outcome{}}), "+OK\r\n");
}

TEST_F(RespReplyTest, TheErrorThatLeavesMostInDoubtSpeaksForAllKeys) {
  Send({"mset", "a", "1", "b", "2", "c", "3"});
  EXPECT_EQ(Answer({With(Status::kUnavailable), With(Status::kUnknownOutcome),
                    With(Status::kOutOfMemory)}),
            "-UNKNOWNOUTCOME The command may or may not have been applied\r\n");
  EXPECT_EQ(Answer({Outcome{}, With(Status::kUnavailable), Outcome{}}),
            "-CLUSTERDOWN The key's shard has no leader; the key is unchanged "
            "(2 of the 3 keys were done)\r\n");
  Send({"exists", "a", "b"});
  EXPECT_EQ(Answer({Outcome{}, With(Status::kUnavailable)}),
            "-CLUSTERDOWN The key's shard has no leader; the key is unchanged\r\n");
}

TEST_F(RespReplyTest, TheHotPathWritesWhatThePlanWrites) {
  const std::vector<std::vector<ByteView>> commands = {
      {"get", "k"},
      {"set", "k", "v"},
      {"incr", "k"},
      {"ttl", "k"},
      {"type", "k"},
      {"setnx", "k", "v"},
      {"getrange", "k", "0", "1"},
      {"mget", "k"},
      {"del", "k"},
      {"mset", "k", "v"},
      {"strlen", "k"},
      {"rename", "k", "k"},
      {"pexpiretime", "k"},
      {"incrbyfloat", "k", "1"},
  };
  for (const int version : {2, 3}) {
    session.version = version;
    for (const auto& command : commands) {
      for (const Status status : {Status::kOk, Status::kNotFound, Status::kConflict,
                                  Status::kInvalid, Status::kUnavailable}) {
        ASSERT_EQ(Send(command), Translation::kPlanned);
        Outcome outcome = With(status);
        if (status == Status::kOk) outcome = Found("12");
        Bytes direct;
        WriteReply(plan.form, plan.operations[0], outcome, session, unix_now, direct);
        EXPECT_EQ(Answer({outcome}), direct) << command[0] << " " << static_cast<int>(status);
        EXPECT_FALSE(direct.empty());
      }
    }
  }
}

TEST_F(RespReplyTest, OneOutcomePerOperation) {
  Send({"mget", "a", "b"});
  EXPECT_DEATH(Answer({Outcome{}}), "every operation has one outcome");
}

}  // namespace
}  // namespace aegis::node
