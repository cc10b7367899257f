// SCAN, KEYS, RANDOMKEY, DBSIZE, FLUSHDB and FLUSHALL: what every shard is asked, and the reply.

#include <set>
#include <string>
#include <vector>

#include "model/limits.h"
#include "node/core/key_list.h"
#include "resp_test_support.h"
#include "ring/slot.h"

namespace aegis::node {
namespace {

class RespShardsTest : public RespTest {
 protected:
  RespShardsTest() { node.routing.settings.num_shards = 4; }

  // Outcomes of all operations of the plan: the keys found, and where to go on.
  struct Some {
    std::vector<std::string> keys;
    std::int64_t next = 0;
  };
  std::string AnswerFound(const std::vector<Some>& found) {
    std::vector<Bytes> lists(found.size());
    std::vector<Outcome> outcomes;
    for (std::size_t i = 0; i < found.size(); ++i) {
      for (const std::string& key : found[i].keys) AppendKey(key, lists[i]);
      Outcome outcome = Number(found[i].next);
      outcome.has_value = true;
      outcome.value = lists[i];
      outcomes.push_back(outcome);
    }
    return Answer(outcomes);
  }
  static std::string Cursor(std::uint64_t shard, std::uint64_t position) {
    return std::to_string(shard << 32U | position);
  }
  // Every shard, in order, once.
  void ExpectEveryShard(OpCode code) {
    ASSERT_EQ(plan.operations.size(), 4U);
    for (std::uint32_t shard = 0; shard < 4; ++shard) {
      EXPECT_EQ(plan.operations[shard].code, code);
      EXPECT_EQ(ring::ShardOf(plan.operations[shard].key, 4), ShardId{shard});
    }
  }
};

TEST_F(RespShardsTest, FlushClearsEveryShard) {
  for (const auto& command : std::vector<std::vector<ByteView>>{
           {"FLUSHALL"}, {"FLUSHDB"}, {"flushall", "async"}, {"flushdb", "SYNC"}}) {
    ASSERT_EQ(Send(command), Translation::kPlanned);
    ExpectEveryShard(OpCode::kClear);
    EXPECT_EQ(Answer({{}, {}, {}, {}}), "+OK\r\n");
  }
  EXPECT_EQ(Reply({"flushall", "now"}), "-ERR syntax error\r\n");
  EXPECT_EQ(Reply({"flushall", "async", "sync"}), "-ERR syntax error\r\n");
}

TEST_F(RespShardsTest, AFlushThatMissesAShardSaysHowManyItCleared) {
  Send({"flushall"});
  EXPECT_EQ(Answer({{}, With(Status::kUnavailable), {}, {}}),
            "-CLUSTERDOWN A shard has no leader (3 of the 4 shards were done)\r\n");
}

TEST_F(RespShardsTest, SizeIsTheSumOverAllShards) {
  ASSERT_EQ(Send({"dbsize"}), Translation::kPlanned);
  ExpectEveryShard(OpCode::kCount);
  EXPECT_EQ(Answer({Number(1), Number(0), Number(20), Number(300)}), ":321\r\n");
  EXPECT_EQ(Answer({Number(1), With(Status::kUnavailable), Number(1), Number(1)}),
            "-CLUSTERDOWN A shard has no leader\r\n");
}

TEST_F(RespShardsTest, KeysAsksEveryShardForThePattern) {
  ASSERT_EQ(Send({"keys", "a*"}), Translation::kPlanned);
  ExpectEveryShard(OpCode::kScan);
  EXPECT_EQ(plan.operations[3].match, "a*");
  EXPECT_EQ(AnswerFound({{{"a1"}}, {}, {{"a2", "a3"}}, {}}),
            "*3\r\n$2\r\na1\r\n$2\r\na2\r\n$2\r\na3\r\n");
  EXPECT_TRUE(AnswerFound({{{"a1"}}, {{"a2"}, 7}, {}, {}}).starts_with("-ERR KEYS goes through"));
  Send({"keys", "*"});
  EXPECT_EQ(plan.operations[0].match, "") << "whatever there is";
  EXPECT_EQ(Reply({"keys", ""}), "*0\r\n");
}

TEST_F(RespShardsTest, ARandomKeyIsFromAShardByItsSize) {
  std::set<std::string> replies;
  for (std::uint64_t random = 0; random < 4; ++random) {
    node.random = random;
    ASSERT_EQ(Send({"randomkey"}), Translation::kPlanned);
    ExpectEveryShard(OpCode::kPick);
    Outcome three = Found("three");
    three.number = 3;
    Outcome one = Found("one");
    one.number = 1;
    const Outcome none = With(Status::kNotFound);
    const std::string reply = Answer({none, three, none, one});
    EXPECT_EQ(reply, random < 3 ? "$5\r\nthree\r\n" : "$3\r\none\r\n");
  }
  Send({"randomkey"});
  EXPECT_EQ(Answer(std::vector<Outcome>(4, With(Status::kNotFound))), "$-1\r\n");
}

TEST_F(RespShardsTest, AScanGoesThroughShardsThatHoldLittle) {
  ASSERT_EQ(Send({"scan", "0"}), Translation::kPlanned);
  ExpectEveryShard(OpCode::kScan);
  EXPECT_EQ(plan.operations[0].number2, 10);
  EXPECT_EQ(AnswerFound({{{"a"}}, {}, {{"b"}}, {}}),
            "*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
}

TEST_F(RespShardsTest, AScanStopsWhereAShardHasMoreOrThereIsEnough) {
  Send({"scan", "0", "count", "2"});
  EXPECT_EQ(AnswerFound({{{"a"}}, {{"b"}, 77}, {{"c"}}, {}}),
            "*2\r\n$10\r\n" + Cursor(1, 77) + "\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  EXPECT_EQ(AnswerFound({{{"a", "b"}}, {{"c"}}, {}, {}}),
            "*2\r\n$10\r\n" + Cursor(1, 0) + "\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
}

TEST_F(RespShardsTest, AScanGoesOnWhereItsCursorStands) {
  const std::string cursor = Cursor(2, 4'000'000'000U);
  const Operation scan =
      Only({"scan", cursor, "MATCH", "x*", "COUNT", "50", "TYPE", "String"}, ReplyForm::kScan);
  EXPECT_EQ(ring::ShardOf(scan.key, 4), ShardId{2});
  EXPECT_EQ(scan.number, 4'000'000'000);
  EXPECT_EQ(scan.number2, 50);
  EXPECT_EQ(scan.match, "x*");
  EXPECT_EQ(AnswerFound({{{}, 0}}), "*2\r\n$11\r\n" + Cursor(3, 0) + "\r\n*0\r\n");
  const std::string last = Cursor(3, 9);
  Only({"scan", last}, ReplyForm::kScan);
  EXPECT_EQ(AnswerFound({{{"z"}, 0}}), "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nz\r\n");
}

TEST_F(RespShardsTest, AShardWithoutALeaderIsNotLeftOut) {
  Send({"scan", "0"});
  EXPECT_EQ(Answer({With(Status::kUnavailable), {}, {}, {}}),
            "-CLUSTERDOWN A shard has no leader\r\n");
  EXPECT_EQ(Answer({{}, With(Status::kUnavailable), {}, {}}),
            "*2\r\n$10\r\n" + Cursor(1, 0) + "\r\n*0\r\n")
      << "the next call begins there";
}

TEST_F(RespShardsTest, APatternHasALimit) {
  const std::string most(limits::kPatternSizeMax, 'a');
  Send({"keys", most});
  ExpectEveryShard(OpCode::kScan);
  EXPECT_EQ(Send({"scan", "0", "match", most}), Translation::kPlanned);
  const std::string more = most + "a";
  const ByteView error = "-ERR the pattern has 1025 bytes: a pattern has 1024 bytes at most\r\n";
  EXPECT_EQ(Reply({"keys", more}), error);
  EXPECT_EQ(Reply({"scan", "0", "match", more}), error);
}

TEST_F(RespShardsTest, BadScansAreRefusedAsRedisRefusesThem) {
  for (const ByteView cursor : {"x", "-1", "18446744073709551616", "1.5", ""}) {
    EXPECT_EQ(Reply({"scan", cursor}), "-ERR invalid cursor\r\n") << cursor;
  }
  const std::string beyond = Cursor(4, 0);
  EXPECT_EQ(Reply({"scan", beyond}), "-ERR invalid cursor\r\n");
  EXPECT_EQ(Reply({"scan", "0", "count"}), "-ERR syntax error\r\n");
  EXPECT_EQ(Reply({"scan", "0", "count", "0"}), "-ERR syntax error\r\n");
  EXPECT_EQ(Reply({"scan", "0", "count", "x"}), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Reply({"scan", "0", "order", "x"}), "-ERR syntax error\r\n");
  EXPECT_EQ(Reply({"scan", "0", "type", "list"}), "*2\r\n$1\r\n0\r\n*0\r\n");
  EXPECT_EQ(Reply({"scan", "0", "match", ""}), "*2\r\n$1\r\n0\r\n*0\r\n");
}

}  // namespace
}  // namespace aegis::node
