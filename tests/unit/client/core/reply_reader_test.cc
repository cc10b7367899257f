#include "client/core/reply_reader.h"

#include <gtest/gtest.h>

namespace aegis::client {
namespace {

Bytes Frame(std::uint64_t id, ByteView value) {
  wire::ReplyFrame frame;
  frame.id = id;
  frame.value = value;
  Bytes bytes;
  wire::AppendReply(frame, bytes);
  return bytes;
}

TEST(ReplyReaderTest, FramesComeOutWhereverTheBytesAreCut) {
  const Bytes bytes = Frame(1, "one") + Frame(2, "") + Frame(3, "three");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ReplyReader reader;
    std::string seen;
    for (const ByteView piece : {ByteView(bytes).substr(0, cut), ByteView(bytes).substr(cut)}) {
      reader.Feed(piece);
      while (true) {
        const auto frame = reader.Next();
        ASSERT_TRUE(frame.ok());
        if (!frame.value().has_value()) break;
        seen += std::to_string(frame.value()->id) + std::string(frame.value()->value) + ";";
      }
    }
    EXPECT_EQ(seen, "1one;2;3three;") << "cut at " << cut;
  }
}

TEST(ReplyReaderTest, LargeValueArrivesInManyPieces) {
  const Bytes value(5 << 20, 'x');
  const Bytes bytes = Frame(9, value);
  ReplyReader reader;
  constexpr std::size_t kPiece = 64 * 1024;
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    const auto early = reader.Next();
    ASSERT_TRUE(early.ok());
    ASSERT_FALSE(early.value().has_value());
    reader.Feed(ByteView(bytes).substr(at, kPiece));
  }
  const auto frame = reader.Next();
  ASSERT_TRUE(frame.ok() && frame.value().has_value());
  EXPECT_EQ(frame.value()->value, value);
}

TEST(ReplyReaderTest, BrokenStreamStaysBroken) {
  ReplyReader reader;
  reader.Feed("not a frame at all");
  EXPECT_FALSE(reader.Next().ok());
  reader.Feed(Frame(1, "v"));
  EXPECT_FALSE(reader.Next().ok());
}

}  // namespace
}  // namespace aegis::client
