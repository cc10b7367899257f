#include "node/runtime/nearest_name.h"

#include <gtest/gtest.h>

namespace aegis::node {
namespace {

const std::vector<std::string> kNames = {"AEGIS_NODE_ID", "AEGIS_SEEDS", "AEGIS_SHARDS"};

TEST(NearestNameTest, LettersMayBeAddedLeftOutOrReplaced) {
  EXPECT_EQ(DidYouMean("AEGIS_NODEID", kNames), "; did you mean AEGIS_NODE_ID?");
  EXPECT_EQ(DidYouMean("AEGIS_SHHARDS", kNames), "; did you mean AEGIS_SHARDS?");
  EXPECT_EQ(DidYouMean("AEGIS_SEADS", kNames), "; did you mean AEGIS_SEEDS?");
  EXPECT_EQ(DidYouMean("EGIS_SEED", kNames), "; did you mean AEGIS_SEEDS?");
}

TEST(NearestNameTest, WhatIsFarFromAllNamesMeansNoneOfThem) {
  EXPECT_EQ(DidYouMean("AEGIS_SERVICE_HOST", kNames), "");
  EXPECT_EQ(DidYouMean("", kNames), "");
  EXPECT_EQ(DidYouMean(std::string(10'000, 'A'), kNames), "");
  EXPECT_EQ(DidYouMean("AEGIS_SEEDS", {}), "");
}

TEST(NearestNameTest, ShortWordIsNotMistakenForAnythingShort) {
  EXPECT_EQ(DidYouMean("in", {"bind"}), "");
}

}  // namespace
}  // namespace aegis::node
