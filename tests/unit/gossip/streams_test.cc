#include "gossip/streams.h"

#include <gtest/gtest.h>

#include <chrono>

#include "gossip/codec.h"
#include "test_members.h"

namespace aegis::gossip {
namespace {

using namespace std::chrono_literals;

const Endpoint kPeer{"10.0.0.2", 7701};
constexpr TimePoint kDeadline{10s};

class StreamsTest : public testing::Test {
 protected:
  bool Open(const Endpoint& to, std::uint32_t probe_seq = 0) {
    return streams_.Open({.to = to, .probe_seq = probe_seq, .deadline = kDeadline}, question_,
                         effects_);
  }

  Counters counters_;
  Streams streams_{counters_};
  StreamQuestion question_{{ClusterId{1}, NodeId{1}, Session{1}},
                           StreamProbe{NodeId{2}, Session{2}}};
  Effects effects_;
};

TEST_F(StreamsTest, StreamEndsOnceAndRemembersItsPurpose) {
  ASSERT_TRUE(Open(kPeer, 42));
  ASSERT_EQ(effects_.streams.size(), 1U);
  const auto purpose = streams_.Close(effects_.streams[0].id);
  ASSERT_TRUE(purpose.has_value());
  EXPECT_EQ(purpose->probe_seq, 42U);
  EXPECT_EQ(purpose->to, kPeer);
  EXPECT_FALSE(streams_.Close(effects_.streams[0].id).has_value());
}

TEST_F(StreamsTest, OnlyOnePushPullWithAnAddressIsUnderWay) {
  EXPECT_TRUE(Open(kPeer));
  EXPECT_FALSE(Open(kPeer));
  EXPECT_TRUE(Open(kPeer, 7));
  EXPECT_TRUE(Open({"10.0.0.3", 7701}));
  streams_.Close(effects_.streams[0].id);
  EXPECT_TRUE(Open(kPeer));
}

TEST_F(StreamsTest, UnansweredStreamIsGivenUpAndItsLateReplyIgnored) {
  Open(kPeer);
  EXPECT_EQ(streams_.wake_up_at(), kDeadline);
  streams_.Tick(kDeadline - 1ns);
  EXPECT_EQ(counters_.streams_failed, 0U);
  streams_.Tick(kDeadline);
  EXPECT_EQ(counters_.streams_failed, 1U);
  EXPECT_FALSE(streams_.Close(effects_.streams[0].id).has_value());
  EXPECT_EQ(streams_.wake_up_at(), TimePoint::max());
}

TEST_F(StreamsTest, BeyondTheLimitNothingIsOpened) {
  for (std::uint32_t seq = 1; seq <= Streams::kOpenMax; ++seq) EXPECT_TRUE(Open(kPeer, seq));
  EXPECT_FALSE(Open(kPeer, 9999));
  EXPECT_EQ(effects_.streams.size(), Streams::kOpenMax);
}

}  // namespace
}  // namespace aegis::gossip
