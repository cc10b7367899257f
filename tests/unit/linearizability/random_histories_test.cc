// Check, held against random histories: of an atomic store, of one that lied once, and, where they
// are small enough, against brute force.

#include "linearizability/random_histories.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "linearizability/brute_force.h"
#include "linearizability/checker.h"

namespace aegis::linearizability {
namespace {

class MixedHistoriesTest : public testing::TestWithParam<Words> {};

std::string Shown(const History& history) {
  std::string text;
  for (const Operation& each : history) {
    text += std::to_string(each.invoked_at.time_since_epoch().count()) + " .. " +
            std::to_string(each.returned_at->time_since_epoch().count()) + ' ' + Text(each) + '\n';
  }
  return text;
}

TEST_P(MixedHistoriesTest, OfAnAtomicStoreAreAlwaysAccepted) {
  Rng rng(1);
  for (int round = 0; round < 300; ++round) {
    const double unknown_max = GetParam() == Words::kLists ? 0.05 : 0.2;
    const Mix mix{.operations = 1 + rng.Below(300),
                  .clients = 1 + rng.Below(8),
                  .keys = 1 + rng.Below(3),
                  .values = rng.Below(4) * 3,
                  .unknown = rng.Unit() * unknown_max,
                  .words = GetParam()};
    const History history = AtomicHistory(mix, rng);
    const Report report = Check(history);
    ASSERT_EQ(report.verdict, Verdict::kLinearizable) << "round " << round << '\n'
                                                      << report.explanation;
  }
}

TEST_P(MixedHistoriesTest, SmallOnesGetTheVerdictOfBruteForce) {
  Rng rng(2);
  int good = 0;
  int bad = 0;
  for (int round = 0; round < 8'000; ++round) {
    const Mix mix{.operations = 3 + rng.Below(5),
                  .clients = 1 + rng.Below(4),
                  .values = 3,
                  .unknown = rng.Unit() * 0.6,
                  .words = GetParam()};
    History history = AtomicHistory(mix, rng);
    for (std::uint64_t lies = rng.Below(3); lies > 0; --lies) Falsify(history, rng);
    const bool expected = IsLinearizableByBruteForce(history);
    ASSERT_EQ(Check(history).verdict, expected ? Verdict::kLinearizable : Verdict::kNotLinearizable)
        << "round " << round << '\n'
        << Shown(history);
    ++(expected ? good : bad);
  }
  EXPECT_GT(good, 1'000);
  EXPECT_GT(bad, 1'000);
}

INSTANTIATE_TEST_SUITE_P(Mixes, MixedHistoriesTest,
                         testing::Values(Words::kRegister, Words::kNumbers, Words::kLists),
                         [](const auto& mix) {
                           return mix.param == Words::kRegister  ? "Register"
                                  : mix.param == Words::kNumbers ? "Numbers"
                                                                 : "Lists";
                         });

TEST(RandomHistoriesTest, TenThousandOperationsTakeASecondsWorthOfStatesAtMost) {
  Rng rng(3);
  const History history =
      AtomicHistory({.operations = 10'000, .clients = 10, .keys = 100, .unknown = 0.05}, rng);
  const std::clock_t start = std::clock();
  const Report report = Check(history);
  const double cpu_seconds =
      static_cast<double>(std::clock() - start) / static_cast<double>(CLOCKS_PER_SEC);
  EXPECT_EQ(report.verdict, Verdict::kLinearizable) << report.explanation;
  EXPECT_LT(report.states, 500'000U);
  EXPECT_LT(cpu_seconds, 30) << "of this process, under a sanitizer on a busy machine";
}

TEST(RandomHistoriesTest, AStaleReadAmongThousandsIsFound) {
  Rng rng(4);
  for (int round = 0; round < 20; ++round) {
    History history =
        AtomicHistory({.operations = 2'000, .clients = 10, .keys = 5, .unknown = 0.02}, rng);
    // The first value that was written for sure, read again at the end.
    const auto written = std::ranges::find_if(history, [](const Operation& each) {
      return each.kind == Kind::kSet && each.outcome == Outcome::kOk;
    });
    Operation last = *written;
    last.kind = Kind::kGet;
    last.result = std::exchange(last.argument, "");
    last.invoked_at = TimePoint(std::chrono::hours(1));
    last.returned_at = last.invoked_at + Duration(1);
    history.push_back(last);
    const Report report = Check(history);
    ASSERT_EQ(report.verdict, Verdict::kNotLinearizable) << round;
    EXPECT_EQ(report.key, last.key);
  }
}

}  // namespace
}  // namespace aegis::linearizability
