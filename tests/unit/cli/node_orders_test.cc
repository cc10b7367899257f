#include "cli/node_orders.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace aegis::cli {
namespace {

class NodeOrdersTest : public testing::Test {
 protected:
  // A node that answers so, one time after the other, and is given as many pauses as that takes.
  NodeOrders To(std::vector<Result<HttpAnswer>> answers) {
    answers_ = std::move(answers);
    return {"node:1",
            std::chrono::seconds(1),
            {.post =
                 [this](const std::string& path) {
                   asked_.push_back(path);
                   return answers_.at(asked_.size() - 1);
                 },
             .pause = [this](NodeOrders::Deadline) { return pauses_-- > 0; }}};
  }
  NodeOrders::Confirm Says(bool yes) {
    return [this, yes](const std::string& risks) {
      told_ = risks;
      return yes;
    };
  }

  std::vector<Result<HttpAnswer>> answers_;
  std::vector<std::string> asked_;
  std::string told_;
  int pauses_ = 10;
};

const Error kNobody{ErrorCode::kUnavailable, "nobody"};

TEST_F(NodeOrdersTest, ADrainIsAskedForUntilItIsDone) {
  const auto said =
      To({HttpAnswer{202, "12 left\n"}, HttpAnswer{202, "1 left\n"}, HttpAnswer{200, "drained\n"}})
          .Drain();
  ASSERT_TRUE(said.ok());
  EXPECT_EQ(*said, "drained");
  EXPECT_EQ(asked_, (std::vector<std::string>{"/drain", "/drain", "/drain"}));
}

TEST_F(NodeOrdersTest, ADrainThatTakesTooLongGoesOn) {
  pauses_ = 1;
  const auto said = To({HttpAnswer{202, "12 left\n"}, HttpAnswer{202, "9 left\n"}}).Drain();
  EXPECT_TRUE(said.Is(Errc::kTimeout));
  EXPECT_EQ(said.error().message, "it goes on, but is not done yet: 9 left");
}

TEST_F(NodeOrdersTest, ANodeThatIsGoneIsUnavailable) {
  EXPECT_TRUE(To({kNobody}).Drain().Is(Errc::kUnavailable));
  asked_.clear();
  EXPECT_TRUE(To({kNobody}).Give("/recover", "?yes", Says(true)).Is(Errc::kUnavailable));
}

TEST_F(NodeOrdersTest, WhoeverAnswersOtherwiseIsNoNode) {
  const auto drained = To({HttpAnswer{404, "what?"}}).Drain();
  EXPECT_TRUE(drained.Is(Errc::kInvalid));
  EXPECT_EQ(drained.error().message, "node:1 is no node's --health-addr: 404 what?");
  asked_.clear();
  EXPECT_TRUE(To({HttpAnswer{404, ""}}).Give("/recover", "?yes", Says(true)).Is(Errc::kInvalid));
}

TEST_F(NodeOrdersTest, WhatMayLoseSomethingIsGivenOnceItIsConfirmed) {
  const auto said =
      To({HttpAnswer{428, "risks\n"}, HttpAnswer{202, "asked"}, HttpAnswer{200, "done\n"}})
          .Give("/recover", "?yes", Says(true));
  ASSERT_TRUE(said.ok());
  EXPECT_EQ(*said, "done");
  EXPECT_EQ(told_, "risks");
  EXPECT_EQ(asked_, (std::vector<std::string>{"/recover", "/recover?yes", "/recover?yes"}));
}

TEST_F(NodeOrdersTest, WhatIsNotConfirmedIsNotGiven) {
  const auto said = To({HttpAnswer{428, "risks"}}).Give("/recover", "?yes", Says(false));
  EXPECT_TRUE(said.Is(Errc::kInvalid));
  EXPECT_EQ(asked_, (std::vector<std::string>{"/recover"}));
}

TEST_F(NodeOrdersTest, ANodeMayRefuse) {
  const auto said = To({HttpAnswer{409, "no need\n"}}).Give("/recover", "?yes", Says(true));
  EXPECT_TRUE(said.Is(Errc::kInvalid));
  EXPECT_EQ(said.error().message, "no need");
  EXPECT_EQ(told_, "");
}

TEST_F(NodeOrdersTest, WhatWasGivenAndNotAnsweredMayHaveBeenDone) {
  const auto said = To({HttpAnswer{428, "risks"}, kNobody}).Give("/recover", "?yes", Says(true));
  EXPECT_TRUE(said.Is(Errc::kUnknownOutcome));
}

TEST_F(NodeOrdersTest, WhatIsNoAddressIsInvalid) {
  EXPECT_TRUE(NodeOrders::To("nowhere", std::chrono::seconds(1)).Is(Errc::kInvalid));
}

}  // namespace
}  // namespace aegis::cli
