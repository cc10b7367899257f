#include "bench/core/value_sizes.h"

#include <gtest/gtest.h>

#include <map>

namespace aegis::bench {
namespace {

ValueSizes Sizes(std::string_view text) {
  auto sizes = ValueSizes::Parse(text);
  EXPECT_TRUE(sizes.ok()) << text;
  return std::move(sizes).value();
}

TEST(ValueSizesTest, OneNumberIsTheSizeOfAll) {
  Rng rng(1);
  const ValueSizes sizes = Sizes("100");
  EXPECT_EQ(sizes.Draw(rng), 100U);
  EXPECT_EQ(sizes.least(), 100U);
  EXPECT_EQ(sizes.most(), 100U);
  EXPECT_EQ(sizes.Mean(), 100);
  EXPECT_EQ(Sizes("0").Draw(rng), 0U);
}

TEST(ValueSizesTest, ARangeIsDrawnFromBothEndsIncluded) {
  Rng rng(1);
  const ValueSizes sizes = Sizes("50-52");
  std::map<std::size_t, int> drawn;
  for (int i = 0; i < 3000; ++i) ++drawn[sizes.Draw(rng)];
  ASSERT_EQ(drawn.size(), 3U);
  for (const std::size_t size : {50U, 51U, 52U}) EXPECT_NEAR(drawn[size], 1000, 150) << size;
  EXPECT_EQ(sizes.Mean(), 51);
}

TEST(ValueSizesTest, AListIsDrawnByItsWeights) {
  Rng rng(1);
  const ValueSizes sizes = Sizes("64:8,1024:1,10-20");
  int small = 0;
  int large = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::size_t size = sizes.Draw(rng);
    EXPECT_TRUE(sizes.Contains(size)) << size;
    small += size == 64 ? 1 : 0;
    large += size == 1024 ? 1 : 0;
  }
  EXPECT_NEAR(small, 8000, 200);
  EXPECT_NEAR(large, 1000, 150);
  EXPECT_EQ(sizes.least(), 10U);
  EXPECT_EQ(sizes.most(), 1024U);
  EXPECT_DOUBLE_EQ(sizes.Mean(), (8 * 64 + 1024 + 15) / 10.0);
}

TEST(ValueSizesTest, WhatIsBetweenThePartsOfAListIsNoneOfItsSizes) {
  const ValueSizes sizes = Sizes("64,100-200");
  for (const std::size_t size : {63U, 65U, 99U, 201U}) EXPECT_FALSE(sizes.Contains(size)) << size;
  for (const std::size_t size : {64U, 100U, 150U, 200U}) EXPECT_TRUE(sizes.Contains(size)) << size;
}

TEST(ValueSizesTest, WhatIsNoSizeIsRefused) {
  for (const char* text : {"", "x", "-1", "1-", "-", "2-1", "1,", ",1", "1:", "1:0", "1:x", "1:2:3",
                           "1 ", "67108865", "99999999999999999999", "1:1000001"}) {
    EXPECT_FALSE(ValueSizes::Parse(text).ok()) << text;
  }
  EXPECT_TRUE(ValueSizes::Parse("67108864").ok());
  std::string many = "1";
  for (int i = 0; i < 63; ++i) many += ",1";
  EXPECT_TRUE(ValueSizes::Parse(many).ok());
  EXPECT_FALSE(ValueSizes::Parse(many + ",1").ok());
}

}  // namespace
}  // namespace aegis::bench
