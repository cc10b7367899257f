#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/rng.h"
#include "control/proto_fields.h"
#include "control/state.h"
#include "model/version.h"
#include "proto/control.pb.h"
#include "unit/control/written_log.h"

namespace aegis::control {
namespace {

// With something in every field: shard 0 is led by a fenced node that has started again, shard 1
// was never led, shard 2 is led by node 3, node 4 is given up and node 5 removed.
State Eventful() {
  WrittenLog log;
  log.Takes(BirthOf(4));
  for (const std::uint64_t node : {1U, 2U, 3U, 4U, 5U}) log.Takes(RegisterOf(node));
  log.Takes(AssignOf(0, 0, kNobody, HolderOf(1)));
  log.Takes(AssignOf(2, 0, kNobody, HolderOf(3)));
  log.Takes(log.Change(CopyOf(2)));
  log.Takes(TargetOf(0, {3, 1, 2}));
  log.Takes(QuorumUsed{{ShardId{2}}});
  log.Takes(Leaving{HolderOf(4), true});
  log.Takes(Fence{HolderOf(5)});
  log.Takes(Remove{HolderOf(5)});
  log.term = 4;
  log.Takes(Fence{HolderOf(1)});
  log.Takes(RegisterOf(1, 2));
  return log.state();
}

// The decoder's verdict on that state, after `change`.
bool Accepts(const std::function<void(proto::ControlState&)>& change) {
  proto::ControlState message;
  EXPECT_TRUE(message.ParseFromString(Eventful().Encode()));
  change(message);
  const auto decoded = State::Decode(message.SerializeAsString());
  EXPECT_TRUE(decoded.ok() || decoded.error().code == ErrorCode::kMalformed);
  return decoded.ok();
}
using Message = proto::ControlState;

TEST(StateCodecTest, AStateSurvivesItsEncoding) {
  const State state = Eventful();
  ASSERT_EQ(state.fences().size(), 2U);
  const auto decoded = State::Decode(state.Encode());
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded.value(), state);
  EXPECT_EQ(decoded.value().Encode(), state.Encode());
}

TEST(StateCodecTest, AStateThatIsNotBornSurvivesToo) {
  State state;
  state.Advance({1, 3});
  const auto decoded = State::Decode(state.Encode());
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded.value(), state);
  EXPECT_TRUE(State::Decode("").ok());
}

TEST(StateCodecTest, ADecodedStateGoesOn) {
  State state = Eventful();
  auto decoded = State::Decode(state.Encode());
  ASSERT_TRUE(decoded.ok());
  const Applied at{state.applied().index + 1, 4};
  const Command next = AssignOf(0, 1, HolderOf(1), HolderOf(2));
  state.Apply(at, next);
  decoded.value().Apply(at, next);
  EXPECT_EQ(state.shards()[0].leader, HolderOf(2));
  EXPECT_EQ(decoded.value(), state);
}

TEST(StateCodecTest, HowAStateCameAboutDoesNotShowInItsEncoding) {
  WrittenLog one;
  one.Takes(BirthOf(1));
  for (const std::uint64_t node : {3U, 1U, 2U}) one.Takes(RegisterOf(node));
  one.Takes(AssignOf(0, 0, kNobody, HolderOf(1)));
  one.Takes(one.Change(CopyOf(3)));
  one.Takes(one.Change(CopyOf(2)));

  WrittenLog other;
  other.Takes(BirthOf(1));
  for (const std::uint64_t node : {1U, 2U, 3U}) other.Takes(RegisterOf(node));
  other.Takes(AssignOf(0, 0, kNobody, HolderOf(1)));
  other.Takes(other.Change(CopyOf(2)));
  other.Takes(other.Change(CopyOf(3)));
  ASSERT_EQ(one.state(), other.state());
  EXPECT_EQ(one.state().Encode(), other.state().Encode());
}

TEST(StateCodecTest, WhatBreaksAnInvariantIsRefused) {
  EXPECT_TRUE(Accepts([](Message&) {}));
  // Nothing was born, yet there is something.
  EXPECT_FALSE(Accepts([](Message& m) { m.clear_birth(); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_birth()->set_num_shards(3); }));
  // Shards.
  EXPECT_FALSE(Accepts([](Message& m) { m.add_shards(); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards()->RemoveLast(); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->set_epoch(0); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(1)->set_epoch(1); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(1)->set_change(1); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->clear_leader(); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->clear_in_sync(); }));
  EXPECT_FALSE(Accepts([](Message& m) {
    m.mutable_shards(0)->mutable_in_sync()->RemoveLast(),
        m.mutable_shards(0)->mutable_in_sync(0)->set_node(2);
  }));
  EXPECT_FALSE(
      Accepts([](Message& m) { m.mutable_shards(0)->mutable_in_sync()->SwapElements(0, 1); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->mutable_in_sync(1)->set_node(1); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->mutable_in_sync(1)->set_node(5); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->mutable_in_sync(1)->set_node(9); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->mutable_in_sync(1)->set_memory(0); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(2)->mutable_in_sync(0)->set_memory(9); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->add_target(1); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->add_target(5); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->add_target(9); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->add_target(0); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_shards(0)->set_epoch(Version::kEpochMax); }));
  // Nodes.
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_nodes()->SwapElements(0, 1); }));
  EXPECT_FALSE(Accepts([](Message& m) { *m.add_nodes() = m.nodes(4); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_nodes(3)->set_removed(true); }));
  EXPECT_FALSE(
      Accepts([](Message& m) { m.mutable_nodes(2)->mutable_registration()->set_session(1); }));
  EXPECT_FALSE(
      Accepts([](Message& m) { m.mutable_nodes(2)->mutable_registration()->set_session(0); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_nodes(2)->clear_registration(); }));
  // Fences.
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_fences()->RemoveLast(); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_fences()->SwapElements(0, 1); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_fences(1)->set_index(m.applied_index() + 1); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_fences(1)->set_term(5); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_fences(0)->set_index(0); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_fences(0)->clear_holder(); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_fences(0)->set_lease_ms(0); }));
  EXPECT_FALSE(Accepts([](Message& m) { m.mutable_fences(0)->set_lease_ms(3'600'001); }));
  const auto add_fence = [](Message& m, const Holder& holder) {
    proto::ControlStandingFence& fence = *m.add_fences();
    fence.set_index(m.applied_index());
    fence.set_term(m.applied_term());
    fence.set_lease_ms(600);
    Fill(holder, *fence.mutable_holder());
  };
  EXPECT_TRUE(Accepts([&](Message& m) { add_fence(m, HolderOf(2)); }));
  EXPECT_FALSE(Accepts([&](Message& m) { add_fence(m, HolderOf(2, 9)); }));
  EXPECT_FALSE(Accepts([&](Message& m) { add_fence(m, HolderOf(9)); }));
  EXPECT_FALSE(Accepts([&](Message& m) { add_fence(m, HolderOf(1)); }));
}

TEST(StateCodecTest, EveryTruncationIsRefusedOrHoldsTheInvariants) {
  const Bytes whole = Eventful().Encode();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto decoded = State::Decode(whole.substr(0, size));
    EXPECT_TRUE(!decoded.ok() || decoded.value().BrokenInvariant() == nullptr) << size;
  }
}

TEST(StateCodecTest, FlippedBitsAreRefusedOrHoldTheInvariants) {
  const Bytes whole = Eventful().Encode();
  Rng rng(1);
  int accepted = 0;
  for (std::size_t round = 0; round < whole.size() * 8 + 10'000; ++round) {
    Bytes bytes = whole;
    if (round < whole.size() * 8) {
      bytes[round / 8] ^= static_cast<char>(1U << round % 8);
    } else {
      for (int i = 0; i < 3; ++i) bytes[rng.Below(bytes.size())] = static_cast<char>(rng.Next());
    }
    const auto decoded = State::Decode(bytes);
    if (!decoded.ok()) continue;
    ++accepted;
    ASSERT_EQ(decoded.value().BrokenInvariant(), nullptr);
    const auto again = State::Decode(decoded.value().Encode());
    ASSERT_TRUE(again.ok());
    ASSERT_EQ(again.value(), decoded.value());
  }
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace aegis::control
