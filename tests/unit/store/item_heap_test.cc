#include "store/item_heap.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"

namespace aegis::store {
namespace {

// Fills in what a heap reads of its items: their sizes. And a pattern, to see that nothing is lost.
Item* Make(ItemHeap& heap, std::size_t size, char pattern = 'x') {
  Item* const item = heap.Allocate(size);
  const bool paged = item->paged != 0;
  *item = {};
  item->paged = paged ? 1 : 0;
  item->value_size = static_cast<std::uint32_t>(size - sizeof(Item) - 1) & 0x7ffffffU;
  item->version = static_cast<std::uint64_t>(pattern);
  std::memset(item->extras(), pattern, size - sizeof(Item));
  return item;
}

bool Holds(const Item& item, std::size_t size) {
  const ByteView bytes(item.extras(), size - sizeof(Item));
  return item.size() == size &&
         bytes.find_first_not_of(static_cast<char>(item.version)) == ByteView::npos;
}

// Compacts until there is nothing to do; who moved moves in `items` too.
void Settle(ItemHeap& heap, std::vector<Item*>& items) {
  while (heap.sparse()) {
    heap.Compact([&](const Item* from, const Item* to) {
      for (Item*& item : items) {
        if (item == from) {
          item = const_cast<Item*>(to);
          return;
        }
      }
      FAIL() << "who moves is somebody's";
    });
  }
}

TEST(ItemHeapTest, APlainItemMakesRoomForOneOfItsSizeUntilItsClassHasPages) {
  MemoryMeter meter(1 << 30);
  ItemHeap heap(meter);
  std::vector<Item*> items{Make(heap, 140)};
  EXPECT_TRUE(heap.Fits(*items.front(), 140));
  EXPECT_FALSE(heap.Fits(*items.front(), 139)) << "it would be freed as what it is not";
  while (items.back()->paged == 0) items.push_back(Make(heap, 140));
  EXPECT_FALSE(heap.Fits(*items.front(), 140)) << "it belongs in a page";
  EXPECT_TRUE(heap.Fits(*items.back(), 139));
  for (Item* const item : items) heap.Free(item);
  EXPECT_EQ(meter.used(), 0U);
}

TEST(ItemHeapTest, FewItemsArePlainAndManyShareAPage) {
  MemoryMeter meter(1 << 30);
  ItemHeap heap(meter);
  std::vector<Item*> items;
  for (int i = 0; i < 300; ++i) items.push_back(Make(heap, 140));
  EXPECT_EQ(items.front()->paged, 0U);
  EXPECT_EQ(items.back()->paged, 1U);
  EXPECT_EQ(heap.plain_items(), 113U) << "as many as a page has cells of 144 bytes";
  for (Item* const item : items) heap.Free(item);
}

TEST(ItemHeapTest, AManyTimesFilledPageCostsFourBytesAnItemOrLess) {
  MemoryMeter meter(1 << 30);
  ItemHeap heap(meter);
  std::vector<Item*> items;
  constexpr std::size_t kCount = 20'000;
  for (std::size_t i = 0; i < kCount; ++i) items.push_back(Make(heap, 141));
  EXPECT_LE(heap.bytes(), kCount * (141 + 6));
  for (Item* const item : items) heap.Free(item);
  EXPECT_EQ(heap.bytes(), 0U);
  EXPECT_EQ(meter.used(), 0U);
}

TEST(ItemHeapTest, EverySizeLiesApartFromEveryOther) {
  MemoryMeter meter(1 << 30);
  ItemHeap heap(meter);
  std::map<const char*, const char*> taken;  // Begin, end.
  std::vector<Item*> items;
  for (std::size_t size = sizeof(Item) + 1; size < 2200; ++size) {
    for (int i = 0; i < 3; ++i) {
      Item* const item = Make(heap, size);
      const auto* const begin = reinterpret_cast<const char*>(item);
      const auto next = taken.lower_bound(begin);
      ASSERT_TRUE(next == taken.end() || begin + size <= next->first) << size;
      ASSERT_TRUE(next == taken.begin() || std::prev(next)->second <= begin) << size;
      taken[begin] = begin + size;
      items.push_back(item);
    }
  }
  for (Item* const item : items) heap.Free(item);
  EXPECT_EQ(meter.used(), 0U);
}

TEST(ItemHeapTest, RoomIsWhatTheNextItemTakes) {
  MemoryMeter meter(1 << 30);
  ItemHeap heap(meter);
  Rng rng(7);
  std::vector<Item*> items;
  std::size_t pages = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::size_t size = 30 + rng.Below(8) * 50;
    const std::size_t room = heap.RoomFor(size);
    const std::size_t before = heap.bytes();
    items.push_back(Make(heap, size));
    const std::size_t took = heap.bytes() - before;
    if (items.back()->paged != 0) {
      ASSERT_EQ(took, room);
      pages += took / kPageBytes;
    } else {
      ASSERT_EQ(room, size) << "which the allocator rounds up";
      ASSERT_GE(took, size);
    }
  }
  EXPECT_GT(pages, 4U);
  for (Item* const item : items) heap.Free(item);
}

TEST(ItemHeapTest, WhatIsFreedAllOverComesBackWithoutLosingAByte) {
  MemoryMeter meter(1 << 30);
  ItemHeap heap(meter);
  Rng rng(3);
  std::vector<Item*> items;
  std::size_t live = 0;
  for (int i = 0; i < 10'000; ++i) {
    items.push_back(Make(heap, 140, static_cast<char>('a' + i % 26)));
    live += 144;
  }
  while (items.size() > 500) {
    const std::size_t at = rng.Below(items.size());
    std::swap(items[at], items.back());
    heap.Free(items.back());
    items.pop_back();
    live -= 144;
    Settle(heap, items);
    ASSERT_LE(heap.bytes(), live + live / 10 + 2 * kPageBytes + 113 * 160);
  }
  for (const Item* const item : items) ASSERT_TRUE(Holds(*item, 140));
  for (Item* const item : items) heap.Free(item);
  EXPECT_EQ(meter.used(), 0U);
}

TEST(ItemHeapTest, TheLastFewItemsOfAClassLeaveTheirPage) {
  MemoryMeter meter(1 << 30);
  ItemHeap heap(meter);
  std::vector<Item*> items;
  for (int i = 0; i < 1000; ++i) items.push_back(Make(heap, 140, static_cast<char>('a' + i % 26)));
  while (items.size() > 5) {
    heap.Free(items.front());
    items.erase(items.begin());
    Settle(heap, items);
  }
  EXPECT_LT(heap.bytes(), 1000U);
  for (const Item* const item : items) EXPECT_TRUE(Holds(*item, 140));
  for (Item* const item : items) heap.Free(item);
}

TEST(ItemHeapTest, ShiftingSizesDoNotPileUpPages) {
  MemoryMeter meter(1 << 30);
  ItemHeap heap(meter);
  Rng rng(11);
  std::vector<Item*> items;
  std::size_t size = 60;
  for (int i = 0; i < 5000; ++i) items.push_back(Make(heap, size));
  for (; size <= 1500; size += 90) {
    for (int i = 0; i < 5000; ++i) {
      const std::size_t at = rng.Below(items.size());
      heap.Free(items[at]);
      items[at] = nullptr;
      Settle(heap, items);
      items[at] = Make(heap, size);
    }
    std::size_t live = 0;
    for (const Item* const item : items) live += item->size();
    // A page and a sixteenth of each of 17 classes, and what cells are larger than items.
    EXPECT_LE(heap.bytes(), live + live / 5 + 17 * kPageBytes) << size;
  }
  for (Item* const item : items) heap.Free(item);
  EXPECT_EQ(meter.used(), 0U);
}

}  // namespace
}  // namespace aegis::store
