// Recorder: the order of the events, and what counts as unanswered.

#include "linearizability/recorder.h"

#include <gtest/gtest.h>

#include "linearizability/checker.h"
#include "linearizability/histories.h"

namespace aegis::linearizability {
namespace {

TEST(RecorderTest, WhatIsNeverAnsweredIsUnknown) {
  Recorder recorder;
  recorder.Invoke(Set(0, 0, "a"), At(1));
  ASSERT_EQ(recorder.history().size(), 1U);
  EXPECT_EQ(recorder.history()[0].outcome, Outcome::kUnknown);
  EXPECT_EQ(recorder.history()[0].returned_at, std::nullopt);
}

TEST(RecorderTest, EventsOfOneInstantAreOrderedAsReported) {
  Recorder recorder;
  const auto set = recorder.Invoke(Set(0, 0, "a"), At(7));
  recorder.Return(set, At(7), Outcome::kOk);
  const auto get = recorder.Invoke(Get(0, 0, ""), At(7));
  recorder.Return(get, At(7), Outcome::kNotFound);
  EXPECT_EQ(Check(recorder.history()).verdict, Verdict::kNotLinearizable);
}

TEST(RecorderTest, CallsThatOverlapStayOverlapped) {
  Recorder recorder;
  const auto set = recorder.Invoke(Set(0, 0, "a"), At(7));
  const auto get = recorder.Invoke(Get(0, 0, ""), At(7));
  recorder.Return(set, At(7), Outcome::kOk);
  recorder.Return(get, At(7), Outcome::kNotFound);
  EXPECT_EQ(Check(recorder.history()).verdict, Verdict::kLinearizable);
}

}  // namespace
}  // namespace aegis::linearizability
