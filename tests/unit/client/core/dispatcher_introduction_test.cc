// Whom a connection turns out to lead to, and what becomes of the calls that wanted it.

#include <gtest/gtest.h>

#include "harness.h"

namespace aegis::client {
namespace {

constexpr char kA[] = "a:7700";
constexpr char kB[] = "b:7700";
constexpr char kC[] = "c:7700";
constexpr char kHttp[] = "HTTP/1.1 400 Bad Request\r\n";

const wire::Identity kStranger{ClusterId{0xbad}, NodeId{77}, "y1"};
const std::string kStrangerAtB =
    "b:7700: expected node node2 of cluster 0000000000000063, but node y1 of cluster "
    "0000000000000bad answered";

Request Ping(std::string_view address) {
  return NodeRequest(wire::Command::kPing, address).value();
}

// One seed, kA, connected, which has told of a cluster of three led by kB.
class DispatcherIntroductionTest : public testing::Test {
 protected:
  DispatcherIntroductionTest() : harness_(Seeds({kA})) {
    harness_.Submit(Read("warm-up"));
    a_ = harness_.Connect(kA);
    harness_.ReplyOk(harness_.Only());
    Tell(TableOf({kA, kB, kC}, 2));
  }

  void Tell(const RoutingTable& table) {
    const auto asked = harness_.TopologyAsked();
    ASSERT_TRUE(asked.has_value()) << "nobody asked";
    harness_.ReplyOk(*asked, Encoded(table));
  }

  // Lets a call dial kB, which its owner says to be the leader.
  ConnectionId DialLeader() {
    harness_.Submit(Write("k"));
    harness_.ReplyOk(harness_.Only());  // kA has forwarded it.
    return harness_.Accept(kB);
  }

  Harness harness_;
  ConnectionId a_ = 0;
};

TEST_F(DispatcherIntroductionTest, NothingIsSentBeforeTheNodeHasSaidWhoItIs) {
  Harness harness(Seeds({kA}));
  const Token token = harness.Submit(Write("k"));
  const ConnectionId a = harness.Accept(kA);
  EXPECT_TRUE(harness.Arrived().empty());
  EXPECT_EQ(harness.QuestionOn(a).command, wire::Command::kIdentify);
  harness.Introduce(a, NodeAt(kA));
  harness.ReplyOk(harness.Only());
  EXPECT_TRUE(harness.ResultOf(token).ok());
}

TEST_F(DispatcherIntroductionTest, MemberOfAnotherClusterGetsNothingAndItsCallsGoElsewhere) {
  const ConnectionId b = DialLeader();
  harness_.Introduce(b, kStranger);
  EXPECT_FALSE(harness_.IsOpen(b));
  for (int i = 0; i < 10; ++i) {
    const Token token = harness_.Submit(Write("k"));
    const Seen seen = harness_.Only();
    EXPECT_EQ(seen.connection, a_);
    EXPECT_FALSE(seen.redirect) << "kA is meant to forward";
    harness_.ReplyOk(seen);
    EXPECT_TRUE(harness_.ResultOf(token).ok());
  }
  EXPECT_TRUE(harness_.dialled().empty()) << "it is avoided for a while";
}

TEST_F(DispatcherIntroductionTest, AnotherNodeOfTheClusterIsAsWrong) {
  const ConnectionId b = DialLeader();
  harness_.Introduce(b, NodeAt(kC));
  EXPECT_FALSE(harness_.IsOpen(b));
}

TEST_F(DispatcherIntroductionTest, TopologyIsAskedForAfterAStrangerAnswered) {
  const ConnectionId b = DialLeader();
  harness_.Introduce(b, kStranger);
  harness_.Submit(Write("k"));
  harness_.Advance(kTopologyPause);
  Tell(TableOf({kA, kC}, 3, 2));
  EXPECT_EQ(harness_.dispatcher().Servers(), (std::vector<std::string>{kA, kC}));
}

TEST_F(DispatcherIntroductionTest, WhenNobodyElseIsLeftTheErrorSaysWhoAnswered) {
  const ConnectionId b = DialLeader();
  harness_.Introduce(b, kStranger);
  harness_.Break(a_);
  const Token token = harness_.Submit(Write("k"));
  for (int dials = 0; !harness_.Ended(token) && dials < 100; ++dials) {
    const std::vector<std::string> dialled = harness_.dialled();
    if (dialled.empty()) {
      harness_.AdvanceToAlarm();
    } else if (dialled.front() == kB) {
      harness_.Connect(kB, kStranger);
    } else {
      harness_.RefuseDial(dialled.front());
    }
  }
  EXPECT_EQ(harness_.FailureOf(token), Errc::kUnavailable);
  EXPECT_NE(harness_.ResultOf(token).error().message.find(kStrangerAtB), std::string::npos)
      << harness_.ResultOf(token).error().message;
}

TEST_F(DispatcherIntroductionTest, MemberThatMovedBackIsUsedAgain) {
  const ConnectionId b = DialLeader();
  harness_.Introduce(b, kStranger);
  harness_.Advance(kAvoidMax);
  harness_.Submit(Write("k"));
  harness_.ReplyOk(harness_.Only());
  const ConnectionId again = harness_.Connect(kB);
  harness_.Submit(Write("k"));
  EXPECT_EQ(harness_.Only().connection, again);
}

TEST_F(DispatcherIntroductionTest, SeedOfAnotherClusterIsRefused) {
  Harness harness(Seeds({kA, kB}));
  const Token token = harness.Submit(Write("k"));
  harness.Connect(kA);
  const ConnectionId b = harness.Connect(kB, kStranger);
  EXPECT_FALSE(harness.IsOpen(b));
  harness.ReplyOk(harness.Only());
  EXPECT_TRUE(harness.ResultOf(token).ok());
}

TEST_F(DispatcherIntroductionTest, AddedServerOfAnotherClusterIsRefused) {
  harness_.dispatcher().AddServer("d:1");
  harness_.Break(a_);
  harness_.Submit(Read("k"));
  const std::vector<std::string> dialled = harness_.dialled();
  ASSERT_NE(std::find(dialled.begin(), dialled.end(), "d:1"), dialled.end());
  EXPECT_FALSE(harness_.IsOpen(harness_.Connect("d:1", kStranger)));
}

TEST_F(DispatcherIntroductionTest, GivenAddressMayBeAnyNodeOfTheCluster) {
  Harness harness(Seeds({kA}));
  harness.Submit(Read("k"));
  const ConnectionId first = harness.Connect(kA);
  harness.ReplyOk(harness.Only());
  harness.ReplyOk(*harness.TopologyAsked(), Encoded(TableOf({kA, kB}, 1)));
  harness.Break(first);
  harness.Advance(kAvoidMax);

  const Token token = harness.Submit(Write("k"));
  const ConnectionId again = harness.Connect(kA, NodeAt(kC));
  EXPECT_TRUE(harness.IsOpen(again));
  const Seen seen = harness.Only();
  EXPECT_EQ(seen.connection, again);
  EXPECT_FALSE(seen.redirect) << "it could only name the address that led to it";
  harness.ReplyOk(seen);
  EXPECT_TRUE(harness.ResultOf(token).ok());
}

TEST_F(DispatcherIntroductionTest, WriteToWhatIsNoNodeCertainlyDidNotHappen) {
  Options options = Seeds({kA});
  options.max_retries = 0;
  Harness harness(options);
  const Token token = harness.Submit(Write("k"));
  const ConnectionId a = harness.Accept(kA);
  harness.Receive(a, kHttp);
  EXPECT_FALSE(harness.IsOpen(a));
  EXPECT_EQ(harness.FailureOf(token), Errc::kUnavailable);
  EXPECT_EQ(harness.ResultOf(token).error().message,
            "no server can be reached (a:7700: no AegisKV node answered: \"HTTP/1.1 400 Bad "
            "Request\")");
}

TEST_F(DispatcherIntroductionTest, ListenerThatSaysNothingIsGivenUpAfterConnTimeout) {
  Options options = Seeds({kA});
  options.conn_timeout = seconds(1);
  options.max_retries = 0;
  Harness harness(options);
  const Token token = harness.Submit(Write("k"));
  const ConnectionId a = harness.Accept(kA);
  harness.Advance(milliseconds(999));
  EXPECT_TRUE(harness.IsOpen(a));
  harness.Advance(milliseconds(1));
  EXPECT_FALSE(harness.IsOpen(a));
  EXPECT_EQ(harness.FailureOf(token), Errc::kUnavailable);
  EXPECT_EQ(harness.ResultOf(token).error().message,
            "no server can be reached (a:7700: no AegisKV node answered in time)");
}

TEST_F(DispatcherIntroductionTest, ConnectionThatBreaksBeforeTheIntroductionIsAFailedDial) {
  Harness harness(Seeds({kA, kB}));
  const Token token = harness.Submit(Write("k"));
  harness.Break(harness.Accept(kA));
  harness.Connect(kB);
  harness.ReplyOk(harness.Only());
  EXPECT_TRUE(harness.ResultOf(token).ok());
}

TEST_F(DispatcherIntroductionTest, NodeWithoutAClusterSaysWhatItWaitsFor) {
  Options options = Seeds({kA});
  options.max_retries = 0;
  Harness harness(options);
  const Token token = harness.Submit(Read("k"));
  harness.ReplyError(harness.QuestionOn(harness.Accept(kA)), Status::kUnavailable);
  EXPECT_EQ(harness.FailureOf(token), Errc::kUnavailable);
  EXPECT_EQ(harness.ResultOf(token).error().message, "no server can be reached (a:7700: because)");
}

// --- Calls for one address, which expect nobody
// ----------------------------------------------------

TEST_F(DispatcherIntroductionTest, AnyNodeCanBePinged) {
  const Token token = harness_.Submit(Ping("z:1"));
  const ConnectionId z = harness_.Connect("z:1", kStranger);
  harness_.ReplyOk(harness_.Only(), "PONG");
  EXPECT_TRUE(harness_.ResultOf(token).ok());
  EXPECT_FALSE(harness_.IsOpen(z));
}

TEST_F(DispatcherIntroductionTest, PingReachesWhoeverAnswersAtAMembersAddressAndNobodyElseDoes) {
  const ConnectionId b = DialLeader();
  const Token ping = harness_.Submit(Ping(kB));
  const Token other = harness_.Submit(Write("k"));
  harness_.ReplyOk(harness_.Only());  // Through kA.
  EXPECT_TRUE(harness_.ResultOf(other).ok());
  harness_.Introduce(b, kStranger);
  const Seen seen = harness_.Only();
  EXPECT_EQ(seen.connection, b);
  EXPECT_EQ(seen.command, wire::Command::kPing);
  harness_.ReplyOk(seen, "PONG");
  EXPECT_TRUE(harness_.ResultOf(ping).ok());
  EXPECT_FALSE(harness_.IsOpen(b));
}

TEST_F(DispatcherIntroductionTest, PingedStrangerDoesNotDecideWhichClusterThisIs) {
  Harness harness(Seeds({kA}));
  harness.Submit(Ping("z:1"));
  harness.Connect("z:1", kStranger);
  harness.ReplyOk(harness.Only(), "PONG");
  const Token token = harness.Submit(Write("k"));
  EXPECT_TRUE(harness.IsOpen(harness.Connect(kA)));
  harness.ReplyOk(harness.Only());
  EXPECT_TRUE(harness.ResultOf(token).ok());
}

TEST_F(DispatcherIntroductionTest, NodeWithoutAClusterCanBePinged) {
  const Token token = harness_.Submit(Ping("z:1"));
  harness_.ReplyError(harness_.QuestionOn(harness_.Accept("z:1")), Status::kUnavailable);
  harness_.ReplyOk(harness_.Only(), "PONG");
  EXPECT_TRUE(harness_.ResultOf(token).ok());
}

TEST_F(DispatcherIntroductionTest, PingOfWhatIsNoNodeSaysSo) {
  const Token token = harness_.Submit(Ping("z:1"));
  harness_.Receive(harness_.Accept("z:1"), kHttp);
  EXPECT_EQ(harness_.FailureOf(token), Errc::kUnavailable);
  EXPECT_EQ(harness_.ResultOf(token).error().message,
            "out of reach (z:1: no AegisKV node answered: \"HTTP/1.1 400 Bad Request\")");
}

}  // namespace
}  // namespace aegis::client
