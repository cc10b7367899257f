// Where a call is sent, and how the dispatcher learns where that is.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "harness.h"

namespace aegis::client {
namespace {

constexpr char kA[] = "a:7700";
constexpr char kB[] = "b:7700";
constexpr char kC[] = "c:7700";

// One seed, kA, connected, which has told of a cluster of three led by kB.
class DispatcherRoutingTest : public testing::Test {
 protected:
  DispatcherRoutingTest() : harness_(Seeds({kA})) {
    harness_.Submit(Read("warm-up"));
    a_ = harness_.Connect(kA);
    harness_.ReplyOk(harness_.Only());
    Tell(TableOf({kA, kB, kC}, 2));
  }

  // Answers the question for the topology.
  void Tell(const RoutingTable& table) {
    const auto asked = harness_.TopologyAsked();
    ASSERT_TRUE(asked.has_value()) << "nobody asked";
    harness_.ReplyOk(*asked, Encoded(table));
  }

  // Lets the client find kB and connect to it.
  ConnectionId ConnectB() {
    harness_.Submit(Read("k"));
    const ConnectionId b = harness_.Connect(kB);
    harness_.ReplyOk(harness_.Only());
    return b;
  }

  Harness harness_;
  ConnectionId a_ = 0;
};

TEST_F(DispatcherRoutingTest, CallGoesThroughAnyNodeWhileTheLeaderIsDialled) {
  harness_.Submit(Read("k"));
  EXPECT_EQ(harness_.dialled(), std::vector<std::string>{kB});
  const Seen seen = harness_.Only();
  EXPECT_EQ(seen.connection, a_);
  EXPECT_FALSE(seen.redirect) << "this node is meant to forward";
}

TEST_F(DispatcherRoutingTest, CallGoesStraightToTheLeaderAndAsksForRedirects) {
  const ConnectionId b = ConnectB();
  const Token token = harness_.Submit(Write("k"));
  const Seen seen = harness_.Only();
  EXPECT_EQ(seen.connection, b);
  EXPECT_TRUE(seen.redirect);
  harness_.ReplyOk(seen);
  EXPECT_TRUE(harness_.ResultOf(token).ok());
}

TEST_F(DispatcherRoutingTest, RedirectIsFollowedAndRemembered) {
  const ConnectionId b = ConnectB();
  const Token token = harness_.Submit(Write("k"));
  harness_.ReplyRedirect(harness_.Only(), kC);
  EXPECT_EQ(harness_.dialled(), std::vector<std::string>{kC});
  const Seen forwarded = harness_.Only();
  EXPECT_FALSE(forwarded.redirect) << "kC has no connection yet: another node forwards";
  harness_.ReplyOk(forwarded);
  EXPECT_TRUE(harness_.ResultOf(token).ok());

  const ConnectionId c = harness_.Connect(kC);
  harness_.Submit(Write("k"));
  const Seen next = harness_.Only();
  EXPECT_EQ(next.connection, c);
  EXPECT_NE(next.connection, b);
}

TEST_F(DispatcherRoutingTest, RedirectCostsNoRetry) {
  Options options = Seeds({kA});
  options.max_retries = 0;
  Harness harness(options);
  harness.Submit(Read("k"));
  harness.Connect(kA);
  harness.ReplyOk(harness.Only());
  harness.ReplyOk(*harness.TopologyAsked(), Encoded(TableOf({kA, kB}, 1)));
  const Token token = harness.Submit(Write("k"));
  harness.ReplyRedirect(harness.Only(), kB);
  harness.ReplyOk(harness.Only());
  EXPECT_TRUE(harness.ResultOf(token).ok());
}

TEST_F(DispatcherRoutingTest, NodesThatRedirectInACircleEndUpForwarding) {
  ConnectB();
  harness_.Submit(Write("k"));
  harness_.ReplyRedirect(harness_.Only(), kA);
  unsigned redirects = 1;
  Seen seen = harness_.Only();
  for (; seen.redirect && redirects < 10; ++redirects) {
    harness_.ReplyRedirect(seen, redirects % 2 == 0 ? kA : kB);
    seen = harness_.Only();
  }
  EXPECT_EQ(redirects, kRedirectsMax);
  EXPECT_FALSE(seen.redirect);
}

TEST_F(DispatcherRoutingTest, RedirectThatWasNotAskedForCountsAsRefused) {
  harness_.Submit(Read("k"));
  harness_.ReplyRedirect(harness_.Only(), kC);
  EXPECT_TRUE(harness_.Arrived().empty()) << "only after a pause";
  harness_.AdvanceToAlarm();
  EXPECT_EQ(harness_.Arrived().size(), 1U);
}

TEST_F(DispatcherRoutingTest, RedirectToWhatIsNoAddressIsNotFollowed) {
  ConnectB();
  const Token token = harness_.Submit(Write("k"));
  harness_.ReplyRedirect(harness_.Only(), "\x01 nonsense");
  EXPECT_FALSE(harness_.Ended(token));
  harness_.AdvanceToAlarm();
  harness_.ReplyOk(harness_.Only());
  EXPECT_TRUE(harness_.ResultOf(token).ok());
}

TEST_F(DispatcherRoutingTest, TopologyIsAskedAgainAfterTheLeaderBroke) {
  const ConnectionId b = ConnectB();
  harness_.Advance(kTopologyPause);
  EXPECT_FALSE(harness_.TopologyAsked().has_value()) << "nothing is in doubt";
  harness_.Break(b);
  const Token token = harness_.Submit(Write("k"));
  const Seen seen = harness_.Only();
  EXPECT_EQ(seen.connection, a_) << "the broken leader is avoided";
  Tell(TableOf({kA, kB, kC}, 1, 2));
  harness_.ReplyOk(seen);
  EXPECT_TRUE(harness_.ResultOf(token).ok());
  harness_.Submit(Write("k"));
  EXPECT_TRUE(harness_.Only().redirect) << "kA leads now";
}

TEST_F(DispatcherRoutingTest, TopologyIsAskedPeriodicallyWhileThereAreCalls) {
  ConnectB();
  harness_.Advance(kTopologyPeriod);
  EXPECT_FALSE(harness_.TopologyAsked().has_value()) << "nobody needs it";
  harness_.Submit(Read("k"));
  EXPECT_TRUE(harness_.TopologyAsked().has_value());
}

TEST_F(DispatcherRoutingTest, TopologyThatCannotBeReadIsAskedForAgain) {
  Harness harness(Seeds({kA}));
  harness.Submit(Read("k"));
  harness.Connect(kA);
  harness.ReplyOk(*harness.TopologyAsked(), "\xff\xff");
  harness.Advance(kTopologyPause);
  EXPECT_TRUE(harness.TopologyAsked().has_value());
}

TEST_F(DispatcherRoutingTest, MembersAreAskedWhenTheSeedIsGone) {
  ConnectB();
  harness_.Break(a_);
  const Token token = harness_.Submit(Read("other"));
  harness_.ReplyOk(harness_.Only());
  EXPECT_TRUE(harness_.ResultOf(token).ok());
}

TEST_F(DispatcherRoutingTest, RemovedServerIsNotUsedEvenIfItLeads) {
  const ConnectionId b = ConnectB();
  harness_.RemoveServer(kB);
  EXPECT_FALSE(harness_.IsOpen(b));
  EXPECT_EQ(harness_.dispatcher().Servers(), (std::vector<std::string>{kA, kC}));
  harness_.Submit(Write("k"));
  EXPECT_EQ(harness_.Only().connection, a_);
  EXPECT_TRUE(harness_.dialled().empty());

  harness_.dispatcher().AddServer(kB);
  harness_.Submit(Write("k"));
  EXPECT_EQ(harness_.dialled(), std::vector<std::string>{kB});
}

TEST_F(DispatcherRoutingTest, BusyConnectionsGetCompanyUpToMaxConns) {
  Options options = Seeds({kA});
  options.max_conns = 2;
  Harness harness(options);
  const auto submit_many = [&] {
    for (std::size_t i = 0; i < kPipelineDepth + 1; ++i) harness.Submit(Read("k"));
  };
  submit_many();
  EXPECT_EQ(harness.dialled().size(), 1U) << "calls wait for the first connection";
  harness.Connect(kA);
  EXPECT_EQ(harness.dialled().size(), 1U) << "one more, since the first is busy";
  const ConnectionId second = harness.Connect(kA);
  submit_many();
  EXPECT_TRUE(harness.dialled().empty());
  std::size_t on_second = 0;
  for (const Seen& seen : harness.Arrived()) on_second += seen.connection == second ? 1 : 0;
  EXPECT_GT(on_second, kPipelineDepth / 2) << "the one with less to do is taken";
}

TEST_F(DispatcherRoutingTest, PingGoesToItsNodeOnlyAndItsConnectionDoesNotStay) {
  const Token token = harness_.Submit(NodeRequest(wire::Command::kPing, "stranger:1").value());
  const ConnectionId stranger = harness_.Connect("stranger:1");
  const Seen seen = harness_.Only();
  EXPECT_EQ(seen.connection, stranger);
  EXPECT_EQ(seen.command, wire::Command::kPing);
  harness_.ReplyOk(seen, "PONG");
  EXPECT_TRUE(harness_.ResultOf(token).ok());
  EXPECT_FALSE(harness_.IsOpen(stranger));
  EXPECT_EQ(harness_.dispatcher().Servers(), (std::vector<std::string>{kA, kB, kC}));
}

TEST_F(DispatcherRoutingTest, PingOfAnUnreachableNodeFailsAtOnce) {
  const Token token = harness_.Submit(NodeRequest(wire::Command::kPing, "stranger:1").value());
  harness_.RefuseDial("stranger:1");
  EXPECT_EQ(harness_.FailureOf(token), Errc::kUnavailable);
}

TEST_F(DispatcherRoutingTest, RequestsOfOneTurnShareOneOutput) {
  ConnectB();
  harness_.HoldOutput(true);
  for (int i = 0; i < 100; ++i) harness_.Submit(Read("k"));
  EXPECT_NE(harness_.held_connection(), 0U) << "announced once";
  harness_.HoldOutput(false);
  EXPECT_EQ(harness_.Arrived().size(), 100U);
}

TEST_F(DispatcherRoutingTest, RepliesComeInAnyOrderAndInAnyPieces) {
  ConnectB();
  std::vector<Token> tokens;
  for (int i = 0; i < 3; ++i) tokens.push_back(harness_.Submit(Read("k" + std::to_string(i))));
  const std::vector<Seen> seen = harness_.Arrived();
  ASSERT_EQ(seen.size(), 3U);
  Bytes bytes;
  for (const int i : {2, 0, 1}) {
    wire::ReplyFrame frame;
    frame.id = seen[static_cast<std::size_t>(i)].id;
    frame.value = seen[static_cast<std::size_t>(i)].key;
    wire::AppendReply(frame, bytes);
  }
  for (const char byte : bytes) harness_.Receive(seen[0].connection, ByteView(&byte, 1));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(harness_.ResultOf(tokens[i]).value().value, "k" + std::to_string(i));
  }
}

TEST_F(DispatcherRoutingTest, AReadThatMayBeStaleGoesToEveryCopyInTurnAndAsksForNoRedirect) {
  RoutingTable table = TableOf({kA, kB, kC}, 2, 2);
  for (ShardRoute& route : table.shards) route.replicas = {NodeId{1}, NodeId{2}};
  harness_.Advance(seconds(60));
  harness_.Submit(Read("k"));
  Tell(table);
  harness_.ReplyOk(harness_.Only());
  std::set<ConnectionId> asked;
  for (int i = 0; i < 40; ++i) {
    harness_.Submit(GetRequest("k", {}, milliseconds(100)).value());
    if (!harness_.dialled().empty()) harness_.Connect(harness_.dialled().front());
    const Seen seen = harness_.Only();
    EXPECT_FALSE(seen.redirect);
    asked.insert(seen.connection);
    harness_.ReplyOk(seen);
  }
  EXPECT_EQ(asked.size(), 2U) << "kA and kB hold copies, kC does not";
}

// What the replies of a session are told to.
class RecordingSession final : public SessionMemory {
 public:
  void Learn(ByteView key, Version position) override { learnt[Bytes(key)] = position; }
  void Lose(ByteView key, Version left) override { lost[Bytes(key)] = left; }
  std::map<Bytes, Version> learnt;
  std::map<Bytes, Version> lost;
};

TEST_F(DispatcherRoutingTest, ASessionHearsWhatRepliesReflectAndWhatWasLost) {
  const auto session = std::make_shared<RecordingSession>();
  const auto reply = [&](Status status, Version position) {
    Request request = GetRequest("k", {}, {}, Version{}).value();
    request.session = session;
    const Token token = harness_.Submit(std::move(request));
    Outcome outcome;
    outcome.status = status;
    outcome.position = position;
    Bytes value;
    wire::AppendOutcome(outcome, value);
    harness_.ReplyOk(harness_.Only(), value);
    return token;
  };
  reply(Status::kNotFound, {Epoch{1}, Seq{9}});
  EXPECT_EQ(session->learnt["k"], (Version{Epoch{1}, Seq{9}})) << "of a missing key, too";
  EXPECT_EQ(harness_.FailureOf(reply(Status::kSessionLost, {Epoch{1}, Seq{7}})),
            Errc::kSessionLost);
  EXPECT_EQ(session->lost["k"], (Version{Epoch{1}, Seq{7}}));
}

}  // namespace
}  // namespace aegis::client
