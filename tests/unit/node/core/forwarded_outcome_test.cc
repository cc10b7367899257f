#include "node/core/forwarded_outcome.h"

#include <gtest/gtest.h>

#include <string>

#include "model/limits.h"
#include "wire/operation_codec.h"

namespace aegis::node {
namespace {

Outcome Forwarded(bool write, const Outcome& outcome) {
  Bytes scratch;
  Bytes out;
  AppendForwardedOutcome(7, write, outcome, scratch, out);
  std::size_t consumed = 0;
  const auto frame = wire::DecodeReply(out, consumed);
  EXPECT_EQ(consumed, out.size());
  EXPECT_EQ(frame.value()->id, 7U);
  EXPECT_TRUE(HasOutcome(*frame.value()));
  Outcome taken = wire::DecodeOutcome(frame.value()->value).value();
  taken.value = {};
  return taken;
}

TEST(ForwardedOutcomeTest, WhatNoFrameHoldsIsUnknownOfAWriteAndTooLargeOfARead) {
  const std::string large(limits::kFrameSizeMax - wire::kReplyHeaderSize, 'x');
  Outcome outcome;
  outcome.has_value = true;
  outcome.value = large;
  EXPECT_EQ(Forwarded(true, outcome).status, Status::kUnknownOutcome);
  EXPECT_EQ(Forwarded(false, outcome).status, Status::kTooLarge);
  outcome.value = outcome.value.substr(64);
  EXPECT_EQ(Forwarded(true, outcome).status, Status::kOk);
}

TEST(ForwardedOutcomeTest, AReplyThatIsAnErrorCarriesNoOutcome) {
  const wire::ReplyFrame frame{.status = wire::ReplyStatus::kError, .id = 1, .error = "TOOLARGE"};
  EXPECT_FALSE(HasOutcome(frame));
  EXPECT_EQ(NoOutcome(/*write=*/true).status, Status::kUnknownOutcome);
  EXPECT_EQ(NoOutcome(/*write=*/false).status, Status::kUnavailable);
}

}  // namespace
}  // namespace aegis::node
