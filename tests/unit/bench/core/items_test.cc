#include "bench/core/items.h"

#include <gtest/gtest.h>

#include <set>

namespace aegis::bench {
namespace {

Items Make(std::string prefix, std::size_t key_size, std::uint64_t keys,
           std::size_t value_size_max) {
  auto items = Items::Make(std::move(prefix), key_size, keys, value_size_max);
  EXPECT_TRUE(items.ok());
  return std::move(items).value();
}

Bytes KeyOf(const Items& items, std::uint64_t number) {
  Bytes key;
  items.AppendKey(number, key);
  return key;
}

Bytes ValueOf(const Items& items, std::uint64_t number, std::size_t size) {
  Bytes value;
  items.AppendValue(number, size, value);
  return value;
}

TEST(ItemsTest, AKeyIsItsPrefixAndItsNumberAtTheSizeThatWasAskedFor) {
  const Items items = Make("bench:", 16, 1'000'000, 0);
  EXPECT_EQ(KeyOf(items, 0), "bench:0000000000");
  EXPECT_EQ(KeyOf(items, 42), "bench:0000000042");
  EXPECT_EQ(KeyOf(items, 999'999), "bench:0000999999");
  EXPECT_EQ(items.key_size(), 16U);
  EXPECT_EQ(KeyOf(Make("", 1, 10, 0), 9), "9");
}

TEST(ItemsTest, KeysWithoutRoomForTheirNumbersAreRefused) {
  EXPECT_TRUE(Items::Make("k", 4, 1000, 0).ok());
  const auto refused = Items::Make("k", 4, 1001, 0);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("at least 5 bytes"), std::string::npos);
}

TEST(ItemsTest, AValueBelongsToItsKeyAlone) {
  const Items items = Make("k", 8, 10'000, 300);
  for (const std::size_t size : {8U, 9U, 100U, 300U}) {
    std::set<Bytes> seen;
    for (std::uint64_t number = 0; number < 1000; ++number) {
      const Bytes value = ValueOf(items, number, size);
      ASSERT_EQ(value.size(), size);
      EXPECT_TRUE(items.Belongs(number, value));
      EXPECT_FALSE(items.Belongs(number + 1, value));
      EXPECT_TRUE(seen.insert(value).second);
    }
  }
}

TEST(ItemsTest, ASingleWrongByteIsSeen) {
  const Items items = Make("k", 8, 10'000, 100);
  const Bytes value = ValueOf(items, 7, 100);
  for (std::size_t at = 0; at < value.size(); ++at) {
    Bytes wrong = value;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    EXPECT_FALSE(items.Belongs(7, wrong)) << at;
  }
}

TEST(ItemsTest, ValuesShorterThanTheirHeadAreItsBeginning) {
  const Items items = Make("k", 8, 10'000, 100);
  EXPECT_TRUE(items.Belongs(7, ""));
  EXPECT_TRUE(items.Belongs(7, ValueOf(items, 7, 3)));
  EXPECT_FALSE(items.Belongs(7, ValueOf(items, 8, 3)));
}

TEST(ItemsTest, AValueBeyondTheLargestBelongsToNobody) {
  const Items items = Make("k", 8, 10'000, 0);
  EXPECT_FALSE(items.Belongs(7, Bytes(1 << 20, 'x')));
}

}  // namespace
}  // namespace aegis::bench
