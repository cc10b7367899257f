#include "node/runtime/forward_backlog.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "forwarding_test_support.h"

namespace aegis::node {
namespace {

class ForwardBacklogTest : public ::testing::Test {
 protected:
  static Forward Of(const std::shared_ptr<Owner>& owner, std::size_t bytes) {
    Forward forward;
    forward.owner = owner;
    forward.operation.assign(bytes - sizeof(Forward), 'o');
    return forward;
  }

  static constexpr std::size_t kPause = limits::kForwardBacklogPause;
  const std::shared_ptr<Owner> first_ = std::make_shared<Owner>();
  const std::shared_ptr<Owner> second_ = std::make_shared<Owner>();
  ForwardBacklog backlog_;
};

TEST_F(ForwardBacklogTest, WhatIsChargedIsDischarged) {
  Forward forward = Of(first_, 1000);
  backlog_.Charge(forward, kOther);
  EXPECT_EQ(backlog_.bytes(), 1000U);
  EXPECT_EQ(forward.account, kOther);
  backlog_.Discharge(forward);
  EXPECT_EQ(backlog_.bytes(), 0U);
  EXPECT_EQ(first_->congestions, 0);
}

TEST_F(ForwardBacklogTest, WhoeverGoesOverTheLimitIsToldAndAgainAtHalfOfIt) {
  Forward half = Of(first_, kPause / 2);
  Forward most = Of(first_, kPause / 2);
  Forward over = Of(second_, 1000);
  backlog_.Charge(half, kOther);
  backlog_.Charge(most, kOther);
  EXPECT_EQ(first_->congestions, 0);
  backlog_.Charge(over, kOther);
  EXPECT_EQ(second_->congestions, 1);
  EXPECT_EQ(first_->congestions, 0);
  backlog_.Discharge(half);
  EXPECT_EQ(second_->congestions, 1) << "more than half is left";
  backlog_.Discharge(over);
  EXPECT_EQ(second_->congestions, 0);
}

TEST_F(ForwardBacklogTest, WhileSomeWaitWhoeverSubmitsMoreWaitsAsWell) {
  Forward over = Of(first_, kPause + 1);
  Forward small = Of(second_, 1000);
  Forward another = Of(second_, 1000);
  backlog_.Charge(over, kOther);
  backlog_.Charge(small, kOther);
  backlog_.Charge(another, kOther);
  EXPECT_EQ(second_->congestions, 2);
  backlog_.Discharge(over);
  EXPECT_EQ(first_->congestions, 0);
  EXPECT_EQ(second_->congestions, 0);
}

TEST_F(ForwardBacklogTest, WhatOneNodeOwesHoldsUpNobodyWhoSubmitsForAnother) {
  Forward over = Of(first_, kPause + 1);
  Forward elsewhere = Of(second_, kPause);
  backlog_.Charge(over, kOther);
  backlog_.Charge(elsewhere, kSelf);
  EXPECT_EQ(first_->congestions, 1);
  EXPECT_EQ(second_->congestions, 0);
  EXPECT_EQ(backlog_.bytes(), 2 * kPause + 1);
}

}  // namespace
}  // namespace aegis::node
