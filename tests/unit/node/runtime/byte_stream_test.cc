#include "node/runtime/byte_stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <memory>
#include <string>

namespace aegis::node {
namespace {

using State = ByteStream::State;
using asio::ip::tcp;

class Told : public ByteStream::Listener {
 public:
  void OnReadable() override { ++readable; }
  void OnWritable() override { ++writable; }
  int readable = 0;
  int writable = 0;
};

class TcpStreamTest : public ::testing::Test {
 protected:
  TcpStreamTest() {
    poller_.Start(io_, rounds_);
    tcp::acceptor acceptor(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    peer_.connect(acceptor.local_endpoint());
    stream_ = std::make_unique<TcpStream>(poller_, acceptor.accept());
  }

  ~TcpStreamTest() override { poller_.Stop(); }

  void Await() {
    told_->readable = 0;
    stream_->AwaitReadable(told_);
  }
  // Runs the loop until the stream's listener was told.
  void UntilReadable() {
    io_.restart();
    while (told_->readable == 0) ASSERT_GT(io_.run_one_for(std::chrono::seconds(60)), 0U);
    EXPECT_EQ(told_->readable, 1);
  }
  void PeerSends(const std::string& bytes) { asio::write(peer_, asio::buffer(bytes)); }
  // What one Receive() moves into a room of so many bytes.
  std::string Receive(std::size_t room, State expected = State::kMoved) {
    std::string bytes(room, '\0');
    const auto [state, moved] = stream_->Receive({bytes.data(), bytes.size()});
    EXPECT_EQ(state, expected);
    bytes.resize(moved);
    return bytes;
  }
  // Everything up to the end, as a connection reads it.
  std::string ReceiveAll(std::size_t room, std::size_t size) {
    std::string all;
    while (all.size() < size && told_->readable < 1000) {
      Await();
      UntilReadable();
      std::string bytes(room, '\0');
      const auto [state, moved] = stream_->Receive({bytes.data(), bytes.size()});
      if (state != State::kMoved) break;
      all.append(bytes, 0, moved);
    }
    return all;
  }

  class NoRounds : public Poller::Rounds {
    void OnRoundBegin() override {}
    void OnRoundEnd() override {}
  };

  NoRounds rounds_;
  Poller poller_;
  asio::io_context io_;
  tcp::socket peer_{io_};
  std::unique_ptr<TcpStream> stream_;
  std::shared_ptr<Told> told_ = std::make_shared<Told>();
};

std::string Pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + i * 7 % 26);
  return bytes;
}

TEST_F(TcpStreamTest, WhatComesWhileItWaitsIsReceivedWhole) {
  Await();
  PeerSends("hello");
  UntilReadable();
  EXPECT_EQ(Receive(100), "hello");
  EXPECT_EQ(Receive(100, State::kWouldBlock), "");
}

TEST_F(TcpStreamTest, NoByteIsLostOrTwiceWhateverTheSizesAre) {
  for (const std::size_t size : {1U, 511U, 512U, 513U, 1024U, 5000U, 100'000U}) {
    for (const std::size_t room : {1'000'000U, 16'384U, 700U, 100U}) {
      PeerSends(Pattern(size));
      ASSERT_EQ(ReceiveAll(room, size), Pattern(size)) << size << " into " << room;
    }
  }
}

TEST_F(TcpStreamTest, WhatDidNotFitIsThereAtOnce) {
  Await();
  PeerSends("0123456789");
  UntilReadable();
  EXPECT_EQ(Receive(4), "0123");
  Await();
  UntilReadable();
  EXPECT_EQ(Receive(100), "456789");
}

TEST_F(TcpStreamTest, TheEndComesBehindTheBytes) {
  Await();
  PeerSends(Pattern(600));
  peer_.shutdown(tcp::socket::shutdown_send);
  std::string all;
  for (int i = 0; i < 100; ++i) {
    UntilReadable();
    std::string bytes(1000, '\0');
    const auto [state, moved] = stream_->Receive({bytes.data(), bytes.size()});
    if (state == State::kEnded) break;
    ASSERT_EQ(state, State::kMoved);
    all.append(bytes, 0, moved);
    Await();
  }
  EXPECT_EQ(all, Pattern(600));
  EXPECT_EQ(Receive(100, State::kEnded), "") << "and it stays";
}

TEST_F(TcpStreamTest, NothingWaitsBehindAnUrgentByte) {
  Await();
  PeerSends("before");
  ASSERT_EQ(::send(peer_.native_handle(), "!", 1, MSG_OOB), 1);
  PeerSends("behind");
  EXPECT_EQ(ReceiveAll(100, 13), "before!behind");
}

TEST_F(TcpStreamTest, AResetIsNoEnd) {
  Await();
  const linger at_once{1, 0};
  ::setsockopt(peer_.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  peer_.close();
  UntilReadable();
  EXPECT_EQ(Receive(100, State::kBroken), "");
}

TEST_F(TcpStreamTest, WhoIsClosedTellsNobodyThatItIsReadable) {
  Await();
  PeerSends("hello");
  stream_->Close();
  io_.restart();
  io_.poll();
  EXPECT_EQ(told_->readable, 0);
}

TEST_F(TcpStreamTest, WaitingToSendAndToReceiveDoNotMeet) {
  const std::string much(1 << 20, 'x');
  std::size_t sent = 0;
  for (;;) {
    const auto [state, moved] = stream_->Send(ByteView(much));
    if (state != State::kMoved) break;
    sent += moved;
  }
  Await();
  stream_->AwaitWritable(told_);
  PeerSends(Pattern(300));
  std::string taken(sent, '\0');
  asio::error_code error;
  std::size_t got = 0;
  while (got < sent) {
    io_.restart();
    io_.poll();
    got += peer_.read_some(asio::buffer(taken), error);
    ASSERT_FALSE(error);
  }
  while (told_->readable == 0 || told_->writable == 0) {
    ASSERT_GT(io_.run_one_for(std::chrono::seconds(60)), 0U);
  }
  EXPECT_EQ(told_->readable, 1);
  EXPECT_EQ(told_->writable, 1);
  EXPECT_EQ(Receive(1000), Pattern(300));
}

}  // namespace
}  // namespace aegis::node
