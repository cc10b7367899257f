#include "node/runtime/memory_watch.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <thread>

#include "base/log.h"

namespace aegis::node {
namespace {

constexpr std::uint64_t kPlenty = 1ULL << 40;

// Until what is seen is no passing moment.
void LookForAWhile(MemoryWatch& watch) {
  for (int i = 0; i < 4; ++i) watch.Look();
}

TEST(MemoryWatchTest, MemoryInUseIsResident) {
  const std::uint64_t before = ReadResident();
  EXPECT_GT(before, 1U << 20U) << "a process takes something by itself";
  constexpr std::size_t kBytes = 64 << 20;
  const auto memory = std::make_unique<char[]>(kBytes);
  std::memset(memory.get(), 1, kBytes);
  EXPECT_GT(ReadResident(), before + kBytes / 2);
}

TEST(MemoryWatchTest, WhatTheSystemCountsBeyondTheAccountedIsTold) {
  ItemPages pages;
  store::MemoryMeter meter(kPlenty, pages);
  std::uint64_t resident = 100 << 20;
  MemoryWatch watch(meter, pages, [&] { return resident; });
  meter.Add(64 << 20);
  LookForAWhile(watch);
  EXPECT_EQ(meter.beyond(), 36U << 20U) << "what is accounted is not beyond";
  resident += 10 << 20;
  LookForAWhile(watch);
  EXPECT_EQ(meter.beyond(), 46U << 20U);
  resident = 10 << 20;
  LookForAWhile(watch);
  EXPECT_EQ(meter.beyond(), 0U);
  meter.Remove(64 << 20);
}

TEST(MemoryWatchTest, WhatIsThereForAMomentDoesNotCount) {
  ItemPages pages;
  store::MemoryMeter meter(kPlenty, pages);
  std::uint64_t resident = 10 << 20;
  MemoryWatch watch(meter, pages, [&] { return resident; });
  LookForAWhile(watch);
  resident = 500 << 20;
  for (int i = 0; i < 3; ++i) watch.Look();
  EXPECT_EQ(meter.beyond(), 10U << 20U);
  watch.Look();
  EXPECT_EQ(meter.beyond(), 500U << 20U) << "no moment any more";
}

TEST(MemoryWatchTest, NearTheLimitReservesAreGivenBackBeforeAnythingElseGoes) {
  ItemPages pages;
  for (int i = 0; i < 100; ++i) {
    void* const page = pages.Take();
    std::memset(page, 1, store::kPageBytes);
    pages.Give(page);
  }
  ASSERT_GT(pages.spare_bytes(), 0U);
  store::MemoryMeter far(kPlenty, pages);
  MemoryWatch far_watch(far, pages);
  LookForAWhile(far_watch);
  EXPECT_GT(pages.spare_bytes(), 0U);
  store::MemoryMeter near(1 << 20, pages);
  MemoryWatch near_watch(near, pages);
  LookForAWhile(near_watch);
  EXPECT_EQ(pages.spare_bytes(), 0U);
  EXPECT_FALSE(near.Fits(0));
}

TEST(MemoryWatchTest, LooksByItselfUntilItIsStopped) {
  ItemPages pages;
  store::MemoryMeter meter(kPlenty, pages);
  MemoryWatch watch(meter, pages);
  watch.Start();
  while (meter.beyond() == 0) std::this_thread::yield();
  watch.Stop();
  watch.Stop();
}

}  // namespace
}  // namespace aegis::node
