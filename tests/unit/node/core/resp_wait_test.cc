#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "model/limits.h"
#include "resp_test_support.h"
#include "ring/slot.h"

namespace aegis::node {
namespace {

using RespWaitTest = RespTest;

TEST_F(RespWaitTest, AsksEveryShardThatTheConnectionHasWrittenTo) {
  Send({"SET", "a", "1"});
  Send({"GET", "b"});
  Send({"MSET", "c", "1", "a", "2"});
  EXPECT_EQ(Send({"WAIT", "2", "150"}), Translation::kPlanned);
  EXPECT_EQ(plan.form, ReplyForm::kLeastNumber);
  ASSERT_EQ(plan.operations.size(), 2U);
  std::vector<ShardId> asked;
  for (const Operation& operation : plan.operations) {
    EXPECT_EQ(operation.code, OpCode::kAwait);
    EXPECT_EQ(operation.number, 2);
    EXPECT_EQ(operation.expiry_ms, 150);
    asked.push_back(ring::ShardOf(operation.key, 256));
  }
  std::vector<ShardId> written = {ring::ShardOf("a", 256), ring::ShardOf("c", 256)};
  std::sort(written.begin(), written.end());
  EXPECT_EQ(asked, written);
}

TEST_F(RespWaitTest, AsksSomeShardIfItHasWrittenNothing) {
  Send({"GET", "a"});
  EXPECT_EQ(Only({"WAIT", "1", "0"}, ReplyForm::kLeastNumber).code, OpCode::kAwait);
}

TEST_F(RespWaitTest, AnswersTheLeast) {
  Send({"MSET", "a", "1", "c", "1"});
  Send({"WAIT", "2", "150"});
  EXPECT_EQ(Answer({Number(2), Number(1)}), ":1\r\n");
}

TEST_F(RespWaitTest, AShardThatCannotBeAskedIsAnError) {
  Send({"MSET", "a", "1", "c", "1"});
  Send({"WAIT", "2", "150"});
  Outcome lost;
  lost.status = Status::kUnavailable;
  EXPECT_TRUE(Answer({Number(2), lost}).starts_with("-CLUSTERDOWN"));
}

TEST_F(RespWaitTest, RefusesWhatRedisRefuses) {
  EXPECT_EQ(Reply({"WAIT", "x", "0"}), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Reply({"WAIT", "1", "x"}), "-ERR timeout is not an integer or out of range\r\n");
  EXPECT_EQ(Reply({"WAIT", "1", "-1"}), "-ERR timeout is negative\r\n");
}

TEST(KeyOfSlotTest, EverySlotHasAKey) {
  for (std::uint32_t slot = 0; slot < limits::kSlots; slot += 7) {
    const Slot wanted{static_cast<std::uint16_t>(slot)};
    EXPECT_EQ(ring::SlotOf(ring::KeyOf(wanted)), wanted);
  }
}

}  // namespace
}  // namespace aegis::node
