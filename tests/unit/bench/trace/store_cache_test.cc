#include "bench/trace/store_cache.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace aegis::bench {
namespace {

store::Table MakeTable(store::MemoryMeter& meter) { return store::Table(1, meter); }

Trace Objects(std::vector<std::uint32_t> sizes, ObjectId objects) {
  Trace trace;
  trace.objects = objects;
  trace.sizes = std::move(sizes);
  return trace;
}

TEST(StoreCacheTest, TableHoldsNoMoreThanTheCapacity) {
  Trace trace = Objects({}, 100);
  Rng rng(1);
  for (int i = 0; i < 100; ++i) {
    trace.sizes.push_back(static_cast<std::uint32_t>(1 + rng.Below(500)));
  }
  StoreCache cache(trace, 2000, MakeTable);
  for (int i = 0; i < 5000; ++i) {
    const auto object = static_cast<ObjectId>(rng.Below(100));
    cache.Access(object, trace.SizeOf(object));
    std::uint64_t held = 0;
    cache.table().Scan(0, store::Table::kEverything,
                       [&](const store::ItemView& item) { held += item.value.size(); });
    ASSERT_EQ(held, cache.bytes());
    ASSERT_LE(held, 2000U);
  }
}

TEST(StoreCacheTest, ObjectsAlikeAreCounted) {
  const Trace trace = Objects({}, 10);
  StoreCache cache(trace, 4, MakeTable);
  for (ObjectId object = 0; object < 10; ++object) EXPECT_FALSE(cache.Access(object, 1));
  EXPECT_EQ(cache.bytes(), 4U);
  EXPECT_EQ(cache.table().items(), 4U);
}

TEST(StoreCacheTest, HitsTellTheTableWhatIsUsed) {
  const Trace trace = Objects({}, 100);
  StoreCache cache(trace, 4, MakeTable);
  cache.Access(0, 1);
  for (ObjectId object = 1; object < 100; ++object) {
    EXPECT_TRUE(cache.Access(0, 1)) << object;
    EXPECT_FALSE(cache.Access(object, 1));
  }
}

}  // namespace
}  // namespace aegis::bench
