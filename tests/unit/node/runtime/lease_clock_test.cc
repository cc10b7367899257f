#include "node/runtime/lease_clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace aegis::node {
namespace {

constexpr Session kFirst{1};
constexpr Session kSecond{2};

TEST(LeaseClockTest, NothingHoldsBeforeALeaseIsPublished) {
  const LeaseClock clock;
  EXPECT_FALSE(clock.Holds(kFirst));
  EXPECT_FALSE(clock.Holds(Session{}));
}

TEST(LeaseClockTest, HoldsUntilItsEndForItsSessionAlone) {
  LeaseClock clock;
  clock.Publish(kFirst, TimePoint::max());
  EXPECT_TRUE(clock.Holds(kFirst));
  EXPECT_FALSE(clock.Holds(kSecond));
  clock.Publish(kFirst, SteadyNow());
  EXPECT_FALSE(clock.Holds(kFirst));
}

TEST(LeaseClockTest, WhatTheNextSessionGetsTheOneBeforeNeverHas) {
  LeaseClock clock;
  std::atomic<std::uint64_t> odd{1};
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    while (!stop) {
      if (clock.Holds(Session{odd})) ++wrong;
    }
  });
  // The leases of odd sessions are always over, those of even ones never.
  for (std::uint64_t session = 1; session < 400'000; session += 2) {
    odd = session;
    clock.Publish(Session{session}, TimePoint::min());
    clock.Publish(Session{session + 1}, TimePoint::max());
  }
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace aegis::node
