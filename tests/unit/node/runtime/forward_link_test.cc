#include "node/runtime/forward_link.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "forwarding_test_support.h"
#include "memory_stream.h"
#include "wire/operation_codec.h"

namespace aegis::node {
namespace {

class Listener final : public ForwardLinkListener {
 public:
  void OnAnswer(std::unique_ptr<Forward> forward, const Outcome& outcome) override {
    answered.push_back(forward->ticket.sequence);
    statuses[forward->ticket.sequence] = outcome.status;
  }
  void OnNoRoom(std::unique_ptr<Forward> forward, std::size_t needed) override {
    no_room[forward->ticket.sequence] = needed;
  }
  void OnBroken(ForwardLink&, ForwardQueue unsent_now, ForwardQueue sent_now) override {
    broken = true;
    unsent_now.ForEach([&](Forward& forward) { unsent.push_back(forward.ticket.sequence); });
    sent_now.ForEach([&](Forward& forward) { sent.push_back(forward.ticket.sequence); });
  }

  using Tickets = std::vector<std::uint64_t>;
  Tickets answered;
  std::map<std::uint64_t, Status> statuses;
  std::map<std::uint64_t, std::size_t> no_room;
  Tickets unsent;
  Tickets sent;
  bool broken = false;
};

class ForwardLinkTest : public ::testing::Test {
 protected:
  void Send(std::uint64_t ticket, const Operation& operation, std::size_t room = kAnyRoom,
            bool first = false) {
    auto forward = std::make_unique<Forward>();
    forward->ticket = {ticket, 0};
    forward->room = room;
    forward->first = first;
    forward->write = operation.IsWrite();
    wire::AppendOperation(operation, forward->operation);
    link_.Send(std::move(forward), Epoch{7}, peer_.address());
  }
  template <class Condition>
  bool Until(Condition condition) {
    return RunUntil(loop_, condition);
  }
  bool UntilPreamble() {
    return Until([&] { return peer_.Received().size() >= kForwardPreambleSize; });
  }

  // Of the first request that the peer has received.
  std::uint64_t FirstId() {
    std::size_t consumed = 0;
    const ByteView input = ByteView(peer_.Received()).substr(kForwardPreambleSize);
    return wire::DecodeRequest(input, consumed).value().value().id;
  }

  Loop loop_;
  Peer peer_{loop_};
  Listener listener_;
  ForwardLink link_{loop_, {kCluster, kSelf, kOther}, listener_};
};

TEST_F(ForwardLinkTest, NothingIsSentBeforeThePeerHasAccepted) {
  Send(1, SetOf("k", "v"));
  ASSERT_TRUE(UntilPreamble());
  Send(2, SetOf("k", "v"));
  loop_.io().poll();
  EXPECT_EQ(peer_.Received().size(), kForwardPreambleSize);
  peer_.Answer(true);
  EXPECT_TRUE(Until([&] { return peer_.Received().size() > kForwardPreambleSize; }));
}

TEST_F(ForwardLinkTest, WhatARefusalGivesBackWasNeverSent) {
  Send(1, SetOf("k", "v"));
  Send(2, GetOf("k"));
  ASSERT_TRUE(UntilPreamble());
  peer_.Answer(false);
  ASSERT_TRUE(Until([&] { return listener_.broken; }));
  EXPECT_EQ(listener_.unsent, (Listener::Tickets{1, 2}));
  EXPECT_TRUE(listener_.sent.empty());
}

TEST_F(ForwardLinkTest, APeerThatAcceptsNothingInTimeWasSentNothing) {
  const TimePoint begin = SteadyNow();
  Send(1, SetOf("k", "v"));
  ASSERT_TRUE(UntilPreamble());
  link_.OnTick(begin + limits::kForwardTimeout);
  EXPECT_FALSE(listener_.broken);
  link_.OnTick(SteadyNow() + limits::kForwardTimeout + std::chrono::seconds(1));
  EXPECT_EQ(listener_.unsent, (Listener::Tickets{1}));
}

TEST_F(ForwardLinkTest, WhatWasSentBehindTheAcceptanceIsGivenBackAsSent) {
  Send(1, SetOf("k", "v"));
  ASSERT_TRUE(UntilPreamble());
  peer_.Answer(true);
  ASSERT_TRUE(Until([&] { return peer_.Received().size() > kForwardPreambleSize; }));
  peer_.Close();
  ASSERT_TRUE(Until([&] { return listener_.broken; }));
  EXPECT_EQ(listener_.sent, (Listener::Tickets{1}));
  EXPECT_TRUE(listener_.unsent.empty());
}

TEST_F(ForwardLinkTest, RoomTravelsWithTheRequestAndItsLackWithTheReply) {
  Send(1, GetOf("k"), 4096, /*first=*/true);
  Send(2, GetOf("k"));
  ASSERT_TRUE(UntilPreamble());
  peer_.Answer(true);
  std::vector<wire::RequestFrame> frames;
  ASSERT_TRUE(Until([&] {
    ByteView input = ByteView(peer_.Received()).substr(kForwardPreambleSize);
    frames.clear();
    std::size_t consumed = 0;
    for (;; input.remove_prefix(consumed)) {
      const auto frame = wire::DecodeRequest(input, consumed);
      if (!frame.ok() || !frame.value()) break;
      frames.push_back(*frame.value());
    }
    return frames.size() == 2;
  }));
  EXPECT_EQ(frames[0].ttl_ms, 4096);
  EXPECT_TRUE(frames[0].redirect);
  EXPECT_EQ(frames[0].version, 7U);
  EXPECT_EQ(frames[1].ttl_ms, 0);
  EXPECT_FALSE(frames[1].redirect);

  Bytes replies;
  wire::ReplyFrame reply;
  reply.id = frames[0].id;
  reply.ttl_ms = 5000;
  wire::AppendReply(reply, replies);
  reply.id = frames[1].id;
  reply.ttl_ms = -1;
  wire::AppendReply(reply, replies);
  peer_.Send(replies);
  ASSERT_TRUE(Until([&] { return listener_.no_room.size() == 2; }));
  EXPECT_EQ(listener_.no_room[1], 5000U);
  EXPECT_EQ(listener_.no_room[2], 0U);
}

TEST_F(ForwardLinkTest, AnErrorIsNoOutcome) {
  Send(1, SetOf("k", "v"));
  Send(2, GetOf("k"));
  ASSERT_TRUE(UntilPreamble());
  peer_.Answer(true);
  ASSERT_TRUE(Until([&] { return peer_.Received().size() > kForwardPreambleSize; }));
  Bytes replies;
  for (const std::uint64_t id : {0U, 1U}) {
    wire::AppendReply(
        {.status = wire::ReplyStatus::kError, .id = FirstId() + id, .error = "UNKNOWNOUTCOME x"},
        replies);
  }
  peer_.Send(replies);
  ASSERT_TRUE(Until([&] { return listener_.answered.size() == 2; }));
  EXPECT_EQ(listener_.statuses[1], Status::kUnknownOutcome);
  EXPECT_EQ(listener_.statuses[2], Status::kUnavailable);
}

TEST_F(ForwarderTest, AReadThatWasNotAnsweredHasTimeToBeAskedAgain) {
  FollowOther();
  // As after waiting in vain: its own time is over when the silent leader is given up.
  SubmitAt(SteadyNow() - limits::kForwardTimeout, 2, SetOf("k", "v"));
  SubmitAt(SteadyNow() - limits::kForwardTimeout, 1, GetOf("k"));
  ASSERT_TRUE(Until([&] { return peer_.Received().size() == kForwardPreambleSize; }));
  peer_.Answer(true);
  ASSERT_TRUE(Until([&] { return peer_.Received().size() > kForwardPreambleSize; }));
  Publish(kNoNode, 0);
  const TimePoint before = SteadyNow();
  peer_.Close();
  ASSERT_TRUE(Until([&] { return owner_->order.size() == 1; }));
  EXPECT_EQ(owner_->statuses[2], Status::kUnknownOutcome);
  forwarder_.OnTick(before);
  EXPECT_EQ(owner_->order.size(), 1U);
  forwarder_.OnTick(before + limits::kRouteWait - std::chrono::milliseconds(1));
  EXPECT_EQ(owner_->order.size(), 1U) << "the read has as long as any to find a leader";
  Lead(2);
  Publish(kSelf, 2);
  forwarder_.OnRouting();
  EXPECT_EQ(owner_->statuses[1], Status::kNotFound);
}

TEST_F(ForwarderTest, AReadInFrontOfAWriteThatWasSentTooIsNotAskedAgain) {
  FollowOther();
  SubmitAt(SteadyNow(), 1, GetOf("k"));
  SubmitAt(SteadyNow(), 2, SetOf("k", "v"));
  const auto somebody_else = std::make_shared<Owner>();
  SubmitAt(SteadyNow(), 3, GetOf("k"), kAnyRoom, somebody_else);
  ASSERT_TRUE(Until([&] { return peer_.Received().size() == kForwardPreambleSize; }));
  peer_.Answer(true);
  ASSERT_TRUE(Until([&] { return peer_.Received().size() > kForwardPreambleSize; }));
  Publish(kNoNode, 0);
  peer_.Close();
  ASSERT_TRUE(Until([&] { return owner_->order.size() == 2; }));
  EXPECT_EQ(owner_->statuses[1], Status::kUnavailable) << "the write may have been done";
  EXPECT_EQ(owner_->statuses[2], Status::kUnknownOutcome);
  EXPECT_TRUE(somebody_else->order.empty());
}

TEST_F(ForwarderTest, NorMoreThanThat) {
  FollowOther();
  SubmitAt(SteadyNow() - limits::kForwardTimeout, 2, SetOf("k", "v"));
  SubmitAt(SteadyNow() - limits::kForwardTimeout, 1, GetOf("k"));
  ASSERT_TRUE(Until([&] { return peer_.Received().size() == kForwardPreambleSize; }));
  peer_.Answer(true);
  ASSERT_TRUE(Until([&] { return peer_.Received().size() > kForwardPreambleSize; }));
  Publish(kNoNode, 0);
  peer_.Close();
  ASSERT_TRUE(Until([&] { return owner_->order.size() == 1; }));
  EXPECT_EQ(owner_->statuses[2], Status::kUnknownOutcome);
  forwarder_.OnTick(SteadyNow() + limits::kRouteWait);
  EXPECT_EQ(owner_->order.size(), 2U);
  EXPECT_EQ(owner_->statuses[1], Status::kUnavailable);
}

TEST_F(ForwarderTest, ALeaderRunsNothingBehindWhatHasNoRoomUntilItIsSentAgain) {
  FollowOther();
  other_.Execute(SetOf("k", std::string(100, 'v')));
  const auto stranger = std::make_shared<Owner>();
  Submit(1, GetOf("k"), 99);
  Submit(2, SetOf("k", "new"));
  Submit(3, SetOf("k", "newer"), kAnyRoom, stranger);
  ServeOther();
  ASSERT_TRUE(Until([&] { return stranger->order.size() == 1; }));
  EXPECT_EQ(stranger->statuses[3], Status::kOk);
  EXPECT_TRUE(owner_->order.empty());
  ASSERT_EQ(owner_->returned.size(), 2U);
  EXPECT_EQ(owner_->returned[0]->ticket.sequence, 1U);
  EXPECT_EQ(owner_->returned[0]->needed, 100U);
  EXPECT_EQ(owner_->returned[1]->ticket.sequence, 2U);
  EXPECT_EQ(forwarder_.pending(), 0U);

  auto returned = std::exchange(owner_->returned, {});
  for (auto& forward : returned) {
    forward->room = 200;
    forwarder_.Submit(std::move(forward), SteadyNow());
  }
  ASSERT_TRUE(Until([&] { return owner_->order.size() == 2; }));
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(owner_->values[1], "newer");
  EXPECT_EQ(other_.Execute(GetOf("k")).value, "new");
}

// What the leader of an epoch is sent may reach it before it knows that it leads.
TEST(ForwardServerTest, BehindWhatItRefusedItRunsNothingOfThatEpochUntilItIsSentAgain) {
  Loop loop;
  TestShards shards(kOther);
  shards.Create();
  shards.Lead(1);
  ASSERT_EQ(shards.Execute(SetOf("k", "old")).status, Status::kOk);
  MemoryPeer peer(loop);
  std::make_shared<ForwardServer>(loop, std::make_unique<MemoryStream>(peer), shards.host,
                                  shards.held, kOther)
      ->Start();
  loop.io().poll();
  peer.from_node.clear();

  const auto ask = [&](const Operation& operation, bool first) {
    Bytes encoded;
    wire::AppendOperation(operation, encoded);
    wire::RequestFrame frame;
    frame.command = static_cast<std::uint8_t>(wire::Command::kExecute);
    frame.redirect = first;
    frame.version = 2;
    frame.value = encoded;
    Bytes bytes;
    wire::AppendRequest(frame, bytes);
    peer.Send(bytes);
    loop.io().poll();
    std::size_t consumed = 0;
    const Bytes answer = std::exchange(peer.from_node, {});
    const auto reply = wire::DecodeReply(answer, consumed);
    return wire::DecodeOutcome(reply.value()->value).value().status;
  };
  EXPECT_EQ(ask(SetOf("k", "new"), false), Status::kNotLeader);
  shards.Lead(2);
  EXPECT_EQ(ask(GetOf("k"), false), Status::kNotLeader);
  EXPECT_EQ(ask(SetOf("k", "new"), true), Status::kOk);
  EXPECT_EQ(ask(GetOf("k"), false), Status::kOk);
}

TEST_F(ForwarderTest, WhatALeaderRefusedBeforeItKnewIsSentAgainInOrder) {
  FollowOther();
  Publish(kOther, 2);
  Submit(1, SetOf("k", "new"));
  Submit(2, GetOf("k"));
  ServeOther();
  // Both were refused once the forwarder is willing to ask for the first again.
  ASSERT_TRUE(Until([&] { return SteadyNow() - now_ > std::chrono::milliseconds(50); }));
  EXPECT_TRUE(owner_->order.empty());
  other_.Lead(2);
  ASSERT_TRUE(Until([&] {
    forwarder_.OnTick(now_);
    return owner_->order.size() == 2;
  }));
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(owner_->values[2], "new");
}

TEST_F(ForwarderTest, ANodeThatHasLeftStillAnswersWhatIsUnderWayToIt) {
  FollowOther();
  Submit(1, SetOf("k", "v"));
  ServeOther();
  Publish(kNoNode, 1, MemberState::kLeft);
  forwarder_.OnRouting();
  ASSERT_TRUE(Until([&] { return !owner_->order.empty(); }));
  EXPECT_EQ(owner_->statuses[1], Status::kOk);
}

TEST_F(ForwarderTest, WhatIsUnderWayToADeadNodeHasAnUnknownOutcome) {
  FollowOther();
  Submit(1, SetOf("k", "v"));
  ASSERT_TRUE(Until([&] { return peer_.Received().size() == kForwardPreambleSize; }));
  peer_.Answer(true);
  ASSERT_TRUE(Until([&] { return peer_.Received().size() > kForwardPreambleSize; }));
  Publish(kNoNode, 1, MemberState::kDead);
  forwarder_.OnRouting();
  ASSERT_TRUE(Until([&] { return !owner_->order.empty(); }));
  EXPECT_EQ(owner_->statuses[1], Status::kUnknownOutcome);
}

TEST_F(ForwarderTest, WhatIsRefusedAgainAndAgainKeepsItsOrder) {
  FollowOther();
  Publish(kOther, 2);
  for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) {
    Submit(ticket, SetOf("k", std::to_string(ticket)));
  }
  Submit(4, GetOf("k"));
  ServeOther();
  // All were refused, and the first of them twice more.
  ASSERT_TRUE(Until([&] {
    forwarder_.OnTick(now_);
    return counters_.forwards_sent.Get() >= 6;
  }));
  EXPECT_TRUE(owner_->order.empty());
  other_.Lead(2);
  ASSERT_TRUE(Until([&] {
    forwarder_.OnTick(now_);
    return owner_->order.size() == 4;
  }));
  EXPECT_EQ(owner_->order, (std::vector<std::uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(owner_->values[4], "3");
}

}  // namespace
}  // namespace aegis::node
