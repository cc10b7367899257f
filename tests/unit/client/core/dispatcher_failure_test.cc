// What happens to a call when a try ends badly: the table in dispatcher.h, row by row.

#include <gtest/gtest.h>

#include "harness.h"

namespace aegis::client {
namespace {

constexpr char kA[] = "a:7700";
constexpr char kB[] = "b:7700";

// Two seeds, both connected.
class DispatcherFailureTest : public testing::Test {
 protected:
  DispatcherFailureTest() : harness_(Seeds({kA, kB})) {
    const Token warm_up = harness_.Submit(Read("warm-up"));
    a_ = harness_.Connect(kA);
    b_ = harness_.Connect(kB);
    harness_.ReplyOk(harness_.Only());
    EXPECT_TRUE(harness_.Ended(warm_up));
  }

  ConnectionId Other(ConnectionId id) const { return id == a_ ? b_ : a_; }

  // Answers with `status` until the call ends; returns how many tries there were.
  int RefuseAll(Token token, Status status) {
    int tries = 0;
    for (; !harness_.Ended(token) && tries < 20; ++tries) {
      harness_.ReplyError(harness_.Only(), status);
      while (!harness_.Ended(token) && !Waiting()) harness_.AdvanceToAlarm();
    }
    return tries;
  }
  bool Waiting() {
    std::vector<Seen> arrived = harness_.Arrived();
    const bool waiting = !arrived.empty();
    harness_.PutBack(std::move(arrived));
    return waiting;
  }

  Harness harness_;
  ConnectionId a_ = 0;
  ConnectionId b_ = 0;
};

TEST_F(DispatcherFailureTest, ReadIsRepeatedElsewhereWhenItsConnectionBreaks) {
  const Token token = harness_.Submit(Read("k"));
  const Seen first = harness_.Only();
  harness_.Break(first.connection);
  const Seen second = harness_.Only();
  EXPECT_EQ(second.connection, Other(first.connection));
  harness_.ReplyOk(second, "v");
  EXPECT_EQ(harness_.ResultOf(token).value().value, "v");
}

TEST_F(DispatcherFailureTest, WriteThatWasSentEndsUnknownWhenItsConnectionBreaks) {
  const Token token = harness_.Submit(Write("k"));
  harness_.Break(harness_.Only().connection);
  EXPECT_EQ(harness_.FailureOf(token), Errc::kUnknownOutcome);
  EXPECT_TRUE(harness_.Arrived().empty()) << "it was sent again";
}

TEST_F(DispatcherFailureTest, WriteThatWasNeverSentIsRepeatedElsewhere) {
  harness_.HoldOutput(true);
  const Token token = harness_.Submit(Write("k"));
  const ConnectionId first = harness_.held_connection();
  harness_.Break(first);
  harness_.HoldOutput(false);
  const Seen sent = harness_.Only();
  EXPECT_EQ(sent.connection, Other(first));
  harness_.ReplyOk(sent);
  EXPECT_TRUE(harness_.ResultOf(token).ok());
}

TEST_F(DispatcherFailureTest, RefusedCallIsRepeatedAfterAPauseThatDoubles) {
  const Token token = harness_.Submit(Write("k"));
  Duration least = kBackoffBase / 2;
  for (int retry = 0; retry < 3; ++retry) {
    harness_.ReplyError(harness_.Only(), Status::kUnavailable);
    harness_.Advance(least - milliseconds(1));
    EXPECT_TRUE(harness_.Arrived().empty()) << "too early";
    harness_.Advance(least + milliseconds(1));
    least *= 2;
  }
  harness_.ReplyOk(harness_.Only());
  EXPECT_TRUE(harness_.ResultOf(token).ok());
}

TEST_F(DispatcherFailureTest, CallGivesUpAfterMaxRetriesAndNamesTheCause) {
  const Token token = harness_.Submit(Write("k"));
  EXPECT_EQ(RefuseAll(token, Status::kUnavailable), 4);
  EXPECT_EQ(harness_.FailureOf(token), Errc::kMaxRetries);
  EXPECT_EQ(harness_.ResultOf(token).error().message, "because (after 4 tries)");
}

TEST_F(DispatcherFailureTest, NotLeaderCountsAsRefused) {
  const Token token = harness_.Submit(Write("k"));
  EXPECT_EQ(RefuseAll(token, Status::kNotLeader), 4);
  EXPECT_EQ(harness_.FailureOf(token), Errc::kMaxRetries);
}

TEST_F(DispatcherFailureTest, UnknownOutcomeEndsAWriteAtOnce) {
  const Token token = harness_.Submit(Write("k"));
  EXPECT_EQ(RefuseAll(token, Status::kUnknownOutcome), 1);
  EXPECT_EQ(harness_.FailureOf(token), Errc::kUnknownOutcome);
}

TEST_F(DispatcherFailureTest, UnknownOutcomeOfAReadIsRepeated) {
  const Token token = harness_.Submit(Read("k"));
  EXPECT_EQ(RefuseAll(token, Status::kUnknownOutcome), 4);
  EXPECT_EQ(harness_.FailureOf(token), Errc::kMaxRetries);
}

TEST_F(DispatcherFailureTest, ErrorsOfTheCallItselfAreNotRepeated) {
  const std::pair<Status, Errc> expected[] = {{Status::kInvalid, Errc::kInvalid},
                                              {Status::kTooLarge, Errc::kTooLarge},
                                              {Status::kOutOfMemory, Errc::kUnavailable}};
  for (const auto& [status, code] : expected) {
    const Token token = harness_.Submit(Write("k"));
    EXPECT_EQ(RefuseAll(token, status), 1);
    EXPECT_EQ(harness_.FailureOf(token), code);
  }
}

TEST_F(DispatcherFailureTest, SentWriteThatIsNotAnsweredInTimeEndsUnknown) {
  const Token token = harness_.Submit(Write("k"));
  harness_.Advance(seconds(5) - milliseconds(1));
  EXPECT_FALSE(harness_.Ended(token));
  harness_.Advance(milliseconds(1));
  EXPECT_EQ(harness_.FailureOf(token), Errc::kUnknownOutcome);
}

TEST_F(DispatcherFailureTest, ReadAsksAnotherNodeWhenHalfOfItsTimeIsGone) {
  const Token token = harness_.Submit(Read("k"));
  const Seen first = harness_.Only();
  harness_.Advance(milliseconds(2499));
  EXPECT_TRUE(harness_.Arrived().empty());
  harness_.Advance(milliseconds(1));
  const Seen second = harness_.Only();
  EXPECT_EQ(second.connection, Other(first.connection));
  harness_.ReplyOk(second, "v");
  EXPECT_TRUE(harness_.ResultOf(token).ok());
}

TEST_F(DispatcherFailureTest, ReadThatNobodyAnswersTimesOutAtItsDeadline) {
  const Token token = harness_.Submit(Read("k"));
  const TimePoint start = harness_.now();
  while (!harness_.Ended(token)) {
    harness_.AdvanceToAlarm();
    for (const std::string& address : harness_.dialled()) harness_.Connect(address);
  }
  EXPECT_EQ(harness_.FailureOf(token), Errc::kTimeout);
  EXPECT_EQ(harness_.now() - start, seconds(5));
}

TEST_F(DispatcherFailureTest, LateReplyToAnAbandonedTryIsDropped) {
  const Token token = harness_.Submit(Read("k"));
  const Seen first = harness_.Only();
  // Bytes of something else, so that the connection does not count as stuck.
  const Token other = harness_.Submit(Write("o"));
  std::vector<Seen> seen = harness_.Arrived();
  while (!seen.empty() && seen[0].connection != first.connection) {
    harness_.ReplyOk(seen[0]);
    harness_.Submit(Write("o"));
    seen = harness_.Arrived();
  }
  harness_.Advance(milliseconds(1));
  harness_.ReplyOk(seen[0]);
  EXPECT_TRUE(harness_.Ended(other));
  harness_.Advance(milliseconds(2500));
  harness_.ReplyOk(first, "late");
  EXPECT_FALSE(harness_.Ended(token));
  EXPECT_TRUE(harness_.IsOpen(first.connection));
  harness_.ReplyOk(harness_.Only(), "v");
  EXPECT_EQ(harness_.ResultOf(token).value().value, "v");
}

TEST_F(DispatcherFailureTest, SilentConnectionGetsNoMoreCallsAndClosesWithItsLast) {
  const Token write = harness_.Submit(Write("w"));
  const Seen stuck = harness_.Only();
  harness_.Advance(seconds(1));
  harness_.Submit(Read("r"));
  Seen seen = harness_.Only();
  while (seen.connection != stuck.connection) {
    harness_.ReplyOk(seen);
    harness_.Submit(Read("r"));
    seen = harness_.Only();
  }
  harness_.Advance(milliseconds(2500));  // The read moves on: nothing came since it was sent.
  EXPECT_NE(harness_.Only().connection, stuck.connection);
  EXPECT_TRUE(harness_.IsOpen(stuck.connection)) << "the write may still be answered";
  harness_.ReplyOk(stuck);
  EXPECT_TRUE(harness_.ResultOf(write).ok());
  EXPECT_FALSE(harness_.IsOpen(stuck.connection));
}

TEST_F(DispatcherFailureTest, GarbageEndsTheConnectionAndReadsAreRepeated) {
  const Token read = harness_.Submit(Read("k"));
  const Seen first = harness_.Only();
  harness_.Receive(first.connection, "HTTP/1.1 400 Bad Request\r\n");
  EXPECT_FALSE(harness_.IsOpen(first.connection));
  harness_.ReplyOk(harness_.Only(), "v");
  EXPECT_TRUE(harness_.ResultOf(read).ok());
}

TEST_F(DispatcherFailureTest, GarbageLeavesASentWriteUnknown) {
  const Token write = harness_.Submit(Write("k"));
  harness_.Receive(harness_.Only().connection, "HTTP/1.1 400 Bad Request\r\n");
  EXPECT_EQ(harness_.FailureOf(write), Errc::kUnknownOutcome);
}

TEST_F(DispatcherFailureTest, ReadThatMeetsOnlyGarbageEndsWithProtocol) {
  const Token read = harness_.Submit(Read("k"));
  while (!harness_.Ended(read)) {
    for (const Seen& seen : harness_.Arrived()) harness_.Receive(seen.connection, "\xff garbage");
    for (const std::string& address : harness_.dialled()) harness_.Connect(address);
    if (!harness_.Ended(read) && !Waiting()) harness_.AdvanceToAlarm();
  }
  EXPECT_EQ(harness_.FailureOf(read), Errc::kProtocol);
}

TEST_F(DispatcherFailureTest, ReplyThatNobodyAskedForEndsTheConnection) {
  harness_.Submit(Read("k"));
  Seen asked = harness_.Only();
  asked.id += 1000;
  harness_.ReplyOk(asked);
  EXPECT_FALSE(harness_.IsOpen(asked.connection));
}

TEST_F(DispatcherFailureTest, ProtocolErrorOfTheServerEndsTheConnection) {
  const Token token = harness_.Submit(Write("k"));
  const Seen seen = harness_.Only();
  wire::ReplyFrame frame;
  frame.status = wire::ReplyStatus::kError;
  frame.error = "PROTOCOL wrong magic";
  harness_.Reply(seen, frame);
  EXPECT_FALSE(harness_.IsOpen(seen.connection));
  EXPECT_EQ(harness_.FailureOf(token), Errc::kUnknownOutcome);
}

TEST_F(DispatcherFailureTest, FarewellOfTheServerIsTheReasonOfItsCalls) {
  const Token read = harness_.Submit(Read("k"));
  const Token write = harness_.Submit(Write("k"));
  for (Seen seen : harness_.Arrived()) {
    seen.id = 0;
    harness_.ReplyError(seen, Status::kUnavailable);
    EXPECT_FALSE(harness_.IsOpen(seen.connection));
  }
  EXPECT_EQ(harness_.FailureOf(write), Errc::kUnknownOutcome);
  EXPECT_NE(harness_.ResultOf(write).error().message.find("because"), std::string::npos);
  EXPECT_FALSE(harness_.Ended(read)) << "it is tried again";
}

TEST_F(DispatcherFailureTest, OutcomeThatIsNoOutcomeEndsTheConnection) {
  const Token token = harness_.Submit(IncrementRequest("n", 1).value());
  const Seen seen = harness_.Only();
  harness_.ReplyOk(seen, "\xff\xff\xff");
  EXPECT_FALSE(harness_.IsOpen(seen.connection));
  EXPECT_EQ(harness_.FailureOf(token), Errc::kUnknownOutcome);
}

TEST_F(DispatcherFailureTest, CloseEndsSentWritesUnknownAndTheRestClosed) {
  const Token write = harness_.Submit(Write("w"));
  const Token read = harness_.Submit(Read("r"));
  harness_.HoldOutput(true);
  const Token unsent = harness_.Submit(Write("u"));
  harness_.Close();
  EXPECT_EQ(harness_.FailureOf(write), Errc::kUnknownOutcome);
  EXPECT_EQ(harness_.FailureOf(read), Errc::kClosed);
  EXPECT_EQ(harness_.FailureOf(unsent), Errc::kClosed);
  EXPECT_FALSE(harness_.IsOpen(a_));
  EXPECT_FALSE(harness_.IsOpen(b_));
}

// --- Without a connection
// --------------------------------------------------------------------------

TEST(DispatcherReachTest, UnreachableServersCostNoRetryWhileOneIsLeft) {
  Options options = Seeds({"a:1", "b:1", "c:1", "d:1", "e:1", "f:1", "g:1"});
  options.max_retries = 0;
  Harness harness(options);
  const Token token = harness.Submit(Write("k"));
  EXPECT_EQ(harness.dialled().size(), kDialsAtOnce);
  for (int refused = 0; refused < 6; ++refused) harness.RefuseDial(harness.dialled().front());
  EXPECT_FALSE(harness.Ended(token));
  ASSERT_EQ(harness.dialled().size(), 1U);
  harness.Connect(harness.dialled().front());
  harness.ReplyOk(harness.Only());
  EXPECT_TRUE(harness.ResultOf(token).ok());
}

TEST(DispatcherReachTest, NobodyReachableEndsUnavailableAndSaysWhy) {
  Harness harness(Seeds({"a:1"}));
  const Token token = harness.Submit(Write("k"));
  int dials = 0;
  while (!harness.Ended(token)) {
    if (harness.dialled().empty()) {
      harness.AdvanceToAlarm();
    } else {
      harness.RefuseDial("a:1");
      ++dials;
    }
  }
  EXPECT_EQ(dials, 4);
  EXPECT_EQ(harness.FailureOf(token), Errc::kUnavailable);
  EXPECT_EQ(harness.ResultOf(token).error().message,
            "no server can be reached (a:1: Connection refused) (after 4 tries)");
}

TEST(DispatcherReachTest, WriteThatWasNeverSentTimesOut) {
  Options options = Seeds({"a:1"});
  options.write_timeout = seconds(1);
  Harness harness(options);
  const Token token = harness.Submit(Write("k"));
  harness.Advance(seconds(1));
  EXPECT_EQ(harness.FailureOf(token), Errc::kTimeout);
}

TEST(DispatcherReachTest, DialIsGivenUpAfterConnTimeout) {
  Options options = Seeds({"a:1", "b:1"});
  options.conn_timeout = seconds(1);
  Harness harness(options);
  const Token token = harness.Submit(Write("k"));
  harness.Advance(milliseconds(999));
  EXPECT_EQ(harness.dialled().size(), 2U);
  harness.Advance(milliseconds(1));
  EXPECT_TRUE(harness.dialled().empty()) << "hung up";
  EXPECT_FALSE(harness.Ended(token));
  harness.AdvanceToAlarm();
  EXPECT_EQ(harness.dialled().size(), 2U) << "all are avoided, so all are tried again";
}

TEST(DispatcherReachTest, CallWaitsForAnyOfTheDials) {
  Harness harness(Seeds({"a:1", "b:1"}));
  const Token token = harness.Submit(Read("k"));
  harness.RefuseDial("a:1");
  EXPECT_FALSE(harness.Ended(token));
  harness.Connect("b:1");
  harness.ReplyOk(harness.Only(), "v");
  EXPECT_TRUE(harness.ResultOf(token).ok());
}

TEST(DispatcherReachTest, CallsParkedForARemovedServerDoNotWaitForIt) {
  Options options = Seeds({"a:1"});
  options.max_retries = 0;
  Harness harness(options);
  const Token token = harness.Submit(Read("k"));
  harness.RemoveServer("a:1");
  EXPECT_EQ(harness.FailureOf(token), Errc::kUnavailable);
  EXPECT_TRUE(harness.dialled().empty());
}

}  // namespace
}  // namespace aegis::client
