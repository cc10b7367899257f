#include "node/runtime/memcached_door.h"

#include <gtest/gtest.h>

#include <string>

#include "client_test_support.h"

namespace aegis::node {
namespace {

class MemcachedDoorTest : public ClientTest {
 protected:
  MemcachedDoorTest() : ClientTest(ClientPort::kMemcached) {}

  static std::string Set(const std::string& key, const std::string& value) {
    return "set " + key + " 0 0 " + std::to_string(value.size()) + "\r\n" + value + "\r\n";
  }
  static std::string Value(const std::string& key, const std::string& value) {
    return "VALUE " + key + " 0 " + std::to_string(value.size()) + "\r\n" + value + "\r\n";
  }
  void Answers(const std::string& expected) {
    EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.from_node.size() >= expected.size(); }));
    EXPECT_EQ(peer_of_client_.from_node, expected);
    peer_of_client_.from_node.clear();
  }
};

TEST_F(MemcachedDoorTest, CommandsOnShardsLedHereAreAnsweredAtOnce) {
  client_->Start(Set(near_, "v") + "get near nothing\r\nincr near 1\r\nmn\r\n");
  Answers("STORED\r\n" + Value(near_, "v") +
          "END\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nMN\r\n");
  EXPECT_EQ(loop_.counters().of(Protocol::kMemcached).opened.Get(), 1U);
  EXPECT_EQ(counters_.commands.Get(), 4U);
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(MemcachedDoorTest, RepliesKeepTheOrderOfTheCommandsWhenAnotherNodeIsAsked) {
  client_->Start(Set(far_, "far") + Set(near_, "near") + "get " + near_ + "\r\nincr " + far_ +
                 " 1 noreply\r\nget " + far_ + "\r\nmn\r\ndelete " + far_ + "\r\n");
  for (int i = 0; i < 100; ++i) loop_.io().poll();
  EXPECT_EQ(peer_of_client_.from_node, "") << "the first is not answered yet";
  EXPECT_GT(client_->held(), 0U);
  ServeOther();
  Answers("STORED\r\nSTORED\r\n" + Value(near_, "near") + "END\r\n" + Value(far_, "far") +
          "END\r\nMN\r\nDELETED\r\n");
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(MemcachedDoorTest, OneGetMayAskSeveralNodes) {
  shards_.Execute(SetOf(near_, "1"));
  other_.Execute(SetOf(far_, "2"));
  client_->Start("get " + near_ + " " + far_ + " " + near_ + " nothing\r\nget " + near_ + "\r\n");
  ServeOther();
  Answers(Value(near_, "1") + Value(far_, "2") + Value(near_, "1") + "END\r\n" + Value(near_, "1") +
          "END\r\n");
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(MemcachedDoorTest, FlushAllEmptiesTheShardsOfAllNodes) {
  shards_.Execute(SetOf(near_, "1"));
  other_.Execute(SetOf(far_, "2"));
  client_->Start("flush_all\r\nget " + near_ + " " + far_ + "\r\n");
  ServeOther();
  Answers("OK\r\nEND\r\n");
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(MemcachedDoorTest, ALineOfTooManyKeysIsRefusedAndTheStreamGoesOn) {
  client_->Start("get" + Times(500'000, " k") + "\r\nmn\r\n");
  Answers("CLIENT_ERROR too many keys: at most 1024\r\nMN\r\n");
}

TEST_F(MemcachedDoorTest, AtAGlanceTheKeyIsTheSecondWord) {
  MemcachedDoor door(*client_);
  const auto sees = [&](ByteView input, ByteView key, std::size_t size) {
    const auto seen = door.Glance(input);
    EXPECT_EQ(seen.key, key) << input;
    EXPECT_EQ(seen.size, size) << input;
  };
  sees("get one two\r\nget three\r\n", "one", 13);
  sees("get one\nget two\n", "one", 8);
  sees("mg one v\r\n", "one", 10);
  sees("set one 0 0 5\r\nva", "one", 0);
  sees("set one 0 0", "one", 0);
  sees("get one", "", 0);  // Which may go on.
  sees("version\r\nget one\r\n", "", 0);
  sees("get \r\n", "", 6);
  sees("get ", "", 0);
  sees("\x80", "", 0);
  sees("get " + std::string(1000, 'k') + "\r\n", "", 0);
}

TEST_F(MemcachedDoorTest, RepliesThatAreNotTakenPauseItAndNoneIsLost) {
  shards_.Execute(SetOf(near_, large_));
  peer_of_client_.listens = false;
  client_->Start();
  peer_of_client_.Send(Times(kMany, "get near\r\n" + Set(near_, large_)));
  UntilPaused();
  EXPECT_LE(most_held_, kHeldMax);
  peer_of_client_.Listen();
  Answers(Times(kMany, Value(near_, large_) + "END\r\nSTORED\r\n"));
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(MemcachedDoorTest, AValueOverItsLimitIsSwallowedAsItComes) {
  const std::size_t size = limits::kValueSizeMax + 1;
  client_->Start(Set(near_, "old") + "set near 0 0 " + std::to_string(size) + "\r\n");
  Answers("STORED\r\nSERVER_ERROR object too large for cache\r\n");
  const std::string piece(1 << 20, '\n');
  for (std::size_t sent = 0; sent < size + 2; sent += piece.size()) {
    peer_of_client_.Send(piece.substr(0, std::min(piece.size(), size + 2 - sent)));
    EXPECT_TRUE(UntilWithin([&] { return peer_of_client_.to_node.empty(); }));
  }
  peer_of_client_.Send("get near\r\n");
  Answers("END\r\n");
}

TEST_F(MemcachedDoorTest, TheBinaryProtocolIsClosedAndCounted) {
  client_->Start(std::string("\x80\x00\x00\x03get", 7));
  EXPECT_TRUE(Until([&] { return peer_of_client_.ended; }));
  EXPECT_EQ(peer_of_client_.from_node, "");
  EXPECT_EQ(counters_.of(Protocol::kMemcached).errors.Get(), 1U);
}

TEST_F(MemcachedDoorTest, ALineOverItsLimitIsAnErrorAndTheEnd) {
  client_->Start("mn\r\n" + std::string(limits::kMemcachedLineSizeMax, 'x'));
  EXPECT_TRUE(Until([&] { return peer_of_client_.ended; }));
  EXPECT_EQ(peer_of_client_.from_node, "MN\r\nCLIENT_ERROR line is too long\r\n");
  EXPECT_EQ(counters_.of(Protocol::kMemcached).errors.Get(), 1U);
}

TEST_F(MemcachedDoorTest, QuitClosesOnceWhatCameBeforeWasAnswered) {
  client_->Start("get " + far_ + "\r\nquit\r\nmn\r\n");
  ServeOther();
  EXPECT_TRUE(Until([&] { return peer_of_client_.ended; }));
  EXPECT_EQ(peer_of_client_.from_node, "END\r\n");
}

}  // namespace
}  // namespace aegis::node
