#include "model/outgoing.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace aegis {
namespace {

const std::string kLarge(limits::kBlockValueMin, 'v');

// Two values with text around them, one of them at the very end.
std::string Fill(Outgoing& out, const BlockRef& block) {
  out.bytes().append("head ");
  out.Append(block->bytes(), block);
  out.bytes().append(" middle ");
  out.Append(block->bytes().substr(0, 3), block);
  out.Append(block->bytes().substr(3, 2), block);
  return "head " + kLarge + " middle " + kLarge.substr(0, 5);
}

std::string TakeAll(Outgoing& out, std::size_t at_once, std::size_t pieces_max) {
  std::string taken;
  std::array<ByteView, 8> pieces;
  while (!out.empty()) {
    const std::size_t count = out.Pieces(std::span(pieces).first(pieces_max));
    std::size_t left = at_once;
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_FALSE(pieces[i].empty());
      const ByteView piece = pieces[i].substr(0, left);
      taken.append(piece);
      left -= piece.size();
    }
    out.Sent(at_once - left);
    out.Compact();
  }
  return taken;
}

TEST(OutgoingTest, LeavesInTheOrderInWhichItWasWrittenHoweverItIsCut) {
  const BlockRef block = Block::Copy(kLarge);
  for (const std::size_t at_once : {1UL, 2UL, 3UL, 5UL, 7UL, 100UL, 10'000UL, 1'000'000UL}) {
    for (const std::size_t pieces : {1UL, 2UL, 3UL, 8UL}) {
      Outgoing out;
      const std::string expected = Fill(out, block);
      EXPECT_EQ(out.size(), expected.size());
      EXPECT_EQ(TakeAll(out, at_once, pieces), expected) << at_once << ' ' << pieces;
      EXPECT_TRUE(out.plain());
      EXPECT_EQ(out.bytes_kept(), 0U);
    }
  }
}

TEST(OutgoingTest, MayBeWrittenToWhileItIsBeingSent) {
  const BlockRef block = Block::Copy(kLarge);
  Outgoing out;
  std::string expected = Fill(out, block);
  out.Sent(kLarge.size());
  out.Compact();
  expected.erase(0, kLarge.size());
  expected += Fill(out, block);
  EXPECT_EQ(out.size(), expected.size());
  EXPECT_EQ(TakeAll(out, 999, 8), expected);
}

TEST(OutgoingTest, LetsGoOfABlockWhenItsPartIsGone) {
  BlockRef block = Block::Copy(kLarge);
  Outgoing out;
  out.Append(block->bytes(), block);
  out.bytes().append("tail");
  EXPECT_FALSE(block->alone());
  out.Sent(kLarge.size() - 1);
  EXPECT_FALSE(block->alone());
  out.Sent(1);
  EXPECT_TRUE(block->alone());
  EXPECT_EQ(out.size(), 4U);
}

TEST(OutgoingTest, OneThatWaitedIsAppendedWithItsParts) {
  const BlockRef block = Block::Copy(kLarge);
  Outgoing out;
  std::string expected = Fill(out, block);
  Outgoing waited;
  expected += Fill(waited, block);
  out.Append(std::move(waited));
  out.bytes().append("end");
  EXPECT_EQ(out.size(), expected.size() + 3);
  EXPECT_EQ(TakeAll(out, 1 << 20, 8), expected + "end");
}

TEST(OutgoingTailTest, OnlyALargePartOfABlockIsNotCopied) {
  const BlockRef block = Block::Copy(kLarge);
  Outgoing out;
  const OutgoingTail tail(out);
  tail.Append(block->bytes().substr(1), block.get());
  tail.Append("elsewhere", nullptr);
  EXPECT_TRUE(block->alone());
  EXPECT_TRUE(out.plain());
  tail.Append(block->bytes(), block.get());
  EXPECT_FALSE(block->alone());
  EXPECT_EQ(TakeAll(out, 1 << 20, 8), kLarge.substr(1) + "elsewhere" + kLarge);
}

TEST(OutgoingTailTest, PlainBytesTakeACopyOfEverything) {
  const BlockRef block = Block::Copy(kLarge);
  Bytes out = "head ";
  OutgoingTail(out).Append(block->bytes(), block.get());
  EXPECT_TRUE(block->alone());
  EXPECT_EQ(out, "head " + kLarge);
}

}  // namespace
}  // namespace aegis
