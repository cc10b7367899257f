// What a failed check tells people.

#include "linearizability/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "linearizability/checker.h"
#include "linearizability/histories.h"

namespace aegis::linearizability {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kStatesMax = 100'000;

TEST(ExplanationTest, ThePrefixEndsAtTheFirstAnswerThatCannotBe) {
  const History prefix = ShortestFailingPrefix(
      {Set(1, 2, "a"), Set(3, 4, "b"), Get(5, 8, "a"), Set(6, 20, "c"), Get(10, 11, "b")},
      kStatesMax);
  ASSERT_EQ(prefix.size(), 4U);
  EXPECT_EQ(prefix[2].result, "a");
  // Its answer was not there yet.
  EXPECT_EQ(prefix[3].outcome, Outcome::kUnknown);
}

TEST(ExplanationTest, ReadsAsAWhole) {
  // Microseconds, so that the times are readable.
  const auto us = [](Operation operation) {
    operation.invoked_at = TimePoint(operation.invoked_at.time_since_epoch() * 1000);
    *operation.returned_at = TimePoint(operation.returned_at->time_since_epoch() * 1000);
    return operation;
  };
  const History history = {us(Set(1000, 2000, "a")), us(Get(2500, 2600, "a")),
                           us(Set(3000, 4000, "b")), us(Get(5000, 6000, "a")),
                           us(Get(7000, 8000, "b"))};
  const Report report = Check(history);
  ASSERT_EQ(report.verdict, Verdict::kNotLinearizable);
  EXPECT_EQ(report.explanation,
            R"(Key "k" is not linearizable.
Everything up to 5.000 ms can be explained, but not this answer, which came then:
  [     4.000 ..      5.000]  client 5000 get -> ok "a"
The operations that contradict each other (begin .. end in ms since the first call):
  [     0.000 ..      1.000]  client 1000 set "a" -> ok
  [     2.000 ..      3.000]  client 3000 set "b" -> ok
  [     4.000 ..      5.000]  client 5000 get -> ok "a"
Longest order found that fits the answers:
  [     0.000 ..      1.000]  client 1000 set "a" -> ok
  [     2.000 ..      3.000]  client 3000 set "b" -> ok
After it the key is "b", which none of these, one of which would have to be next, can have met:
  [     4.000 ..      5.000]  client 5000 get -> ok "a"
)");
}

TEST(ExplanationTest, SaysWhenNobodyWroteWhatWasRead) {
  EXPECT_THAT(ExplainViolation({Set(1, 2, "a"), Get(3, 4, "z")}, kStatesMax),
              HasSubstr("nobody had tried to write \"z\""));
  EXPECT_THAT(ExplainViolation({Get(1, 2, "a"), Set(3, 4, "a")}, kStatesMax),
              HasSubstr("nobody had tried to write \"a\""));
  EXPECT_THAT(ExplainViolation({Set(1, 2, "a"), Set(3, 4, "b"), Get(5, 6, "a")}, kStatesMax),
              Not(HasSubstr("nobody had tried")));
}

TEST(ExplanationTest, OfManyOperationsTheLastAndTheRelatedAreShown) {
  History history;
  for (int i = 0; i < 500; ++i) history.push_back(Set(i * 2, i * 2 + 1, "v" + std::to_string(i)));
  history.push_back(Get(2000, 2001, "v7"));
  const std::string text = ExplainViolation(history, kStatesMax);
  EXPECT_THAT(text, HasSubstr("set \"v7\" -> ok"));
  EXPECT_THAT(text, HasSubstr("set \"v499\" -> ok"));
  EXPECT_THAT(text, HasSubstr("(470 earlier ones are left out)"));
  EXPECT_THAT(text, Not(HasSubstr("set \"v8\" -> ok")));
}

}  // namespace
}  // namespace aegis::linearizability
