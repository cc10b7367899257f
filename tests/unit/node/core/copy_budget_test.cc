#include "node/core/copy_budget.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <vector>

namespace aegis::node {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kRate = 1'000'000;

TEST(CopyBudgetTest, HasNothingBeforeItsTimeBegins) {
  CopyBudget budget(kRate);
  EXPECT_EQ(budget.left(), 0U);
  budget.OnTime(TimePoint{5s});
  EXPECT_EQ(budget.left(), 50'000U);
}

TEST(CopyBudgetTest, FillsUpWithTime) {
  CopyBudget budget(kRate);
  budget.OnTime(TimePoint{});
  budget.Spend(budget.left());
  EXPECT_EQ(budget.left(), 0U);
  budget.OnTime(TimePoint{10ms});
  EXPECT_EQ(budget.left(), 10'000U);
  budget.OnTime(TimePoint{25ms});
  EXPECT_EQ(budget.left(), 25'000U);
}

TEST(CopyBudgetTest, HoldsNoMoreThanABurst) {
  CopyBudget budget(kRate);
  budget.OnTime(TimePoint{});
  budget.OnTime(TimePoint{10s});
  EXPECT_EQ(budget.left(), 50'000U);
  budget.OnTime(TimePoint{20s});
  EXPECT_EQ(budget.left(), 50'000U);
}

TEST(CopyBudgetTest, WhatWasTooMuchIsWaitedFor) {
  CopyBudget budget(kRate);
  budget.OnTime(TimePoint{});
  budget.Spend(80'000);
  budget.OnTime(TimePoint{20ms});
  EXPECT_EQ(budget.left(), 0U);
  budget.OnTime(TimePoint{40ms});
  EXPECT_EQ(budget.left(), 10'000U);
}

TEST(CopyBudgetTest, ASlowOneFillsUpToo) {
  CopyBudget budget(2);
  budget.OnTime(TimePoint{});
  EXPECT_EQ(budget.left(), 1U);
  budget.Spend(1);
  for (Duration time = 10ms; time < 500ms; time += 10ms) {
    budget.OnTime(TimePoint{time});
    EXPECT_EQ(budget.left(), 0U);
  }
  budget.OnTime(TimePoint{500ms});
  EXPECT_EQ(budget.left(), 1U);
}

TEST(CopyBudgetTest, AFewCopiesGoOnAtATime) {
  CopyBudget budget(kRate);
  budget.OnTime(TimePoint{});
  std::vector<std::uint64_t> tickets;
  for (std::size_t i = 0; i <= CopyBudget::kTurns; ++i) tickets.push_back(budget.NewTicket());
  const std::uint64_t last = tickets.back();
  for (const std::uint64_t ticket : tickets) EXPECT_EQ(budget.TakeTurn(ticket), ticket != last);
  EXPECT_TRUE(budget.TakeTurn(tickets[0])) << "it is its turn still";
  EXPECT_TRUE(budget.MayGoOn(tickets[0]));
  EXPECT_FALSE(budget.MayGoOn(last));
  budget.EndTurn(tickets[1]);
  EXPECT_TRUE(budget.MayGoOn(last));
  EXPECT_TRUE(budget.TakeTurn(last));
  EXPECT_FALSE(budget.TakeTurn(tickets[1]));
}

TEST(CopyBudgetTest, WhoDoesNotAskForLongLosesItsTurn) {
  CopyBudget budget(kRate);
  budget.OnTime(TimePoint{1s});
  std::vector<std::uint64_t> tickets;
  for (std::size_t i = 0; i < CopyBudget::kTurns; ++i) tickets.push_back(budget.NewTicket());
  for (const std::uint64_t ticket : tickets) EXPECT_TRUE(budget.TakeTurn(ticket));
  const std::uint64_t late = budget.NewTicket();
  budget.OnTime(TimePoint{1s} + CopyBudget::kTurnPatience / 2);
  EXPECT_TRUE(budget.TakeTurn(tickets[0]));
  budget.OnTime(TimePoint{1s} + CopyBudget::kTurnPatience);
  EXPECT_FALSE(budget.MayGoOn(late));
  budget.OnTime(TimePoint{1s} + CopyBudget::kTurnPatience + 1ms);
  EXPECT_TRUE(budget.MayGoOn(late));
  EXPECT_TRUE(budget.TakeTurn(late));
  EXPECT_TRUE(budget.TakeTurn(tickets[0])) << "that one asked meanwhile";
}

TEST(CopyBudgetTest, WhoLeavesHasNoLimit) {
  CopyBudget budget(kRate);
  for (std::size_t i = 0; i < CopyBudget::kTurns; ++i) budget.TakeTurn(budget.NewTicket());
  budget.Lift();
  EXPECT_EQ(budget.left(), std::numeric_limits<std::size_t>::max());
  EXPECT_TRUE(budget.TakeTurn(budget.NewTicket()));
  EXPECT_TRUE(budget.MayGoOn(budget.NewTicket()));
}

TEST(CopyBudgetTest, WithoutALimitThereIsAlwaysMore) {
  CopyBudget budget(0);
  EXPECT_EQ(budget.left(), std::numeric_limits<std::size_t>::max());
  budget.Spend(std::numeric_limits<std::size_t>::max());
  budget.OnTime(TimePoint{1s});
  EXPECT_EQ(budget.left(), std::numeric_limits<std::size_t>::max());
}

}  // namespace
}  // namespace aegis::node
