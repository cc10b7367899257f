// Sometimes: how often a run took the branches that are rarely taken. A branch that no seed of a
// fixed set takes is one that the simulation does not test.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace aegis::sim {

enum class Rare : std::uint8_t {
  kFenceCommitted,
  kSessionRenewed,
  kTwoLeaders,
  kLeaseRanOut,
  kRefusedWithoutLease,
  kUncleanPromotion,
  kHandOverGivenUp,
  kControlLeaderChanged,
  kVoterReplaced,
  kSnapshotPushed,
  kWriteTorn,
  kLogTorn,
  kDirectoryEmptied,
  kTailDropped,
  kPaused,
  kCut,
  kCutOneWay,
  kIsolated,
  kSplit,
  kReturnedElsewhere,
  kKilled,
  kJoined,
  kLeft,
  kSlowDisk,
  kExecutedLate,
  kDigestCompared,
  kWriteHeld,
  kReadHeld,
  kInheritedHeld,
  kConfirmationAwaited,
  kSettledAfterFailover,
  kHoldLost,
  kHoldGivenUp,
  kTooFewCopies,
  kBusy,
  kStaleRead,
  kSessionLost,
  kTailRecovered,
  kRedirected,
  kTriedAgain,
  kGivenUp,
  kBatch,
  kWatchedChanged,
  kCleared,
  kCount,
};

class Sometimes {
 public:
  static constexpr std::size_t kCount = static_cast<std::size_t>(Rare::kCount);
  static constexpr std::array<std::string_view, kCount> kNames = {
      "a fence was committed",
      "a fenced process went on under a new session",
      "two processes led one shard, one of them without a lease",
      "the lease ran out between applying and answering",
      "a leader refused an operation because its lease was over",
      "a copy that may lack writes was promoted",
      "a hand-over was given up",
      "the control log got another leader",
      "a voter was replaced",
      "a snapshot was pushed to a node",
      "the power failed in the middle of a write",
      "a torn end of the control log was cut off",
      "a node came back with an empty directory",
      "a replica dropped writes that its new leader lacks",
      "a process stood still",
      "two nodes were cut off from each other",
      "one node could not reach another one, but that one could",
      "a node was isolated",
      "the network fell into two parts",
      "a node that had been alone came back among some of the others",
      "a process was killed",
      "a node joined",
      "a node left",
      "a disk was slow",
      "a write was executed after its client had given it up",
      "a follower compared its digest with its leader's",
      "a write was held until the copies in sync had it",
      "a read was held because what it saw was not committed",
      "a new leader held what it had inherited uncommitted",
      "a read waited for others to confirm its leader",
      "an outcome was settled after another leader had begun",
      "an outcome that was held was lost with its leader's reign",
      "an outcome was held for too long",
      "an operation was refused because too few copies are in sync",
      "a write waited because too much was on no other copy",
      "a copy answered a read without leading",
      "a session was told that a failover had lost what it had seen",
      "a leader wrote again what an earlier one had written",
      "a client was redirected",
      "a connection that carried calls of a client broke",
      "a node that was gone for good was given up",
      "several operations were written as one",
      "nothing of a batch was done because a watched key had changed",
      "a shard was cleared",
  };

  void Count(Rare rare) { ++counts_[static_cast<std::size_t>(rare)]; }
  std::uint64_t operator[](std::size_t rare) const { return counts_[rare]; }
  std::uint64_t of(Rare rare) const { return counts_[static_cast<std::size_t>(rare)]; }
  void Add(const Sometimes& other) {
    for (std::size_t i = 0; i < kCount; ++i) counts_[i] += other.counts_[i];
  }

 private:
  std::array<std::uint64_t, kCount> counts_{};
};

}  // namespace aegis::sim
