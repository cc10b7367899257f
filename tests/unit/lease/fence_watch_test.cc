#include "lease/fence_watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <utility>

namespace aegis::lease {
namespace {

using namespace std::chrono_literals;

constexpr Holder kHolder{.node = NodeId{5}, .session = Session{51}};
constexpr Holder kOtherHolder{.node = NodeId{6}, .session = Session{61}};
constexpr TimePoint kStart{100s};
constexpr ConfigurationId kConfiguration{.index = 3, .term = 1};
constexpr ConfigurationId kNext{.index = 8, .term = 1};
constexpr NodeId kA{1};
constexpr NodeId kB{2};
constexpr NodeId kC{3};
constexpr NodeId kD{4};
constexpr ConfigurationId kFence{.index = 5, .term = 2};

// A drift that is exact in binary: T (1 + drift) = 750 ms, and an age of 100 ms is worth 80 ms.
constexpr Options kOptions{.duration = 600ms, .silence = 300ms, .drift_max = 0.25};

class FenceWatchTest : public ::testing::Test {
 protected:
  FenceWatchTest() { watch_.SetConfiguration(kConfiguration, {kC, kA, kB}); }

  void Fenced(NodeId voter, Duration age, TimePoint now, ConfigurationId fence = kFence) {
    watch_.OnReport(voter,
                    {.number = number_,
                     .configuration = configuration_,
                     .ages = {},
                     .fences = {{.index = fence.index,
                                 .term = fence.term,
                                 .last_grant = {.holder = kHolder, .age = age}}}},
                    now);
  }

  std::optional<TimePoint> SafeAt() const {
    return watch_.SafeAt(kFence.index, kFence.term, kOptions.duration);
  }

  bool Silent(TimePoint now, Duration lease = kOptions.duration) const {
    return watch_.Silent(kHolder, lease, now);
  }

  void Report(NodeId voter, HolderAges ages, TimePoint now) {
    watch_.OnReport(
        voter, {.number = number_, .configuration = configuration_, .ages = {ages}, .fences = {}},
        now);
  }

  void Report(NodeId voter, Duration age, TimePoint now, Holder holder = kHolder) {
    Report(voter, HolderAges{.holder = holder, .grant = age, .success = age}, now);
  }

  void Ask(TimePoint now) { number_ = watch_.Tick(now).value_or(number_); }

  // Asks from `from` to `until` as a healthy loop does; `voters` answer at once: the last grant and
  // the last success that they know of were `age` before `from`.
  void Watch(TimePoint from, TimePoint until, const std::vector<NodeId>& voters, Duration age) {
    for (TimePoint now = from; now <= until; now += 50ms) {
      Ask(now);
      for (const NodeId voter : voters) Report(voter, age + (now - from), now);
    }
  }

  std::uint64_t number_ = 0;
  ConfigurationId configuration_ = kConfiguration;
  FenceWatch watch_{kOptions, kStart};
};

TEST_F(FenceWatchTest, AsksSixTimesPerSilence) {
  EXPECT_EQ(watch_.wake_up_at(), kStart);
  const auto first = watch_.Tick(kStart);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(watch_.wake_up_at(), kStart + 50ms);
  EXPECT_EQ(watch_.Tick(kStart + 49ms), std::nullopt);
  EXPECT_EQ(watch_.Tick(kStart + 50ms), *first + 1);
}

TEST_F(FenceWatchTest, ALeaseIsOverOneDriftedLeaseAfterAGrantOfThisMoment) {
  Fenced(kA, 0ms, kStart);
  Fenced(kB, 0ms, kStart);
  EXPECT_EQ(SafeAt(), kStart + 750ms);
}

TEST_F(FenceWatchTest, AHolderWithALongerLeaseIsWaitedForLonger) {
  Fenced(kA, 0ms, kStart);
  Fenced(kB, 0ms, kStart);
  EXPECT_EQ(watch_.SafeAt(kFence.index, kFence.term, 1200ms), kStart + 1500ms);
}

TEST_F(FenceWatchTest, TheAgeOfAGrantCountsForWhatItIsWorthOnTheFastestClock) {
  Fenced(kA, 100ms, kStart);
  Fenced(kB, 100ms, kStart);
  EXPECT_EQ(SafeAt(), kStart + 750ms - 80ms);
}

TEST_F(FenceWatchTest, AnAgeCountsFromWhenItsReportCame) {
  Fenced(kA, 100ms, kStart + 5s);
  Fenced(kB, 100ms, kStart + 7s);
  EXPECT_EQ(SafeAt(), kStart + 7s + 750ms - 80ms);
}

TEST_F(FenceWatchTest, ALeaseIsNeverOverBeforeTheReportThatSaysSo) {
  for (const NodeId voter : {kA, kB}) Fenced(voter, Duration::max(), kStart);
  EXPECT_EQ(SafeAt(), kStart);
}

TEST_F(FenceWatchTest, ANegativeAgeIsNone) {
  for (const NodeId voter : {kA, kB}) Fenced(voter, -10s, kStart);
  EXPECT_EQ(SafeAt(), kStart + 750ms);
}

TEST_F(FenceWatchTest, AMinorityIsNotEnough) {
  Fenced(kA, 10s, kStart);
  EXPECT_EQ(SafeAt(), std::nullopt);
  Fenced(kA, 10s, kStart + 1ms);
  EXPECT_EQ(SafeAt(), std::nullopt);
}

TEST_F(FenceWatchTest, TheMajorityWithTheOldestGrantsDecides) {
  Fenced(kA, 0ms, kStart);
  Fenced(kB, 100ms, kStart);
  EXPECT_EQ(SafeAt(), kStart + 750ms);
  Fenced(kC, 200ms, kStart);
  EXPECT_EQ(SafeAt(), kStart + 750ms - 80ms);
}

TEST_F(FenceWatchTest, FourVotersNeedThree) {
  watch_.SetConfiguration(kNext, {kA, kB, kC, kD});
  configuration_ = kNext;
  Fenced(kA, 10s, kStart);
  Fenced(kB, 10s, kStart);
  EXPECT_EQ(SafeAt(), std::nullopt);
  Fenced(kD, 10s, kStart);
  EXPECT_EQ(SafeAt(), kStart);
}

TEST_F(FenceWatchTest, OnlyReportsOfExactlyThatEntryCount) {
  Fenced(kA, 10s, kStart);
  Fenced(kB, 10s, kStart, {.index = kFence.index, .term = kFence.term + 1});
  Fenced(kC, 10s, kStart, {.index = kFence.index + 1, .term = kFence.term});
  EXPECT_EQ(SafeAt(), std::nullopt);
}

TEST_F(FenceWatchTest, ReportsOfOtherConfigurationsDoNotCount) {
  Fenced(kA, 10s, kStart);
  configuration_ = kNext;
  Fenced(kB, 10s, kStart);
  EXPECT_EQ(SafeAt(), std::nullopt);
}

TEST_F(FenceWatchTest, ReportsOfOthersThanTheVotersDoNotCount) {
  Fenced(kA, 10s, kStart);
  Fenced(kD, 10s, kStart);
  EXPECT_EQ(SafeAt(), std::nullopt);
}

TEST_F(FenceWatchTest, ANewConfigurationIsAskedAnew) {
  Fenced(kA, 10s, kStart);
  Fenced(kB, 10s, kStart);
  watch_.SetConfiguration(kNext, {kA, kB});
  EXPECT_EQ(SafeAt(), std::nullopt);
}

TEST_F(FenceWatchTest, TheSameConfigurationIsNotAskedAnew) {
  Fenced(kA, 10s, kStart);
  Fenced(kB, 10s, kStart);
  watch_.SetConfiguration(kConfiguration, {kA, kB, kC});
  EXPECT_EQ(SafeAt(), kStart);
}

TEST_F(FenceWatchTest, ALaterReportNeverProlongsTheWait) {
  Fenced(kA, 100ms, kStart);
  Fenced(kB, 100ms, kStart);
  Fenced(kB, 110ms, kStart + 1s);  // Delayed on its way.
  EXPECT_EQ(SafeAt(), kStart + 750ms - 80ms);
}

TEST_F(FenceWatchTest, AFenceThatAVoterReportsNoMoreDoesNotStandThere) {
  Fenced(kA, 10s, kStart);
  Fenced(kB, 10s, kStart);
  Report(kB, 10s, kStart + 1ms);
  EXPECT_EQ(SafeAt(), std::nullopt);
}

TEST_F(FenceWatchTest, AHolderIsSilentWhenAMajorityKnowsOfNoSuccessForLonger) {
  Watch(kStart, kStart + 300ms, {kA, kB}, 0ms);
  EXPECT_FALSE(Silent(kStart + 300ms));
  EXPECT_TRUE(Silent(kStart + 301ms));
}

TEST_F(FenceWatchTest, AMinorityThatHearsOfSuccessesDoesNotKeepAHolderFromBeingSilent) {
  for (TimePoint now = kStart; now <= kStart + 400ms; now += 50ms) {
    Ask(now);
    Report(kA, 0ms, now);
    Report(kB, now - kStart, now);
    Report(kC, now - kStart, now);
  }
  EXPECT_TRUE(Silent(kStart + 400ms));
}

TEST_F(FenceWatchTest, AMinorityThatHearsOfNoSuccessMakesNobodySilent) {
  Watch(kStart, kStart + 1s, {kA}, 0ms);
  EXPECT_FALSE(Silent(kStart + 1s));
}

TEST_F(FenceWatchTest, OneThatSucceedsIsNotSilentHoweverOldItsGrantsAre) {
  for (TimePoint now = kStart; now <= kStart + 1s; now += 50ms) {
    Ask(now);
    for (const NodeId voter : {kA, kB}) {
      Report(voter, HolderAges{.holder = kHolder, .grant = 1h, .success = 60ms}, now);
    }
  }
  EXPECT_FALSE(Silent(kStart + 1s));
}

TEST_F(FenceWatchTest, OneThatIsGrantedToButDoesNotSucceedIsSilent) {
  for (TimePoint now = kStart; now <= kStart + 300ms; now += 50ms) {
    Ask(now);
    for (const NodeId voter : {kA, kB}) {
      Report(voter, HolderAges{.holder = kHolder, .grant = 0ms, .success = now - kStart}, now);
    }
  }
  EXPECT_FALSE(Silent(kStart + 300ms));
  EXPECT_TRUE(Silent(kStart + 301ms));
}

TEST_F(FenceWatchTest, AHolderWithALongLeaseIsNotSilentBeforeHalfOfIt) {
  Watch(kStart, kStart + 1s, {kA, kB}, 0ms);
  EXPECT_FALSE(Silent(kStart + 1s, 2s));
  EXPECT_TRUE(Silent(kStart + 1001ms, 2s));
}

TEST_F(FenceWatchTest, AShortLeaseDoesNotMakeAHolderSilentSooner) {
  Watch(kStart, kStart + 300ms, {kA, kB}, 0ms);
  EXPECT_FALSE(Silent(kStart + 300ms, 100ms));
  EXPECT_TRUE(Silent(kStart + 301ms, 100ms));
}

TEST_F(FenceWatchTest, AnAbsurdAgeIsSilenceLikeAnyOther) {
  for (TimePoint now = kStart; now <= kStart + 300ms; now += 50ms) {
    Ask(now);
    for (const NodeId voter : {kA, kB}) Report(voter, Duration::max(), now);
  }
  EXPECT_FALSE(Silent(kStart + 300ms));
  EXPECT_TRUE(Silent(kStart + 301ms));
}

TEST_F(FenceWatchTest, VotersThatHaveNotReportedLatelyDoNotCount) {
  Watch(kStart, kStart + 500ms, {kA, kB}, 0ms);
  Ask(kStart + 550ms);
  Ask(kStart + 600ms);
  EXPECT_TRUE(Silent(kStart + 600ms));
  EXPECT_FALSE(Silent(kStart + 601ms));
}

TEST_F(FenceWatchTest, AnswersToOldQuestionsDoNotCount) {
  Watch(kStart, kStart + 500ms, {kA, kB}, 0ms);
  Watch(kStart + 550ms, kStart + 1s, {}, 0ms);
  number_ -= 8;
  for (const NodeId voter : {kA, kB}) Report(voter, 600ms, kStart + 1s);
  EXPECT_FALSE(Silent(kStart + 1s));
}

TEST_F(FenceWatchTest, AnOlderAnswerDoesNotReplaceANewerOne) {
  Watch(kStart, kStart + 500ms, {kA, kB}, 0ms);
  Ask(kStart + 550ms);
  for (const NodeId voter : {kA, kB}) Report(voter, 10ms, kStart + 550ms);
  --number_;
  for (const NodeId voter : {kA, kB}) Report(voter, 500ms, kStart + 551ms);
  EXPECT_FALSE(Silent(kStart + 551ms));
}

TEST_F(FenceWatchTest, TimeBeforeTheWatchBeganIsNobodysSilence) {
  Watch(kStart, kStart + 300ms, {kA, kB}, 1h);
  EXPECT_FALSE(Silent(kStart + 300ms));
  EXPECT_TRUE(Silent(kStart + 301ms));
}

TEST_F(FenceWatchTest, TimeInWhichItWasNotCalledIsNobodysSilence) {
  Watch(kStart, kStart + 300ms, {kA, kB}, 0ms);
  Watch(kStart + 401ms, kStart + 701ms, {kA, kB}, 401ms);
  EXPECT_FALSE(Silent(kStart + 701ms));
  EXPECT_TRUE(Silent(kStart + 702ms));
}

TEST_F(FenceWatchTest, ATickThatIsALittleLateForgetsNothing) {
  Watch(kStart, kStart + 300ms, {kA, kB}, 0ms);
  Watch(kStart + 400ms, kStart + 400ms, {kA, kB}, 400ms);
  EXPECT_TRUE(Silent(kStart + 400ms));
}

TEST_F(FenceWatchTest, AnswersToQuestionsFromBeforeAGapSayNothingAboutSilence) {
  Watch(kStart, kStart + 300ms, {kA, kB}, 0ms);
  Ask(kStart + 1s);
  --number_;
  for (const NodeId voter : {kA, kB}) Report(voter, 300ms, kStart + 1s);
  Watch(kStart + 1050ms, kStart + 1350ms, {kA, kB}, 1s);
  EXPECT_FALSE(Silent(kStart + 1350ms));
  EXPECT_TRUE(Silent(kStart + 1351ms));
}

TEST_F(FenceWatchTest, AFenceReportedBeforeAGapStillCounts) {
  Fenced(kA, 100ms, kStart);
  Fenced(kB, 100ms, kStart);
  watch_.Tick(kStart + 10s);
  EXPECT_EQ(SafeAt(), kStart + 750ms - 80ms);
}

TEST_F(FenceWatchTest, AHolderThatHasJustRegisteredIsNotSilent) {
  for (TimePoint now = kStart; now <= kStart + 1s; now += 50ms) {
    Ask(now);
    for (const NodeId voter : {kA, kB}) Report(voter, 0ms, now, kOtherHolder);
  }
  EXPECT_FALSE(Silent(kStart + 1s));
  // The voters have run for an hour and never granted to it.
  Watch(kStart + 1050ms, kStart + 1350ms, {kA, kB}, 1h);
  EXPECT_FALSE(Silent(kStart + 1350ms));
  EXPECT_TRUE(Silent(kStart + 1351ms));
}

TEST_F(FenceWatchTest, ReportsOfOtherConfigurationsSayNothingAboutSilence) {
  configuration_ = kNext;
  Watch(kStart, kStart + 1s, {kA, kB}, 0ms);
  EXPECT_FALSE(Silent(kStart + 1s));
}

TEST_F(FenceWatchTest, VotersThatStayKeepTheirTestimonyAboutSilence) {
  Watch(kStart, kStart + 500ms, {kA, kB}, 0ms);
  watch_.SetConfiguration(kNext, {kA, kB});
  EXPECT_FALSE(Silent(kStart + 500ms));
  configuration_ = kNext;
  Watch(kStart + 550ms, kStart + 550ms, {kA, kB}, 550ms);
  EXPECT_TRUE(Silent(kStart + 550ms));
}

TEST_F(FenceWatchTest, WithoutVotersNobodyIsSilentAndNothingIsSafe) {
  FenceWatch watch(kOptions, kStart);
  EXPECT_FALSE(watch.Silent(kHolder, kOptions.duration, kStart + 10s));
  EXPECT_EQ(watch.SafeAt(kFence.index, kFence.term, kOptions.duration), std::nullopt);
}

}  // namespace
}  // namespace aegis::lease
