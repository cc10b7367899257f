#include "bench/trace/trace.h"

#include <gtest/gtest.h>

namespace aegis::bench {
namespace {

TEST(TraceBuilderTest, ObjectsAreNumberedByFirstAppearance) {
  TraceBuilder numbers({});
  for (const std::uint64_t key : {900ULL, 7ULL, 900ULL, 1ULL, 7ULL}) numbers.Add(key, 10);
  EXPECT_EQ(numbers.Build("").accesses, (std::vector<ObjectId>{0, 1, 0, 2, 1}));

  TraceBuilder texts({});
  for (const char* key : {"z", "a", "z", "b"}) texts.Add(ByteView(key), 10);
  EXPECT_EQ(texts.Build("").accesses, (std::vector<ObjectId>{0, 1, 0, 2}));
}

TEST(TraceBuilderTest, ObjectsOfOneSizeCountOneEach) {
  TraceBuilder builder({});
  for (const std::uint64_t key : {5ULL, 6ULL, 5ULL}) builder.Add(key, 1000);
  const Trace trace = builder.Build("name");
  EXPECT_EQ(trace.name, "name");
  EXPECT_TRUE(trace.equal_sizes());
  EXPECT_EQ(trace.SizeOf(1), 1U);
  EXPECT_EQ(trace.WorkingSet(), 2U);
  EXPECT_EQ(trace.Traffic(), 3U);
}

TEST(TraceBuilderTest, FirstSizeOfAnObjectIsItsSize) {
  TraceBuilder builder({});
  builder.Add(std::uint64_t{5}, 100);
  builder.Add(std::uint64_t{6}, 30);
  builder.Add(std::uint64_t{5}, 101);
  builder.Add(std::uint64_t{5}, 100);
  const Trace trace = builder.Build("");
  EXPECT_EQ(trace.sizes, (std::vector<std::uint32_t>{100, 30}));
  EXPECT_EQ(trace.resized, 1U);
  EXPECT_EQ(trace.WorkingSet(), 130U);
  EXPECT_EQ(trace.Traffic(), 330U);
}

TEST(TraceBuilderTest, NoSizeCountsAsOne) {
  TraceBuilder builder({});
  builder.Add(std::uint64_t{5}, 0);
  builder.Add(std::uint64_t{6}, 30);
  EXPECT_EQ(builder.Build("").sizes, (std::vector<std::uint32_t>{1, 30}));
}

TEST(TraceBuilderTest, SizesCanBeIgnored) {
  TraceBuilder builder({.ignore_sizes = true});
  builder.Add(std::uint64_t{5}, 100);
  builder.Add(std::uint64_t{6}, 30);
  builder.Add(std::uint64_t{6}, 31);
  const Trace trace = builder.Build("");
  EXPECT_TRUE(trace.equal_sizes());
  EXPECT_EQ(trace.resized, 0U);
}

TEST(TraceBuilderTest, WhatExceedsTheLimitIsLeftOutAndSaidSo) {
  TraceBuilder builder({.accesses = 2});
  builder.Add(std::uint64_t{5}, 1);
  EXPECT_FALSE(builder.full());
  builder.Add(std::uint64_t{6}, 1);
  EXPECT_TRUE(builder.full());
  EXPECT_FALSE(builder.cut());
  builder.Add(std::uint64_t{7}, 1);
  EXPECT_TRUE(builder.cut());
  const Trace trace = builder.Build("");
  EXPECT_TRUE(trace.cut);
  EXPECT_EQ(trace.accesses.size(), 2U);
  EXPECT_EQ(trace.objects, 2U);
}

TEST(TraceTest, CapacityIsPartOfTheWorkingSetAndAtLeastOne) {
  Trace trace;
  trace.objects = 1000;
  EXPECT_EQ(CapacityOf(trace, 0.1), 100U);
  EXPECT_EQ(CapacityOf(trace, 1), 1000U);
  EXPECT_EQ(CapacityOf(trace, 0.000'01), 1U);
  trace.sizes = {10, 20, 30};
  EXPECT_EQ(CapacityOf(trace, 0.5), 30U);
}

}  // namespace
}  // namespace aegis::bench
