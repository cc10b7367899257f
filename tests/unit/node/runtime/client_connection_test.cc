// What one connection may hold, wherever its bytes are.

#include "node/runtime/client_connection.h"

#include <gtest/gtest.h>

#include <string>

#include "client_test_support.h"
#include "node/runtime/native_door.h"
#include "node/runtime/resp_door.h"
#include "wire/native.h"
#include "wire/operation_codec.h"

namespace aegis::node {
namespace {

std::string Command(const std::vector<std::string>& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return out;
}

std::string Bulk(const std::string& value) {
  return "$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
}

class ClientConnectionTest : public ClientTest {};

TEST_F(ClientConnectionTest, AtAGlanceTheKeyOfRespIsTheFirstArgument) {
  RespDoor door(*client_);
  EXPECT_EQ(door.Glance(Command({"GET", "one"}) + Command({"GET", "two"})).key, "one");
  EXPECT_EQ(door.Glance(Command({"PING"})).key, "");
  EXPECT_EQ(door.Glance("GET one\r\n").key, "") << "an inline command is not worth it";
  EXPECT_EQ(door.Glance("*x\r\n").key, "");
  const std::string whole = Command({"SET", "one", "value"});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(door.Glance(ByteView(whole).substr(0, size)).key, "") << size;
  }
}

TEST_F(ClientConnectionTest, AtAGlanceTheKeyOfNativeFramesIsTheirs) {
  NativeDoor door(*client_);
  Bytes frame;
  wire::RequestFrame get;
  get.command = static_cast<std::uint8_t>(wire::Command::kGet);
  get.key = "one";
  wire::AppendRequest(get, frame);
  EXPECT_EQ(door.Glance(frame).key, "one");
  EXPECT_EQ(door.Glance(frame).size, frame.size());
  for (std::size_t size = 1; size < frame.size(); ++size) {
    EXPECT_EQ(door.Glance(ByteView(frame).substr(0, size)).key, "") << size;
  }
  Bytes execute;
  Bytes operation;
  wire::AppendOperation(SetOf("two", "value"), operation);
  get.command = static_cast<std::uint8_t>(wire::Command::kExecute);
  get.key = {};
  get.value = operation;
  wire::AppendRequest(get, execute);
  EXPECT_EQ(door.Glance(execute).key, "two");
  get.value = "nonsense";
  execute.clear();
  wire::AppendRequest(get, execute);
  EXPECT_EQ(door.Glance(execute).key, "");
  EXPECT_EQ(door.Glance(execute).size, execute.size());
}

TEST_F(ClientConnectionTest, RepliesThatAreNotTakenPauseItAndNoneIsLost) {
  shards_.Execute(SetOf(near_, large_));
  peer_of_client_.listens = false;
  client_->Start();
  // Enough input that the pause can be seen: it does not fit one read.
  peer_of_client_.Send(Times(kMany, Command({"GET", near_}) + Command({"PING", large_})));
  UntilPaused();
  EXPECT_LE(most_held_, kHeldMax);
  peer_of_client_.Listen();
  const std::string expected = Times(kMany, Bulk(large_) + Bulk(large_));
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_EQ(peer_of_client_.from_node, expected);
  EXPECT_LE(most_held_, kHeldMax);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(ClientConnectionTest, AReaderWhoIsAlwaysBehindDoesNotMakeItKeepWhatWasSent) {
  constexpr std::size_t kRequests = 1000;
  shards_.Execute(SetOf(near_, large_));
  peer_of_client_.Listen(0);
  client_->Start();
  peer_of_client_.Send(Times(kRequests, Command({"GET", near_})));
  UntilPaused();
  std::size_t most_kept = 0;
  while (peer_of_client_.from_node.size() < kRequests * Bulk(large_).size()) {
    const std::size_t before = peer_of_client_.from_node.size();
    peer_of_client_.Listen(2 * limits::kHeldPause / 3);
    ASSERT_TRUE(Until([&] { return peer_of_client_.from_node.size() > before; }));
    most_kept = std::max(most_kept, client_->output_kept());
  }
  EXPECT_LE(most_kept, 2 * kHeldMax);
}

TEST_F(ClientConnectionTest, AReaderWhoTakesNothingForTooLongIsDisconnected) {
  client_->Start();
  client_->OnTick(client_->last_progress() + 2 * limits::kOutputStallMax);
  EXPECT_FALSE(client_->closed()) << "it has taken all there is";
  peer_of_client_.listens = false;
  peer_of_client_.Send(Command({"PING"}));
  ASSERT_TRUE(Until([&] { return client_->backlog() > 0; }));
  const TimePoint asked = client_->last_progress();
  client_->OnTick(asked + limits::kOutputStallMax);
  EXPECT_FALSE(client_->closed());
  peer_of_client_.Listen(1);
  ASSERT_TRUE(Until([&] { return !peer_of_client_.from_node.empty(); }));
  client_->OnTick(asked + limits::kOutputStallMax + Duration(1));
  EXPECT_FALSE(client_->closed()) << "a byte is something";
  const TimePoint taken = client_->last_progress();
  client_->OnTick(taken + limits::kOutputStallMax + Duration(1));
  EXPECT_TRUE(client_->closed());
  EXPECT_TRUE(peer_of_client_.closed);
}

TEST_F(ClientConnectionTest, RepliesBehindOneThatIsMissingPauseItToo) {
  shards_.Execute(SetOf(near_, large_));
  client_->Start();
  peer_of_client_.Send(Command({"GET", far_}) +
                       Times(kMany, Command({"GET", near_}) + Command({"PING", large_})));
  UntilPaused();
  EXPECT_LE(most_held_, kHeldMax);
  EXPECT_TRUE(peer_of_client_.from_node.empty());
  // Only now does the other node say anything.
  ServeOther();
  const std::string expected = "$-1\r\n" + Times(kMany, Bulk(large_) + Bulk(large_));
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_EQ(peer_of_client_.from_node, expected);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(ClientConnectionTest, WhatATransactionKeepsIsCountedAndPausesNothing) {
  const std::string large(limits::kQueuedBytesMax - 1000, 'q');
  const std::string watched = "{" + near_ + "}" + std::string(60'000, 'w');
  client_->Start(Times(10, Command({"WATCH", watched})) + Command({"MULTI"}) +
                 Command({"SET", near_, large}));
  std::string expected = Times(11, "+OK\r\n") + "+QUEUED\r\n";
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_GT(client_->cost(), large.size() + 10 * watched.size());
  EXPECT_GT(client_->cost(), limits::kHeldPause);
  EXPECT_EQ(client_->held(), 0U);
  peer_of_client_.Send(Command({"EXEC"}));
  expected += "*1\r\n+OK\r\n";
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_EQ(peer_of_client_.from_node, expected);
  EXPECT_EQ(client_->cost(), 0U);
}

TEST_F(ClientConnectionTest, WritesOnTheirWayPauseIt) {
  client_->Start();
  peer_of_client_.Send(Times(kMany, Command({"SET", far_, large_})));
  UntilPaused();
  EXPECT_LE(most_held_, kHeldMax);
  EXPECT_LE(forwarder_.pending_bytes(), kHeldMax);
  ServeOther();
  const std::string expected = Times(kMany, "+OK\r\n");
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_EQ(peer_of_client_.from_node, expected);
  EXPECT_EQ(client_->held(), 0U);
  EXPECT_EQ(forwarder_.pending_bytes(), 0U);
}

TEST_F(ClientConnectionTest, ValuesThatOtherNodesSendPauseItWhateverTheirSizeIs) {
  other_.Execute(SetOf(far_, "small"));
  peer_of_client_.listens = false;
  client_->Start();
  // It learns that values are small here, and then they are not; the order of each stays.
  const std::string rounds = Times(500, Command({"GET", far_})) + Command({"SET", far_, large_}) +
                             Times(kMany, Command({"GET", far_})) +
                             Command({"SET", far_, "small", "GET"}) + Command({"GETDEL", far_}) +
                             Command({"GET", far_});
  peer_of_client_.Send(rounds);
  ServeOther();
  ASSERT_TRUE(UntilWithin([&] { return client_->backlog() > limits::kHeldPause / 2; }));
  for (int i = 0; i < 1000; ++i) {
    loop_.io().poll();
    most_held_ = std::max(most_held_, client_->held());
  }
  EXPECT_LE(most_held_, kHeldMax);
  peer_of_client_.Listen();
  const std::string expected = Times(500, Bulk("small")) + "+OK\r\n" +
                               Times(kMany + 1, Bulk(large_)) + Bulk("small") + "$-1\r\n";
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_TRUE(peer_of_client_.from_node == expected);
  EXPECT_LE(most_held_, kHeldMax);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(ClientConnectionTest, OneCommandMayNeedMoreThanTheLimitAndThenItIsAlone) {
  const std::string huge(3 * limits::kHeldPause, 'h');
  other_.Execute(SetOf(far_, huge));
  client_->Start();
  peer_of_client_.Send(Times(3, Command({"GET", far_}) + Command({"MGET", far_, near_, far_})));
  ServeOther();
  const std::string expected =
      Times(3, Bulk(huge) + "*3\r\n" + Bulk(huge) + "$-1\r\n" + Bulk(huge));
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_TRUE(peer_of_client_.from_node == expected);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(ClientConnectionTest, ATurnTakesABoundedNumberOfBytes) {
  const std::string input = Times(kMany, Command({"SET", near_, large_}));
  client_->Start(input);
  const std::size_t in_one_turn = peer_of_client_.from_node.size() / 5;
  EXPECT_GE(in_one_turn, limits::kBytesPerTurn / kLarge);
  EXPECT_LE(in_one_turn, limits::kBytesPerTurn / kLarge + 1);
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() == kMany * 5; }));
}

TEST_F(ClientConnectionTest, WhileANodeOwesTooMuchConnectionsThatAskItMoreWait) {
  // Another connection has filled what this worker keeps for the node.
  const std::string filling(limits::kForwardBacklogPause, 'f');
  Submit(1, SetOf(far_, filling));
  client_->Start();
  peer_of_client_.Send(Command({"SET", far_, "v"}) + Command({"PING"}));
  loop_.io().poll();
  peer_of_client_.Send(Command({"PING"}));
  loop_.io().poll();
  EXPECT_FALSE(peer_of_client_.to_node.empty()) << "it reads on";
  ServeOther();
  const std::string expected = "+OK\r\n+PONG\r\n+PONG\r\n";
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_EQ(peer_of_client_.from_node, expected);
}

TEST_F(ClientConnectionTest, ValuesGatheredForOneCommandAreNotKeptForTheNext) {
  shards_.Execute(SetOf(near_, large_));
  client_->Start();
  peer_of_client_.Send(Command({"MGET", near_, near_, near_}));
  const std::string expected = "*3\r\n" + Times(3, Bulk(large_));
  EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
  EXPECT_LT(services_.gathering.bytes(), kLarge);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(ClientConnectionTest, AClosedConnectionHoldsNothing) {
  other_.Execute(SetOf(far_, large_));
  client_->Start();
  peer_of_client_.listens = false;
  peer_of_client_.Send(Times(kMany, Command({"GET", far_})));
  ServeOther();
  ASSERT_TRUE(UntilWithin([&] { return client_->backlog() > 0; }));
  client_->Close("for the test");
  EXPECT_TRUE(Until([&] { return forwarder_.pending() == 0; }));
  loop_.io().poll();
  EXPECT_EQ(client_.use_count(), 1);
}

// The limit is too high for commands to be timed one by one.
TEST_F(ClientConnectionTest, ATransactionIsTimedThoughNoCommandIsByItself) {
  SlowLog slow_log;
  slow_log.Set({.slower_than_us = 1000});
  services_.slow_log = &slow_log;
  peer_of_client_.Send(Command({"MULTI"}) + Times(5000, Command({"SETRANGE", near_, "200", "x"})) +
                       Command({"EXEC"}));
  client_->Start();
  ASSERT_TRUE(Until([&] { return !slow_log.Commands().empty(); }));
  EXPECT_EQ(slow_log.Commands().front().arguments.front(), "EXEC");
}

}  // namespace
}  // namespace aegis::node
