#include "store/directory.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "base/rng.h"
#include "model/hash_range.h"

namespace aegis::store {
namespace {

constexpr std::uint64_t kTag = 7;

class DirectoryTest : public ::testing::Test {
 protected:
  Item* NewItem(std::uint32_t hash) {
    items_.emplace_back();
    items_.back().hash = hash;
    return &items_.back();
  }
  void Insert(Item* item, std::uint8_t mark = 0) {
    directory_.Insert(item->hash, MakeSlot(item, kTag), mark);
  }
  // Where the item lies, by a search from its home.
  bool Find(const Item* item, SegmentRef& segment, Place& place) const {
    segment = directory_.At(item->hash);
    return segment.Search(segment.HomeOf(item->hash), [&](Place at) {
      place = at;
      return ItemOf(segment.slot(at)) == item;
    });
  }
  bool Has(const Item* item) const {
    SegmentRef segment;
    Place place;
    return Find(item, segment, place);
  }
  void Remove(const Item* item) {
    SegmentRef segment;
    Place place;
    ASSERT_TRUE(Find(item, segment, place));
    segment.Remove(place, item->hash);
    directory_.ShrinkAround(item->hash);
  }
  std::size_t PassedSum() const {
    std::size_t sum = 0;
    directory_.Walk(0, HashRange::kEnd, [&](SegmentRef segment, std::size_t home) {
      sum += segment.bucket(home).passed;
      return true;
    });
    return sum;
  }

  std::deque<Item> items_;
  Directory directory_;
};

TEST_F(DirectoryTest, WhatComesIsFoundAndKeepsItsMark) {
  Rng rng(1);
  std::vector<Item*> all;
  for (int i = 0; i < 50'000; ++i) {
    all.push_back(NewItem(static_cast<std::uint32_t>(rng.Next())));
    Insert(all.back(), static_cast<std::uint8_t>(i));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    SegmentRef segment;
    Place place;
    ASSERT_TRUE(Find(all[i], segment, place));
    ASSERT_EQ(segment.mark(place), static_cast<std::uint8_t>(i));
    ASSERT_EQ(segment.slot(place) >> kTagShift, kTag);
  }
  EXPECT_GT(directory_.depth(), 6U);
}

TEST_F(DirectoryTest, ThreeSlotsOfFourAreInUse) {
  Rng rng(2);
  double least = 1;
  double sum = 0;
  int looks = 0;
  for (int i = 1; i <= 200'000; ++i) {
    Insert(NewItem(static_cast<std::uint32_t>(rng.Next())));
    if (i < 2000 || i % 1000 != 0) continue;
    const double used = i * 8.0 / static_cast<double>(directory_.bytes());
    least = std::min(least, used);
    sum += used;
    ++looks;
  }
  EXPECT_GT(least, 0.5);
  EXPECT_GT(sum / looks, 0.58) << "of all bytes, of which an eighth and more are no slots";
}

TEST_F(DirectoryTest, WhatGoesGivesItsBucketsBack) {
  Rng rng(3);
  std::vector<Item*> all;
  for (int i = 0; i < 50'000; ++i) {
    all.push_back(NewItem(static_cast<std::uint32_t>(rng.Next())));
    Insert(all.back());
  }
  const std::size_t full = directory_.bytes();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % 20 != 0) Remove(all[i]);
  }
  EXPECT_LT(directory_.bytes(), full / 8);
  for (std::size_t i = 0; i < all.size(); i += 20) ASSERT_TRUE(Has(all[i]));
  for (std::size_t i = 0; i < all.size(); i += 20) Remove(all[i]);
  EXPECT_EQ(directory_.depth(), 0U);
  EXPECT_EQ(PassedSum(), 0U) << "nobody lies behind a bucket any more";
}

TEST_F(DirectoryTest, WalkingSeesBucketsInTheOrderOfHashesAndWhereEachBegins) {
  Rng rng(4);
  for (int i = 0; i < 20'000; ++i) Insert(NewItem(static_cast<std::uint32_t>(rng.Next())));
  std::set<std::uint32_t> seen;
  std::uint64_t begin = 0;
  while (begin < HashRange::kEnd) {
    std::uint32_t low = UINT32_MAX;
    std::uint32_t high = 0;
    const std::uint64_t next =
        directory_.Walk(begin, HashRange::kEnd, [&](SegmentRef segment, std::size_t home) {
          segment.Search(home, [&](Place at) {
            const std::uint32_t hash = ItemOf(segment.slot(at))->hash;
            if (segment.HomeOf(hash) != home) return false;
            low = std::min(low, hash);
            high = std::max(high, hash);
            seen.insert(hash);
            return false;
          });
          return false;
        });
    ASSERT_GT(next, begin);
    if (high > 0) {
      ASSERT_GE(low, begin);
      ASSERT_LT(high, next);
    }
    begin = next;
  }
  std::set<std::uint32_t> all;
  for (const Item& item : items_) all.insert(item.hash);
  EXPECT_EQ(seen, all);
}

TEST_F(DirectoryTest, RandomComingAndGoingAgreesWithASet) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    directory_.Clear();
    items_.clear();
    std::vector<Item*> there;
    // Hashes that share many bits crowd the same buckets.
    const std::uint32_t spread = rng.Chance(0.5) ? UINT32_MAX : 0xfff0'0000U;
    std::size_t wanted = 0;
    for (int step = 0; step < 20'000; ++step) {
      if (step % 2000 == 0) wanted = rng.Below(5000);
      if (there.size() < wanted || there.empty()) {
        const auto hash = static_cast<std::uint32_t>(rng.Next()) & spread;
        there.push_back(
            NewItem(spread == UINT32_MAX ? hash : hash | (rng.Below(1U << 20U) & 0xffU)));
        Insert(there.back());
      } else {
        const std::size_t at = rng.Below(there.size());
        Remove(there[at]);
        ASSERT_FALSE(Has(there[at]));
        there[at] = there.back();
        there.pop_back();
      }
    }
    for (const Item* const item : there) ASSERT_TRUE(Has(item));
    std::size_t walked = 0;
    directory_.Walk(0, HashRange::kEnd, [&](SegmentRef segment, std::size_t home) {
      for (const std::uint64_t slot : segment.bucket(home).slots) walked += slot != 0 ? 1U : 0U;
      return true;
    });
    EXPECT_EQ(walked, there.size());
  }
}

}  // namespace
}  // namespace aegis::store
