#include "node/runtime/forward_lane.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

#include "forwarding_test_support.h"

namespace aegis::node {
namespace {

using namespace std::chrono_literals;
using Tickets = std::vector<std::uint64_t>;

class ForwardLaneTest : public ::testing::Test {
 protected:
  std::unique_ptr<Forward> Of(std::uint64_t ticket, bool write = true,
                              const std::shared_ptr<Owner>& owner = nullptr) {
    auto forward = std::make_unique<Forward>();
    forward->owner = owner ? owner : owner_;
    forward->ticket = {ticket, 0};
    forward->write = write;
    forward->deadline = now_ + 1s;
    return forward;
  }
  void Wait(std::unique_ptr<Forward> forward) {
    lane_.Enter();
    lane_.Wait(std::move(forward));
  }
  std::unique_ptr<Forward> Depart() { return lane_.Depart(lane_.next(), kOther, Epoch{1}); }
  static Tickets All(ForwardQueue queue) {
    Tickets tickets;
    queue.ForEach([&](const Forward& forward) { tickets.push_back(forward.ticket.sequence); });
    return tickets;
  }
  // All that waits, in order.
  Tickets Waiting() {
    ForwardQueue all;
    while (lane_.has_next()) all.Push(lane_.next().Pop());
    return All(std::move(all));
  }

  TimePoint now_{1h};
  const std::shared_ptr<Owner> owner_ = std::make_shared<Owner>();
  ForwardLane lane_;
};

TEST_F(ForwardLaneTest, CountsItsOperationsFromEnterToLeave) {
  EXPECT_TRUE(lane_.empty());
  Wait(Of(1));
  EXPECT_FALSE(lane_.empty());
  EXPECT_FALSE(lane_.idle());
  const auto forward = Depart();
  EXPECT_TRUE(lane_.idle()) << "nothing waits";
  EXPECT_FALSE(lane_.empty());
  lane_.Arrive();
  lane_.Leave();
  EXPECT_TRUE(lane_.empty());
}

TEST_F(ForwardLaneTest, WhatComesBackJoinsInFrontOnceNothingIsUnderWay) {
  for (std::uint64_t ticket = 1; ticket <= 4; ++ticket) Wait(Of(ticket));
  auto first = Depart();
  auto second = Depart();
  lane_.Arrive();
  lane_.ComeBack(std::move(first));
  lane_.Rejoin();
  EXPECT_EQ(lane_.next().front().ticket.sequence, 3U) << "the second is under way";
  lane_.Arrive();
  lane_.ComeBack(std::move(second));
  lane_.Rejoin();
  EXPECT_EQ(Waiting(), (Tickets{1, 2, 3, 4}));
}

TEST_F(ForwardLaneTest, WhatFollowsGoesToTheSameLeaderUnderTheSameEpoch) {
  for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) Wait(Of(ticket));
  auto first = Depart();
  EXPECT_TRUE(lane_.MayFollow(kOther, Epoch{1}));
  EXPECT_FALSE(lane_.MayFollow(kOther, Epoch{2}));
  EXPECT_FALSE(lane_.MayFollow(kSelf, Epoch{1}));
  lane_.Arrive();
  lane_.ComeBack(std::move(first));
  EXPECT_FALSE(lane_.MayFollow(kOther, Epoch{1})) << "nothing overtakes what came back";
}

TEST_F(ForwardLaneTest, TheFirstThatDepartsAfterAHaltSaysSo) {
  for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) Wait(Of(ticket));
  EXPECT_FALSE(Depart()->first);
  lane_.Halt();
  EXPECT_FALSE(lane_.MayFollow(kOther, Epoch{1}));
  EXPECT_TRUE(Depart()->first);
  EXPECT_FALSE(Depart()->first);
}

TEST_F(ForwardLaneTest, WhatCameBackExpiresOutOfOrderAndWhatWaitsInOrder) {
  auto longer = Of(1);
  longer->deadline = now_ + 5s;
  lane_.PutFirst(Of(2));
  lane_.PutFirst(std::move(longer));
  lane_.Wait(Of(3));
  auto later = Of(4);
  later->deadline = now_ + 2s;
  lane_.Wait(std::move(later));
  EXPECT_EQ(All(lane_.TakeExpired(now_)), Tickets{});
  EXPECT_EQ(All(lane_.TakeExpired(now_ + 1s)), (Tickets{2, 3}));
  EXPECT_EQ(Waiting(), (Tickets{1, 4}));
}

TEST_F(ForwardLaneTest, ReadsPassWhatIsNotTheirOwnersOwn) {
  const auto other = std::make_shared<Owner>();
  Wait(Of(1));
  Wait(Of(2, /*write=*/false));
  Wait(Of(3, /*write=*/false, other));
  Wait(Of(4, /*write=*/true, other));
  Wait(Of(5, /*write=*/false, other));
  EXPECT_EQ(All(lane_.TakeReads()), Tickets{3});
  EXPECT_EQ(Waiting(), (Tickets{1, 2, 4, 5}));
}

TEST_F(ForwardLaneTest, ReadsAreLookedForWhileItsLeaderIsBusyButNotOften) {
  EXPECT_FALSE(lane_.LooksForReads(now_));
  lane_.SetBusy("too much");
  EXPECT_TRUE(lane_.LooksForReads(now_));
  EXPECT_FALSE(lane_.LooksForReads(now_));
  EXPECT_TRUE(lane_.LooksForReads(now_ + ForwardLane::kAskAgainMin));
  Wait(Of(1));
  Depart();
  EXPECT_FALSE(lane_.LooksForReads(now_ + 1s)) << "one is under way";
}

TEST_F(ForwardLaneTest, OnlyAWriteThatIsTakenShowsThatItsLeaderIsBusyNoMore) {
  lane_.NoteAnswer(*Of(1), Status::kBusy, "too much");
  EXPECT_TRUE(lane_.busy());
  EXPECT_EQ(lane_.why(), "too much");
  lane_.NoteAnswer(*Of(2, /*write=*/false), Status::kOk, "");
  lane_.NoteAnswer(*Of(3), Status::kNotLeader, "");  // It came behind the one that was refused.
  EXPECT_TRUE(lane_.busy());
  lane_.NoteAnswer(*Of(4), Status::kOk, "");
  EXPECT_FALSE(lane_.busy());
}

TEST_F(ForwardLaneTest, WhoeverRefusesAgainIsGivenTwiceAsLong) {
  Forward forward;
  ForwardLane::NoteRefusal(forward, kOther, Epoch{1}, now_);
  EXPECT_TRUE(ForwardLane::TooSoon(forward, kOther, Epoch{1}, now_));
  EXPECT_FALSE(ForwardLane::TooSoon(forward, kOther, Epoch{2}, now_)) << "that is another question";
  now_ += ForwardLane::kAskAgainMin;
  EXPECT_FALSE(ForwardLane::TooSoon(forward, kOther, Epoch{1}, now_));
  ForwardLane::NoteRefusal(forward, kOther, Epoch{1}, now_);
  EXPECT_EQ(forward.ask_again_at, now_ + 2 * ForwardLane::kAskAgainMin);
  for (int i = 0; i < 10; ++i) ForwardLane::NoteRefusal(forward, kOther, Epoch{1}, now_);
  EXPECT_EQ(forward.ask_again_at, now_ + ForwardLane::kAskAgainMax);
  ForwardLane::NoteRefusal(forward, kOther, Epoch{2}, now_);
  EXPECT_EQ(forward.ask_again_at, now_ + ForwardLane::kAskAgainMin);
}

}  // namespace
}  // namespace aegis::node
