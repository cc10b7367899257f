#include "node/runtime/input_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace aegis::node {
namespace {

void Receive(InputBuffer& buffer, ByteView bytes, std::size_t needed) {
  const std::span<char> room = buffer.Room(needed);
  ASSERT_GE(room.size(), bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  buffer.Commit(bytes.size());
}

TEST(InputBufferTest, HoldsNoMemoryWhileEmpty) {
  InputBuffer buffer;
  EXPECT_EQ(buffer.capacity(), 0U);
  Receive(buffer, "abc", 0);
  EXPECT_GT(buffer.capacity(), 0U);
  buffer.Consume(3);
  EXPECT_EQ(buffer.capacity(), 0U);
}

TEST(InputBufferTest, BytesComeOutAsTheyWentIn) {
  InputBuffer buffer;
  std::string expected;
  std::size_t taken = 0;
  for (int round = 0; round < 500; ++round) {
    const std::string piece(static_cast<std::size_t>(round * 7 % 300 + 1),
                            static_cast<char>('a' + round % 26));
    if (round % 3 == 0) {
      buffer.Append(piece);
    } else {
      Receive(buffer, piece, 0);
    }
    expected += piece;
    const std::size_t take = std::min<std::size_t>(buffer.view().size(), 120);
    EXPECT_EQ(buffer.view().substr(0, take), ByteView(expected).substr(taken, take));
    buffer.Consume(take);
    taken += take;
  }
  EXPECT_EQ(buffer.view(), ByteView(expected).substr(taken));
}

TEST(InputBufferTest, AnAnnouncementIsBelievedOnlyAsFarAsBytesHaveCome) {
  InputBuffer buffer;
  buffer.Append("$67108864\r\n");
  EXPECT_LE(buffer.Room(64U << 20U).size(), 2 * limits::kReadChunk);
}

TEST(InputBufferTest, ALargeMessageIsCopiedALogarithmicNumberOfTimes) {
  InputBuffer buffer;
  const std::size_t needed = 8U << 20U;
  int growths = 0;
  std::size_t capacity = 0;
  while (buffer.view().size() < needed) {
    const std::span<char> room = buffer.Room(needed);
    buffer.Commit(std::min<std::size_t>(room.size(), 10'000));
    if (buffer.capacity() != capacity) ++growths;
    capacity = buffer.capacity();
  }
  EXPECT_LE(growths, 12);
  EXPECT_LE(capacity, needed + limits::kReadChunk);
}

TEST(InputBufferTest, TheEndOfALargeMessageDoesNotMakeItMove) {
  InputBuffer buffer;
  const std::size_t needed = 1U << 20U;
  buffer.Append(std::string(needed / 2, 'x'));
  Receive(buffer, std::string(needed / 2 - 100, 'y'), needed);
  const char* const before = buffer.view().data();
  const std::size_t capacity = buffer.capacity();
  EXPECT_GE(buffer.Room(needed).size(), 100U);
  EXPECT_EQ(buffer.view().data(), before);
  EXPECT_EQ(buffer.capacity(), capacity);
  EXPECT_LT(capacity, needed + 1000);
}

TEST(InputBufferTest, WhatFillsMostOfItMayBeKeptAndIsNotWrittenOver) {
  InputBuffer buffer;
  const std::string value(100'000, 'v');
  Receive(buffer, "head", 0);
  Receive(buffer, std::string(20'000, 'v'), value.size() + 4);
  Receive(buffer, value.substr(20'000), value.size() + 4);
  const ByteView part = buffer.view().substr(4);
  EXPECT_EQ(buffer.BlockOf(part.substr(0, 80'000)), nullptr) << "too much else would be kept";
  EXPECT_EQ(buffer.BlockOf(value), nullptr) << "it lies elsewhere";
  const BlockRef kept(buffer.BlockOf(part));
  ASSERT_TRUE(kept);
  buffer.Consume(part.size());  // All but the last bytes of it, which need room at the front.
  Receive(buffer, std::string(16'000, 'n'), 0);
  Receive(buffer, std::string(90'000, 'n'), 200'000);
  EXPECT_EQ(buffer.view().substr(4), std::string(106'000, 'n'));
  EXPECT_EQ(part, value);
}

TEST(InputBufferTest, AMessageThatNeedsOneMoreByteEachTimeIsNotReceivedByteByByte) {
  InputBuffer buffer;
  int receives = 0;
  while (buffer.view().size() < 256 * 1024) {
    buffer.Commit(buffer.Room(buffer.view().size() + 1).size());
    ++receives;
  }
  EXPECT_LE(receives, 20);
}

}  // namespace
}  // namespace aegis::node
