#include "node/runtime/loop.h"

#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "node/runtime/byte_stream.h"
#include "node/runtime/connection.h"

namespace aegis::node {
namespace {

using asio::ip::tcp;

// Writes down what becomes of it.
class Scribe : public Connection {
 public:
  Scribe(Loop& loop, std::unique_ptr<ByteStream> stream, char name, std::string& story)
      : Connection(loop, std::move(stream)), name_(name), story_(story) {}

  Bytes taken;
  std::size_t least = 0;  // It takes nothing from less input.

 private:
  Taken Take(ByteView input) override {
    if (input.size() < least) return {0, least};
    story_ += {'t', name_};
    taken += input;
    return {input.size(), 0};
  }
  void Foresee(ByteView input) override {
    story_ += {'f', name_};
    EXPECT_FALSE(input.empty());
  }
  void OnClosed(std::string_view) override { story_ += {'c', name_}; }

  char name_;
  std::string& story_;
};

class LoopTest : public ::testing::Test {
 protected:
  LoopTest() {
    loop_.SetFetch([this] { story_ += '|'; });
  }
  ~LoopTest() override {
    loop_.ForEachConnection([](Connection& connection) { connection.Close("the test is over"); });
  }

  Scribe& Connect() {
    tcp::acceptor acceptor(loop_.io(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    peers_.emplace_back(loop_.io());
    peers_.back().connect(acceptor.local_endpoint());
    const char name = static_cast<char>('A' + scribes_.size());
    tcp::socket accepted = acceptor.accept();
    accepted_.push_back(accepted.native_handle());
    scribes_.push_back(std::make_shared<Scribe>(
        loop_, std::make_unique<TcpStream>(loop_.poller(), std::move(accepted)), name, story_));
    scribes_.back()->Start();
    Run();
    return *scribes_.back();
  }
  void Send(std::size_t peer, const std::string& bytes) {
    asio::write(peers_[peer], asio::buffer(bytes));
    // The system need not carry them over at once.
    int there = 0;
    while (::ioctl(accepted_[peer], FIONREAD, &there) == 0 &&
           static_cast<std::size_t>(there) < bytes.size()) {
      std::this_thread::yield();
    }
  }
  void Run() {
    loop_.io().restart();
    while (loop_.io().poll() > 0) {
    }
  }

  std::string story_;
  Loop loop_;
  std::vector<tcp::socket> peers_;
  std::vector<int> accepted_;
  std::vector<std::shared_ptr<Scribe>> scribes_;
};

TEST_F(LoopTest, WhoIsAloneHasItsTurnWithoutForesight) {
  Connect();
  Send(0, "hello");
  Run();
  EXPECT_EQ(story_, "tA");
}

TEST_F(LoopTest, InARoundAllReceiveThenAllForeseeThenAllHaveTheirTurns) {
  Connect();
  Connect();
  Connect();
  for (std::size_t i = 0; i < 3; ++i) Send(i, std::string(10 + i, 'x'));
  Run();
  EXPECT_EQ(story_, "fAfBfC|tAtBtC");
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(scribes_[i]->taken, Bytes(10 + i, 'x'));
}

TEST_F(LoopTest, WhatManyReceiveInARoundIsKeptApart) {
  // Together more than there is memory to receive into.
  for (int i = 0; i < 20; ++i) Connect();
  std::vector<std::string> sent;
  for (std::size_t i = 0; i < scribes_.size(); ++i) {
    sent.emplace_back(limits::kReadChunk - i, static_cast<char>('a' + i));
    Send(i, sent.back());
  }
  Run();
  for (std::size_t i = 0; i < scribes_.size(); ++i) EXPECT_EQ(scribes_[i]->taken, sent[i]) << i;
}

TEST_F(LoopTest, WhatLacksItsEndIsNotLookedAtAgainWithEachByte) {
  Connect().least = 5;
  Connect();
  for (int i = 0; i < 5; ++i) {
    Send(0, "x");
    Send(1, "y");
    Run();
  }
  EXPECT_EQ(story_, "fAfB|tBfB|tBfB|tBfB|tBfAfB|tAtB");
}

TEST_F(LoopTest, WhoIsClosedBeforeItsTurnHasNone) {
  Connect();
  Connect();
  loop_.SetFetch([this] { scribes_[1]->Close("by the test"); });
  Send(0, "x");
  Send(1, "y");
  Run();
  EXPECT_EQ(story_, "fAfBcBtA");
}

}  // namespace
}  // namespace aegis::node
