#include "node/runtime/join_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aegis::node {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const Endpoint kSeed{"10.0.0.1", 7701};
const Endpoint kOther{"10.0.0.2", 7701};
constexpr JoinState kAlone{};
constexpr JoinState kMember{.joined = true, .born = true, .live = 3};

class JoinReportTest : public testing::Test {
 protected:
  // Every line, with "W " or "I " before it.
  std::vector<std::string> Look(JoinReport& report, const JoinState& state) {
    std::vector<std::string> lines;
    for (const JoinReport::Line& line : report.Look(state, now_)) {
      lines.push_back((line.level == LogLevel::kWarn ? "W " : "I ") + line.text);
    }
    return lines;
  }

  TimePoint now_{seconds(1000)};
};

TEST_F(JoinReportTest, SeedThatDoesNotAnswerIsNamedWithTheReason) {
  JoinReport report({kSeed}, 0);
  report.OnFailure(kSeed, "10.0.0.1:7701: Connection refused", now_);
  EXPECT_THAT(Look(report, kAlone), ElementsAre("W waiting: no seed has answered yet; "
                                                "10.0.0.1:7701: Connection refused"));
}

TEST_F(JoinReportTest, WarningIsRepeatedEveryHalfMinuteWithWhatHappenedLast) {
  JoinReport report({kSeed}, 0);
  report.OnFailure(kSeed, "refused", now_);
  EXPECT_EQ(Look(report, kAlone).size(), 1U);
  now_ += seconds(29);
  EXPECT_THAT(Look(report, kAlone), IsEmpty());
  report.OnFailure(kSeed, "timed out", now_);
  now_ += seconds(1);
  EXPECT_THAT(Look(report, kAlone), ElementsAre("W waiting: no seed has answered yet; timed out"));
}

TEST_F(JoinReportTest, EndOfTheWaitIsToldOnce) {
  JoinReport report({kSeed}, 0);
  Look(report, kAlone);
  EXPECT_FALSE(report.over());
  report.OnAnswer(kSeed);
  EXPECT_THAT(Look(report, kMember), ElementsAre("I the wait is over: 3 nodes are here"));
  EXPECT_TRUE(report.over());
  EXPECT_THAT(Look(report, kAlone), IsEmpty());
}

TEST_F(JoinReportTest, WhatCameAtOnceIsNotWorthALine) {
  JoinReport report({kSeed}, 3);
  report.OnFailure(kSeed, "refused", now_);
  report.OnAnswer(kSeed);
  EXPECT_THAT(Look(report, kMember), IsEmpty());
  EXPECT_TRUE(report.over());
}

TEST_F(JoinReportTest, DeadSeedIsNamedThoughAnotherLetTheNodeIn) {
  JoinReport report({kSeed, kOther}, 0);
  report.OnFailure(kOther, "10.0.0.2:7701: timed out", now_);
  report.OnFailure({"10.0.0.9", 7701}, "a member that just died", now_);
  EXPECT_THAT(Look(report, kMember),
              ElementsAre("W this node has joined without its seed 10.0.0.2:7701: timed out"));
}

TEST_F(JoinReportTest, WaitForOthersToMeetIsToldWithTheirNumber) {
  JoinReport report({}, 3);
  EXPECT_THAT(Look(report, kAlone),
              ElementsAre("W waiting: the cluster forms when 3 nodes have met, and 1 is here; "
                          "without --seeds this node asks nobody"));
  JoinReport seeded({kSeed}, 3);
  EXPECT_THAT(Look(seeded, {.joined = true, .born = false, .live = 2}),
              ElementsAre("W waiting: the cluster forms when 3 nodes have met, and 2 are here"));
}

TEST_F(JoinReportTest, SeedsWithoutAClusterAreNotWhatIsWaitedFor) {
  JoinReport report({kSeed}, 0);
  EXPECT_THAT(Look(report, {.joined = true, .born = false, .live = 2}),
              ElementsAre("W waiting: the seeds that answered have no cluster yet either"));
}

TEST_F(JoinReportTest, NodeThatRemembersItsClusterSaysThatItServesAlone) {
  JoinReport report({kSeed}, 0);
  EXPECT_THAT(Look(report, {.joined = false, .born = true, .live = 1}),
              ElementsAre("W waiting: no seed or earlier peer has answered yet; until one does, "
                          "this node serves alone"));
}

TEST_F(JoinReportTest, FounderOfAClusterWaitsForNobody) {
  JoinReport report({}, 0);
  EXPECT_THAT(Look(report, {.joined = false, .born = true, .live = 1}), IsEmpty());
  EXPECT_TRUE(report.over());
}

TEST_F(JoinReportTest, OldFailuresAreForgotten) {
  JoinReport report({kSeed}, 0);
  report.OnFailure(kSeed, "refused", now_);
  now_ += JoinReport::kFailureAgeMax + seconds(1);
  EXPECT_THAT(Look(report, kAlone), ElementsAre("W waiting: no seed has answered yet"));
}

}  // namespace
}  // namespace aegis::node
