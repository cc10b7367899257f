#include "client/core/pipeline.h"

#include <gtest/gtest.h>

#include <set>

#include "client/core/requests.h"

namespace aegis::client {
namespace {

class PipelineTest : public testing::Test {
 protected:
  std::uint64_t Push(CallId call) { return pipeline_.Push(call, GetRequest("k").value(), false); }

  Pipeline pipeline_;
};

TEST_F(PipelineTest, IdsCountUpAndFindTheirCalls) {
  EXPECT_EQ(Push(70), 1U);
  EXPECT_EQ(Push(71), 2U);
  EXPECT_EQ(pipeline_.Take(2).value(), 71U);
  EXPECT_EQ(Push(72), 3U);
  EXPECT_EQ(pipeline_.Take(1).value(), 70U);
  EXPECT_EQ(pipeline_.Take(3).value(), 72U);
  EXPECT_EQ(pipeline_.live(), 0U);
  EXPECT_EQ(Push(73), 4U);
}

TEST_F(PipelineTest, ReplyIsRefusedWhenNobodyAskedOrItWasAnswered) {
  Push(70);
  Push(71);
  EXPECT_FALSE(pipeline_.Take(0).ok());
  EXPECT_FALSE(pipeline_.Take(3).ok());
  EXPECT_TRUE(pipeline_.Take(2).ok());
  EXPECT_FALSE(pipeline_.Take(2).ok());
  EXPECT_TRUE(pipeline_.Take(1).ok());
  EXPECT_FALSE(pipeline_.Take(1).ok());
}

TEST_F(PipelineTest, ReplyToAnAbandonedRequestIsNobodys) {
  Push(70);
  pipeline_.Abandon(1);
  EXPECT_EQ(pipeline_.live(), 0U);
  EXPECT_EQ(pipeline_.Take(1).value(), kNoCall);
  EXPECT_FALSE(pipeline_.Take(1).ok()) << "answered twice";
}

TEST_F(PipelineTest, DrainTellsWhatWasTakenFromWhatWasNot) {
  Push(70);
  Push(71);
  Bytes output;
  pipeline_.TakeOutput(output);
  Push(72);
  pipeline_.Take(1).value();
  const auto waiting = pipeline_.Drain();
  ASSERT_EQ(waiting.size(), 2U);
  EXPECT_EQ(waiting[0].call, 71U);
  EXPECT_TRUE(waiting[0].sent);
  EXPECT_EQ(waiting[1].call, 72U);
  EXPECT_FALSE(waiting[1].sent);
  EXPECT_EQ(pipeline_.live(), 0U);
}

TEST_F(PipelineTest, AbandonedRequestsAreNotDrained) {
  Push(70);
  Push(71);
  pipeline_.Abandon(1);
  const auto waiting = pipeline_.Drain();
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].call, 71U);
}

TEST_F(PipelineTest, RequestThatIsNeverAnsweredEndsUpFillingIt) {
  Push(70);
  pipeline_.Abandon(1);
  for (std::uint64_t id = 2; !pipeline_.full(); ++id) {
    Push(id);
    pipeline_.Take(id).value();
    ASSERT_LE(id, kPipelineSpanMax + 1) << "it grows without bound";
  }
  EXPECT_EQ(pipeline_.live(), 0U);
}

}  // namespace
}  // namespace aegis::client
