#include "bench/core/call.h"

#include <gtest/gtest.h>

namespace aegis::bench {
namespace {

CallSource Source(unsigned gets, unsigned sets) {
  return {gets, sets, KeyChoice::Parse("uniform", 100).value(), ValueSizes::Parse("5-9").value(),
          1};
}

TEST(CallSourceTest, GetsAndSetsComeInTheirRatio) {
  CallSource source = Source(10, 1);
  int sets = 0;
  for (int i = 0; i < 11'000; ++i) {
    const Call call = source.Next();
    EXPECT_LT(call.key, 100U);
    if (call.is_get) continue;
    ++sets;
    EXPECT_GE(call.size, 5U);
    EXPECT_LE(call.size, 9U);
  }
  EXPECT_NEAR(sets, 1000, 150);
}

TEST(CallSourceTest, OneKindAloneIsAllThatComes) {
  CallSource gets = Source(1, 0);
  CallSource sets = Source(0, 1);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(gets.Next().is_get);
    EXPECT_FALSE(sets.Next().is_get);
  }
}

TEST(CallSourceTest, FillingInSetsTheKeyThatWasAskedFor) {
  CallSource source = Source(1, 0);
  const Call call = source.SetOf(42);
  EXPECT_EQ(call.key, 42U);
  EXPECT_FALSE(call.is_get);
  EXPECT_GE(call.size, 5U);
}

Call CallOf(std::uint64_t key) { return {.key = key}; }

TEST(CallRingTest, CallsAreTakenInTheOrderInWhichTheyWerePushed) {
  CallRing ring(2);
  EXPECT_FALSE(ring.Take());
  for (std::uint64_t i = 0; i < 10; i += 2) {
    ring.Push(CallOf(i));
    ring.Push(CallOf(i + 1));
    EXPECT_TRUE(ring.full());
    EXPECT_EQ(ring.waiting(), 2U);
    EXPECT_EQ(ring.Take()->key, i);
    EXPECT_EQ(ring.Take()->key, i + 1);
    EXPECT_TRUE(ring.empty());
    EXPECT_FALSE(ring.Take());
  }
}

TEST(CallRingTest, IdsNameCallsInAnyOrderAndOnlyOnce) {
  CallRing ring(3);
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(ring.next_id(), i);
    ring.Push(CallOf(100 + i));
  }
  EXPECT_EQ(ring.Take(2)->key, 102U);
  EXPECT_FALSE(ring.Take(2));
  EXPECT_EQ(ring.waiting(), 2U);
  EXPECT_TRUE(ring.full()) << "the oldest still holds its place";
  EXPECT_EQ(ring.Take(0)->key, 100U);
  EXPECT_FALSE(ring.full());
  ring.Push(CallOf(103));
  EXPECT_EQ(ring.Take(1)->key, 101U);
  EXPECT_EQ(ring.Take(3)->key, 103U);
  EXPECT_TRUE(ring.empty());
}

TEST(CallRingTest, AnIdThatNoCallEverHadIsNobodys) {
  CallRing ring(3);
  ring.Push(CallOf(0));
  EXPECT_FALSE(ring.Take(1));
  EXPECT_FALSE(ring.Take(3)) << "the same place, another call";
  EXPECT_TRUE(ring.Take(0));
  EXPECT_FALSE(ring.Take(0));
}

}  // namespace
}  // namespace aegis::bench
