#include "node/core/resp_text.h"

#include <gtest/gtest.h>

#include <string>

namespace aegis::node::resp {
namespace {

TEST(RespTextTest, IntegersAreReadInTheirCanonicalFormOnly) {
  EXPECT_EQ(ParseInteger("0"), 0);
  EXPECT_EQ(ParseInteger("-1"), -1);
  EXPECT_EQ(ParseInteger("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(ParseInteger("-9223372036854775808"), INT64_MIN);
  for (const ByteView bad : {"", "-", "+1", "00", "-0", "01", " 1", "1 ", "1a", "0x1",
                             "9223372036854775808", "99999999999999999999999"}) {
    EXPECT_EQ(ParseInteger(bad), std::nullopt) << bad;
  }
}

TEST(RespTextTest, MemoryHasDecimalAndBinaryUnits) {
  EXPECT_EQ(ParseMemory("100"), 100U);
  EXPECT_EQ(ParseMemory("1k"), 1000U);
  EXPECT_EQ(ParseMemory("1KB"), 1024U);
  EXPECT_EQ(ParseMemory("2mb"), 2U << 20U);
  EXPECT_EQ(ParseMemory("1g"), 1'000'000'000U);
  EXPECT_EQ(ParseMemory("x"), std::nullopt);
  EXPECT_EQ(ParseMemory("1tb"), std::nullopt);
  EXPECT_EQ(ParseMemory("-1"), std::nullopt);
  EXPECT_EQ(ParseMemory("99999999999999gb"), std::nullopt);
}

TEST(RespTextTest, GlobFollowsRedis) {
  const auto matches = [](ByteView pattern, ByteView text) {
    return GlobMatch(pattern, text, /*ignore_case=*/false);
  };
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_TRUE(matches("h?llo", "hello"));
  EXPECT_FALSE(matches("h?llo", "hllo"));
  EXPECT_TRUE(matches("h*llo", "heeeello"));
  EXPECT_TRUE(matches("h[ae]llo", "hallo"));
  EXPECT_FALSE(matches("h[ae]llo", "hillo"));
  EXPECT_FALSE(matches("h[^e]llo", "hello"));
  EXPECT_TRUE(matches("h[a-c]llo", "hbllo"));
  EXPECT_TRUE(matches("h[c-a]llo", "hbllo"));
  EXPECT_TRUE(matches("a\\*b", "a*b"));
  EXPECT_FALSE(matches("a\\*b", "axb"));
  EXPECT_TRUE(matches("a[\\]]b", "a]b"));
  EXPECT_TRUE(matches("a[b", "ab"));
  EXPECT_TRUE(matches("*a*b*c", "xxaxxbxxc"));
  EXPECT_FALSE(matches("*a*b*c", "xxaxxbxx"));
  EXPECT_FALSE(matches("abc", "ABC"));
  EXPECT_TRUE(GlobMatch("aBc", "AbC", /*ignore_case=*/true));
}

TEST(RespTextTest, GlobOfManyStarsIsNotExponential) {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "a*";
  EXPECT_FALSE(GlobMatch(pattern + "b", std::string(4000, 'a'), /*ignore_case=*/false));
}

TEST(RespTextTest, AGlobOfTooManyStepsIsGivenUp) {
  const std::string pattern = "*" + std::string(100, 'a') + "b";
  const std::string text(1000, 'a');
  std::size_t steps = 50'000;
  EXPECT_EQ(GlobMatch(pattern, text, steps), std::nullopt);
  EXPECT_EQ(steps, 0U);
  steps = 100'000;
  EXPECT_EQ(GlobMatch(pattern, text, steps), false);
  EXPECT_GT(steps, 0U);
  EXPECT_LT(steps, 50'000U);
}

TEST(RespTextTest, ASetCountsWithAllItsBytes) {
  std::size_t steps = 1000;
  EXPECT_EQ(GlobMatch("[" + std::string(300, 'a') + "]*", "b", steps), false);
  EXPECT_EQ(steps, 1000U - 302U);
  EXPECT_EQ(GlobMatch("[" + std::string(1000, 'a') + "]*", "a", steps), std::nullopt);
}

TEST(RespTextTest, WhatFollowsALastStarCostsNothing) {
  std::size_t steps = 5;
  EXPECT_EQ(GlobMatch("user:*", "user:" + std::string(1000, 'x'), steps), true);
  EXPECT_EQ(steps, 0U);
}

TEST(RespTextTest, ExcerptEndsAtTheLimitOrTheFirstNul) {
  EXPECT_EQ(Excerpt("abcdef", 3), "abc");
  EXPECT_EQ(Excerpt(ByteView("ab\0cd", 5), 10), "ab");
}

}  // namespace
}  // namespace aegis::node::resp
