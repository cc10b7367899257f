#include "node/runtime/item_pages.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace aegis::node {
namespace {

using store::kPageBytes;

constexpr std::size_t kMany = 1000;  // Several mappings' worth.

std::vector<void*> Take(ItemPages& pages, std::size_t count) {
  std::vector<void*> taken;
  for (std::size_t i = 0; i < count; ++i) taken.push_back(pages.Take());
  return taken;
}

TEST(ItemPagesTest, PagesAreAlignedAndApart) {
  ItemPages pages;
  const std::vector<void*> taken = Take(pages, kMany);
  const std::set<void*> distinct(taken.begin(), taken.end());
  EXPECT_EQ(distinct.size(), kMany);
  for (void* const page : taken) {
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(page) % kPageBytes, 0U);
    std::memset(page, 0xab, kPageBytes);
  }
  for (void* const page : taken) ASSERT_EQ(static_cast<unsigned char*>(page)[0], 0xab);
}

TEST(ItemPagesTest, WhatIsGivenBackIsTakenAgainBeforeAnythingNew) {
  ItemPages pages;
  const std::vector<void*> taken = Take(pages, kMany);
  for (void* const page : taken) pages.Give(page);
  const std::vector<void*> again = Take(pages, kMany);
  EXPECT_EQ(std::set<void*>(taken.begin(), taken.end()),
            std::set<void*>(again.begin(), again.end()));
}

TEST(ItemPagesTest, OnlyAFewMegabytesAreKeptInReserveAndNoneAfterAPurge) {
  ItemPages pages;
  for (void* const page : Take(pages, kMany)) pages.Give(page);
  EXPECT_GT(pages.spare_bytes(), 0U);
  EXPECT_LE(pages.spare_bytes(), 4U << 20U);
  void* const written = pages.Take();
  std::memset(written, 0xab, kPageBytes);
  pages.Give(written);
  pages.Purge();
  EXPECT_EQ(pages.spare_bytes(), 0U);
  bool zero = true;
  for (void* const page : Take(pages, kMany)) {
    zero = zero && static_cast<unsigned char*>(page)[7] == 0;
  }
  EXPECT_TRUE(zero) << "the system has taken the memory back";
}

TEST(ItemPagesTest, ThreadsNeverGetTheSamePage) {
  ItemPages pages;
  constexpr int kThreads = 4;
  std::vector<std::thread> threads;
  std::vector<int> spoilt(kThreads, 0);
  for (int id = 0; id < kThreads; ++id) {
    threads.emplace_back([&pages, &spoilt, id] {
      for (int round = 0; round < 300; ++round) {
        const std::vector<void*> mine = Take(pages, 8);
        for (void* const page : mine) std::memset(page, id + 1, 64);
        for (void* const page : mine) {
          spoilt[static_cast<std::size_t>(id)] += static_cast<char*>(page)[63] != id + 1 ? 1 : 0;
          pages.Give(page);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : spoilt) EXPECT_EQ(count, 0);
}

}  // namespace
}  // namespace aegis::node
