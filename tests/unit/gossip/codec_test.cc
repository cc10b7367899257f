#include "gossip/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "proto/gossip.pb.h"
#include "test_members.h"

namespace aegis::gossip {
namespace {

const Sender kSender{ClusterId{7}, NodeId{1}, Session{101}};

ClusterSettings TestSettings() {
  return {.id = kSender.cluster,
          .num_shards = 128,
          .replication_factor = 2,
          .virtual_nodes = 50,
          .hash_seed = 0xfeedfacecafebeef};
}

// Everything as long as it may be.
Member LongestMember() {
  Member member = TestMember(1);
  member.id = NodeId{UINT64_MAX};
  member.session = Session{UINT64_MAX};
  member.incarnation = kIncarnationMax;
  member.name = std::string(limits::kNameSizeMax, 'n');
  member.zone = std::string(limits::kNameSizeMax, 'z');
  member.software = std::string(kSoftwareSizeMax, 's');
  member.gossip_address = {std::string(kHostSizeMax, 'h'), UINT16_MAX};
  member.client_address = {std::string(kHostSizeMax, 'h'), UINT16_MAX};
  member.weight = UINT32_MAX;
  return member;
}

State TestState() {
  State state{TestSettings(), {TestMember(1), TestMember(2, 99), TestMember(3)}};
  state.members[1].state = MemberState::kDead;
  state.members[2].state = MemberState::kSuspect;
  return state;
}

Bytes TestDatagram() {
  Member other = TestMember(2, 1'700'000'000'000);
  return EncodeDatagramHead(kSender, Ping{5, NodeId{2}, Session{102}}) +
         EncodeRumour(Alive(other)) +
         EncodeRumour(Said(MemberState::kSuspect, TestMember(3), NodeId{4}));
}

TEST(CodecTest, DatagramsOfEveryKindComeBackAsTheyWere) {
  const std::vector<DatagramBody> bodies = {std::monostate(),
                                            Ping{5, NodeId{2}, Session{3}},
                                            PingRequest{6, NodeId{2}, Session{3}},
                                            Ack{0},
                                            Ack{UINT32_MAX},
                                            Nack{8}};
  for (const DatagramBody& body : bodies) {
    const auto decoded = DecodeDatagram(EncodeDatagramHead(kSender, body));
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(decoded.value().sender, kSender);
    EXPECT_EQ(decoded.value().body, body);
    EXPECT_TRUE(decoded.value().rumours.empty());
  }
}

TEST(CodecTest, RumoursComeBackInOrder) {
  const auto decoded = DecodeDatagram(TestDatagram());
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  const std::vector<Rumour> expected = {Alive(TestMember(2, 1'700'000'000'000)),
                                        Said(MemberState::kSuspect, TestMember(3), NodeId{4})};
  // Only the head and the accuser of an accusation are sent.
  ASSERT_EQ(decoded.value().rumours.size(), 2U);
  EXPECT_EQ(decoded.value().rumours[0], expected[0]);
  EXPECT_EQ(decoded.value().rumours[1].accuser, NodeId{4});
  EXPECT_EQ(decoded.value().rumours[1].member.id, expected[1].member.id);
  EXPECT_EQ(decoded.value().rumours[1].member.state, MemberState::kSuspect);
}

TEST(CodecTest, QuestionsAndAnswersComeBackAsTheyWere) {
  const auto state_question = DecodeQuestion(EncodeQuestion({kSender, TestState()}));
  ASSERT_TRUE(state_question.ok()) << state_question.error().message;
  EXPECT_EQ(std::get<State>(state_question.value().body).settings, TestSettings());
  EXPECT_EQ(std::get<State>(state_question.value().body).members, TestState().members);

  const StreamProbe probe{NodeId{4}, Session{5}};
  const auto probe_question = DecodeQuestion(EncodeQuestion({kSender, probe}));
  ASSERT_TRUE(probe_question.ok());
  EXPECT_EQ(std::get<StreamProbe>(probe_question.value().body), probe);

  const auto state_answer = DecodeAnswer(EncodeAnswer({kSender, TestState()}));
  ASSERT_TRUE(state_answer.ok());
  EXPECT_EQ(std::get<State>(state_answer.value().body).members, TestState().members);

  const auto refusal = DecodeAnswer(EncodeAnswer({kSender, Refusal{RefusalReason::kFull, "no"}}));
  ASSERT_TRUE(refusal.ok());
  EXPECT_EQ(std::get<Refusal>(refusal.value().body).reason, RefusalReason::kFull);
  EXPECT_EQ(std::get<Refusal>(refusal.value().body).message, "no");

  EXPECT_TRUE(DecodeAnswer(EncodeAnswer({kSender, StreamAck{}})).ok());
}

TEST(CodecTest, LongestMemberKeepsToTheSizeThatTheLimitsCountOn) {
  EXPECT_LE(EncodeRumour(Alive(LongestMember())).size(), kMemberSizeMax);
  const Sender longest{ClusterId{UINT64_MAX}, NodeId{UINT64_MAX}, Session{UINT64_MAX}};
  const Bytes head =
      EncodeDatagramHead(longest, PingRequest{UINT32_MAX, NodeId{1}, Session{UINT64_MAX}});
  EXPECT_LE(head.size(), kDatagramHeadSizeMax);
}

TEST(CodecTest, FullestStateOfLongestMembersFits) {
  State state{TestSettings(), {}};
  state.members.assign(limits::kMembersMax, LongestMember());
  state.members.front() = TestMember(1);
  const Bytes encoded = EncodeQuestion({kSender, state});
  EXPECT_LE(encoded.size(), limits::kPushPullSizeMax);
  EXPECT_TRUE(DecodeQuestion(encoded).ok());
}

TEST(CodecTest, StateWithOneMemberTooManyIsTooLarge) {
  State state{TestSettings(), {}};
  state.members.assign(limits::kMembersMax + 1, TestMember(1));
  const auto decoded = DecodeQuestion(EncodeQuestion({kSender, state}));
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kTooLarge);
}

TEST(CodecTest, BytesOverTheLimitAreTooLargeBeforeTheyAreRead) {
  EXPECT_EQ(DecodeDatagram(Bytes(limits::kDatagramSizeMax + 1, 'x')).error().code,
            ErrorCode::kTooLarge);
  EXPECT_EQ(DecodeQuestion(Bytes(limits::kPushPullSizeMax + 1, 'x')).error().code,
            ErrorCode::kTooLarge);
  EXPECT_EQ(DecodeAnswer(Bytes(limits::kPushPullSizeMax + 1, 'x')).error().code,
            ErrorCode::kTooLarge);
}

// Where protobuf ends between two fields, a prefix is a message too; it must still obey the rules.
TEST(CodecTest, EveryTruncationIsRefusedOrIsAShorterMessage) {
  const Bytes datagram = TestDatagram();
  for (std::size_t size = 0; size < datagram.size(); ++size) {
    const auto decoded = DecodeDatagram(ByteView(datagram).substr(0, size));
    if (!decoded.ok()) continue;
    EXPECT_EQ(decoded.value().sender, kSender);
    EXPECT_LT(decoded.value().rumours.size(), 2U);
  }
  const Bytes question = EncodeQuestion({kSender, TestState()});
  const Bytes answer = EncodeAnswer({kSender, TestState()});
  for (std::size_t size = 0; size < question.size(); ++size) {
    EXPECT_FALSE(DecodeQuestion(ByteView(question).substr(0, size)).ok()) << size;
    EXPECT_FALSE(DecodeAnswer(ByteView(answer).substr(0, size)).ok()) << size;
  }
}

TEST(CodecTest, EveryFlippedBitIsRefusedOrYieldsAValidMessage) {
  const Bytes datagram = TestDatagram();
  for (std::size_t bit = 0; bit < 8 * datagram.size(); ++bit) {
    Bytes broken = datagram;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ 1 << bit % 8);
    const auto decoded = DecodeDatagram(broken);
    if (!decoded.ok()) continue;
    EXPECT_NE(decoded.value().sender.id, kNoNode);
    for (const Rumour& rumour : decoded.value().rumours) {
      EXPECT_NE(rumour.member.id, kNoNode);
      if (rumour.member.state != MemberState::kAlive) continue;
      EXPECT_TRUE(CheckMember(rumour.member).ok());
    }
  }
}

TEST(CodecTest, UnknownFieldsOfNewerNodesAreSkipped) {
  Bytes datagram = TestDatagram();
  datagram += "\xfa\x07\x03new";  // Field 127, 3 bytes.
  EXPECT_TRUE(DecodeDatagram(datagram).ok());
}

TEST(CodecTest, MembersOutsideTheLimitsAreRefused) {
  const auto refused = [](auto change) {
    Member member = TestMember(1);
    change(member);
    return !CheckMember(member).ok();
  };
  EXPECT_FALSE(refused([](Member&) {}));
  EXPECT_TRUE(refused([](Member& m) { m.name.clear(); }));
  EXPECT_TRUE(refused([](Member& m) { m.name = std::string(limits::kNameSizeMax + 1, 'n'); }));
  EXPECT_TRUE(refused([](Member& m) { m.name = "evil\nname"; }));
  EXPECT_TRUE(refused([](Member& m) { m.zone = std::string(limits::kNameSizeMax + 1, 'z'); }));
  EXPECT_TRUE(refused([](Member& m) { m.software = std::string(kSoftwareSizeMax + 1, 's'); }));
  EXPECT_TRUE(refused([](Member& m) { m.gossip_address.host.clear(); }));
  EXPECT_TRUE(refused([](Member& m) { m.gossip_address.port = 0; }));
  EXPECT_TRUE(refused([](Member& m) { m.client_address.port = 0; }));
  EXPECT_TRUE(refused([](Member& m) { m.client_address.host = std::string(254, 'h'); }));
  EXPECT_TRUE(refused([](Member& m) { m.weight = 0; }));
}

// Builds what our encoder never would.
class RawMessageTest : public testing::Test {
 protected:
  void SetUp() override {
    Set(*datagram_.mutable_sender());
    Set(*question_.mutable_sender());
    ASSERT_TRUE(question_.ParseFromString(EncodeQuestion({kSender, TestState()})));
  }

  bool Accepts() const { return DecodeDatagram(datagram_.SerializeAsString()).ok(); }
  bool AcceptsQuestion() const { return DecodeQuestion(question_.SerializeAsString()).ok(); }

  proto::GossipDatagram datagram_;
  proto::GossipQuestion question_;

 private:
  static void Set(proto::GossipSender& sender) {
    sender.set_id(1);
    sender.set_session(101);
  }
};

TEST_F(RawMessageTest, DatagramNeedsASender) {
  EXPECT_TRUE(Accepts());
  datagram_.mutable_sender()->set_session(0);
  EXPECT_FALSE(Accepts());
  datagram_.clear_sender();
  EXPECT_FALSE(Accepts());
}

TEST_F(RawMessageTest, PingNeedsATarget) {
  datagram_.mutable_ping()->set_target(2);
  EXPECT_FALSE(Accepts());
  datagram_.mutable_ping()->set_target_session(102);
  EXPECT_TRUE(Accepts());
}

TEST_F(RawMessageTest, RumourOfLifeNeedsAProfile) {
  proto::GossipMember& rumour = *datagram_.add_rumours();
  rumour.set_id(2);
  rumour.set_session(102);
  EXPECT_FALSE(Accepts());
  rumour.set_state(proto::MEMBER_DEAD);
  EXPECT_TRUE(Accepts());
}

TEST_F(RawMessageTest, UnknownStateAndIrrefutableIncarnationAreRefused) {
  proto::GossipMember& rumour = *datagram_.add_rumours();
  rumour.set_id(2);
  rumour.set_session(102);
  rumour.set_state(static_cast<proto::MemberStateProto>(4));
  EXPECT_FALSE(Accepts());
  rumour.set_state(proto::MEMBER_SUSPECT);
  rumour.set_incarnation(kIncarnationMax);
  EXPECT_TRUE(Accepts());
  rumour.set_incarnation(kIncarnationMax + 1);
  EXPECT_FALSE(Accepts());
}

TEST_F(RawMessageTest, StateMustContainItsSender) {
  EXPECT_TRUE(AcceptsQuestion());
  question_.mutable_sender()->set_session(102);
  EXPECT_FALSE(AcceptsQuestion());
}

TEST_F(RawMessageTest, StateMustHavePossibleSettings) {
  question_.mutable_state()->mutable_settings()->set_num_shards(100);
  EXPECT_FALSE(AcceptsQuestion());
  question_.mutable_state()->mutable_settings()->set_num_shards(32768);
  EXPECT_FALSE(AcceptsQuestion());
  question_.mutable_state()->mutable_settings()->set_num_shards(256);
  EXPECT_TRUE(AcceptsQuestion());
  question_.mutable_state()->mutable_settings()->set_replication_factor(0);
  EXPECT_FALSE(AcceptsQuestion());
}

TEST_F(RawMessageTest, PortBeyondSixteenBitsIsRefused) {
  proto::GossipProfile& profile = *question_.mutable_state()->mutable_members(1)->mutable_profile();
  profile.mutable_gossip_address()->set_port(65536 + 7701);
  EXPECT_FALSE(AcceptsQuestion());
}

}  // namespace
}  // namespace aegis::gossip
