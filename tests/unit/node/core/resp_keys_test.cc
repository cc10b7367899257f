#include "model/limits.h"
#include "node/core/resp_commands.h"
#include "resp_test_support.h"

namespace aegis::node {
namespace {

using RespKeysTest = RespTest;

constexpr ByteView kCrossSlot = "-CROSSSLOT Keys in request don't hash to the same slot\r\n";

TEST_F(RespKeysTest, CommandsOverSeveralKeysBecomeOneOperationPerKey) {
  struct Row {
    ByteView name;
    OpCode code;
    ReplyForm form;
  };
  const Row rows[] = {
      {"mget", OpCode::kGet, ReplyForm::kArrayOfValues},
      {"del", OpCode::kDelete, ReplyForm::kSumOfFound},
      {"unlink", OpCode::kDelete, ReplyForm::kSumOfFound},
      {"exists", OpCode::kPeek, ReplyForm::kSumOfFound},
      {"touch", OpCode::kPeek, ReplyForm::kSumOfFound},
  };
  for (const Row& row : rows) {
    ASSERT_EQ(Send({row.name, "a", "b", "a"}), Translation::kPlanned);
    EXPECT_EQ(plan.form, row.form) << row.name;
    ASSERT_EQ(plan.operations.size(), 3U) << row.name;
    EXPECT_EQ(plan.operations[1].code, row.code) << row.name;
    EXPECT_EQ(plan.operations[1].key, "b") << row.name;
    EXPECT_EQ(plan.operations[2].key, "a") << row.name;
  }
}

TEST_F(RespKeysTest, MSetSetsEveryPair) {
  ASSERT_EQ(Send({"mset", "a", "1", "b", "2"}), Translation::kPlanned);
  EXPECT_EQ(plan.form, ReplyForm::kOkIfAll);
  ASSERT_EQ(plan.operations.size(), 2U);
  EXPECT_EQ(plan.operations[1].code, OpCode::kSet);
  EXPECT_EQ(plan.operations[1].key, "b");
  EXPECT_EQ(plan.operations[1].value, "2");
}

TEST_F(RespKeysTest, PairsMustBeWhole) {
  EXPECT_EQ(Reply({"mset", "a", "1", "b"}),
            "-ERR wrong number of arguments for 'mset' command\r\n");
  EXPECT_EQ(Reply({"msetnx", "a", "1", "b"}),
            "-ERR wrong number of arguments for 'msetnx' command\r\n");
}

TEST_F(RespKeysTest, NothingIsPlannedWhenOneOfManyKeysIsOverTheLimit) {
  const std::string too_long(limits::kKeySizeMax + 1, 'k');
  const std::string error = "-ERR the key has 65537 bytes: a key has 65536 bytes at most\r\n";
  EXPECT_EQ(Reply({"mset", "a", "1", too_long, "2"}), error);
  EXPECT_EQ(Reply({"del", "a", too_long}), error);
  EXPECT_EQ(Reply({"mget", "a", ""}), "-ERR the key is empty: a key has 1 byte at least\r\n");
  node.routing.settings.num_shards = 1;
  EXPECT_EQ(Reply({"rename", "a", too_long}), error);
  EXPECT_EQ(Reply({"msetnx", "a", "1", too_long, "2"}), error);
}

TEST_F(RespKeysTest, ACommandOfTooManyKeysIsRefusedWhole) {
  constexpr ByteView kError = "-ERR more than 65536 keys in one command\r\n";
  for (const ByteView name : {"mget", "del", "unlink", "exists", "touch", "mset", "msetnx"}) {
    const std::size_t step = name.starts_with("mset") ? 2 : 1;
    std::vector<ByteView> argv(1 + step * limits::kKeysPerCommandMax, "k");
    argv.front() = name;
    EXPECT_EQ(Send(argv), Translation::kPlanned) << name << out;
    argv.insert(argv.end(), step, "k");
    EXPECT_EQ(Reply(argv), kError) << name;
    EXPECT_EQ(plan.course, Course::kRefused) << name;
    EXPECT_TRUE(plan.operations.empty()) << name;
  }
  std::vector<ByteView> no_keys(limits::kKeysPerCommandMax + 10, "save");
  no_keys[0] = "command";
  no_keys[1] = "info";
  EXPECT_TRUE(Reply(no_keys).starts_with("*65544\r\n"));
}

TEST_F(RespKeysTest, MSetNxIsOneOperationInOneShard) {
  const Operation op =
      Only({"msetnx", "{t}a", "1", "{t}b", "2", "{t}c", "3"}, ReplyForm::kNumberFromFound);
  EXPECT_EQ(op.code, OpCode::kMultiSetNx);
  EXPECT_EQ(op.key, "{t}a");
  EXPECT_EQ(op.value, "1");
  ASSERT_EQ(op.more.size(), 2U);
  EXPECT_EQ(op.more[1].key, "{t}c");
  EXPECT_EQ(op.more[1].value, "3");
}

TEST_F(RespKeysTest, AtomicCommandsAcrossShardsAreCrossSlot) {
  EXPECT_EQ(Reply({"msetnx", "{t}a", "1", "{t}b", "2", "u", "3"}), kCrossSlot);
  EXPECT_EQ(Reply({"rename", "a", "b"}), kCrossSlot);
  EXPECT_EQ(Reply({"renamenx", "a", "b"}), kCrossSlot);
  EXPECT_EQ(Reply({"copy", "a", "b"}), kCrossSlot);
}

TEST_F(RespKeysTest, AClusterOfOneShardHasNoCrossSlot) {
  node.routing.settings.num_shards = 1;
  EXPECT_EQ(Send({"rename", "a", "b"}), Translation::kPlanned);
  EXPECT_EQ(Send({"msetnx", "a", "1", "b", "2"}), Translation::kPlanned);
}

TEST_F(RespKeysTest, RenameNamesBothKeys) {
  Operation op = Only({"rename", "{t}a", "{t}b"}, ReplyForm::kOk);
  EXPECT_EQ(op.code, OpCode::kRename);
  EXPECT_EQ(op.key, "{t}a");
  EXPECT_EQ(op.key2, "{t}b");
  EXPECT_EQ(op.condition, Condition::kAlways);
  op = Only({"renamenx", "{t}a", "{t}b"}, ReplyForm::kNumberFromFound);
  EXPECT_EQ(op.condition, Condition::kIfAbsent);
}

TEST_F(RespKeysTest, CopyTakesReplaceAndDatabaseZero) {
  Operation op = Only({"copy", "{t}a", "{t}b"}, ReplyForm::kNumberFromFound);
  EXPECT_EQ(op.code, OpCode::kCopy);
  EXPECT_EQ(op.key2, "{t}b");
  EXPECT_EQ(op.condition, Condition::kIfAbsent);
  op = Only({"copy", "{t}a", "{t}b", "DB", "0", "replace"}, ReplyForm::kNumberFromFound);
  EXPECT_EQ(op.condition, Condition::kAlways);
  EXPECT_EQ(Reply({"copy", "a", "a"}), "-ERR source and destination objects are the same\r\n");
  EXPECT_EQ(Reply({"copy", "a", "b", "db", "1"}), "-ERR DB index is out of range\r\n");
  EXPECT_EQ(Reply({"copy", "a", "b", "db", "x"}),
            "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Reply({"copy", "a", "b", "db"}), "-ERR syntax error\r\n");
  EXPECT_EQ(Reply({"copy", "a", "b", "foo"}), "-ERR syntax error\r\n");
}

TEST_F(RespKeysTest, DelIfEqComparesTheValue) {
  const Operation op = Only({"delifeq", "k", "v"}, ReplyForm::kNumberFromFound);
  EXPECT_EQ(op.code, OpCode::kDelete);
  EXPECT_EQ(op.condition, Condition::kIfValue);
  EXPECT_EQ(op.match, "v");
}

TEST_F(RespKeysTest, TypePeeks) {
  EXPECT_EQ(Only({"type", "k"}, ReplyForm::kType).code, OpCode::kPeek);
}

}  // namespace
}  // namespace aegis::node
