#include "client/core/verdict.h"

#include <gtest/gtest.h>

#include "client/core/requests.h"
#include "wire/native_error.h"
#include "wire/operation_codec.h"

namespace aegis::client {
namespace {

using Kind = Verdict::Kind;

wire::ReplyFrame ErrorFrame(const Bytes& text) {
  wire::ReplyFrame frame;
  frame.status = wire::ReplyStatus::kError;
  frame.error = text;
  return frame;
}

TEST(VerdictTest, OkCarriesValueVersionAndTtl) {
  wire::ReplyFrame frame;
  frame.value = "v";
  frame.version = 7;
  frame.ttl_ms = 1500;
  const Verdict verdict = Judge(GetRequest("k").value(), frame);
  ASSERT_EQ(verdict.kind, Kind::kDone);
  EXPECT_EQ(verdict.result->value, "v");
  EXPECT_EQ(verdict.result->version, 7U);
  EXPECT_EQ(verdict.result->ttl_ms, 1500);
}

TEST(VerdictTest, NotFoundAndConflictAreAnswers) {
  wire::ReplyFrame frame;
  frame.status = wire::ReplyStatus::kNotFound;
  EXPECT_TRUE(Judge(GetRequest("k").value(), frame).result.Is(Errc::kNotFound));

  frame.status = wire::ReplyStatus::kVersionConflict;
  frame.version = 9;
  const Verdict conflict = Judge(SetRequest("k", "v", {}).value(), frame);
  ASSERT_EQ(conflict.kind, Kind::kDone);
  ASSERT_TRUE(conflict.result.Is(Errc::kConflict));
  EXPECT_EQ(conflict.result.error().version, 9U);
}

TEST(VerdictTest, EveryErrorHasItsReaction) {
  const std::pair<Status, Kind> expected[] = {
      {Status::kInvalid, Kind::kDone},        {Status::kTooLarge, Kind::kDone},
      {Status::kOutOfMemory, Kind::kDone},    {Status::kNotLeader, Kind::kRefused},
      {Status::kUnavailable, Kind::kRefused}, {Status::kUnknownOutcome, Kind::kLost},
      {Status::kBusy, Kind::kDone},
  };
  for (const auto& [status, kind] : expected) {
    const Bytes text = wire::ErrorText(status, "why");
    const Verdict verdict = Judge(SetRequest("k", "v", {}).value(), ErrorFrame(text));
    EXPECT_EQ(verdict.kind, kind) << text;
    EXPECT_EQ(kind == Kind::kDone ? verdict.result.error().message : verdict.text, "why");
  }
}

TEST(VerdictTest, ErrorInUnknownWordsMayHaveHappened) {
  const Bytes text = "BADNESS of a kind that does not exist yet";
  EXPECT_EQ(Judge(SetRequest("k", "v", {}).value(), ErrorFrame(text)).kind, Kind::kLost);
}

TEST(VerdictTest, OutcomeInsideTheValueIsTheAnswer) {
  Outcome outcome;
  outcome.number = 41;
  outcome.version = Version::Unpack(77);
  Bytes value;
  wire::AppendOutcome(outcome, value);
  wire::ReplyFrame frame;
  frame.value = value;
  const Verdict verdict = Judge(IncrementRequest("n", 1).value(), frame);
  ASSERT_EQ(verdict.kind, Kind::kDone);
  EXPECT_EQ(verdict.result->number, 41);
  EXPECT_EQ(verdict.result->version, 77U);
}

TEST(VerdictTest, FailedOutcomeMeansTheSameAsAFailedFrame) {
  Outcome outcome;
  outcome.status = Status::kConflict;
  outcome.version = Version::Unpack(3);
  Bytes value;
  wire::AppendOutcome(outcome, value);
  wire::ReplyFrame frame;
  frame.value = value;
  const Verdict verdict = Judge(CompareAndSetRequest("k", "v", 2, {}).value(), frame);
  ASSERT_TRUE(verdict.result.Is(Errc::kConflict));
  EXPECT_EQ(verdict.result.error().version, 3U);
}

wire::ReplyFrame FrameOf(const Outcome& outcome, Bytes& value) {
  wire::AppendOutcome(outcome, value);
  wire::ReplyFrame frame;
  frame.value = value;
  return frame;
}

TEST(VerdictTest, AnAnswerOfACopyTellsHowOldItIs) {
  Outcome outcome;
  outcome.stale_ms = 30;
  Bytes value;
  const Verdict found = Judge(GetRequest("k", {}, kAnyAge).value(), FrameOf(outcome, value));
  EXPECT_EQ(found.result->stale_ms, 30);

  outcome.status = Status::kNotFound;
  outcome.stale_ms = kUnknownAge;
  Bytes missing;
  const Verdict none = Judge(GetRequest("k", {}, kAnyAge).value(), FrameOf(outcome, missing));
  ASSERT_TRUE(none.result.Is(Errc::kNotFound));
  EXPECT_EQ(none.result.error().message, "no such key in a copy of unknown age");
}

TEST(VerdictTest, ALostSessionIsAnAnswerWithWhatIsLeft) {
  Outcome outcome;
  outcome.status = Status::kSessionLost;
  outcome.position = Version{Epoch{2}, Seq{5}};
  outcome.error = "what was lost";
  Bytes value;
  const Verdict verdict =
      Judge(GetRequest("k", {}, {}, Version{}).value(), FrameOf(outcome, value));
  ASSERT_EQ(verdict.kind, Kind::kDone);
  ASSERT_TRUE(verdict.result.Is(Errc::kSessionLost));
  EXPECT_EQ(verdict.result.error().message, "what was lost");
  EXPECT_EQ(verdict.position, outcome.position);
}

TEST(VerdictTest, RedirectWithoutAnAddressIsRefused) {
  wire::ReplyFrame frame;
  frame.status = wire::ReplyStatus::kRedirect;
  EXPECT_EQ(Judge(GetRequest("k").value(), frame).kind, Kind::kRefused);
  frame.address = "a:1";
  EXPECT_EQ(Judge(GetRequest("k").value(), frame).kind, Kind::kRedirect);
}

}  // namespace
}  // namespace aegis::client
