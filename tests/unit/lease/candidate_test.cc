#include "lease/candidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace aegis::lease {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr Holder kSelf{.node = NodeId{1}, .session = Session{11}};
constexpr TimePoint kStart{100s};
constexpr TimePoint kNever = TimePoint::min();
constexpr ConfigurationId kOld{.index = 3, .term = 1};
constexpr ConfigurationId kNew{.index = 7, .term = 2};
constexpr NodeId kA{1};
constexpr NodeId kB{2};
constexpr NodeId kC{3};
constexpr NodeId kD{4};

class CandidateTest : public ::testing::Test {
 protected:
  // REQUIRES: an attempt is due.
  Candidate::Attempt Ask(TimePoint now) {
    const auto attempt = candidate_.Tick(known_, /*healthy=*/true, now);
    EXPECT_TRUE(attempt.has_value());
    return attempt.value_or(Candidate::Attempt{});
  }

  Grant Granted(std::uint64_t number, ConfigurationId configuration = kOld,
                std::vector<NodeId> voters = {kA, kB, kC}) {
    return {.number = number,
            .verdict = Verdict::kGranted,
            .configuration = configuration,
            .voters = std::move(voters)};
  }

  std::vector<NodeId> known_ = {kA, kB, kC};
  Candidate candidate_{{.duration = 600ms}, kSelf};
};

TEST_F(CandidateTest, AsksEveryVoterOnceInEveryRenewalPeriod) {
  const Candidate::Attempt first = Ask(kStart);
  EXPECT_EQ(first.request.holder, kSelf);
  EXPECT_THAT(first.voters, ElementsAre(kA, kB, kC));
  EXPECT_EQ(candidate_.wake_up_at(), kStart + 100ms);
  EXPECT_FALSE(candidate_.Tick(known_, true, kStart + 99ms).has_value());
  EXPECT_GT(Ask(kStart + 100ms).request.number, first.request.number);
}

TEST_F(CandidateTest, AMajorityMakesTheLeaseHoldFromTheBeginningOfTheAttempt) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.OnGrant(kA, Granted(number), kStart + 10ms);
  EXPECT_EQ(candidate_.valid_until(), kNever);
  candidate_.OnGrant(kC, Granted(number), kStart + 70ms);
  EXPECT_EQ(candidate_.valid_until(), kStart + 600ms);
}

TEST_F(CandidateTest, TheSameVoterCountsOnce) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.OnGrant(kA, Granted(number), kStart + 10ms);
  candidate_.OnGrant(kA, Granted(number), kStart + 11ms);
  EXPECT_EQ(candidate_.valid_until(), kNever);
}

TEST_F(CandidateTest, TwoOfFourVotersAreNoMajority) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.OnGrant(kA, Granted(number, kOld, {kA, kB, kC, kD}), kStart);
  candidate_.OnGrant(kB, Granted(number, kOld, {kA, kB, kC, kD}), kStart);
  EXPECT_EQ(candidate_.valid_until(), kNever);
  candidate_.OnGrant(kD, Granted(number, kOld, {kA, kB, kC, kD}), kStart);
  EXPECT_EQ(candidate_.valid_until(), kStart + 600ms);
}

TEST_F(CandidateTest, GrantsOfDifferentAttemptsAreNotAddedUp) {
  const std::uint64_t first = Ask(kStart).request.number;
  const std::uint64_t second = Ask(kStart + 100ms).request.number;
  candidate_.OnGrant(kA, Granted(first), kStart + 110ms);
  candidate_.OnGrant(kB, Granted(second), kStart + 110ms);
  EXPECT_EQ(candidate_.valid_until(), kNever);
}

TEST_F(CandidateTest, GrantsThatNameDifferentConfigurationsAreNotAddedUp) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.OnGrant(kA, Granted(number, kOld), kStart);
  candidate_.OnGrant(kB, Granted(number, kNew), kStart);
  EXPECT_EQ(candidate_.valid_until(), kNever);
  candidate_.OnGrant(kC, Granted(number, kNew), kStart);
  EXPECT_EQ(candidate_.valid_until(), kStart + 600ms);
}

TEST_F(CandidateTest, AVoterThatTheNamedConfigurationDoesNotListDoesNotCount) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.OnGrant(kA, Granted(number), kStart);
  candidate_.OnGrant(kD, Granted(number), kStart);
  EXPECT_EQ(candidate_.valid_until(), kNever);
}

TEST_F(CandidateTest, RefusalsDoNotCount) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.OnGrant(kA, Granted(number), kStart);
  for (const Verdict verdict : {Verdict::kUnknown, Verdict::kNotVoter, Verdict::kFenced}) {
    Grant refusal = Granted(number);
    refusal.verdict = verdict;
    candidate_.OnGrant(kB, refusal, kStart);
    EXPECT_EQ(candidate_.valid_until(), kNever);
  }
}

TEST_F(CandidateTest, ALateMajorityIsWorthWhatItsOwnAttemptWas) {
  const std::uint64_t first = Ask(kStart).request.number;
  const std::uint64_t second = Ask(kStart + 100ms).request.number;
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(first), kStart + 150ms);
  EXPECT_EQ(candidate_.valid_until(), kStart + 600ms);
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(second), kStart + 160ms);
  EXPECT_EQ(candidate_.valid_until(), kStart + 700ms);
}

TEST_F(CandidateTest, AnOlderAttemptDoesNotShortenTheLease) {
  const std::uint64_t first = Ask(kStart).request.number;
  const std::uint64_t second = Ask(kStart + 100ms).request.number;
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(second), kStart + 150ms);
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(first), kStart + 160ms);
  EXPECT_EQ(candidate_.valid_until(), kStart + 700ms);
}

TEST_F(CandidateTest, AttemptsOlderThanALeaseAreForgotten) {
  const std::uint64_t number = Ask(kStart).request.number;
  Ask(kStart + 600ms);
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(number), kStart + 601ms);
  EXPECT_EQ(candidate_.valid_until(), kNever);
}

TEST_F(CandidateTest, ANumberThatWasNeverAskedIsIgnored) {
  const std::uint64_t number = Ask(kStart).request.number;
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(number + 1), kStart);
  EXPECT_EQ(candidate_.valid_until(), kNever);
}

TEST_F(CandidateTest, AnUnhealthyNodeDoesNotAskAndLooksAgainSoon) {
  EXPECT_FALSE(candidate_.Tick(known_, /*healthy=*/false, kStart).has_value());
  EXPECT_EQ(candidate_.wake_up_at(), kStart + 25ms);
  EXPECT_TRUE(candidate_.Tick(known_, /*healthy=*/true, kStart + 25ms).has_value());
}

TEST_F(CandidateTest, AnAttemptUnderWayMaySucceedWhileUnhealthy) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.Tick(known_, /*healthy=*/false, kStart + 100ms);
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(number), kStart + 110ms);
  EXPECT_EQ(candidate_.valid_until(), kStart + 600ms);
}

TEST_F(CandidateTest, WithoutKnownVotersNothingIsAsked) {
  EXPECT_FALSE(candidate_.Tick({}, true, kStart).has_value());
  EXPECT_GT(candidate_.wake_up_at(), kStart);
}

TEST_F(CandidateTest, VotersThatTheNewestConfigurationNamesAreAskedAsWell) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.OnGrant(kA, Granted(number, kNew, {kA, kB, kD}), kStart);
  candidate_.OnGrant(kB, Granted(number, kOld, {kA, kB, NodeId{9}}), kStart);
  EXPECT_THAT(Ask(kStart + 100ms).voters, ElementsAre(kA, kB, kC, kD));
}

TEST_F(CandidateTest, AConfigurationOfALaterTermIsNewerThoughItsIndexIsLower) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.OnGrant(kA, Granted(number, {.index = 9, .term = 1}, {kA, NodeId{9}}), kStart);
  candidate_.OnGrant(kB, Granted(number, {.index = 8, .term = 2}, {kA, kB, kD}), kStart);
  EXPECT_THAT(Ask(kStart + 100ms).voters, ElementsAre(kA, kB, kC, kD));
}

TEST_F(CandidateTest, OneThatIsNoVoterStillTellsWhoIs) {
  known_ = {kC};
  const std::uint64_t number = Ask(kStart).request.number;
  Grant refusal = Granted(number, kNew, {kA, kB});
  refusal.verdict = Verdict::kNotVoter;
  candidate_.OnGrant(kC, refusal, kStart);
  EXPECT_THAT(Ask(kStart + 100ms).voters, ElementsAre(kA, kB, kC));
}

TEST_F(CandidateTest, AsksSoonerWhenGrantsNamedDifferentConfigurations) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.OnGrant(kA, Granted(number, kOld), kStart + 1ms);
  candidate_.OnGrant(kB, Granted(number, kNew), kStart + 1ms);
  EXPECT_EQ(candidate_.wake_up_at(), kStart + 25ms);
}

TEST_F(CandidateTest, AsksSoonerWhenVotersWereLeftOut) {
  known_ = {kA};
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.OnGrant(kA, Granted(number), kStart + 40ms);
  EXPECT_EQ(candidate_.wake_up_at(), kStart + 40ms);
}

TEST_F(CandidateTest, AsksSoonerWhileVotersDoNotKnowItYet) {
  const std::uint64_t number = Ask(kStart).request.number;
  Grant refusal = Granted(number);
  refusal.verdict = Verdict::kUnknown;
  candidate_.OnGrant(kB, refusal, kStart + 1ms);
  EXPECT_EQ(candidate_.wake_up_at(), kStart + 25ms);
  candidate_.OnGrant(kA, Granted(number), kStart + 2ms);
  candidate_.OnGrant(kC, Granted(number), kStart + 2ms);
  EXPECT_EQ(candidate_.wake_up_at(), kStart + 100ms);
}

TEST_F(CandidateTest, AMajorityAfterAllRestoresThePace) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.OnGrant(kA, Granted(number, kOld), kStart + 1ms);
  candidate_.OnGrant(kB, Granted(number, kNew), kStart + 1ms);
  candidate_.OnGrant(kC, Granted(number, kNew), kStart + 2ms);
  EXPECT_EQ(candidate_.wake_up_at(), kStart + 100ms);
}

TEST_F(CandidateTest, DisagreementAboutAnEarlierAttemptDoesNotChangeThePace) {
  const std::uint64_t number = Ask(kStart).request.number;
  Ask(kStart + 100ms);
  candidate_.OnGrant(kA, Granted(number, kOld), kStart + 101ms);
  candidate_.OnGrant(kB, Granted(number, kNew), kStart + 101ms);
  EXPECT_EQ(candidate_.wake_up_at(), kStart + 200ms);
}

TEST_F(CandidateTest, NamesNoSuccessBeforeTheFirst) {
  const Request first = Ask(kStart).request;
  EXPECT_EQ(first.succeeded, 0U);
  candidate_.OnGrant(kA, Granted(first.number), kStart + 10ms);
  EXPECT_EQ(Ask(kStart + 100ms).request.succeeded, 0U);
}

TEST_F(CandidateTest, EveryRequestNamesTheNewestAttemptThatSucceeded) {
  const std::uint64_t first = Ask(kStart).request.number;
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(first), kStart + 10ms);
  const Request second = Ask(kStart + 100ms).request;
  EXPECT_EQ(second.succeeded, first);
  EXPECT_EQ(Ask(kStart + 200ms).request.succeeded, first);
  for (const NodeId voter : {kA, kB}) {
    candidate_.OnGrant(voter, Granted(second.number), kStart + 210ms);
  }
  EXPECT_EQ(Ask(kStart + 300ms).request.succeeded, second.number);
}

TEST_F(CandidateTest, ALateMajorityDoesNotTakeANewerSuccessBack) {
  const std::uint64_t first = Ask(kStart).request.number;
  const std::uint64_t second = Ask(kStart + 100ms).request.number;
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(second), kStart + 150ms);
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(first), kStart + 160ms);
  EXPECT_EQ(Ask(kStart + 200ms).request.succeeded, second);
}

TEST_F(CandidateTest, AMajorityThatCameWhenItsLeaseWasOverIsNoSuccess) {
  const std::uint64_t number = Ask(kStart).request.number;
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(number), kStart + 600ms);
  EXPECT_EQ(Ask(kStart + 600ms).request.succeeded, 0U);
}

TEST_F(CandidateTest, ANewSessionHasSucceededInNothing) {
  const std::uint64_t number = Ask(kStart).request.number;
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(number), kStart);
  candidate_.Renew(Session{12});
  EXPECT_EQ(Ask(kStart + 1ms).request.succeeded, 0U);
}

TEST_F(CandidateTest, OneFenceIsEnoughToStopAsking) {
  const std::uint64_t number = Ask(kStart).request.number;
  EXPECT_FALSE(candidate_.fenced());
  Grant refusal = Granted(number);
  refusal.verdict = Verdict::kFenced;
  candidate_.OnGrant(kB, refusal, kStart);
  EXPECT_TRUE(candidate_.fenced());
  EXPECT_EQ(candidate_.wake_up_at(), TimePoint::max());
  EXPECT_FALSE(candidate_.Tick(known_, true, kStart + 10s).has_value());
}

TEST_F(CandidateTest, AFenceDoesNotShortenTheLease) {
  const std::uint64_t number = Ask(kStart).request.number;
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(number), kStart);
  Grant refusal = Granted(number);
  refusal.verdict = Verdict::kFenced;
  candidate_.OnGrant(kC, refusal, kStart);
  EXPECT_EQ(candidate_.valid_until(), kStart + 600ms);
}

TEST_F(CandidateTest, ANewSessionHasNoLeaseAndAsksAtOnce) {
  const std::uint64_t number = Ask(kStart).request.number;
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(number), kStart);
  candidate_.Renew(Session{12});
  EXPECT_EQ(candidate_.valid_until(), kNever);
  EXPECT_EQ(Ask(kStart + 1ms).request.holder, (Holder{.node = kA, .session = Session{12}}));
}

TEST_F(CandidateTest, InAnotherLogItAsksNobodyThatTheOldOneNamed) {
  Grant other = Granted(Ask(kStart).request.number);
  other.voters = {kA, kB, NodeId{77}};
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, other, kStart);
  EXPECT_GT(candidate_.valid_until(), kStart);
  candidate_.StartOver(Session{12});
  EXPECT_EQ(candidate_.valid_until(), kNever);
  EXPECT_THAT(Ask(kStart + 1ms).voters, ElementsAre(kA, kB, kC));
}

TEST_F(CandidateTest, GrantsToTheOldSessionAreNothingToTheNewOne) {
  const std::uint64_t number = Ask(kStart).request.number;
  candidate_.Renew(Session{12});
  for (const NodeId voter : {kA, kB}) candidate_.OnGrant(voter, Granted(number), kStart);
  EXPECT_EQ(candidate_.valid_until(), kNever);
  EXPECT_GT(Ask(kStart).request.number, number);
}

TEST_F(CandidateTest, AnAnswerToAnEarlierProcessIsNotTakenForOneToThis) {
  const std::uint64_t number = Ask(kStart).request.number;
  Candidate restarted({.duration = 600ms}, {.node = kA, .session = Session{1'000'000}});
  restarted.Tick(known_, true, kStart + 1ms);
  for (const NodeId voter : {kA, kB}) restarted.OnGrant(voter, Granted(number), kStart + 2ms);
  EXPECT_EQ(restarted.valid_until(), kNever);
}

TEST_F(CandidateTest, ANewSessionIsNotFencedBecauseTheOldOneWas) {
  const std::uint64_t number = Ask(kStart).request.number;
  Grant refusal = Granted(number);
  refusal.verdict = Verdict::kFenced;
  candidate_.OnGrant(kB, refusal, kStart);
  candidate_.Renew(Session{12});
  candidate_.OnGrant(kC, refusal, kStart);
  EXPECT_FALSE(candidate_.fenced());
}

}  // namespace
}  // namespace aegis::lease
