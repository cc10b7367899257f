// Mover: brings the shards' targets to the placement that the ring computes, a few at a time.
//
// A shard is on the move while it is led and a node of its target that lives is not in sync, or
// the first that may lead does not lead it. Nodes that are dead hold no move up: nothing can be
// done about them until they are back, or removed. The move is the leader's work; all that happens
// here is that its target changes, and that few change at a time.
//
// Pure. Keeps the last placement, as a memo.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "control/command.h"
#include "control/sight.h"
#include "control/state.h"
#include "model/ids.h"
#include "ring/placement.h"

namespace aegis::control {

// How far the shards are.
struct Movement {
  std::uint32_t moving = 0;   // On the move, those included that the last Plan() began to move;
  std::uint32_t waiting = 0;  // not where the ring has them, and not on the move yet;
  std::uint64_t moved = 0;    // arrived, of those that this mover began to move.
};

class Mover {
 public:
  // `moves_max`: shards that are on the move at a time, as far as this lets them begin. One that
  // was never led has nothing to move and goes anywhere at once.
  explicit Mover(std::uint32_t moves_max) : moves_max_(moves_max) {}

  // `due`: nodes that get no place. `may_begin`: shards that were never led get a target.
  void Plan(const State& state, const Sight& sight, const std::set<NodeId>& due, bool may_begin,
            std::vector<Command>& commands);

  // As of the last Plan().
  const Movement& movement() const { return movement_; }

 private:
  class Round;

  const std::uint32_t moves_max_;
  std::vector<ring::PlacementMember> members_;  // What placement_ was computed from.
  ring::Placement placement_;
  Movement movement_;
  std::set<ShardId> begun_;  // On the move since this mover said so.
};

}  // namespace aegis::control
