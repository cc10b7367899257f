#include "node/runtime/setting_values.h"

#include <gtest/gtest.h>

namespace aegis::node {
namespace {

TEST(EndpointsTest, IgnoresSpacesAroundCommas) {
  const auto endpoints = ParseEndpoints(" a:1 , [::1]:2");
  ASSERT_TRUE(endpoints);
  EXPECT_EQ(EndpointsText(*endpoints), "a:1,[::1]:2");
}

TEST(EndpointsTest, NothingIsAnEmptyListButAnEmptyItemIsWrong) {
  EXPECT_EQ(ParseEndpoints(" ")->size(), 0U);
  EXPECT_EQ(ParseEndpoints("a:1,"), std::nullopt);
  EXPECT_EQ(ParseEndpoints(",a:1"), std::nullopt);
}

}  // namespace
}  // namespace aegis::node
