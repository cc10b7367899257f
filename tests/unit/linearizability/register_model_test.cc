// The sequential meaning of every operation, and which answers no client can have recorded.

#include "linearizability/register_model.h"

#include <gtest/gtest.h>

#include "linearizability/histories.h"

namespace aegis::linearizability {
namespace {

const KeyState kAbsent = {};
const KeyState kFive = {.present = true, .value = "5"};
const KeyState kText = {.present = true, .value = "text"};

TEST(RegisterModelTest, AnIncrementOfAMissingKeyCountsFromZero) {
  EXPECT_EQ(Apply(kAbsent, Increment(1, 2, "3", "3")), (KeyState{.present = true, .value = "3"}));
}

TEST(RegisterModelTest, AnIncrementOfTextOrPastTheRangeHasNoAnswer) {
  const KeyState largest = {.present = true, .value = "9223372036854775807"};
  EXPECT_EQ(Apply(kText, Increment(1, 2, "1", "1")), std::nullopt);
  EXPECT_EQ(Apply(largest, Increment(1, 2, "1", "0")), std::nullopt);
  EXPECT_EQ(Apply(largest, Unanswered(Increment(1, 2, "1", ""))), largest);
}

TEST(RegisterModelTest, AnUnansweredConditionalWriteDoesWhatItsConditionSays) {
  const Operation cas = Unanswered(CompareValue(1, 2, "5", "6", Outcome::kOk));
  EXPECT_EQ(Apply(kFive, cas), (KeyState{.present = true, .value = "6"}));
  EXPECT_EQ(Apply(kText, cas), kText);
  EXPECT_EQ(Apply(kAbsent, cas), kAbsent);
}

TEST(RegisterModelTest, AConflictNeedsAConditionThatDoesNotHold) {
  EXPECT_EQ(Apply(kFive, CompareValue(1, 2, "4", "6", Outcome::kConflict)), kFive);
  EXPECT_EQ(Apply(kFive, CompareValue(1, 2, "5", "6", Outcome::kConflict)), std::nullopt);
  EXPECT_EQ(Apply(kAbsent, CompareValue(1, 2, "5", "6", Outcome::kConflict)), std::nullopt);
  EXPECT_EQ(Apply(kAbsent, CompareValue(1, 2, "5", "6", Outcome::kNotFound)), kAbsent);
}

TEST(RegisterModelTest, WhatDeletesAValueAndShowsItShowsTheOneThatWasThere) {
  EXPECT_EQ(Apply(kFive, GetDelete(1, 2, "5")), kAbsent);
  EXPECT_EQ(Apply(kFive, GetDelete(1, 2, "6")), std::nullopt);
  EXPECT_EQ(Apply(kAbsent, GetDelete(1, 2, "5")), std::nullopt);
  EXPECT_EQ(Apply(kFive, Unanswered(GetDelete(1, 2, ""))), kAbsent);
}

TEST(RegisterModelTest, AConflictThatTellsAVersionIsARead) {
  const KeyState versioned = {.present = true, .value = "5", .version = "1"};
  const Operation cas = CompareValue(1, 2, "4", "6", Outcome::kConflict);
  EXPECT_EQ(Apply(versioned, Versioned(cas, "1")), versioned);
  EXPECT_EQ(Apply(kFive, Versioned(cas, "1")), versioned);
  EXPECT_EQ(Apply(versioned, Versioned(cas, "2")), std::nullopt);
  EXPECT_EQ(Apply(kFive, Versioned(CompareVersion(1, 2, "0", "6", Outcome::kConflict), "1")),
            versioned);
}

TEST(RegisterModelTest, AWriteForgetsTheVersionThatItDoesNotTell) {
  const KeyState versioned = {.present = true, .value = "5", .version = "1"};
  EXPECT_EQ(Apply(versioned, Set(1, 2, "6"))->version, "");
  EXPECT_EQ(Apply(versioned, Versioned(Set(1, 2, "6"), "2"))->version, "2");
}

TEST(RegisterModelTest, FlawsAreNamed) {
  EXPECT_EQ(Flaw(Set(1, 2, "a")), "");
  EXPECT_EQ(Flaw(Set(2, 1, "a")), "it ended before it began");
  EXPECT_NE(Flaw(Set(1, 2, "a", Outcome::kConflict)), "");
  EXPECT_NE(Flaw(Set(1, 2, "a", Outcome::kNotFound)), "");
  EXPECT_NE(Flaw(Increment(1, 2, "one", "1")), "");
  EXPECT_NE(Flaw(Increment(1, 2, "1", "one")), "");
  Operation endless = Get(1, 2, "a");
  endless.returned_at.reset();
  EXPECT_NE(Flaw(endless), "");
  EXPECT_EQ(Flaw(Unanswered(endless)), "");
}

TEST(RegisterModelTest, LongAndUnprintableValuesAreShownInOneShortLine) {
  EXPECT_EQ(Quoted("a\n\"b\""), "\"a\\x0a\\x22b\\x22\"");
  EXPECT_EQ(Quoted(std::string(100, 'x')), "\"" + std::string(40, 'x') + "\"... of 100 bytes");
}

}  // namespace
}  // namespace aegis::linearizability
