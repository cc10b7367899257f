#include "node/core/control_message.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"
#include "model/limits.h"
#include "proto/control.pb.h"

namespace aegis::node {
namespace {

using consensus::Entry;
using consensus::EntryType;
using consensus::ServerId;
using control::Lineage;

constexpr Lineage kLineage{77};
const Holder kHolder{NodeId{3}, Session{4}};

control::Register Wish() {
  control::Register wish;
  wish.node = NodeId{3};
  wish.session = Session{4};
  wish.previous = Session{5};
  wish.memory = Session{6};
  wish.server = 7;
  wish.name = "node3";
  wish.zone = "east";
  wish.weight = 2;
  wish.lease = std::chrono::milliseconds(900);
  return wish;
}

lease::VoterReport Report() {
  return {.number = 9,
          .configuration = {5, 2},
          .ages = {{kHolder, std::chrono::milliseconds(120), std::chrono::milliseconds(340)}},
          .fences = {{8, 3, {kHolder, std::chrono::milliseconds(250)}}}};
}

Push Snapshot() {
  Push push;
  push.term = 6;
  push.snapshot = Bytes("a state");
  push.entries = {{{11, 6}, EntryType::kCommand, "command"}, {{12, 6}, EntryType::kBarrier, ""}};
  push.voters = {NodeId{1}, NodeId{2}};
  push.voters_settled = true;
  return push;
}

NodeReport Node() {
  return {.applied = {10, 6},
          .wants = Wish(),
          .held = {{ShardId{0}, {Epoch{2}, Seq{30}}}, {ShardId{9}, {Epoch{1}, Seq{1}}}}};
}

std::vector<ControlMessage> OneOfEach() {
  return {
      RaftLetter{ServerId{1}, ServerId{2}, "raft"},
      lease::Request{kHolder, 8, 7},
      lease::Grant{8, lease::Verdict::kFenced, {5, 2}, {NodeId{1}, NodeId{2}}},
      VoterQuestion{9},
      Report(),
      Snapshot(),
      Node(),
      Proposal{"command"},
      Descent{{{.lineage = Lineage{8}, .parent = Lineage{7}, .known = {3, 1}, .last = {4, 2}}}}};
}

Bytes Frame(const ControlMessage& message) {
  Bytes frame;
  AppendControlFrame({kLineage, message}, frame);
  return frame;
}

template <class T>
T Again(const T& message) {
  const auto read = DecodeControlEnvelope(ByteView(Frame(message)).substr(4));
  EXPECT_TRUE(read.ok());
  return std::get<T>(read.value().message);
}

TEST(ControlMessageTest, TheFrameBeginsWithItsLength) {
  for (const ControlMessage& message : OneOfEach()) {
    const Bytes frame = Frame(message);
    EXPECT_EQ(LoadBigEndian<std::uint32_t>(frame), frame.size() - 4);
  }
}

TEST(ControlMessageTest, EveryKindIsReadAsItself) {
  for (const ControlMessage& message : OneOfEach()) {
    const auto read = DecodeControlEnvelope(ByteView(Frame(message)).substr(4));
    ASSERT_TRUE(read.ok()) << message.index();
    EXPECT_EQ(read.value().lineage, kLineage);
    EXPECT_EQ(read.value().message.index(), message.index());
    EXPECT_EQ(Frame(read.value().message), Frame(message));
  }
}

TEST(ControlMessageTest, LettersAndRequestsKeepTheirFields) {
  const RaftLetter letter = Again(RaftLetter{ServerId{1}, ServerId{2}, "raft"});
  EXPECT_EQ(letter.from, ServerId{1});
  EXPECT_EQ(letter.to, ServerId{2});
  EXPECT_EQ(letter.message, "raft");
  const lease::Request request = Again(lease::Request{kHolder, 8, 7});
  EXPECT_EQ(request.holder, kHolder);
  EXPECT_EQ(request.number, 8U);
  EXPECT_EQ(request.succeeded, 7U);
  EXPECT_EQ(Again(lease::Request{kHolder, 8, 0}).succeeded, 0U);
  EXPECT_EQ(Again(VoterQuestion{9}).number, 9U);
  EXPECT_EQ(Again(Proposal{"command"}).command, "command");
}

TEST(ControlMessageTest, AGrantKeepsItsFields) {
  const lease::Grant grant =
      Again(lease::Grant{8, lease::Verdict::kFenced, {5, 2}, {NodeId{1}, NodeId{2}}});
  EXPECT_EQ(grant.number, 8U);
  EXPECT_EQ(grant.verdict, lease::Verdict::kFenced);
  EXPECT_EQ(grant.configuration, (lease::ConfigurationId{5, 2}));
  EXPECT_EQ(grant.voters, (std::vector<NodeId>{NodeId{1}, NodeId{2}}));
}

TEST(ControlMessageTest, AVoterReportKeepsItsFields) {
  const lease::VoterReport report = Again(Report());
  EXPECT_EQ(report.number, 9U);
  EXPECT_EQ(report.configuration, (lease::ConfigurationId{5, 2}));
  ASSERT_EQ(report.ages.size(), 1U);
  EXPECT_EQ(report.ages[0].holder, kHolder);
  EXPECT_EQ(report.ages[0].grant, std::chrono::milliseconds(120));
  EXPECT_EQ(report.ages[0].success, std::chrono::milliseconds(340));
  ASSERT_EQ(report.fences.size(), 1U);
  EXPECT_EQ(report.fences[0].index, 8U);
  EXPECT_EQ(report.fences[0].term, 3U);
  EXPECT_EQ(report.fences[0].last_grant.holder, kHolder);
  EXPECT_EQ(report.fences[0].last_grant.age, std::chrono::milliseconds(250));
}

TEST(ControlMessageTest, APushKeepsItsFields) {
  const Push push = Again(Snapshot());
  EXPECT_EQ(push.term, 6U);
  EXPECT_EQ(push.snapshot, Bytes("a state"));
  EXPECT_EQ(push.entries, Snapshot().entries);
  EXPECT_EQ(push.voters, Snapshot().voters);
  EXPECT_TRUE(push.voters_settled);
  EXPECT_EQ(Again(Push{}).snapshot, std::nullopt);
}

TEST(ControlMessageTest, ANodeReportKeepsItsFields) {
  EXPECT_EQ(Again(Node()), Node());
  EXPECT_EQ(Again(NodeReport{}), NodeReport{});
}

TEST(ControlMessageTest, ADescentKeepsItsFields) {
  const Descent descent{
      {{.lineage = Lineage{8}, .parent = Lineage{7}, .known = {3, 1}, .last = {4, 2}},
       {.lineage = Lineage{9}, .parent = Lineage{8}, .known = {10, 3}, .last = {10, 3}}}};
  EXPECT_EQ(Again(descent).recoveries, descent.recoveries);
  EXPECT_EQ(Again(Descent{}).recoveries, std::vector<control::Recovery>{});
}

// What a node says must not be able to end the process of whoever leads the log.
TEST(ControlMessageTest, AWishIsARegistrationThatTheLogWouldTake) {
  const auto accepts = [](const Bytes& wants) {
    proto::ControlMessage message;
    message.mutable_node_report()->set_wants(wants);
    return DecodeControlEnvelope(message.SerializeAsString()).ok();
  };
  EXPECT_TRUE(accepts(control::Encode(Wish())));
  EXPECT_FALSE(accepts(control::Encode(control::Fence{kHolder})));
  EXPECT_FALSE(accepts("no command"));
  proto::ControlCommand weightless;
  ASSERT_TRUE(weightless.ParseFromString(control::Encode(Wish())));
  weightless.mutable_register_()->set_weight(0);
  EXPECT_FALSE(accepts(weightless.SerializeAsString()));
}

TEST(ControlMessageTest, FieldsOutOfRangeAreMalformed) {
  const auto refused = [](auto fill) {
    proto::ControlMessage message;
    fill(message);
    return !DecodeControlEnvelope(message.SerializeAsString()).ok();
  };
  using Message = proto::ControlMessage;
  EXPECT_TRUE(refused([](Message&) {}));
  EXPECT_TRUE(refused([](Message& m) { m.mutable_lease_grant()->set_verdict(4); }));
  EXPECT_FALSE(refused([](Message& m) { m.mutable_lease_grant()->set_verdict(3); }));
  EXPECT_TRUE(refused([](Message& m) { m.mutable_push()->add_entries()->set_type(0); }));
  EXPECT_TRUE(refused([](Message& m) { m.mutable_push()->add_entries()->set_type(4); }));
  EXPECT_TRUE(refused([](Message& m) {
    for (int i = 0; i < 65; ++i) m.mutable_push()->add_voters(1);
  }));
  EXPECT_TRUE(refused([](Message& m) {
    for (std::size_t i = 0; i <= control::kRecoveriesMax; ++i) {
      m.mutable_descent()->add_recoveries();
    }
  }));
  EXPECT_TRUE(refused(
      [](Message& m) { m.mutable_node_report()->add_held()->set_shard(limits::kShardsMax); }));
}

TEST(ControlMessageTest, AnAgeIsNeverNegative) {
  proto::ControlMessage message;
  proto::ControlVoterReport& report = *message.mutable_voter_report();
  report.add_ages()->set_grant_ns(-1);
  report.mutable_ages(0)->set_success_ns(-1);
  report.add_fences()->mutable_last_grant()->set_age_ns(-1);
  const auto read = DecodeControlEnvelope(message.SerializeAsString());
  ASSERT_TRUE(read.ok());
  const auto& voter = std::get<lease::VoterReport>(read.value().message);
  EXPECT_EQ(voter.ages[0].grant, Duration{});
  EXPECT_EQ(voter.ages[0].success, Duration{});
  EXPECT_EQ(voter.fences[0].last_grant.age, Duration{});
}

TEST(ControlMessageTest, WhoDoesNotTellOfSuccessesIsJudgedByGrants) {
  proto::ControlMessage message;
  message.mutable_lease_request()->set_number(8);
  const auto request = DecodeControlEnvelope(message.SerializeAsString());
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(std::get<lease::Request>(request.value().message).succeeded, 8U);
  message.mutable_voter_report()->add_ages()->set_grant_ns(5);
  const auto report = DecodeControlEnvelope(message.SerializeAsString());
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(std::get<lease::VoterReport>(report.value().message).ages[0].success, Duration{5});
}

TEST(ControlMessageTest, WhatIsCutOrFlippedIsRefusedOrUnderstood) {
  Rng rng(1);
  for (const ControlMessage& message : OneOfEach()) {
    const Bytes payload = Frame(message).substr(4);
    for (std::size_t size = 0; size < payload.size(); ++size) {
      static_cast<void>(DecodeControlEnvelope(ByteView(payload).substr(0, size)));
    }
    for (int i = 0; i < 2'000; ++i) {
      Bytes flipped = payload;
      flipped[rng.Below(flipped.size())] ^= static_cast<char>(1U << rng.Below(8));
      const auto read = DecodeControlEnvelope(flipped);
      if (!read.ok()) continue;
      const Bytes frame = Frame(read.value().message);
      const auto again = DecodeControlEnvelope(ByteView(frame).substr(4));
      ASSERT_TRUE(again.ok());
      EXPECT_EQ(Frame(again.value().message), frame);
    }
  }
}

}  // namespace
}  // namespace aegis::node
