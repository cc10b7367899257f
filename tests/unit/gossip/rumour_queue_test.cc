#include "gossip/rumour_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace aegis::gossip {
namespace {

constexpr NodeId kA{1};
constexpr NodeId kB{2};
constexpr NodeId kC{3};

// A rumour's stand-in: `size` times its letter.
Bytes Text(char letter, std::size_t size = 30) { return Bytes(size, letter); }

// The letters of what is taken, in order.
std::string Take(RumourQueue& queue, std::size_t space, int limit, NodeId except = kNoNode) {
  Bytes out;
  queue.Take(space, limit, except, out);
  EXPECT_LE(out.size(), space);
  std::string letters;
  for (const char c : out) {
    if (letters.empty() || letters.back() != c) letters += c;
  }
  return letters;
}

TEST(RumourQueueTest, TransmissionsGrowWithTheLogarithmOfTheMembers) {
  EXPECT_EQ(RumourQueue::TransmitLimit(4, 0), 0);
  EXPECT_EQ(RumourQueue::TransmitLimit(4, 3), 4);
  EXPECT_EQ(RumourQueue::TransmitLimit(4, 9), 4);
  EXPECT_EQ(RumourQueue::TransmitLimit(4, 10), 8);
  EXPECT_EQ(RumourQueue::TransmitLimit(4, 99), 8);
  EXPECT_EQ(RumourQueue::TransmitLimit(4, 1000), 16);
}

TEST(RumourQueueTest, RumourIsSentAsOftenAsTheLimitSaysAndThenForgotten) {
  RumourQueue queue;
  queue.Add(kA, Text('a'));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Take(queue, 100, 3), "a");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(Take(queue, 100, 3), "");
}

TEST(RumourQueueTest, LeastSentGoesFirstAndOfThoseTheNewest) {
  RumourQueue queue;
  queue.Add(kA, Text('a'));
  EXPECT_EQ(Take(queue, 30, 9), "a");
  queue.Add(kB, Text('b'));
  queue.Add(kC, Text('c'));
  EXPECT_EQ(Take(queue, 100, 9), "cba");
}

TEST(RumourQueueTest, NewerRumourReplacesTheOlderAboutTheSameMember) {
  RumourQueue queue;
  queue.Add(kA, Text('a'));
  EXPECT_EQ(Take(queue, 100, 2), "a");
  queue.Add(kA, Text('A'));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(Take(queue, 100, 2), "A");
  EXPECT_EQ(Take(queue, 100, 2), "A");
  EXPECT_TRUE(queue.empty());
}

TEST(RumourQueueTest, WhatDoesNotFitWaitsAndSmallerOnesGoInstead) {
  RumourQueue queue;
  queue.Add(kA, Text('a', 30));
  queue.Add(kB, Text('b', 90));
  EXPECT_EQ(Take(queue, 80, 9), "a");
  EXPECT_EQ(Take(queue, 90, 9), "b");
}

TEST(RumourQueueTest, ExceptedSubjectStaysUncounted) {
  RumourQueue queue;
  queue.Add(kA, Text('a'));
  EXPECT_EQ(Take(queue, 100, 1, kA), "");
  EXPECT_EQ(Take(queue, 100, 1), "a");
}

TEST(RumourQueueTest, RemovedRumourIsNotSent) {
  RumourQueue queue;
  queue.Add(kA, Text('a'));
  queue.Remove(kA);
  queue.Remove(kB);
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.Contains(kA));
  EXPECT_EQ(Take(queue, 100, 9), "");
}

}  // namespace
}  // namespace aegis::gossip
