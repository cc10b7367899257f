// Random runs with every enemy, and whether they would notice if a rule were broken.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "sim_run.h"

namespace aegis::sim {
namespace {

using namespace std::chrono_literals;

// What the fixed set of seeds must have seen. Rarer things are seen by `make test-sim`.
constexpr Rare kSeen[] = {
    Rare::kFenceCommitted,
    Rare::kSessionRenewed,
    Rare::kTwoLeaders,
    Rare::kLeaseRanOut,
    Rare::kRefusedWithoutLease,
    Rare::kUncleanPromotion,
    Rare::kHandOverGivenUp,
    Rare::kControlLeaderChanged,
    Rare::kVoterReplaced,
    Rare::kWriteTorn,
    Rare::kDirectoryEmptied,
    Rare::kTailDropped,
    Rare::kPaused,
    Rare::kCut,
    Rare::kCutOneWay,
    Rare::kIsolated,
    Rare::kKilled,
    Rare::kJoined,
    Rare::kLeft,
    Rare::kSlowDisk,
    Rare::kExecutedLate,
    Rare::kDigestCompared,
    Rare::kSplit,
    Rare::kReturnedElsewhere,
    Rare::kWriteHeld,
    Rare::kReadHeld,
    Rare::kInheritedHeld,
    Rare::kConfirmationAwaited,
    Rare::kHoldLost,
    Rare::kHoldGivenUp,
    Rare::kTooFewCopies,
    Rare::kBusy,
    Rare::kStaleRead,
    Rare::kSessionLost,
    Rare::kTailRecovered,
    Rare::kRedirected,
    Rare::kTriedAgain,
    Rare::kGivenUp,
    Rare::kBatch,
    Rare::kWatchedChanged,
    Rare::kCleared,
};

TEST(ChaosTest, FixedSeedsBreakNoInvariantAndComeToRest) {
  SimRunResult total;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SimRunOptions options{.seed = seed, .duration = 40s};
    if (seed > 50) options.workload = "stale-reads";  // Sessions that lose something are rare.
    const SimRunResult result = RunSeed(options);
    ASSERT_EQ(result.failure, "") << "again: " << CommandLine(options);
    total.Add(result);
  }
  for (std::size_t i = 0; i < Sometimes::kCount; ++i) {
    std::cout << total.sometimes[i] << "  " << Sometimes::kNames[i] << "\n";
  }
  for (const Rare rare : kSeen) {
    EXPECT_GT(total.sometimes.of(rare), 0U) << Sometimes::kNames[static_cast<std::size_t>(rare)];
  }
  // An excuse is the exception.
  EXPECT_GT(total.keys_checked, 4 * total.keys_excused);
  EXPECT_GT(total.keys_excused, 0U);
}

TEST(ChaosTest, ASeedTakesTheSameCourseTwice) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const SimRunOptions options{.seed = seed, .duration = 20s};
    EXPECT_EQ(RunSeed(options).trace_hash, RunSeed(options).trace_hash) << "seed " << seed;
  }
}

TEST(ChaosTest, UnknownEnemiesAndWorkloadsAreRefused) {
  EXPECT_TRUE(Check({.workload = "few-keys", .enemies = "pauses,kills"}).ok());
  EXPECT_TRUE(Check({.enemies = "none"}).ok());
  EXPECT_FALSE(Check({.enemies = "pauses,ghosts"}).ok());
  EXPECT_FALSE(Check({.workload = "ghosts"}).ok());
}

struct Broken {
  BrokenRule rule;
  const char* what;
  const char* enemies;
  const char* noticed_as;  // In the message of the invariant that catches it.
  std::uint64_t seeds_max;
  const char* workload = "numbers";
};

constexpr Broken kBroken[] = {
    {BrokenRule::kClocksDriftTooFar, "clocks drift beyond the bound", "isolation,clocks",
     "could acknowledge", 20},
    {BrokenRule::kNoSecondLook, "no look at the lease after applying", "none",
     "has begun elsewhere", 20},
    {BrokenRule::kAnyLeaseSettles, "a write that waits for its lease takes any", "none",
     "waited for a lease", 20},
    {BrokenRule::kLeaseIgnored, "the lease is ignored", "isolation,pauses", "could acknowledge",
     20},
    {BrokenRule::kGrantAgesOverstated, "the wait after a fence is cut short", "isolation",
     "could acknowledge", 20},
    {BrokenRule::kFencesIgnored, "voters grant to whom they fenced", "isolation,pauses", "", 20},
    // Either the log diverges, or nobody can lead it any more.
    {BrokenRule::kVotersForget, "voters forget what they promised", "kills,isolation", "", 20},
    {BrokenRule::kSessionsUsedTwice, "a session is used by two processes", "kills",
     "begins it a second time", 20},
    {BrokenRule::kRecordsAltered, "records change on their way", "none", "differ", 20},
    {BrokenRule::kOldEpochsAccepted, "records of an old epoch are acknowledged",
     "isolation,splits,partitions", "", 60, "registers"},
    {BrokenRule::kRemovedTooEarly, "a follower is left out before its removal is agreed",
     "isolation,splits,partitions", "", 60, "registers"},
    {BrokenRule::kOldSessionsCounted, "acknowledgements of an older session count", "kills", "", 60,
     "registers"},
    {BrokenRule::kPendingShown, "what waits for a quorum is shown", "isolation,splits,partitions",
     "", 60, "registers"},
    {BrokenRule::kLossesUncounted, "lost writes are not counted", "isolation,pauses",
     "are counted as lost", 20},
    {BrokenRule::kTokensIgnored, "copies ignore what a session has seen", "isolation,splits",
     "in a session", 20, "stale-reads"},
    {BrokenRule::kFreshWithoutLease, "a leader without a lease says how fresh copies are", "splits",
     "in a copy", 60, "stale-reads"},
    {BrokenRule::kAllTakenForCommitted, "copies show what waits for a quorum",
     "isolation,splits,partitions", "which a quorum held, is lost", 60, "stale-reads"},
    {BrokenRule::kTailsWrittenOver, "an old leader's writes replace what was written since",
     "isolation,splits,pauses", "at the leader", 60, "stale-reads"},
    {BrokenRule::kLostWritesRepeated, "a client repeats writes that may have been carried out",
     "isolation,kills", "is not linearizable", 20, "client"},
    {BrokenRule::kBatchesTakenApart, "a follower applies the records of a batch one by one", "none",
     "within records that are joined", 20, "batches"},
    {BrokenRule::kBatchesNotJoined, "the records of a batch are not joined", "none",
     "is a part of a batch in the copy of", 20, "batches"},
    {BrokenRule::kBatchesRunInParts, "a batch is carried out in two parts", "none",
     "a part of a batch", 20, "batches"},
    {BrokenRule::kWatchedIgnored, "a batch ignores that a watched key has changed", "none",
     "is not linearizable", 20, "batches"},
    {BrokenRule::kClearsSkipped, "a follower takes no notice of clears", "none", "differ", 20,
     "clears"},
    {BrokenRule::kTailsWrittenOver,
     "an old leader's writes replace what was written or cleared since", "isolation,splits,pauses",
     "", 60, "clears"},
};

SimRunOptions OptionsOf(const Broken& broken, std::uint64_t seed) {
  return {.seed = seed,
          .duration = 60s,
          .workload = broken.workload,
          .enemies = broken.enemies,
          .broken = broken.rule};
}

// The first seed that fails; 0: none.
std::uint64_t SeedThatNotices(const Broken& broken, std::string& failure) {
  for (std::uint64_t seed = 1; seed <= broken.seeds_max; ++seed) {
    failure = RunSeed(OptionsOf(broken, seed)).failure;
    if (!failure.empty()) return seed;
  }
  return 0;
}

TEST(ChaosTest, EveryBrokenRuleIsNoticed) {
  for (const Broken& broken : kBroken) {
    std::string failure;
    const std::uint64_t seed = SeedThatNotices(broken, failure);
    EXPECT_GT(seed, 0U) << broken.what << ": not noticed in " << broken.seeds_max << " seeds";
    EXPECT_NE(failure.find(broken.noticed_as), std::string::npos) << broken.what << failure;
    std::cout << broken.what << ": noticed by seed " << seed << ": "
              << failure.substr(0, failure.find('\n')) << "\n";
    SimRunOptions kept = OptionsOf(broken, seed);
    kept.broken = BrokenRule::kNone;
    EXPECT_EQ(RunSeed(kept).failure, "") << broken.what << ": noticed where it was not broken";
  }
}

}  // namespace
}  // namespace aegis::sim
