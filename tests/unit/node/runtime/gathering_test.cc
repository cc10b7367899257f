#include "node/runtime/gathering.h"

#include <gtest/gtest.h>

namespace aegis::node {
namespace {

Outcome Showing(ByteView value) {
  Outcome outcome;
  outcome.has_value = true;
  outcome.value = value;
  return outcome;
}

TEST(GatheringTest, WhatTheReplyShowsAlreadyCountsTowardsItsLimit) {
  Gathering gathering;
  gathering.Begin(2, limits::kReplySizeMax - 3);
  gathering.Put(0, Showing("abc"));
  gathering.Put(1, Showing("d"));
  EXPECT_EQ(gathering.outcomes()[0].value, "abc");
  EXPECT_EQ(gathering.outcomes()[1].status, Status::kTooLarge);
  gathering.Begin(1);
  gathering.Put(0, Showing("d"));
  EXPECT_EQ(gathering.outcomes()[0].value, "d") << "the next reply begins anew";
}

}  // namespace
}  // namespace aegis::node
