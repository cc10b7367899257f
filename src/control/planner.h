// Planner: what the control leader proposes next. It looks at the state and at what is known of
// the nodes, and returns the commands that bring the cluster a step closer to where it should be.
//
// It remembers nothing between calls but when things began; commands that are on their way may be
// proposed again without harm. Pure.
//
// What it sees to, in this order:
//  - fences: of holders that are silent while they lead or are to be removed, or that are
//    superseded by a registration that waits for it (fences.h);
//  - assignments: of shards whose leader's fence is safe, to the newest copy in sync that lives;
//    of new shards (epoch 0), to the first of their target; without a copy in sync that lives or
//    may come back, or after `unclean_after`, to the newest copy there is (unclean), unless the
//    shard has accepted quorum writes and a copy of those may come back (assignments.h);
//  - registrations that wait: of new nodes, and of sessions whose predecessor is fenced;
//  - targets: towards the placement of the nodes that are neither leaving nor removed, at most
//    `moves_max` shards on the move at a time (mover.h);
//  - removal of nodes that left, or that have been fenced and gone for `removed_after`, but not of
//    those whose copy a shard without a leader may need (removals.h).

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/time.h"
#include "control/command.h"
#include "control/mover.h"
#include "control/sight.h"
#include "control/state.h"
#include "model/ids.h"

namespace aegis::control {

struct PlannerOptions {
  std::optional<Duration> unclean_after = std::chrono::seconds(10);  // Nothing: never.
  // For what copies in sync hold: nodes report it when they hear of the fence, and every 100 ms.
  Duration reports_patience = std::chrono::milliseconds(150);
  Duration removed_after = std::chrono::seconds(60);  // As gossip forgets the dead.
  std::uint32_t moves_max = 16;                       // --rebalance-rate
  std::uint32_t first_nodes = 1;  // --bootstrap-expect: nodes that a new cluster waits for ...
  Duration first_patience = std::chrono::seconds(5);  // ... this long, before shards begin, if it
                                                      // has most of them by then.
};

class Planner {
 public:
  explicit Planner(PlannerOptions options) : options_(options), mover_(options.moves_max) {}

  // `now`: of the control leader, whose term began with the construction of this planner.
  std::vector<Command> Plan(const State& state, const Sight& sight, TimePoint now);

  // As of the last Plan(): how far the shards are, and those without a leader that may lead.
  const Movement& movement() const { return mover_.movement(); }
  std::uint32_t leaderless() const { return static_cast<std::uint32_t>(leaderless_since_.size()); }

 private:
  void Look(const State& state, const Sight& sight, TimePoint now);
  // Nodes that left, or have been gone for `removed_after`.
  std::set<NodeId> Departed(const State& state, const Sight& sight, TimePoint now) const;
  bool MayBegin(const State& state, TimePoint now) const;

  const PlannerOptions options_;
  Mover mover_;
  std::map<ShardId, TimePoint> leaderless_since_;
  std::map<NodeId, TimePoint> gone_since_;
  std::optional<TimePoint> began_;
};

}  // namespace aegis::control
