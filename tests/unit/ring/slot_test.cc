#include "ring/slot.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"
#include "model/limits.h"

namespace aegis::ring {
namespace {

TEST(SlotTest, CheckValueOfCrc16XmodemIs31c3) {
  EXPECT_EQ(SlotOf("123456789"), Slot{0x31c3 % limits::kSlots});
}

TEST(SlotTest, SlotsAreThoseOfRedisCluster) {  // As CLUSTER KEYSLOT answers.
  EXPECT_EQ(SlotOf("foo"), Slot{12182});
  EXPECT_EQ(SlotOf("bar"), Slot{5061});
  EXPECT_EQ(SlotOf("hello"), Slot{866});
  EXPECT_EQ(SlotOf("somekey"), Slot{11058});
  EXPECT_EQ(SlotOf("foo{hash_tag}"), Slot{2515});
  EXPECT_EQ(SlotOf(""), Slot{0});
}

TEST(SlotTest, KeysOfEveryLengthHaveTheSlotOfTheDefinition) {
  Rng rng(7);
  for (std::size_t size = 0; size < 70; ++size) {
    std::string key;
    while (key.size() < size) {
      const auto byte = static_cast<char>(rng.Below(256));
      if (byte != '{') key.push_back(byte);
    }
    std::uint32_t crc = 0;  // Bit by bit.
    for (const char byte : key) {
      crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(byte)) << 8U;
      for (int bit = 0; bit < 8; ++bit) {
        crc = ((crc & 0x8000U) != 0 ? crc << 1U ^ 0x1021U : crc << 1U) & 0xffffU;
      }
    }
    EXPECT_EQ(SlotOf(key).value(), crc % limits::kSlots) << size << " bytes";
  }
}

TEST(SlotTest, BytesAboveAsciiCountAsUnsigned) {
  EXPECT_EQ(SlotOf(ByteView("\xff", 1)), Slot{0x1ef0});
  EXPECT_EQ(SlotOf(ByteView("\0\0\0", 3)), Slot{0});
}

TEST(HashTagTest, TagIsBetweenTheFirstBraces) {
  EXPECT_EQ(HashTag("{user1000}.following"), "user1000");
  EXPECT_EQ(HashTag("foo{bar}{zap}"), "bar");
  EXPECT_EQ(SlotOf("{user1000}.following"), SlotOf("{user1000}.followers"));
}

TEST(HashTagTest, TagMayBeginWithABrace) { EXPECT_EQ(HashTag("foo{{bar}}zap"), "{bar"); }

TEST(HashTagTest, EmptyFirstTagMeansTheWholeKey) {
  EXPECT_EQ(HashTag("{}"), "{}");
  EXPECT_EQ(HashTag("foo{}{bar}"), "foo{}{bar}");
}

TEST(HashTagTest, UnmatchedBracesAreOrdinaryBytes) {
  EXPECT_EQ(HashTag("foo{bar"), "foo{bar");
  EXPECT_EQ(HashTag("foo}bar"), "foo}bar");
  EXPECT_EQ(HashTag("foo}{bar"), "foo}{bar");
  EXPECT_EQ(HashTag("{"), "{");
  EXPECT_EQ(HashTag(""), "");
}

TEST(HashTagTest, ClosingBraceBeforeTheOpeningOneDoesNotCount) {
  EXPECT_EQ(HashTag("a}b{c}d"), "c");
}

TEST(HashTagTest, TagMayHoldAnyByte) {
  EXPECT_EQ(HashTag(ByteView("{\0}x", 4)), ByteView("\0", 1));
}

TEST(ShardTest, ShardsDivideTheSlotsEvenly) {
  EXPECT_EQ(ShardOf(Slot{0}, 256), ShardId{0});
  EXPECT_EQ(ShardOf(Slot{63}, 256), ShardId{0});
  EXPECT_EQ(ShardOf(Slot{64}, 256), ShardId{1});
  EXPECT_EQ(ShardOf(Slot{16383}, 256), ShardId{255});
  EXPECT_EQ(ShardOf("foo", 256), ShardId{12182 / 64});
  EXPECT_EQ(SlotsOf(ShardId{1}, 256), (SlotRange{Slot{64}, Slot{127}}));
}

TEST(ShardTest, RangesAreTheInverseOfShardOfForAnyNumberOfShards) {
  for (const std::uint32_t num_shards : {1U, 2U, 3U, 7U, 256U, 1000U, 8192U, 16383U, 16384U}) {
    SCOPED_TRACE(num_shards);
    std::uint32_t slot = 0;
    for (std::uint32_t shard = 0; shard < num_shards; ++shard) {
      const SlotRange range = SlotsOf(ShardId{shard}, num_shards);
      ASSERT_EQ(range.first.value(), slot);
      for (; slot <= range.last.value(); ++slot) {
        ASSERT_EQ(ShardOf(Slot{static_cast<std::uint16_t>(slot)}, num_shards), ShardId{shard});
      }
    }
    EXPECT_EQ(slot, limits::kSlots);
  }
}

TEST(ShardTest, RandomKeysFillAllShardsAlike) {
  constexpr int kKeys = 256 * 400;
  std::vector<int> counts(256);
  Rng rng(1);
  for (int i = 0; i < kKeys; ++i) {
    ++counts[ShardOf("user:" + std::to_string(rng.Next()), 256).value()];
  }
  for (const int count : counts) {  // 400 expected, standard deviation 20.
    EXPECT_GT(count, 300);
    EXPECT_LT(count, 500);
  }
}

}  // namespace
}  // namespace aegis::ring
