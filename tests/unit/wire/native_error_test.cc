#include "wire/native_error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace aegis::wire {
namespace {

constexpr Status kAllStatuses[] = {
    Status::kOk,          Status::kNotFound,       Status::kConflict,
    Status::kInvalid,  //
    Status::kTooLarge,    Status::kOutOfMemory,    Status::kNotLeader,
    Status::kUnavailable, Status::kUnknownOutcome,
};

TEST(NativeErrorTest, EveryStatusSurvivesAReply) {
  for (const Status status : kAllStatuses) {
    const Bytes error = ErrorText(status, "a text with blanks");
    ReplyFrame frame;
    frame.status = ReplyStatusOf(status);
    frame.error = error;
    EXPECT_EQ(StatusOf(frame), status) << error;
    EXPECT_EQ(error.empty(), frame.status != ReplyStatus::kError);
    EXPECT_EQ(ErrorTextOf(frame), error.empty() ? "" : "a text with blanks");
    EXPECT_FALSE(IsProtocolError(frame));
  }
}

TEST(NativeErrorTest, EveryErrorHasItsOwnCode) {
  std::set<std::string> codes;
  for (const Status status : kAllStatuses) codes.emplace(ErrorCodeOf(status));
  EXPECT_EQ(codes, (std::set<std::string>{"", "INVALID", "TOOLARGE", "OOM", "NOTLEADER",
                                          "UNAVAILABLE", "UNKNOWNOUTCOME"}));
}

TEST(NativeErrorTest, AnEmptyTextStillHasItsCode) {
  const Bytes error = ErrorText(Status::kUnavailable, "");
  ReplyFrame frame;
  frame.status = ReplyStatus::kError;
  frame.error = error;
  EXPECT_EQ(StatusOf(frame), Status::kUnavailable);
  EXPECT_EQ(ErrorTextOf(frame), "");
}

TEST(NativeErrorTest, ACodeWithoutTextIsRead) {
  ReplyFrame frame;
  frame.status = ReplyStatus::kError;
  frame.error = "OOM";
  EXPECT_EQ(StatusOf(frame), Status::kOutOfMemory);
  EXPECT_EQ(ErrorTextOf(frame), "");
}

TEST(NativeErrorTest, AnErrorWithoutAKnownCodeIsAnUnknownOutcome) {
  for (const char* error : {"", "something failed", "OOMPH no", "oom lower case"}) {
    ReplyFrame frame;
    frame.status = ReplyStatus::kError;
    frame.error = error;
    EXPECT_EQ(StatusOf(frame), Status::kUnknownOutcome) << error;
    EXPECT_EQ(ErrorTextOf(frame), error);
  }
}

TEST(NativeErrorTest, ARedirectMeansThatNothingHappenedHere) {
  ReplyFrame frame;
  frame.status = ReplyStatus::kRedirect;
  frame.address = "10.0.0.1:7700";
  EXPECT_EQ(StatusOf(frame), Status::kNotLeader);
}

TEST(NativeErrorTest, ABrokenRequestIsAProtocolErrorAndAnOversizedOneIsNot) {
  const Bytes broken = ErrorText(Error{ErrorCode::kMalformed, "expected magic byte"});
  EXPECT_EQ(broken, "PROTOCOL expected magic byte");
  ReplyFrame frame;
  frame.status = ReplyStatus::kError;
  frame.error = broken;
  EXPECT_TRUE(IsProtocolError(frame));
  EXPECT_EQ(StatusOf(frame), Status::kInvalid);
  EXPECT_EQ(ErrorTextOf(frame), "expected magic byte");

  EXPECT_EQ(ErrorText(Error{ErrorCode::kTooLarge, "frame of 9 bytes"}),
            "TOOLARGE frame of 9 bytes");
}

}  // namespace
}  // namespace aegis::wire
