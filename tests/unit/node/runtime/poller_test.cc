#include "node/runtime/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace aegis::node {
namespace {

// One end of a connected pair, and what its watcher was told.
class Watched : public Poller::Watcher {
 public:
  explicit Watched(Poller& poller) : poller_(poller) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    fd_ = UniqueFd(ends[0]);
    peer_ = UniqueFd(ends[1]);
    EXPECT_TRUE(poller_.Watch(fd_.get(), *this));
  }

  void OnEvents(std::uint32_t events) override {
    told.push_back(events);
    if (then) then();
  }
  void PeerSends() { EXPECT_EQ(::send(peer_.get(), "x", 1, 0), 1); }
  void Drain() {
    std::array<char, 100> room{};
    EXPECT_GT(::recv(fd_.get(), room.data(), room.size(), 0), 0);
  }
  void PeerCloses() { peer_.Close(); }
  void Forget() { poller_.Forget(fd_.get(), *this); }

  std::vector<std::uint32_t> told;
  std::function<void()> then;

 private:
  Poller& poller_;
  UniqueFd fd_;
  UniqueFd peer_;
};

class PollerTest : public ::testing::Test, private Poller::Rounds {
 protected:
  PollerTest() { poller_.Start(io_, *this); }
  ~PollerTest() override { poller_.Stop(); }

  // Everything that there is to tell by now.
  void Run() {
    io_.restart();
    while (io_.poll() > 0) {
    }
  }
  void OnRoundBegin() override { ++begun_; }
  void OnRoundEnd() override { ++ended_; }

  Poller poller_;
  asio::io_context io_;
  int begun_ = 0;
  int ended_ = 0;
};

TEST_F(PollerTest, WhatIsPossibleAlreadyIsTold) {
  Watched one(poller_);
  Run();
  ASSERT_EQ(one.told.size(), 1U);
  EXPECT_EQ(one.told[0], static_cast<std::uint32_t>(EPOLLOUT));
}

TEST_F(PollerTest, BytesAreToldOnceForEachTimeThatTheyCome) {
  Watched one(poller_);
  Run();
  one.PeerSends();
  Run();
  Run();
  ASSERT_EQ(one.told.size(), 2U) << "what is still unread is no news";
  EXPECT_TRUE((one.told[1] & EPOLLIN) != 0);
  one.Drain();
  one.PeerSends();
  Run();
  EXPECT_EQ(one.told.size(), 3U);
}

TEST_F(PollerTest, TheEndIsTold) {
  Watched one(poller_);
  Run();
  one.PeerCloses();
  Run();
  ASSERT_EQ(one.told.size(), 2U);
  EXPECT_TRUE((one.told[1] & EPOLLRDHUP) != 0);
}

TEST_F(PollerTest, AllAreToldHoweverMany) {
  std::vector<std::unique_ptr<Watched>> many;
  for (int i = 0; i < 200; ++i) many.push_back(std::make_unique<Watched>(poller_));
  Run();
  for (const auto& one : many) EXPECT_EQ(one->told.size(), 1U);
  EXPECT_EQ(begun_, 4) << "64 in a round";
  EXPECT_EQ(ended_, 4);
}

TEST_F(PollerTest, WhoWasForgottenHearsNothingNotEvenOfTheSameRound) {
  Watched first(poller_);
  Watched second(poller_);
  first.then = [&] { second.Forget(); };
  second.then = [&] { first.Forget(); };
  Run();
  EXPECT_EQ(first.told.size() + second.told.size(), 1U);
  first.PeerSends();
  second.PeerSends();
  Run();
  EXPECT_LE(first.told.size(), 2U);
  EXPECT_LE(second.told.size(), 2U);
  EXPECT_TRUE(first.told.empty() || second.told.empty());
}

TEST_F(PollerTest, WhoAsksIsToldSoonAndWithinARound) {
  Watched one(poller_);
  Run();
  begun_ = 0;
  poller_.TellSoon(one);
  EXPECT_EQ(one.told.size(), 1U) << "not at once";
  Run();
  ASSERT_EQ(one.told.size(), 2U);
  EXPECT_EQ(one.told[1], 0U);
  EXPECT_EQ(begun_, 1);
}

TEST_F(PollerTest, WhoAsksWhileItIsToldIsToldAgain) {
  Watched one(poller_);
  one.then = [&] {
    if (one.told.size() < 5) poller_.TellSoon(one);
  };
  Run();
  EXPECT_EQ(one.told.size(), 5U);
}

TEST_F(PollerTest, ManyWhoAskAreToldInSeveralRounds) {
  std::vector<std::unique_ptr<Watched>> many;
  for (int i = 0; i < 150; ++i) many.push_back(std::make_unique<Watched>(poller_));
  Run();
  begun_ = 0;
  for (const auto& one : many) poller_.TellSoon(*one);
  many.back()->Forget();
  Run();
  for (std::size_t i = 0; i + 1 < many.size(); ++i) EXPECT_EQ(many[i]->told.size(), 2U) << i;
  EXPECT_EQ(many.back()->told.size(), 1U);
  EXPECT_EQ(begun_, 3);
}

TEST_F(PollerTest, WhoAskedAndWasForgottenHearsNothing) {
  Watched one(poller_);
  Run();
  poller_.TellSoon(one);
  one.Forget();
  Run();
  EXPECT_EQ(one.told.size(), 1U);
}

TEST_F(PollerTest, OtherHandlersRunBetweenRounds) {
  Watched one(poller_);
  bool stopped = false;
  one.then = [&] {
    if (!stopped) poller_.TellSoon(one);
  };
  asio::post(io_, [&] { stopped = true; });
  Run();
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace aegis::node
