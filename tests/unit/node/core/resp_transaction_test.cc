// MULTI, EXEC, DISCARD, WATCH and UNWATCH: what is queued, what becomes of it, what is refused.

#include "node/core/resp_transaction.h"

#include <string>
#include <vector>

#include "model/limits.h"
#include "replication/record.h"
#include "resp_test_support.h"
#include "wire/operation_codec.h"

namespace aegis::node {
namespace {

constexpr ByteView kQueued = "+QUEUED\r\n";
constexpr ByteView kOk = "+OK\r\n";
constexpr ByteView kAborted = "-EXECABORT Transaction discarded because of previous errors.\r\n";
constexpr ByteView kCrosses = "-CROSSSLOT Keys in request don't hash to the same slot\r\n";

class RespTransactionTest : public RespTest {
 protected:
  void Queue(std::vector<ByteView> argv) { EXPECT_EQ(Reply(std::move(argv)), kQueued); }
  // The operations of the batch that EXEC has planned.
  std::vector<Operation> Batch() {
    EXPECT_EQ(Send({"exec"}), Translation::kPlanned) << out;
    EXPECT_EQ(plan.form, ReplyForm::kExec);
    EXPECT_EQ(plan.operations.front().code, OpCode::kBatch);
    return wire::DecodeMultiRequest(plan.operations.front().value).value();
  }
  std::string AnswerBatch(const std::vector<Outcome>& outcomes) {
    Bytes encoded;
    wire::AppendMultiReply(outcomes, encoded);
    return Answer({Found(encoded)});
  }
};

TEST_F(RespTransactionTest, WhatIsQueuedRunsAsOneBatchAndIsAnsweredInOrder) {
  EXPECT_EQ(Reply({"multi"}), kOk);
  Queue({"set", "{t}a", "1"});
  Queue({"ping"});
  Queue({"mget", "{t}a", "{t}b"});
  Queue({"incrby", "{t}a", "x"});
  Queue({"ttl", "{t}a"});
  EXPECT_EQ(session.queued, 5);
  const auto operations = Batch();
  ASSERT_EQ(operations.size(), 4U);
  EXPECT_EQ(operations[0].code, OpCode::kSet);
  EXPECT_EQ(operations[2].key, "{t}b");
  EXPECT_EQ(plan.operations.front().key, "{t}a");
  EXPECT_EQ(plan.operations.front().number, 0);
  EXPECT_EQ(session.queued, -1);
  EXPECT_EQ(AnswerBatch({{}, Found("1"), With(Status::kNotFound), With(Status::kNotFound)}),
            "*5\r\n+OK\r\n+PONG\r\n*2\r\n$1\r\n1\r\n$-1\r\n"
            "-ERR value is not an integer or out of range\r\n:-2\r\n");
  EXPECT_EQ(Reply({"exec"}), "-ERR EXEC without MULTI\r\n");
}

TEST_F(RespTransactionTest, ABatchThatOnlyReadsSaysSo) {
  Reply({"multi"});
  Queue({"get", "k"});
  Batch();
  EXPECT_TRUE(plan.operations.front().OnlyReads());
}

TEST_F(RespTransactionTest, ErrorsOfTheWholeAnswerForTheWhole) {
  Reply({"multi"});
  Queue({"set", "k", "v"});
  Batch();
  EXPECT_EQ(Answer({With(Status::kUnknownOutcome)}),
            "-UNKNOWNOUTCOME The command may or may not have been applied\r\n");
  EXPECT_EQ(Answer({With(Status::kConflict)}), "*-1\r\n");
  plan.version = 3;
  EXPECT_EQ(Answer({With(Status::kConflict)}), "_\r\n");
}

TEST_F(RespTransactionTest, WithoutKeysNothingIsAskedOfAShard) {
  Reply({"multi"});
  Queue({"echo", "x"});
  Queue({"select", "0"});
  EXPECT_EQ(Reply({"exec"}), "*2\r\n$1\r\nx\r\n+OK\r\n");
  Reply({"multi"});
  EXPECT_EQ(Reply({"exec"}), "*0\r\n");
}

TEST_F(RespTransactionTest, WhatCannotBeQueuedMakesExecRefuse) {
  std::vector<ByteView> too_many_keys(limits::kKeysPerCommandMax + 2, "k");
  too_many_keys.front() = "exists";
  const std::vector<std::vector<ByteView>> bad = {{"nope"},
                                                  {"get"},
                                                  {"config", "nope"},
                                                  {"flushall"},
                                                  {"scan", "0"},
                                                  {"wait", "0", "0"},
                                                  {"dbsize"},
                                                  {"hello", "3"},
                                                  {"client", "setname", "x"},
                                                  {"client", "kill", "id", "1"},
                                                  {"client", "reply", "off"},
                                                  {"config", "set", "slowlog-max-len", "1"},
                                                  {"config", "resetstat"},
                                                  {"slowlog", "reset"},
                                                  too_many_keys};
  for (const auto& command : bad) {
    Reply({"multi"});
    Queue({"set", "k", "v"});
    EXPECT_TRUE(Reply(command).starts_with("-ERR ")) << command.front();
    Queue({"get", "k"});
    EXPECT_EQ(Reply({"exec"}), kAborted) << command.front();
    EXPECT_EQ(Reply({"exec"}), "-ERR EXEC without MULTI\r\n");
  }
}

TEST_F(RespTransactionTest, KeysOfOtherShardsAreRefusedWhenTheyCome) {
  Reply({"multi"});
  Queue({"set", "a", "1"});
  EXPECT_EQ(Reply({"set", "b", "1"}), kCrosses);
  EXPECT_EQ(Reply({"exec"}), kAborted);
  Reply({"multi"});
  EXPECT_EQ(Reply({"mget", "a", "b"}), kCrosses);
  EXPECT_EQ(Reply({"exec"}), kAborted);
  EXPECT_EQ(Reply({"watch", "a", "b"}), kCrosses);
  EXPECT_EQ(session.transaction, nullptr);
}

TEST_F(RespTransactionTest, NestingAndMisplacedCommandsAreRefusedAsRedisRefusesThem) {
  EXPECT_EQ(Reply({"discard"}), "-ERR DISCARD without MULTI\r\n");
  EXPECT_EQ(Reply({"unwatch"}), kOk);
  Reply({"multi"});
  EXPECT_EQ(Reply({"multi"}), "-ERR MULTI calls can not be nested\r\n");
  EXPECT_EQ(Reply({"watch", "k"}), "-ERR WATCH inside MULTI is not allowed\r\n");
  Queue({"unwatch"});
  EXPECT_EQ(Reply({"exec"}), "*1\r\n+OK\r\n");
}

TEST_F(RespTransactionTest, DiscardAndResetForgetEverything) {
  for (const ByteView command : {"discard", "reset"}) {
    Reply({"multi"});
    Queue({"set", "k", "v"});
    Reply({command});
    EXPECT_EQ(session.transaction, nullptr);
    EXPECT_EQ(session.queued, -1);
    EXPECT_EQ(Send({"set", "k", "v"}), Translation::kPlanned);
  }
}

TEST_F(RespTransactionTest, WatchedKeysGoWithTheVersionsThatWereSeen) {
  EXPECT_EQ(Send({"watch", "{t}a", "{t}b"}), Translation::kPlanned);
  ASSERT_EQ(plan.operations.size(), 2U);
  EXPECT_EQ(plan.operations[0].code, OpCode::kPeek);
  Outcome seen;
  seen.version = {Epoch{3}, Seq{9}};
  EXPECT_EQ(plan.operations[1].session, Version{}) << "that tells where the shard stands";
  Outcome missing = With(Status::kNotFound);
  missing.position = {Epoch{3}, Seq{11}};
  EXPECT_EQ(Answer({seen, missing}), kOk);
  Reply({"multi"});
  Queue({"get", "{t}c"});
  Batch();
  const auto& more = plan.operations.front().more;
  ASSERT_EQ(more.size(), 2U);
  EXPECT_EQ(more[0].key, "{t}a");
  EXPECT_EQ(more[0].value, replication::EncodeVersion(seen.version));
  EXPECT_EQ(more[1].value,
            replication::EncodeVersion({}) + replication::EncodeVersion(missing.position));
  Reply({"multi"});
  Queue({"get", "k"});
  Batch();
  EXPECT_TRUE(plan.operations.front().more.empty()) << "EXEC has ended the watch";
}

TEST_F(RespTransactionTest, AWatchedKeyIsComparedEvenIfNothingElseIsAsked) {
  Send({"watch", "k"});
  Answer({With(Status::kNotFound)});
  Reply({"multi"});
  Queue({"ping"});
  EXPECT_TRUE(Batch().empty());
  EXPECT_EQ(plan.operations.front().key, "k");
  EXPECT_EQ(AnswerBatch({}), "*1\r\n+PONG\r\n");
}

TEST_F(RespTransactionTest, AWatchThatFailsWatchesNothing) {
  Send({"watch", "k"});
  EXPECT_TRUE(Answer({With(Status::kUnavailable)}).starts_with("-CLUSTERDOWN "));
  Reply({"multi"});
  Queue({"get", "k"});
  Batch();
  EXPECT_TRUE(plan.operations.front().more.empty());
}

TEST_F(RespTransactionTest, AWatchThatFailsTiesNothingToItsShard) {
  const std::string long_key(limits::kKeySizeMax + 1, 'k');
  const auto expect_free = [&](ByteView why) {
    EXPECT_EQ(session.transaction, nullptr) << why;
    EXPECT_EQ(Send({"watch", "b"}), Translation::kPlanned) << why << ": " << out;
    Reply({"unwatch"});
  };
  EXPECT_EQ(Reply({"watch", "a", "b"}), kCrosses);
  expect_free("it crosses slots");
  EXPECT_TRUE(Reply({"watch", long_key}).starts_with("-ERR "));
  expect_free("a key is too long");
  Send({"watch", "a"});
  Answer({With(Status::kUnavailable)});
  expect_free("the shard has no leader");
}

TEST_F(RespTransactionTest, ABatchAnsweredByAnythingElseIsOfUnknownOutcome) {
  constexpr ByteView kUnknown = "-UNKNOWNOUTCOME The command may or may not have been applied\r\n";
  Reply({"multi"});
  Queue({"set", "k", "v"});
  Queue({"get", "k"});
  Batch();
  EXPECT_EQ(Answer({Outcome{}}), kUnknown) << "no outcomes";
  EXPECT_EQ(AnswerBatch({{}}), kUnknown) << "too few";
  EXPECT_EQ(AnswerBatch({{}, {}, {}}), kUnknown) << "too many";
  EXPECT_EQ(Answer({Found("\x0a\x05")}), kUnknown) << "not a reply";
}

TEST_F(RespTransactionTest, ASilentWatchWatchesAllTheSame) {
  Send({"client", "reply", "off"});
  Send({"watch", "k"});
  EXPECT_EQ(plan.form, ReplyForm::kWatchSilently);
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "");
  EXPECT_EQ(session.transaction->watched.size(), 1U);
}

TEST_F(RespTransactionTest, ThereIsALimitToTheBytesThatAreWatched) {
  const std::string key(limits::kWatchedBytesMax / 16, 'k');
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(Send({"watch", key}), Translation::kPlanned);
    Answer({With(Status::kNotFound)});
  }
  EXPECT_EQ(Reply({"watch", "k"}), "-ERR a connection watches 1048576 bytes of keys at most\r\n");
  EXPECT_EQ(session.transaction->watched.size(), 16U);
  EXPECT_EQ(Reply({"unwatch"}), kOk);
  EXPECT_EQ(Send({"watch", "k"}), Translation::kPlanned);
}

TEST_F(RespTransactionTest, ItKnowsWhatItHolds) {
  Send({"watch", "k", "k"});
  resp::ForgetLastWatched(1, session);
  const std::size_t before = session.transaction->held();
  EXPECT_EQ(session.transaction->watched_bytes, 1U);
  const std::string large(100'000, 'x');
  Reply({"multi"});
  Queue({"set", "k", large});
  EXPECT_GT(session.transaction->held(), before + large.size());
  for (char c = 'a'; session.transaction->held() > before && c <= 'z'; ++c) {
    Reply({"get", ByteView(&c, 1)});
  }
  EXPECT_EQ(session.transaction->held(), before) << "what will never run is not kept";
}

TEST_F(RespTransactionTest, ThereIsALimitToWhatIsQueued) {
  const std::string large(limits::kQueuedBytesMax / 2, 'x');
  Reply({"multi"});
  Queue({"set", "k", large});
  EXPECT_TRUE(Reply({"set", "k", large}).starts_with("-ERR a transaction has 10000 commands"));
  EXPECT_EQ(Reply({"exec"}), kAborted);
  Reply({"multi"});
  std::vector<ByteView> many(limits::kKeysPerCommandMax, "");
  many.front() = "mget";
  for (int queued = 0; queued < 3; ++queued) Queue(many);
  EXPECT_TRUE(Reply(many).starts_with("-ERR a transaction has")) << "arguments cost something";
  EXPECT_EQ(Reply({"exec"}), kAborted);
  Reply({"multi"});
  for (std::size_t i = 0; i < limits::kQueuedCommandsMax; ++i) Queue({"ping"});
  EXPECT_TRUE(Reply({"ping"}).starts_with("-ERR a transaction has 10000 commands"));
  EXPECT_EQ(Reply({"exec"}), kAborted);
}

}  // namespace
}  // namespace aegis::node
