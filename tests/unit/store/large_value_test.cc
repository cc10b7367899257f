// Values that lie in blocks of their own.

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "store/table.h"

namespace aegis::store {
namespace {

constexpr std::size_t kLarge = limits::kBlockValueMin;

ItemValue Value(ByteView value, std::uint64_t seq) {
  ItemValue item;
  item.value = value;
  item.version = {Epoch{1}, Seq{seq}};
  return item;
}

class LargeValueTest : public ::testing::Test {
 protected:
  MemoryMeter meter_{1ULL << 30};
  Table table_{/*hash_seed=*/42, meter_};
  const std::string large_ = std::string(kLarge, 'v');
};

TEST_F(LargeValueTest, LiesInABlockFromTheLimitOn) {
  const std::string small(kLarge - 1, 's');
  ItemValue flagged = Value(large_, 1);
  flagged.client_flags = 7;
  flagged.expires_at = std::int64_t{1} << 50U;
  table_.Put("large", flagged);
  table_.Put("small", Value(small, 2));
  const auto found = table_.Find("large");
  EXPECT_EQ(found->value, large_);
  EXPECT_EQ(found->client_flags, 7U);
  EXPECT_EQ(found->expires_at, std::int64_t{1} << 50U);
  ASSERT_NE(found->block, nullptr);
  EXPECT_TRUE(found->block->Holds(found->value));
  EXPECT_EQ(table_.Find("small")->value, small);
  EXPECT_EQ(table_.Find("small")->block, nullptr);
}

TEST_F(LargeValueTest, IsHeldRatherThanCopiedIfItLiesInABlock) {
  const BlockRef block = Block::Copy("head " + large_ + " tail");
  ItemValue value = Value(block->bytes().substr(5, kLarge), 1);
  value.block = block.get();
  table_.Put("k", value);
  EXPECT_EQ(table_.Find("k")->value.data(), block->data() + 5);
  EXPECT_FALSE(block->alone());
  EXPECT_TRUE(table_.Erase(table_.Hash("k"), value.version));
  EXPECT_TRUE(block->alone());
}

TEST_F(LargeValueTest, CountsAsLongAsAnybodyHoldsIt) {
  table_.Put("k", Value(large_, 1));
  EXPECT_EQ(meter_.used(), table_.bytes());
  EXPECT_GT(meter_.used(), kLarge);
  std::optional<BlockRef> reader(table_.Find("k")->block);
  table_.Put("k", Value("small", 2));
  EXPECT_LT(table_.bytes(), kLarge);
  EXPECT_EQ(meter_.used(), table_.bytes() + (*reader)->footprint());
  EXPECT_EQ((*reader)->bytes(), large_);
  reader.reset();
  EXPECT_EQ(meter_.used(), table_.bytes());
}

TEST_F(LargeValueTest, OfACondemnedTableCountsForTheNodeIfAReaderHasIt) {
  std::optional<BlockRef> reader;
  {
    Table doomed(/*hash_seed=*/42, meter_);
    for (int i = 0; i < 10; ++i) doomed.Put("k" + std::to_string(i), Value(large_, 1));
    reader.emplace(doomed.Find("k3")->block);
    const std::size_t bytes = doomed.bytes();
    doomed.Condemn();
    EXPECT_EQ(meter_.used(), 0U);
    EXPECT_EQ(meter_.condemned().used(), bytes);
  }
  EXPECT_EQ(meter_.condemned().used(), 0U);
  EXPECT_EQ(meter_.used(), (*reader)->footprint());
  EXPECT_EQ((*reader)->bytes(), large_);
  reader.reset();
  EXPECT_EQ(meter_.used(), 0U);
}

TEST_F(LargeValueTest, CountsOnceForAllItemsThatShareIt) {
  std::optional<BlockRef> reader;
  {
    Table table(/*hash_seed=*/42, meter_);
    table.Put("k", Value(large_, 1));
    const std::size_t alone = table.bytes();
    ItemValue copy = *table.Find("k");
    reader.emplace(copy.block);
    for (int i = 0; i < 5; ++i) table.Put("copy" + std::to_string(i), copy);
    EXPECT_LT(table.bytes() - alone, kLarge);
    EXPECT_EQ(meter_.used(), table.bytes());
    table.Erase(table.Hash("k"), copy.version);
    EXPECT_GT(table.bytes(), kLarge);
    EXPECT_EQ(meter_.used(), table.bytes());
    table.Condemn();
    EXPECT_EQ(meter_.used(), 0U);
  }
  EXPECT_EQ(meter_.condemned().used(), 0U);
  EXPECT_EQ(meter_.used(), (*reader)->footprint());
}

TEST_F(LargeValueTest, IsReplacedByOneOfTheSameSizeAndByItself) {
  table_.Put("k", Value(large_, 1));
  table_.Put("k", Value(std::string(kLarge, 'w'), 2));
  EXPECT_EQ(table_.Find("k")->value, std::string(kLarge, 'w'));
  ItemValue again = *table_.Find("k");
  const Block* const block = again.block;
  again.version = {Epoch{1}, Seq{3}};
  table_.Put("k", again);
  EXPECT_EQ(table_.Find("k")->value, std::string(kLarge, 'w'));
  EXPECT_EQ(table_.Find("k")->block, block);
  again.block = nullptr;  // Only borrowed, from what goes.
  again.version = {Epoch{1}, Seq{4}};
  table_.Put("k", again);
  EXPECT_EQ(table_.Find("k")->value, std::string(kLarge, 'w'));
  EXPECT_EQ(meter_.used(), table_.bytes());
}

TEST_F(LargeValueTest, ManyComeAndGoAmongSmallOnesAndNothingIsLeft) {
  std::uint64_t seq = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 2000; ++i) {
      const bool large = (i + round) % 10 == 0;
      table_.Put(
          "k" + std::to_string(i),
          Value(large ? large_ : std::string(static_cast<std::size_t>(i % 200), 's'), ++seq));
    }
  }
  for (int i = 0; i < 2000; ++i) {
    const auto found = table_.Find("k" + std::to_string(i));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->block != nullptr, (i + 2) % 10 == 0);
  }
  EXPECT_EQ(meter_.used(), table_.bytes());
  table_ = Table(/*hash_seed=*/42, meter_);
  EXPECT_EQ(meter_.used(), 0U);
}

TEST_F(LargeValueTest, ADigestTellsNothingOfWhereAValueLies) {
  Table other(/*hash_seed=*/42, meter_);
  const BlockRef block = Block::Copy(large_ + "tail");
  ItemValue value = Value(block->bytes().substr(0, kLarge), 1);
  value.block = block.get();
  table_.Put("k", value);
  other.Put("k", Value(large_, 1));
  EXPECT_EQ(table_.digest().root(), other.digest().root());
  EXPECT_EQ(table_.ContentSum(HashRange{}), other.ContentSum(HashRange{}));
}

TEST_F(LargeValueTest, AWalkCountsItsBytes) {
  for (int i = 0; i < 100; ++i) table_.Put("k" + std::to_string(i), Value(large_, 1));
  std::size_t seen = 0;
  table_.VisitRange(HashRange{}, 3 * kLarge, [&](const ItemView&) { ++seen; });
  EXPECT_LT(seen, 20U);
}

}  // namespace
}  // namespace aegis::store
