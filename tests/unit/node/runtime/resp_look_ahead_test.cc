#include "node/runtime/resp_look_ahead.h"

#include <gtest/gtest.h>

#include <string>

namespace aegis::node {
namespace {

std::string Get(const std::string& key) {
  return "*2\r\n$3\r\nGET\r\n$" + std::to_string(key.size()) + "\r\n" + key + "\r\n";
}

class RespLookAheadTest : public ::testing::Test {
 protected:
  std::vector<std::string> Keys() const {
    std::vector<std::string> keys;
    ahead_.ForEachKey([&](ByteView key) { keys.emplace_back(key); });
    return keys;
  }

  RespLookAhead ahead_;
  std::vector<ByteView> argv_;
};

TEST_F(RespLookAheadTest, CommandsComeOutInTheirOrderAndOnlyAtTheirPlace) {
  const std::string input = Get("a") + Get("bb") + "*1\r\n$4\r\nPING\r\n" + Get("c");
  ahead_.Fill(input);
  EXPECT_EQ(Keys(), (std::vector<std::string>{"a", "bb", "c"}));
  ByteView rest = input;
  std::vector<std::size_t> arguments;
  while (const std::size_t size = ahead_.Take(rest, argv_)) {
    arguments.push_back(argv_.size());
    EXPECT_EQ(ahead_.Take(rest, argv_), 0U) << "that is another command's place";
    rest.remove_prefix(size);
  }
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(arguments, (std::vector<std::size_t>{2, 2, 1, 2}));
}

TEST_F(RespLookAheadTest, WhatIsNotAWholeCommandInArraysIsLeftToItsTurn) {
  const std::string whole = Get("a");
  for (const std::string& then : {std::string("PING\r\n"), Get("b").substr(0, 19),
                                  std::string("*2\r\n$3\r\nGET\r\n$x\r\n"), std::string()}) {
    const std::string input = whole + then;
    ahead_.Fill(input);
    EXPECT_EQ(Keys(), std::vector<std::string>{"a"}) << then;
  }
}

TEST_F(RespLookAheadTest, ItLooksSoFarAndNoFarther) {
  std::string input;
  for (int i = 0; i < 100; ++i) input += Get("k" + std::to_string(i));
  ahead_.Fill(input);
  EXPECT_EQ(Keys().size(), RespLookAhead::kCommands);
}

TEST_F(RespLookAheadTest, AnotherTurnKnowsNothingOfIt) {
  const std::string input = Get("a");
  ahead_.Fill(input);
  ahead_.Clear();
  EXPECT_EQ(ahead_.Take(input, argv_), 0U) << "although the bytes lie at the same place";
}

}  // namespace
}  // namespace aegis::node
