#include "lease/voter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace aegis::lease {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr NodeId kSelf{1};
constexpr NodeId kOther{2};
constexpr Holder kHolder{.node = NodeId{5}, .session = Session{51}};
constexpr Holder kSuccessor{.node = NodeId{5}, .session = Session{52}};
constexpr TimePoint kStart{100s};
constexpr ConfigurationId kConfiguration{.index = 3, .term = 1};

class VoterTest : public ::testing::Test {
 protected:
  VoterTest() {
    voter_.SetConfiguration(kConfiguration, {kOther, kSelf});
    voter_.SetRegistered({{kHolder.node, kHolder.session}});
  }

  Verdict Ask(TimePoint now, Holder holder = kHolder) {
    return voter_.OnRequest({.holder = holder, .number = 1}, now).verdict;
  }

  // Asks as one whose attempt `succeeded` was the newest that did.
  Verdict AskAfter(std::uint64_t succeeded, TimePoint now, Holder holder = kHolder) {
    return voter_.OnRequest({.holder = holder, .number = 99, .succeeded = succeeded}, now).verdict;
  }

  std::optional<HolderAges> Ages(Holder holder, TimePoint now) {
    for (const HolderAges& ages : voter_.Report(1, now).ages) {
      if (ages.holder == holder) return ages;
    }
    return std::nullopt;
  }

  std::optional<Duration> Age(Holder holder, TimePoint now) {
    const std::optional<HolderAges> ages = Ages(holder, now);
    return ages ? std::optional(ages->grant) : std::nullopt;
  }

  std::optional<Duration> SuccessAge(Holder holder, TimePoint now) {
    const std::optional<HolderAges> ages = Ages(holder, now);
    return ages ? std::optional(ages->success) : std::nullopt;
  }

  Voter voter_{kSelf, kStart};
};

TEST_F(VoterTest, GrantsToARegisteredHolderAndNamesTheVoters) {
  const Grant grant = voter_.OnRequest({.holder = kHolder, .number = 42}, kStart);
  EXPECT_EQ(grant.number, 42U);
  EXPECT_EQ(grant.verdict, Verdict::kGranted);
  EXPECT_EQ(grant.configuration, kConfiguration);
  EXPECT_THAT(grant.voters, ElementsAre(kSelf, kOther));
}

TEST_F(VoterTest, RefusesOtherSessionsOfARegisteredNode) {
  EXPECT_EQ(Ask(kStart, kSuccessor), Verdict::kUnknown);
}

TEST_F(VoterTest, RefusesNodesThatNobodyRegistered) {
  EXPECT_EQ(Ask(kStart, {.node = NodeId{9}, .session = Session{1}}), Verdict::kUnknown);
}

TEST_F(VoterTest, RefusesWhereItsOwnLogDoesNotNameIt) {
  voter_.SetConfiguration({.index = 4, .term = 1}, {kOther});
  const Grant grant = voter_.OnRequest({.holder = kHolder, .number = 1}, kStart);
  EXPECT_EQ(grant.verdict, Verdict::kNotVoter);
  EXPECT_THAT(grant.voters, ElementsAre(kOther));
}

TEST_F(VoterTest, RefusesFromTheAppendOfAFenceOn) {
  voter_.OnFence(5, 2, kHolder);
  EXPECT_EQ(Ask(kStart), Verdict::kFenced);
}

TEST_F(VoterTest, SaysFencedToASupersededSession) {
  voter_.OnFence(5, 2, kHolder);
  voter_.SetRegistered({{kSuccessor.node, kSuccessor.session}});
  EXPECT_EQ(Ask(kStart, kHolder), Verdict::kFenced);
  EXPECT_EQ(Ask(kStart, kSuccessor), Verdict::kGranted);
}

TEST_F(VoterTest, GrantsAgainWhenTheFenceIsTruncated) {
  voter_.OnFence(5, 2, kHolder);
  voter_.OnTruncated(6);
  EXPECT_EQ(Ask(kStart), Verdict::kFenced);
  voter_.OnTruncated(5);
  EXPECT_EQ(Ask(kStart), Verdict::kGranted);
}

TEST_F(VoterTest, AnAppendReplacesWhatStoodFromThereOn) {
  voter_.OnFence(7, 2, kHolder);
  voter_.OnFence(6, 3, {.node = NodeId{6}, .session = Session{61}});
  EXPECT_EQ(Ask(kStart), Verdict::kGranted);
}

TEST_F(VoterTest, ReportsAFenceOnlyOnceItIsDurable) {
  voter_.OnFence(5, 2, kHolder);
  voter_.OnDurable(4);
  EXPECT_THAT(voter_.Report(1, kStart).fences, IsEmpty());
  voter_.OnDurable(5);
  const std::vector<StoredFence> fences = voter_.Report(1, kStart).fences;
  ASSERT_EQ(fences.size(), 1U);
  EXPECT_EQ(fences[0].index, 5U);
  EXPECT_EQ(fences[0].term, 2U);
  EXPECT_EQ(fences[0].last_grant.holder, kHolder);
}

TEST_F(VoterTest, AFenceThatComesBackAfterATruncationIsNotYetDurable) {
  voter_.OnFence(5, 2, kHolder);
  voter_.OnDurable(5);
  voter_.OnTruncated(5);
  voter_.OnFence(5, 3, kHolder);
  EXPECT_THAT(voter_.Report(1, kStart).fences, IsEmpty());
}

TEST_F(VoterTest, ReportsHowLongAgoItLastGranted) {
  Ask(kStart + 10ms);
  Ask(kStart + 30ms);
  EXPECT_EQ(Age(kHolder, kStart + 100ms), 70ms);
  voter_.OnFence(5, 2, kHolder);
  voter_.OnDurable(5);
  EXPECT_EQ(voter_.Report(1, kStart + 100ms).fences.at(0).last_grant.age, 70ms);
}

TEST_F(VoterTest, ARefusalIsNoGrant) {
  Ask(kStart + 10ms);
  voter_.OnFence(5, 2, kHolder);
  Ask(kStart + 50ms);
  EXPECT_EQ(Age(kHolder, kStart + 100ms), 90ms);
}

TEST_F(VoterTest, WhatItDoesNotRememberWasPossiblyAtItsStart) {
  EXPECT_EQ(Age(kHolder, kStart + 70ms), 70ms);
}

TEST_F(VoterTest, InAnotherLogWhatItGrantedBeforeWasPossiblyAtItsBeginning) {
  Ask(kStart + 10ms);
  voter_.OnFence(5, 2, kHolder);
  voter_.StartOver(kStart + 50ms);
  EXPECT_EQ(Ask(kStart + 60ms), Verdict::kNotVoter);
  voter_.SetConfiguration({.index = 9, .term = 4}, {kSelf});
  EXPECT_EQ(Ask(kStart + 60ms), Verdict::kUnknown);
  voter_.SetRegistered({{kHolder.node, kHolder.session}});
  EXPECT_EQ(Age(kHolder, kStart + 70ms), 20ms);
  EXPECT_THAT(voter_.Report(1, kStart + 70ms).fences, IsEmpty());
}

TEST_F(VoterTest, ReportsHowLongAgoAHolderFirstNamedItsNewestSuccess) {
  AskAfter(0, kStart + 10ms);
  AskAfter(7, kStart + 20ms);
  AskAfter(9, kStart + 30ms);
  EXPECT_EQ(SuccessAge(kHolder, kStart + 100ms), 70ms);
}

TEST_F(VoterTest, AGrantIsNoSuccess) {
  for (const Duration at : {10ms, 110ms, 210ms}) {
    EXPECT_EQ(AskAfter(7, kStart + at), Verdict::kGranted);
  }
  EXPECT_EQ(SuccessAge(kHolder, kStart + 250ms), 240ms);
  EXPECT_EQ(Age(kHolder, kStart + 250ms), 40ms);
}

TEST_F(VoterTest, AnOlderSuccessThatIsNamedLateIsNotANewerOne) {
  AskAfter(8, kStart + 10ms);
  AskAfter(7, kStart + 30ms);
  AskAfter(8, kStart + 40ms);
  EXPECT_EQ(SuccessAge(kHolder, kStart + 50ms), 40ms);
}

TEST_F(VoterTest, ANewSessionIsGivenTimeFromItsFirstRequestOn) {
  AskAfter(7, kStart + 10ms);
  voter_.SetRegistered({{kSuccessor.node, kSuccessor.session}});
  AskAfter(0, kStart + 500ms, kSuccessor);
  AskAfter(0, kStart + 600ms, kSuccessor);
  EXPECT_EQ(SuccessAge(kSuccessor, kStart + 610ms), 110ms);
}

TEST_F(VoterTest, AfterARestartAHolderIsGivenTimeFromItsNextRequestOn) {
  EXPECT_EQ(SuccessAge(kHolder, kStart + 70ms), 70ms);
  AskAfter(7, kStart + 80ms);
  EXPECT_EQ(SuccessAge(kHolder, kStart + 90ms), 10ms);
  AskAfter(7, kStart + 180ms);
  EXPECT_EQ(SuccessAge(kHolder, kStart + 190ms), 110ms);
}

TEST_F(VoterTest, InAnotherLogWhatSucceededBeforeIsForgotten) {
  AskAfter(7, kStart + 10ms);
  voter_.StartOver(kStart + 50ms);
  voter_.SetConfiguration({.index = 9, .term = 4}, {kSelf});
  voter_.SetRegistered({{kHolder.node, kHolder.session}});
  EXPECT_EQ(SuccessAge(kHolder, kStart + 70ms), 20ms);
  AskAfter(7, kStart + 80ms);
  EXPECT_EQ(SuccessAge(kHolder, kStart + 90ms), 10ms);
}

TEST_F(VoterTest, WhatARefusedRequestNamesIsNotNoted) {
  AskAfter(7, kStart + 10ms);
  voter_.OnFence(5, 2, kHolder);
  AskAfter(8, kStart + 50ms);
  EXPECT_EQ(SuccessAge(kHolder, kStart + 100ms), 90ms);
}

TEST_F(VoterTest, SuccessesOfThoseThatAreNotRegisteredAreForgotten) {
  AskAfter(7, kStart + 10ms);
  voter_.SetRegistered({});
  voter_.SetRegistered({{kHolder.node, kHolder.session}});
  AskAfter(7, kStart + 60ms);
  EXPECT_EQ(SuccessAge(kHolder, kStart + 70ms), 10ms);
}

TEST_F(VoterTest, OfOneThatIsFencedTheLastGrantCountsNotTheLastSuccess) {
  AskAfter(7, kStart + 10ms);
  AskAfter(7, kStart + 30ms);
  voter_.OnFence(5, 2, kHolder);
  voter_.OnDurable(5);
  EXPECT_EQ(voter_.Report(1, kStart + 100ms).fences.at(0).last_grant.age, 70ms);
  EXPECT_EQ(SuccessAge(kHolder, kStart + 100ms), 90ms);
}

TEST_F(VoterTest, TheReportAnswersItsQuestionAndNamesTheConfiguration) {
  const VoterReport report = voter_.Report(17, kStart);
  EXPECT_EQ(report.number, 17U);
  EXPECT_EQ(report.configuration, kConfiguration);
}

TEST_F(VoterTest, ListsOnlyWhoIsRegistered) {
  voter_.SetRegistered({{kSuccessor.node, kSuccessor.session}});
  EXPECT_EQ(Age(kHolder, kStart), std::nullopt);
  EXPECT_NE(Age(kSuccessor, kStart), std::nullopt);
}

TEST_F(VoterTest, RemembersGrantsToAFencedHolderThatIsSuperseded) {
  const Holder forgotten{.node = NodeId{6}, .session = Session{61}};
  voter_.SetRegistered({{kHolder.node, kHolder.session}, {forgotten.node, forgotten.session}});
  Ask(kStart + 10ms);
  Ask(kStart + 30ms, forgotten);
  voter_.OnFence(5, 2, kHolder);
  voter_.OnDurable(5);
  voter_.SetRegistered({{kSuccessor.node, kSuccessor.session}});
  EXPECT_EQ(voter_.Report(1, kStart + 50ms).fences.at(0).last_grant.age, 40ms);
}

TEST_F(VoterTest, AGrantThatItForgotIsNeverReportedAsOlderThanItWas) {
  Ask(kStart + 10ms);
  voter_.SetRegistered({});
  voter_.OnFence(5, 2, kHolder);
  voter_.OnDurable(5);
  EXPECT_EQ(voter_.Report(1, kStart + 50ms).fences.at(0).last_grant.age, 40ms);
}

TEST_F(VoterTest, ADroppedFenceIsGone) {
  voter_.OnFence(5, 2, kHolder);
  voter_.OnDurable(5);
  voter_.SetRegistered({{kSuccessor.node, kSuccessor.session}});
  voter_.OnFenceDropped(kHolder);
  EXPECT_THAT(voter_.Report(1, kStart).fences, IsEmpty());
  EXPECT_EQ(Ask(kStart, kHolder), Verdict::kUnknown);
}

TEST_F(VoterTest, FencesOfASnapshotForbidGrantsAndAreDurable) {
  voter_.OnSnapshot(9, {{.index = 6, .term = 2, .last_grant = {.holder = kHolder}}});
  EXPECT_EQ(Ask(kStart), Verdict::kFenced);
  const std::vector<StoredFence> fences = voter_.Report(1, kStart + 30ms).fences;
  ASSERT_EQ(fences.size(), 1U);
  EXPECT_EQ(fences[0].index, 6U);
  EXPECT_EQ(fences[0].last_grant.age, 30ms);
}

TEST_F(VoterTest, ASnapshotReplacesTheFencesThatItCovers) {
  voter_.OnFence(5, 2, kHolder);
  voter_.OnSnapshot(5, {});
  EXPECT_EQ(Ask(kStart), Verdict::kGranted);
}

TEST_F(VoterTest, ASnapshotLeavesTheFencesAfterItStanding) {
  voter_.OnFence(6, 2, kHolder);
  voter_.OnSnapshot(5, {});
  EXPECT_EQ(Ask(kStart), Verdict::kFenced);
  EXPECT_THAT(voter_.Report(1, kStart).fences, IsEmpty());
}

}  // namespace
}  // namespace aegis::lease
