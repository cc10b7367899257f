// ParseHistory: the documented fields, and a message for everything else.

#include "check_history/history_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aegis::linearizability {
namespace {

using testing::HasSubstr;

std::string MistakeIn(const std::string& text) {
  const auto parsed = ParseHistory(text);
  return std::holds_alternative<std::string>(parsed) ? std::get<std::string>(parsed) : "";
}

TEST(HistoryLinesTest, EveryFieldArrives) {
  const auto parsed = ParseHistory(
      R"({"client":3,"key":"k","op":"cas","arg":"new","expected":"old","ok":"conflict",)"
      R"("result":"r","version":"1.2","start_ns":5,"end_ns":9})");
  ASSERT_TRUE(std::holds_alternative<History>(parsed)) << std::get<std::string>(parsed);
  ASSERT_EQ(std::get<History>(parsed).size(), 1U);
  const Operation& operation = std::get<History>(parsed).front();
  EXPECT_EQ(operation.client, 3U);
  EXPECT_EQ(operation.key, "k");
  EXPECT_EQ(operation.kind, Kind::kCompareValue);
  EXPECT_EQ(operation.argument, "new");
  EXPECT_EQ(operation.expected, "old");
  EXPECT_EQ(operation.outcome, Outcome::kConflict);
  EXPECT_EQ(operation.result, "r");
  EXPECT_EQ(operation.version, "1.2");
  EXPECT_EQ(operation.invoked_at, TimePoint(Duration(5)));
  EXPECT_EQ(operation.returned_at, TimePoint(Duration(9)));
}

TEST(HistoryLinesTest, AnAnswerThatNeverCameHasNoEnd) {
  const auto parsed = ParseHistory(
      "{\"key\":\"k\",\"op\":\"get\",\"ok\":\"unknown\",\"start_ns\":5}\n"
      "\n"
      "{\"key\":\"k\",\"op\":\"get\",\"ok\":\"unknown\",\"start_ns\":6,\"end_ns\":null}\n");
  ASSERT_TRUE(std::holds_alternative<History>(parsed)) << std::get<std::string>(parsed);
  for (const Operation& each : std::get<History>(parsed)) EXPECT_FALSE(each.returned_at);
  EXPECT_EQ(std::get<History>(parsed).size(), 2U);
}

TEST(HistoryLinesTest, MistakesAreNamedWithTheirLine) {
  const std::string good = "{\"key\":\"k\",\"op\":\"get\",\"ok\":\"unknown\",\"start_ns\":5}\n";
  EXPECT_THAT(MistakeIn(good + "nonsense\n"), HasSubstr("line 2: "));
  EXPECT_THAT(MistakeIn(good + "\n[]\n"), HasSubstr("line 3: not an object"));
  EXPECT_THAT(MistakeIn(R"({"op":"get","ok":"unknown","start_ns":5})"), HasSubstr("key"));
  EXPECT_THAT(MistakeIn(R"({"key":"k","op":"push","ok":"ok","start_ns":5})"),
              HasSubstr("no operation is called \"push\""));
  EXPECT_THAT(MistakeIn(R"({"key":"k","op":"get","ok":"yes","start_ns":5})"),
              HasSubstr("no outcome is called \"yes\""));
  EXPECT_THAT(MistakeIn(R"({"key":"k","op":"get","ok":"ok","start_ns":5,"stop_ns":9})"),
              HasSubstr("no field is called \"stop_ns\""));
  EXPECT_THAT(MistakeIn(R"({"key":"k","op":"get","ok":"ok","start_ns":5,"end_ns":4})"),
              HasSubstr("it ended before it began"));
}

TEST(HistoryLinesTest, NamesAndTheirValuesAgree) {
  for (const char* const name :
       {"get", "set", "add", "cas", "cas_version", "delete", "incr", "append", "getdel", "clear"}) {
    ASSERT_TRUE(KindOf(name)) << name;
    EXPECT_STREQ(Name(*KindOf(name)), name);
  }
  for (const char* const name : {"ok", "not_found", "conflict", "unavailable", "unknown"}) {
    ASSERT_TRUE(OutcomeOf(name)) << name;
    EXPECT_STREQ(Name(*OutcomeOf(name)), name);
  }
}

}  // namespace
}  // namespace aegis::linearizability
