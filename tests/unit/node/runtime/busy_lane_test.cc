// Writes that their leader refuses with kBusy wait in their lane, and reads pass them.

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "forwarding_test_support.h"

namespace aegis::node {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBound = 1000;

class BusyLaneTest : public ForwarderTest {
 protected:
  BusyLaneTest() : ForwarderTest({.tail = {.bytes = kBound}}) {}

  // Leads here; what is small may be written, `large_` not.
  void LeadHere() {
    BeBorn();
    Lead(1);
    Publish(kSelf, 1);
    forwarder_.OnRouting();
  }
  bool Has(std::uint64_t ticket) const { return owner_->statuses.contains(ticket); }

  const std::string large_ = std::string(kBound, 'v');
  const std::shared_ptr<Owner> stranger_ = std::make_shared<Owner>();
};

TEST_F(BusyLaneTest, AWriteWaitsUntilItsLeaderIsBusyNoMore) {
  LeadHere();
  Submit(1, SetOf("k", large_));
  Submit(2, SetOf("k", "later"));
  EXPECT_TRUE(owner_->order.empty());
  shards_.BeAlone(1);
  EXPECT_TRUE(Until([&] { return Has(2); }));
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(owner_->statuses[1], Status::kOk);
  EXPECT_EQ(shards_.Execute(GetOf("k")).value, "later");
}

TEST_F(BusyLaneTest, AWriteThatWaitedTooLongIsBusyAndSaysWhy) {
  LeadHere();
  Submit(1, SetOf("k", large_));
  forwarder_.OnTick(now_ + limits::kRouteWait);
  EXPECT_EQ(owner_->statuses[1], Status::kBusy);
  EXPECT_NE(owner_->errors[1].find("on no other copy"), std::string::npos) << owner_->errors[1];
  EXPECT_FALSE(forwarder_.blocked(ring::ShardOf("k", TestShards::kShards)));
}

TEST_F(BusyLaneTest, WithoutALeaderItIsUnavailableAgain) {
  LeadHere();
  Submit(1, SetOf("k", large_));
  Publish(kNoNode, 1);
  forwarder_.OnRouting();
  forwarder_.OnTick(now_ + limits::kRouteWait);
  EXPECT_EQ(owner_->statuses[1], Status::kUnavailable);
}

TEST_F(BusyLaneTest, ReadsPassWhatWaitsButNotTheirOwnersWrites) {
  LeadHere();
  ASSERT_EQ(shards_.Execute(SetOf("k", "before")).status, Status::kOk);
  Submit(1, SetOf("k", large_));
  Submit(2, GetOf("k"));
  Submit(3, GetOf("k"), kAnyRoom, stranger_);
  EXPECT_TRUE(Until([&] { return stranger_->statuses.contains(3); }));
  EXPECT_EQ(stranger_->values[3], "before");
  EXPECT_FALSE(Has(2));
  shards_.BeAlone(1);
  EXPECT_TRUE(Until([&] { return Has(2); }));
  EXPECT_EQ(owner_->values[2], large_);
}

TEST_F(BusyLaneTest, TheRouterRunsNoWriteThatItsLeaderRefuses) {
  LeadHere();
  Router router(shards_.host, board_, forwarder_, counters_);
  EXPECT_FALSE(router.RunHere(SetOf("k", large_), true, UnixNow(), [](const Outcome&) {}));
  EXPECT_TRUE(router.RunHere(SetOf("k", "small"), true, UnixNow(), [](const Outcome&) {}));
}

TEST_F(BusyLaneTest, ElsewhereItWaitsAndReadsPassTheSameWay) {
  FollowOther();
  Submit(1, SetOf("k", "before"));
  Submit(2, SetOf("k", large_));
  Submit(3, GetOf("k"));
  Submit(4, SetOf("k", "small"), kAnyRoom, stranger_);
  Submit(5, GetOf("k"), kAnyRoom, stranger_);
  const auto third = std::make_shared<Owner>();
  Submit(6, GetOf("k"), kAnyRoom, third);
  ServeOther();
  EXPECT_TRUE(Until([&] { return third->statuses.contains(6); }));
  EXPECT_EQ(third->values[6], "before");
  Submit(7, GetOf("k"), kAnyRoom, third);
  EXPECT_TRUE(Until([&] { return third->statuses.contains(7); }));
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1}));
  EXPECT_TRUE(stranger_->order.empty());

  other_.BeAlone(1);
  EXPECT_TRUE(Until([&] { return Has(3) && stranger_->statuses.contains(5); }));
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(owner_->values[3], large_);
  EXPECT_EQ(stranger_->values[5], "small");
}

TEST_F(BusyLaneTest, ElsewhereTooItIsBusyInTheEnd) {
  FollowOther();
  Submit(1, SetOf("k", large_));
  Submit(2, SetOf("k", large_));
  ServeOther();
  EXPECT_TRUE(Until([&] {
    forwarder_.OnTick(now_);
    return forwarder_.blocked(ring::ShardOf("k", TestShards::kShards)) && other_.held.size() == 0 &&
           SteadyNow() - now_ > 100ms;
  }));
  EXPECT_TRUE(Until([&] {
    forwarder_.OnTick(now_ + limits::kRouteWait);
    return Has(1) && Has(2);
  }));
  EXPECT_EQ(owner_->statuses[1], Status::kBusy);
  EXPECT_EQ(owner_->statuses[2], Status::kBusy);
}

}  // namespace
}  // namespace aegis::node
