// ByteStream::SendAll: several pieces of memory with one send.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "memory_stream.h"
#include "node/runtime/byte_stream.h"

namespace aegis::node {
namespace {

using State = ByteStream::State;
using asio::ip::tcp;

class GatherSendTest : public ::testing::Test {
 protected:
  GatherSendTest() {
    tcp::acceptor acceptor(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    peer_.connect(acceptor.local_endpoint());
    stream_ = std::make_unique<TcpStream>(poller_, acceptor.accept());
  }

  asio::io_context io_;
  Poller poller_;
  tcp::socket peer_{io_};
  std::unique_ptr<TcpStream> stream_;
};

TEST_F(GatherSendTest, TcpSendsPiecesInOrderAsFarAsTheSocketTakesThem) {
  // More bytes than the socket holds.
  std::vector<std::string> text;
  std::vector<ByteView> pieces;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const bool large = i % 3 == 0;
    text.push_back(std::string(large ? 100'000 : 7, static_cast<char>('a' + i % 26)));
    expected += text.back();
  }
  for (const std::string& one : text) pieces.emplace_back(one);

  std::string received;
  std::array<char, 65536> room;
  std::size_t first = 0;
  bool blocked = false;
  while (received.size() < expected.size()) {
    while (first < pieces.size()) {
      const std::size_t count = std::min(pieces.size() - first, ByteStream::kPiecesMax);
      auto [state, bytes] = stream_->SendAll(std::span(pieces).subspan(first, count));
      if (state == State::kWouldBlock) {
        blocked = true;
        break;
      }
      ASSERT_EQ(state, State::kMoved);
      while (bytes > 0) {
        const std::size_t gone = std::min(bytes, pieces[first].size());
        pieces[first].remove_prefix(gone);
        bytes -= gone;
        if (pieces[first].empty()) ++first;
      }
    }
    received.append(room.data(), peer_.read_some(asio::buffer(room)));
  }
  EXPECT_TRUE(received == expected);
  EXPECT_TRUE(blocked);
}

TEST_F(GatherSendTest, TcpMovesMoreThanOnePieceAtOnce) {
  const std::array<ByteView, 3> pieces{"one", "two", "three"};
  EXPECT_EQ(stream_->SendAll(pieces).bytes, 11U);
}

TEST(GatherSendMemoryTest, AStreamThatKnowsNothingOfItSendsTheFirstPiece) {
  Loop loop;
  MemoryPeer peer(loop);
  peer.gathers = false;
  MemoryStream stream(peer);
  const std::array<ByteView, 2> pieces{"one", "two"};
  EXPECT_EQ(stream.SendAll(pieces).bytes, 3U);
  EXPECT_EQ(peer.from_node, "one");
}

}  // namespace
}  // namespace aegis::node
