#include "node/runtime/turned_away.h"

#include <gtest/gtest.h>

#include "memory_stream.h"
#include "model/limits.h"
#include "node/runtime/clocks.h"
#include "wire/native.h"
#include "wire/native_error.h"

namespace aegis::node {
namespace {

class TurnedAwayTest : public ::testing::Test {
 protected:
  TurnedAwayTest() {
    connection_->Start();
    EXPECT_EQ(present_, 1U);
  }

  const TimePoint begin_ = SteadyNow();
  std::size_t present_ = 0;
  Loop loop_;
  MemoryPeer client_{loop_};
  std::shared_ptr<TurnedAway> connection_ =
      std::make_shared<TurnedAway>(loop_, std::make_unique<MemoryStream>(client_), present_);
};

TEST_F(TurnedAwayTest, ARespClientReadsTheErrorAsTheReplyOfItsFirstCommand) {
  EXPECT_TRUE(client_.from_node.empty()) << "its protocol is not known yet";
  client_.Send("PING\r\n");
  loop_.io().poll();
  EXPECT_EQ(client_.from_node, "-ERR max number of clients reached\r\n");
  EXPECT_TRUE(client_.ended);
}

TEST_F(TurnedAwayTest, AMemcachedClientReadsTheErrorWhateverItsFirstByteIs) {
  MemoryPeer client{loop_};
  std::make_shared<TurnedAway>(loop_, std::make_unique<MemoryStream>(client), present_,
                               ClientPort::kMemcached)
      ->Start();
  client.Send(std::string("\0\r\n", 3));
  loop_.io().poll();
  EXPECT_EQ(client.from_node, "SERVER_ERROR max number of clients reached\r\n");
  EXPECT_TRUE(client.ended);
}

TEST_F(TurnedAwayTest, ANativeClientReadsAReplyToItsFirstRequest) {
  Bytes request;
  wire::RequestFrame frame;
  frame.command = static_cast<std::uint8_t>(wire::Command::kPing);
  frame.id = 42;
  wire::AppendRequest(frame, request);
  client_.Send(ByteView(request).substr(0, 9));
  loop_.io().poll();
  EXPECT_TRUE(client_.from_node.empty());
  client_.Send(ByteView(request).substr(9));
  loop_.io().poll();
  std::size_t consumed = 0;
  const auto reply = wire::DecodeReply(client_.from_node, consumed);
  ASSERT_TRUE(reply.ok() && reply.value());
  EXPECT_EQ(reply.value()->id, 42U);
  EXPECT_EQ(wire::StatusOf(*reply.value()), Status::kUnavailable);
  EXPECT_TRUE(client_.ended);
}

TEST_F(TurnedAwayTest, OneThatSaysNothingOrTooMuchIsClosedWithoutAWord) {
  connection_->OnTick(begin_ + limits::kTurnedAwayTimeout - std::chrono::milliseconds(1));
  EXPECT_FALSE(client_.closed);
  connection_->OnTick(SteadyNow() + limits::kTurnedAwayTimeout);
  EXPECT_TRUE(client_.closed);
  EXPECT_EQ(present_, 0U);

  MemoryPeer other{loop_};
  const auto large =
      std::make_shared<TurnedAway>(loop_, std::make_unique<MemoryStream>(other), present_);
  large->Start();
  Bytes request;
  const Bytes value(limits::kReadChunk, 'v');
  wire::RequestFrame frame;
  frame.command = static_cast<std::uint8_t>(wire::Command::kSet);
  frame.value = value;
  wire::AppendRequest(frame, request);
  other.Send(request);
  loop_.io().poll();
  EXPECT_TRUE(other.closed);
  EXPECT_TRUE(other.from_node.empty());
}

}  // namespace
}  // namespace aegis::node
