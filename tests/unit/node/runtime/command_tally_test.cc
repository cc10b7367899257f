#include "node/runtime/command_tally.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "node/core/resp_command_table.h"
#include "node/runtime/command_figures.h"

namespace aegis::node {
namespace {

using std::chrono::microseconds;

class CommandTallyTest : public ::testing::Test {
 protected:
  static std::uint16_t Number(ByteView name) { return resp::FindByFullName(name)->number; }

  LatencyDistribution TimesOf(ByteView name) const {
    LatencyDistribution times;
    tally_.AddTo(times, Number(name));
    return times;
  }
  CommandFigures Figures() const {
    const std::array<const CommandTally*, 1> tallies = {&tally_};
    return CommandFigures::Of(tallies);
  }

  CommandTally tally_;
};

TEST_F(CommandTallyTest, TheCommandsOfATurnShareItsTime) {
  for (int i = 0; i < 3; ++i) tally_.Ran(Number("get"));
  tally_.Ran(Number("set"));
  tally_.EndTurn(microseconds(40));
  EXPECT_EQ(TimesOf("get").count(), 3U);
  EXPECT_EQ(TimesOf("get").sum(), microseconds(30));
  EXPECT_EQ(TimesOf("set").sum(), microseconds(10));
  EXPECT_EQ(TimesOf("del").count(), 0U);
  tally_.Ran(Number("get"));
  tally_.EndTurn(microseconds(5));
  EXPECT_EQ(TimesOf("get").count(), 4U);
  EXPECT_EQ(TimesOf("get").sum(), microseconds(35)) << "a turn begins at nothing";
}

TEST_F(CommandTallyTest, WhatIsTimedByItselfLeavesTheRestOfTheTurn) {
  tally_.Ran(Number("get"));
  tally_.TookOfTurn(Number("keys"), microseconds(900));
  tally_.EndTurn(microseconds(910));
  EXPECT_EQ(TimesOf("keys").sum(), microseconds(900));
  EXPECT_EQ(TimesOf("get").sum(), microseconds(10));
  tally_.Ran(Number("get"));
  tally_.EndTurn(microseconds(7));
  EXPECT_EQ(TimesOf("get").sum(), microseconds(17)) << "it was of the turn before";
}

TEST_F(CommandTallyTest, AWaitIsNotOfTheTurn) {
  tally_.Ran(Number("get"));
  tally_.Took(Number("get"), microseconds(5000));
  tally_.EndTurn(microseconds(10));
  EXPECT_EQ(TimesOf("get").sum(), microseconds(5010));
}

TEST_F(CommandTallyTest, FiguresAreOfWhatCameInTheOrderOfTheTable) {
  tally_.Ran(Number("set"));
  tally_.Ran(Number("config|get"));
  tally_.Ran(Number("get"));
  tally_.Failed(Number("set"));
  tally_.Rejected(Number("incr"));
  tally_.EndTurn(microseconds(30));
  const std::vector<CommandUsage> usages = Figures().Usages();
  ASSERT_EQ(usages.size(), 4U);
  EXPECT_EQ(usages[0].name, "config|get");
  EXPECT_EQ(usages[1].name, "get");
  EXPECT_EQ(usages[2].name, "incr");
  EXPECT_EQ(usages[2].calls, 0U);
  EXPECT_EQ(usages[2].rejected, 1U);
  EXPECT_EQ(usages[3].name, "set");
  EXPECT_EQ(usages[3].failed, 1U);
  EXPECT_EQ(usages[3].total, microseconds(10));
  EXPECT_EQ(usages[3].within[3], 0U) << "8.2 us";
  EXPECT_EQ(usages[3].within[4], 1U) << "16.4 us";
  EXPECT_EQ(usages[3].within.back(), 1U);
}

TEST_F(CommandTallyTest, WhatCameBeforeASubtractionIsGone) {
  tally_.Ran(Number("get"));
  tally_.Failed(Number("get"));
  tally_.Rejected(Number("set"));
  tally_.EndTurn(microseconds(30));
  const CommandFigures before = Figures();
  CommandFigures now = Figures();
  now.Subtract(before);
  EXPECT_TRUE(now.Usages().empty());
  tally_.Ran(Number("get"));
  tally_.EndTurn(microseconds(500));
  now = Figures();
  now.Subtract(before);
  ASSERT_EQ(now.Usages().size(), 1U);
  EXPECT_EQ(now.Usages()[0].calls, 1U);
  EXPECT_EQ(now.Usages()[0].failed, 0U);
  EXPECT_EQ(now.Usages()[0].total, microseconds(500));
  EXPECT_GT(now.Usages()[0].p50, microseconds(400)) << "the short call was before";
}

}  // namespace
}  // namespace aegis::node
