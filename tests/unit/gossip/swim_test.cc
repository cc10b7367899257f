// One core, fed by hand: what it answers, and what it does with what it should not get.

#include "gossip/swim.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "gossip/codec.h"
#include "model/limits.h"
#include "test_members.h"

namespace aegis::gossip {
namespace {

using namespace std::chrono_literals;

const ClusterId kCluster{0xc1};

// Self is m1.
class SwimTest : public testing::Test {
 protected:
  static ClusterSettings Settings() {
    ClusterSettings settings;
    settings.id = kCluster;
    return settings;
  }
  static Sender From(const Member& member) { return {kCluster, member.id, member.session}; }

  void Hear(const Member& from, const DatagramBody& body, const std::vector<Rumour>& rumours = {}) {
    Bytes datagram = EncodeDatagramHead(From(from), body);
    for (const Rumour& rumour : rumours) datagram += EncodeRumour(rumour);
    swim_.OnDatagram(from.gossip_address, datagram, now_, effects_);
  }
  void Introduce(const Member& member) {
    Hear(member, std::monostate(), {Alive(member)});
    effects_.Clear();
  }
  void Run(Duration duration) {
    const TimePoint end = now_ + duration;
    while (swim_.wake_up_at() <= end) {
      now_ = std::max(now_, swim_.wake_up_at());
      swim_.Tick(now_, effects_);
    }
    now_ = end;
  }
  // What was sent to `to` since the last Clear().
  std::vector<DatagramMessage> SentTo(const Member& to) const {
    std::vector<DatagramMessage> messages;
    for (const Datagram& datagram : effects_.datagrams) {
      if (datagram.to == to.gossip_address) {
        messages.push_back(DecodeDatagram(datagram.body).value());
      }
    }
    return messages;
  }
  template <class Body>
  std::vector<Body> BodiesTo(const Member& to) const {
    std::vector<Body> bodies;
    for (const DatagramMessage& message : SentTo(to)) {
      if (const auto* body = std::get_if<Body>(&message.body)) bodies.push_back(*body);
    }
    return bodies;
  }

  const Member self_ = TestMember(1);
  const Member a_ = TestMember(2);
  const Member b_ = TestMember(3);
  TimePoint now_{1h};
  Swim swim_{TestMember(1), Settings(), Options{}, Rng(1), now_};
  Effects effects_;
};

TEST_F(SwimTest, PingIsAcknowledgedWithItsNumber) {
  Introduce(a_);
  Hear(a_, Ping{77, self_.id, self_.session});
  EXPECT_EQ(BodiesTo<Ack>(a_), std::vector<Ack>{{77}});
}

TEST_F(SwimTest, PingForAnotherNodeOrAnEarlierRunIsNotAcknowledged) {
  Introduce(a_);
  Hear(a_, Ping{77, b_.id, b_.session});
  Hear(a_, Ping{78, self_.id, Session{1}});
  EXPECT_TRUE(BodiesTo<Ack>(a_).empty());
}

TEST_F(SwimTest, RelayPassesOnTheAckUnderTheAskersNumber) {
  Introduce(a_);
  Introduce(b_);
  Hear(a_, PingRequest{55, b_.id, b_.session});
  const auto pings = BodiesTo<Ping>(b_);
  ASSERT_EQ(pings.size(), 1U);
  Hear(b_, Ack{pings[0].seq});
  EXPECT_EQ(BodiesTo<Ack>(a_), std::vector<Ack>{{55}});
  effects_.Clear();
  Run(2s);
  EXPECT_TRUE(BodiesTo<Nack>(a_).empty());
}

TEST_F(SwimTest, RelayThatHearsNothingSaysSoAndStillPassesOnALateAck) {
  Introduce(a_);
  Introduce(b_);
  Hear(a_, PingRequest{55, b_.id, b_.session});
  const auto pings = BodiesTo<Ping>(b_);
  ASSERT_FALSE(pings.empty());
  Run(199ms);
  EXPECT_TRUE(BodiesTo<Nack>(a_).empty());
  Run(2ms);
  EXPECT_EQ(BodiesTo<Nack>(a_), std::vector<Nack>{{55}});
  Hear(b_, Ack{pings[0].seq});
  EXPECT_EQ(BodiesTo<Ack>(a_), std::vector<Ack>{{55}});
}

TEST_F(SwimTest, RelayThatDoesNotKnowTheTargetSaysSoAtOnce) {
  Introduce(a_);
  Hear(a_, PingRequest{55, b_.id, b_.session});
  EXPECT_EQ(BodiesTo<Nack>(a_), std::vector<Nack>{{55}});
}

TEST_F(SwimTest, SilentMemberIsProbedThroughOthersAndByTcpAndThenSuspected) {
  Introduce(a_);
  for (std::uint8_t id = 3; id <= 7; ++id) Introduce(TestMember(id));
  swim_.ProbeSoon(a_.id, now_, effects_);
  EXPECT_EQ(BodiesTo<Ping>(a_).size(), 1U);
  std::size_t relays = 0;
  for (std::uint8_t id = 3; id <= 7; ++id) relays += BodiesTo<PingRequest>(TestMember(id)).size();
  EXPECT_EQ(relays, 3U);
  ASSERT_EQ(effects_.streams.size(), 1U);
  EXPECT_EQ(effects_.streams[0].to, a_.gossip_address);
  Run(401ms);
  EXPECT_EQ(swim_.Find(a_.id)->state, MemberState::kSuspect);
  EXPECT_EQ(swim_.health_score(), 3) << "three relays said neither yes nor no";
}

TEST_F(SwimTest, RelaysThatAnswerProveThisNodeHealthy) {
  Introduce(a_);
  Introduce(b_);
  swim_.ProbeSoon(a_.id, now_, effects_);
  const auto requests = BodiesTo<PingRequest>(b_);
  ASSERT_EQ(requests.size(), 1U);
  Hear(b_, Nack{requests[0].seq});
  Run(401ms);
  EXPECT_EQ(swim_.Find(a_.id)->state, MemberState::kSuspect);
  EXPECT_EQ(swim_.health_score(), 0);
}

TEST_F(SwimTest, SuspectIsToldSoInThePingItself) {
  Introduce(a_);
  Hear(b_, std::monostate(), {Alive(b_), Said(MemberState::kSuspect, a_, b_.id)});
  ASSERT_EQ(swim_.Find(a_.id)->state, MemberState::kSuspect);
  // Long enough for the rumour to have been sent as often as it may be.
  for (int i = 0; i < 20; ++i) Hear(b_, Ping{1, self_.id, self_.session});
  effects_.Clear();
  swim_.ProbeSoon(a_.id, now_, effects_);
  const auto messages = SentTo(a_);
  ASSERT_FALSE(messages.empty());
  ASSERT_FALSE(messages[0].rumours.empty());
  EXPECT_EQ(messages[0].rumours[0].member.id, a_.id);
  EXPECT_EQ(messages[0].rumours[0].member.state, MemberState::kSuspect);
}

TEST_F(SwimTest, AcknowledgementOfTheTargetEndsTheProbe) {
  Introduce(a_);
  swim_.ProbeSoon(a_.id, now_, effects_);
  Hear(a_, Ack{BodiesTo<Ping>(a_)[0].seq});
  const std::uint64_t failed = swim_.counters().probes_failed;
  Run(450ms);
  EXPECT_EQ(swim_.counters().probes_failed, failed);
  EXPECT_EQ(swim_.Find(a_.id)->state, MemberState::kAlive);
}

TEST_F(SwimTest, TcpProbeIsAnsweredByItsTargetOnly) {
  const auto ask = [&](NodeId target, Session session) {
    const Bytes reply = swim_.OnStreamRequest(
        a_.gossip_address, EncodeQuestion({From(a_), StreamProbe{target, session}}), now_,
        effects_);
    return DecodeAnswer(reply).value().body;
  };
  EXPECT_TRUE(std::holds_alternative<StreamAck>(ask(self_.id, self_.session)));
  EXPECT_EQ(std::get<Refusal>(ask(self_.id, Session{1})).reason, RefusalReason::kNotMe);
  EXPECT_EQ(std::get<Refusal>(ask(b_.id, b_.session)).reason, RefusalReason::kNotMe);
}

TEST_F(SwimTest, StrangerIsAskedWhoItIs) {
  Hear(a_, Ping{1, self_.id, self_.session});
  ASSERT_EQ(effects_.streams.size(), 1U);
  EXPECT_EQ(effects_.streams[0].to, a_.gossip_address);
  now_ += Exchange::kIntroductionInterval / 2;
  Hear(b_, Ping{1, self_.id, self_.session});
  EXPECT_EQ(effects_.streams.size(), 1U) << "many strangers are asked one after the other";
}

TEST_F(SwimTest, ForeignDatagramIsNeitherAnsweredNorBelieved) {
  Introduce(a_);
  Sender foreign = From(a_);
  foreign.cluster = ClusterId{0xd2};
  swim_.OnDatagram(
      a_.gossip_address,
      EncodeDatagramHead(foreign, Ping{1, self_.id, self_.session}) + EncodeRumour(Alive(b_)), now_,
      effects_);
  EXPECT_TRUE(effects_.datagrams.empty());
  EXPECT_EQ(swim_.Find(b_.id), nullptr);
  EXPECT_EQ(swim_.counters().refused_foreign, 1U);
}

TEST_F(SwimTest, AnUnbornNodeCountsNoMembersOfAClusterBeforeItIsOneOfThem) {
  Swim unborn(TestMember(1), ClusterSettings(), Options{}, Rng(1), now_);
  unborn.OnDatagram(a_.gossip_address,
                    EncodeDatagramHead(From(a_), Ping{1, self_.id, self_.session}) +
                        EncodeRumour(Alive(a_)) + EncodeRumour(Alive(b_)),
                    now_, effects_);
  EXPECT_EQ(unborn.members().size(), 1U);
  ASSERT_EQ(effects_.streams.size(), 1U) << "it asks who they are";
  EXPECT_EQ(effects_.streams[0].to, a_.gossip_address);
}

TEST_F(SwimTest, GarbageIsCountedReportedOnceAndChangesNothing) {
  const auto before = swim_.members();
  for (int i = 0; i < 100; ++i) {
    swim_.OnDatagram({"6.6.6.6", 666}, "garbage", now_, effects_);
    const Bytes reply = swim_.OnStreamRequest({"6.6.6.6", 666}, "garbage", now_, effects_);
    EXPECT_EQ(std::get<Refusal>(DecodeAnswer(reply).value().body).reason,
              RefusalReason::kMalformed);
  }
  EXPECT_EQ(swim_.counters().malformed, 200U);
  ASSERT_EQ(effects_.events.size(), 1U);
  EXPECT_EQ(effects_.events[0].kind, Event::Kind::kMalformed);
  EXPECT_NE(effects_.events[0].detail.find("6.6.6.6:666"), std::string::npos);
  EXPECT_EQ(swim_.members(), before);
  EXPECT_TRUE(effects_.datagrams.empty());
}

TEST_F(SwimTest, OversizedMessagesAreRefusedUnread) {
  swim_.OnDatagram(a_.gossip_address, Bytes(limits::kDatagramSizeMax + 1, 'x'), now_, effects_);
  swim_.OnStreamRequest(a_.gossip_address, Bytes(limits::kPushPullSizeMax + 1, 'x'), now_,
                        effects_);
  EXPECT_EQ(swim_.counters().oversized, 2U);
  EXPECT_EQ(swim_.counters().malformed, 0U);
}

TEST_F(SwimTest, EveryTruncatedPushPullIsRefusedAndMergesNothing) {
  const Bytes question = EncodeQuestion({From(a_), State{Settings(), {a_, b_}}});
  for (std::size_t size = 0; size < question.size(); ++size) {
    const Bytes reply =
        swim_.OnStreamRequest(a_.gossip_address, question.substr(0, size), now_, effects_);
    EXPECT_TRUE(std::holds_alternative<Refusal>(DecodeAnswer(reply).value().body)) << size;
  }
  EXPECT_EQ(swim_.members().size(), 1U);
  swim_.OnStreamRequest(a_.gossip_address, question, now_, effects_);
  EXPECT_EQ(swim_.members().size(), 3U);
}

TEST_F(SwimTest, EveryTruncatedReplyIsCountedAndMergesNothing) {
  const Bytes answer = EncodeAnswer({From(a_), State{Settings(), {a_, b_}}});
  for (std::size_t size = 0; size < answer.size(); ++size) {
    now_ += 1s;
    effects_.Clear();
    swim_.Join(std::vector{a_.gossip_address}, now_, effects_);
    ASSERT_EQ(effects_.streams.size(), 1U);
    swim_.OnStreamReply(effects_.streams[0].id, answer.substr(0, size), now_, effects_);
  }
  EXPECT_EQ(swim_.counters().malformed, answer.size());
  EXPECT_EQ(swim_.members().size(), 1U);
  EXPECT_FALSE(swim_.joined());
}

TEST_F(SwimTest, ReplyToNothingAndSecondReplyAreIgnored) {
  swim_.Join(std::vector{a_.gossip_address}, now_, effects_);
  const std::uint64_t id = effects_.streams[0].id;
  const Bytes answer = EncodeAnswer({From(a_), State{Settings(), {a_}}});
  swim_.OnStreamReply(id + 1, answer, now_, effects_);
  EXPECT_FALSE(swim_.joined());
  swim_.OnStreamReply(id, Error{ErrorCode::kUnavailable, "refused"}, now_, effects_);
  swim_.OnStreamReply(id, answer, now_, effects_);
  EXPECT_FALSE(swim_.joined());
  EXPECT_EQ(swim_.counters().streams_failed, 1U);
}

TEST_F(SwimTest, DatagramsKeepToTheirLimitWithAThousandTalkativeMembers) {
  State state{Settings(), {a_}};
  while (state.members.size() < 1000) {
    Member member = TestMember(3);
    member.id = NodeId{5000 + state.members.size()};
    member.name = std::string(limits::kNameSizeMax - state.members.size() % 50, 'n');
    member.zone = std::string(limits::kNameSizeMax, 'z');
    member.client_address.host = std::string(state.members.size() % kHostSizeMax + 1, 'h');
    member.gossip_address.host = "10.7." + std::to_string(state.members.size());
    state.members.push_back(std::move(member));
  }
  const Bytes reply =
      swim_.OnStreamRequest(a_.gossip_address, EncodeQuestion({From(a_), state}), now_, effects_);
  EXPECT_LE(reply.size(), limits::kPushPullSizeMax);
  EXPECT_EQ(swim_.members().size(), 1001U);

  std::size_t largest = 0;
  Run(10s);
  EXPECT_GT(effects_.datagrams.size(), 100U);
  for (const Datagram& datagram : effects_.datagrams) {
    largest = std::max(largest, datagram.body.size());
    EXPECT_TRUE(DecodeDatagram(datagram.body).ok());
  }
  EXPECT_LE(largest, limits::kDatagramSizeMax);
  EXPECT_GT(largest, limits::kDatagramSizeMax / 2) << "the space is used";
}

TEST_F(SwimTest, IdleNodeSleepsUntilItsNextDeadline) {
  swim_.Tick(now_, effects_);
  const TimePoint next = effects_.wake_up_at;
  EXPECT_GT(next, now_);
  EXPECT_LE(next, now_ + 500ms);
  EXPECT_EQ(swim_.wake_up_at(), next);
}

}  // namespace
}  // namespace aegis::gossip
