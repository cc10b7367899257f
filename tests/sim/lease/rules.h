// Rules: which one of the rules of the lease protocol a simulation breaks, so that its checker can
// be seen to notice. And Swarm: how hard the world of one seed is.

#pragma once

#include <cstddef>

#include "base/rng.h"
#include "base/time.h"
#include "lease/lease.h"

namespace aegis::lease::sim {

enum class Mutant {
  kNone,
  kSkipTheWait,          // Assigns as soon as the fence is committed.
  kHalveTheWait,         // Takes leases for half as long as they are.
  kSkipTheFence,         // Waits for the fence of its own log alone, then assigns.
  kMixConfigurations,    // A grant counts for every configuration that lists the voter.
  kHurryVoterChanges,    // The next one as soon as the last one is committed.
  kForgetFences,         // A restarted voter does not read the fences in its log.
  kReportBeforeDurable,  // A voter reports a fence that a crash may still undo.
  kDriftBeyondTheBound,  // Clocks differ by up to a half; the bound says a tenth.
  kSkipTheSecondCheck,   // Acknowledges without looking at the clock after the apply.
};

// What a seed's world is full of. A theme only makes its kind of trouble likelier.
enum class Theme {
  kEverything,
  kCrashes,       // Short ones, over slow disks.
  kVoterChanges,  // As many as the rule allows.
};

// Drawn anew for each seed, so that every seed has its own mix. A mean of zero: it never happens.
struct Swarm {
  Swarm(Theme theme, Rng& rng);

  std::size_t nodes = 0;
  std::size_t first_voters = 0;
  Duration delay_mean{};
  double loss = 0;
  double refusal_loss = 0;  // Of the news that a holder is fenced.
  double duplicate = 0;
  double straggle = 0;        // Chance that a message takes up to two seconds.
  Duration flush_mean{};      // Of every second disk; the others are quick.
  double renewal_chance = 0;  // That a fenced node notices, each time it looks.
  // Mean times between events of a kind, and how long what they do lasts.
  Duration pause{};
  Duration pause_length{};
  Duration crash{};
  Duration crash_length{};
  Duration cut{};  // One node is cut off from some of the others, one way or both.
  Duration cut_length{};
  Duration campaign{};
  Duration suspicion{};      // The control leader is told that the shard's leader is dead.
  double fence_trouble = 0;  // Chance that a fence brings on a cut, a crash, or both.
  Duration voters_wanted{};  // Other voters are wanted.
  Duration rate_change{};
};

// Exponentially distributed.
Duration Around(Duration mean, Rng& rng);

// The least and the greatest rate of a clock.
struct RateBounds {
  double least = 1;
  double greatest = 1;
};
RateBounds BoundsOfRates(Mutant mutant, const Options& options);

}  // namespace aegis::lease::sim
