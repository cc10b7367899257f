// Check, held against small histories whose verdict anyone can see.

#include "linearizability/checker.h"

#include <gtest/gtest.h>

#include <chrono>

#include "linearizability/histories.h"

namespace aegis::linearizability {
namespace {

Verdict Of(const History& history) { return Check(history).verdict; }

constexpr Verdict kGood = Verdict::kLinearizable;
constexpr Verdict kBad = Verdict::kNotLinearizable;

TEST(CheckerTest, AcceptsAnEmptyHistory) { EXPECT_EQ(Of({}), kGood); }

TEST(CheckerTest, AcceptsOperationsOneAfterTheOther) {
  EXPECT_EQ(Of({GetNothing(1, 2), Set(3, 4, "a"), Get(5, 6, "a"), Delete(7, 8, Outcome::kOk),
                GetNothing(9, 10), Delete(11, 12, Outcome::kNotFound)}),
            kGood);
}

TEST(CheckerTest, TheOrderInTheVectorDoesNotMatter) {
  EXPECT_EQ(Of({Get(5, 6, "a"), GetNothing(1, 2), Set(3, 4, "a")}), kGood);
  EXPECT_EQ(Of({GetNothing(5, 6), Get(1, 2, "a"), Set(3, 4, "a")}), kBad);
}

TEST(CheckerTest, AReadDuringAWriteMayShowEither) {
  EXPECT_EQ(Of({Set(1, 2, "a"), Set(3, 9, "b"), Get(4, 5, "a"), Get(6, 7, "b")}), kGood);
}

TEST(CheckerTest, RejectsReadsThatGoBackwards) {
  EXPECT_EQ(Of({Set(1, 2, "a"), Set(3, 9, "b"), Get(4, 5, "b"), Get(6, 7, "a")}), kBad);
}

TEST(CheckerTest, RejectsAStaleRead) {
  EXPECT_EQ(Of({Set(1, 2, "a"), Set(3, 4, "b"), Get(5, 6, "a")}), kBad);
}

TEST(CheckerTest, RejectsALostWrite) { EXPECT_EQ(Of({Set(1, 2, "a"), GetNothing(3, 4)}), kBad); }

TEST(CheckerTest, RejectsAValueNeverWritten) {
  EXPECT_EQ(Of({Set(1, 2, "a"), Get(3, 4, "z")}), kBad);
}

TEST(CheckerTest, RejectsAValueReadBeforeItsWriteBegan) {
  EXPECT_EQ(Of({Get(1, 2, "a"), Set(3, 4, "a")}), kBad);
}

TEST(CheckerTest, RejectsAWriteAppliedTwice) {
  // Set, overwritten, and there again.
  EXPECT_EQ(Of({Set(1, 2, "a"), Set(3, 4, "b"), Get(5, 6, "b"), Get(7, 8, "a")}), kBad);
  EXPECT_EQ(Of({Increment(1, 2, "1", "1"), Increment(3, 4, "1", "3")}), kBad);
  EXPECT_EQ(Of({Append(1, 2, "x", "1"), Get(3, 4, "xx")}), kBad);
}

TEST(CheckerTest, RejectsAWriteOfUnknownOutcomeAppliedTwice) {
  EXPECT_EQ(Of({Unanswered(Set(1, 2, "a")), Get(3, 4, "a"), Set(5, 6, "b"), Get(7, 8, "a")}), kBad);
  EXPECT_EQ(Of({Unanswered(Increment(1, 2, "1", "")), Increment(3, 4, "1", "3")}), kBad);
}

TEST(CheckerTest, AWriteOfUnknownOutcomeMayShowLate) {
  EXPECT_EQ(Of({Set(1, 2, "a"), Unanswered(Set(3, 4, "b")), Get(5, 6, "a"), Get(50, 60, "b")}),
            kGood);
}

TEST(CheckerTest, AWriteOfUnknownOutcomeMayNeverShow) {
  EXPECT_EQ(Of({Set(1, 2, "a"), Unanswered(Set(3, 4, "b")), Get(5, 6, "a"), Get(50, 60, "a")}),
            kGood);
}

TEST(CheckerTest, RejectsAWriteOfUnknownOutcomeThatShowsAndVanishes) {
  EXPECT_EQ(Of({Set(1, 2, "a"), Unanswered(Set(3, 4, "b")), Get(5, 6, "b"), Get(7, 8, "a")}), kBad);
}

TEST(CheckerTest, RejectsAWriteOfUnknownOutcomeThatShowsBeforeItWasCalled) {
  EXPECT_EQ(Of({Get(1, 2, "b"), Unanswered(Set(3, 4, "b"))}), kBad);
}

TEST(CheckerTest, TheTimeAtWhichAnUnknownOutcomeWasReportedSaysNothing) {
  EXPECT_EQ(Of({Set(1, 2, "a"), Set(3, 4, "b", Outcome::kUnknown), Get(5, 6, "a"), Get(7, 8, "b")}),
            kGood);
}

TEST(CheckerTest, ADeleteOfUnknownOutcomeMayHideAKeyButNotForAWhile) {
  const Operation maybe = Unanswered(Delete(3, 4, Outcome::kOk));
  EXPECT_EQ(Of({Set(1, 2, "a"), maybe, Get(5, 6, "a"), GetNothing(7, 8)}), kGood);
  EXPECT_EQ(Of({Set(1, 2, "a"), maybe, GetNothing(5, 6), Get(7, 8, "a")}), kBad);
}

TEST(CheckerTest, SeveralOperationsOfUnknownOutcomeMayTakeEffectTogether) {
  const History maybe = {Unanswered(Increment(1, 2, "2", "")), Unanswered(Increment(1, 2, "3", "")),
                         Unanswered(Increment(1, 2, "4", ""))};
  for (const char* const sum : {"2", "3", "4", "5", "6", "7", "9"}) {
    History history = maybe;
    history.push_back(Get(5, 6, sum));
    EXPECT_EQ(Of(history), kGood) << sum;
  }
  for (const char* const sum : {"1", "8", "10"}) {
    History history = maybe;
    history.push_back(Get(5, 6, sum));
    EXPECT_EQ(Of(history), kBad) << sum;
  }
}

TEST(CheckerTest, AnUnavailableOperationNeverHappened) {
  EXPECT_EQ(Of({Set(1, 2, "a"), Set(3, 4, "b", Outcome::kUnavailable), Get(5, 6, "a")}), kGood);
  EXPECT_EQ(Of({Set(1, 2, "a"), Set(3, 4, "b", Outcome::kUnavailable), Get(5, 6, "b")}), kBad);
}

TEST(CheckerTest, RejectsTwoIncrementsWithTheSameResult) {
  EXPECT_EQ(Of({Increment(1, 9, "1", "1"), Increment(2, 8, "1", "2")}), kGood);
  EXPECT_EQ(Of({Increment(1, 9, "1", "1"), Increment(2, 8, "1", "1")}), kBad);
}

TEST(CheckerTest, RejectsACompareAndSetThatSucceedsTwiceOnTheSameValue) {
  const Operation first = CompareValue(3, 9, "a", "b", Outcome::kOk);
  EXPECT_EQ(Of({Set(1, 2, "a"), first, CompareValue(4, 8, "a", "c", Outcome::kConflict)}), kGood);
  EXPECT_EQ(Of({Set(1, 2, "a"), first, CompareValue(4, 8, "a", "c", Outcome::kOk)}), kBad);
}

TEST(CheckerTest, RejectsACompareAndSetThatSucceedsTwiceOnTheSameVersion) {
  const Operation set = Versioned(Set(1, 2, "a"), "1.7");
  const Operation first = Versioned(CompareVersion(3, 9, "1.7", "a", Outcome::kOk), "1.8");
  EXPECT_EQ(Of({set, first, CompareVersion(4, 8, "1.7", "c", Outcome::kConflict)}), kGood);
  EXPECT_EQ(Of({set, first, Versioned(CompareVersion(4, 8, "1.7", "c", Outcome::kOk), "1.9")}),
            kBad);
}

TEST(CheckerTest, RejectsAVersionThatChangesUnderTheSameValue) {
  const Operation set = Versioned(Set(1, 2, "a"), "1.7");
  EXPECT_EQ(Of({set, Versioned(Get(3, 4, "a"), "1.7")}), kGood);
  EXPECT_EQ(Of({set, Versioned(Get(3, 4, "a"), "1.8")}), kBad);
}

TEST(CheckerTest, AVersionNobodyWasToldIsSettledByWhoNamesItFirst) {
  const Operation set = Unanswered(Set(1, 2, "a"));
  EXPECT_EQ(Of({set, Versioned(Get(3, 4, "a"), "5"), Versioned(Get(5, 6, "a"), "5")}), kGood);
  EXPECT_EQ(Of({set, Versioned(Get(3, 4, "a"), "5"), Versioned(Get(5, 6, "a"), "6")}), kBad);
}

TEST(CheckerTest, RejectsTwoSuccessfulAddsWithoutADeleteBetween) {
  EXPECT_EQ(Of({Add(1, 9, "a", Outcome::kOk), Add(2, 8, "b", Outcome::kConflict)}), kGood);
  EXPECT_EQ(Of({Add(1, 9, "a", Outcome::kOk), Add(2, 8, "b", Outcome::kOk)}), kBad);
  EXPECT_EQ(
      Of({Add(1, 9, "a", Outcome::kOk), Add(2, 8, "b", Outcome::kOk), Delete(3, 7, Outcome::kOk)}),
      kGood);
}

TEST(CheckerTest, AnAnswerAtTheInstantOfAnotherCallMayHaveComeAfterIt) {
  EXPECT_EQ(Of({Set(1, 5, "a"), GetNothing(5, 6)}), kGood);
  EXPECT_EQ(Of({Set(1, 4, "a"), GetNothing(5, 6)}), kBad);
}

TEST(CheckerTest, KeysAreCheckedApart) {
  Operation other = Set(1, 2, "a");
  other.key = "other";
  EXPECT_EQ(Of({other, GetNothing(3, 4)}), kGood);
  const Report report = Check({other, GetNothing(3, 4), Get(5, 6, "a")});
  EXPECT_EQ(report.verdict, kBad);
  EXPECT_EQ(report.key, "k");
  EXPECT_EQ(report.keys, 2U);
  EXPECT_EQ(report.operations, 3U);
}

// Deletes that each need another of many writes of unknown outcome, and an ending that fits none of
// their orders.
History Hard() {
  History history;
  for (int i = 0; i < 20; ++i) history.push_back(Unanswered(Set(1, 2, std::to_string(i))));
  for (int i = 0; i < 10; ++i) history.push_back(Delete(10 + i * 2, 11 + i * 2, Outcome::kOk));
  history.push_back(Get(50, 51, "never written"));
  return history;
}

TEST(CheckerTest, GivesUpAtItsLimitAndSaysSo) {
  const Report report = Check(Hard(), {.states_per_key_max = 1'000});
  EXPECT_EQ(report.verdict, Verdict::kGaveUp);
  EXPECT_EQ(report.key, "k");
  EXPECT_LE(report.states, 1'001U);
  EXPECT_NE(report.explanation.find("gave up after 1001 states"), std::string::npos);
}

TEST(CheckerTest, AViolationIsReportedEvenAfterAKeyItGaveUpOn) {
  History history = Hard();
  for (Operation& operation : history) operation.key = "a hard one";
  history.push_back(Get(1, 2, "never written"));
  const Report report = Check(history, {.states_per_key_max = 1'000});
  EXPECT_EQ(report.verdict, kBad);
  EXPECT_EQ(report.key, "k");
}

TEST(CheckerTest, ManyWritesOfUnknownOutcomeDoNotMakeAReadableHistoryHard) {
  History history;
  for (int i = 0; i < 500; ++i) {
    const int at = i * 10;
    history.push_back(Unanswered(Set(at, at, "maybe " + std::to_string(i))));
    history.push_back(Set(at + 1, at + 2, "sure " + std::to_string(i)));
    // Every third of those without an answer shows up, up to thirty operations late.
    const bool shows = i % 3 == 0 && i >= 30;
    history.push_back(Get(
        at + 3, at + 4, (shows ? "maybe " + std::to_string(i - 30) : "sure " + std::to_string(i))));
  }
  const Report report = Check(history);
  EXPECT_EQ(report.verdict, kGood) << report.explanation;
  EXPECT_LE(report.states, 50'000U);
}

}  // namespace
}  // namespace aegis::linearizability
