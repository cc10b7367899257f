#include "consensus/raft_log.h"

#include <gtest/gtest.h>

#include "consensus/configuration.h"

namespace aegis::consensus {
namespace {

Entry Command(Index index, Term term) { return {{index, term}, EntryType::kCommand, "x"}; }

std::vector<Server> Voters(std::uint64_t n) {
  std::vector<Server> servers;
  for (std::uint64_t i = 1; i <= n; ++i) servers.push_back({ServerId{i}, ServerRole::kVoter});
  return servers;
}

Entry Change(Index index, Term term, std::uint64_t voters) {
  return {{index, term}, EntryType::kConfiguration, EncodeServers(Voters(voters))};
}

// Configurations of one and two voters at 1 and 4, six entries.
RaftLog SixEntries() {
  RaftLog log;
  log.Append(Change(1, 1, 1));
  log.Append(Command(2, 1));
  log.Append(Command(3, 2));
  log.Append(Change(4, 2, 2));
  log.Append(Command(5, 2));
  log.Append(Command(6, 3));
  return log;
}

TEST(RaftLogTest, KnowsNothingWhenItIsEmpty) {
  const RaftLog log;
  EXPECT_EQ(log.last(), LogPosition{});
  EXPECT_EQ(log.first_index(), 1U);
  EXPECT_EQ(log.At(1), nullptr);
  EXPECT_EQ(log.TermAt(0), 0U);
  EXPECT_EQ(log.configuration(), Configuration{});
}

TEST(RaftLogTest, TheNewestConfigurationCounts) {
  const RaftLog log = SixEntries();
  EXPECT_EQ(log.configuration(), (Configuration{{4, 2}, Voters(2)}));
  EXPECT_EQ(log.ConfigurationAt(4), (Configuration{{4, 2}, Voters(2)}));
  EXPECT_EQ(log.ConfigurationAt(3), (Configuration{{1, 1}, Voters(1)}));
}

TEST(RaftLogTest, TruncationBringsTheLastConfigurationBack) {
  RaftLog log = SixEntries();
  log.TruncateFrom(4);
  EXPECT_EQ(log.last(), (LogPosition{3, 2}));
  EXPECT_EQ(log.configuration(), (Configuration{{1, 1}, Voters(1)}));
}

TEST(RaftLogTest, CompactionKeepsATail) {
  RaftLog log = SixEntries();
  log.Compact({5, 2}, "state", 2);
  EXPECT_EQ(log.snapshot(), (Snapshot{{5, 2}, {{4, 2}, Voters(2)}, "state"}));
  EXPECT_EQ(log.first_index(), 4U);
  EXPECT_EQ(log.last(), (LogPosition{6, 3}));
  EXPECT_EQ(log.At(3), nullptr);
  EXPECT_EQ(log.TermAt(4), 2U);
}

TEST(RaftLogTest, CompactionToTheEndKeepsThePosition) {
  RaftLog log = SixEntries();
  log.Compact({6, 3}, "state", 0);
  EXPECT_EQ(log.first_index(), 7U);
  EXPECT_EQ(log.last(), (LogPosition{6, 3}));
  EXPECT_EQ(log.TermAt(6), 3U);
  log.Append(Command(7, 3));
  EXPECT_EQ(log.last(), (LogPosition{7, 3}));
}

TEST(RaftLogTest, ASnapshotOfSomebodyElseReplacesEverything) {
  RaftLog log = SixEntries();
  log.Reset({{100, 9}, {{90, 8}, Voters(3)}, "state"});
  EXPECT_EQ(log.first_index(), 101U);
  EXPECT_EQ(log.last(), (LogPosition{100, 9}));
  EXPECT_EQ(log.configuration(), (Configuration{{90, 8}, Voters(3)}));
}

TEST(RaftLogTest, ContinuesFromWhatWasStored) {
  const RaftLog log(Persisted{
      {}, {{100, 9}, {{90, 8}, Voters(3)}, "state"}, {Command(101, 9), Change(102, 9, 2)}});
  EXPECT_EQ(log.last(), (LogPosition{102, 9}));
  EXPECT_EQ(log.first_index(), 101U);
  EXPECT_EQ(log.configuration(), (Configuration{{102, 9}, Voters(2)}));
}

TEST(RaftLogDeathTest, AGapEndsTheProcess) {
  RaftLog log = SixEntries();
  EXPECT_DEATH(log.Append(Command(8, 3)), "a gap in the log");
}

}  // namespace
}  // namespace aegis::consensus
