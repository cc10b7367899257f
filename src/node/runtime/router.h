// Router: one worker's answer to "run this operation": here, under the shard's lock, when this
// node leads the shard and nothing older waits for it; else through the Forwarder. So
// does what may have to wait for other nodes once it was executed.
//
// Belongs to one worker and its thread.

#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/operation.h"
#include "node/core/in_block.h"
#include "node/core/making_room.h"
#include "node/core/shard_space.h"
#include "node/runtime/counters.h"
#include "node/runtime/forwarder.h"
#include "node/runtime/routing_board.h"
#include "ring/slot.h"

namespace aegis::node {

class Router {
 public:
  Router(ShardSpace& shards, const RoutingBoard& board, Forwarder& forwarder,
         WorkerCounters& counters)
      : shards_(shards), routing_(board), forwarder_(forwarder), counters_(counters) {}

  // Runs the operation now, if it can be, or refuses it for good, and shows the outcome, whose
  // views are valid during the call. False: Submit() it. `in_turn` false: something of the caller
  // has to run first.
  template <class Show>
  bool RunHere(const Operation& operation, bool in_turn, UnixMs now, Show&& show) {
    const RoutingTable& table = routing_.Table();
    if (const auto refusal = Refusal(operation, table)) {
      counters_.Count(operation.code, refusal->status);
      show(*refusal);
      return true;
    }
    if (!in_turn || table.shards.empty()) return false;
    const ShardId id = ring::ShardOf(operation.key, table.settings.num_shards);
    if (operation.max_stale_ms && RunStale(operation, id, now, show)) return true;
    if (table.shards[id.value()].leader != table.self || forwarder_.blocked(id)) return false;
    if (!WantsBlock(operation)) [[likely]]
      return RunLed(operation, id, now, show);
    if (MayHold(operation, id, now)) return false;
    return RunLed(InBlock(operation).operation(), id, now, show);
  }

  // What was shown since this was last called is in the node's log before this; 0: nothing is.
  wal::Lsn TakeJournaled() { return std::exchange(journaled_, wal::Lsn{}); }

  // Keys that operations will soon be about. FetchExpected() asks for their slots, all at once, and
  // then for their items, so that memory works on all of them at the same time.
  void Expect(ByteView key);
  void FetchExpected();

  // The operation, encoded, to be completed and submitted.
  // REQUIRES: RunHere() returned false for this operation just now.
  std::unique_ptr<Forward> Encode(const Operation& operation) {
    return forwarder_.Encode(operation);
  }
  void Submit(std::unique_ptr<Forward> forward, TimePoint now) {
    forwarder_.Submit(std::move(forward), now);
  }

  // The node that leads the operation's shard, if it is known and another one.
  const Member* LeaderElsewhere(const Operation& operation);

  // Valid until the next call of anything here.
  const RoutingTable& Table() { return routing_.Table(); }

 private:
  bool MayHold(const Operation& operation, ShardId id, UnixMs now) {
    return ShardGuard(shards_, id, effects_)->MayHold(operation, now);
  }
  template <class Show>
  bool RunLed(const Operation& operation, ShardId id, UnixMs now, Show& show) {
    bool led = true;
    RunMakingRoom(
        shards_, id, effects_,
        [&](Shard& shard) {
          if (shard.MayHold(operation, now)) return NotHere();
          Outcome outcome = shard.Execute(operation, now, effects_);
          journaled_ = std::max(journaled_, shard.journaled());
          // Only where the lease ran out in these microseconds.
          if (outcome.hold.reign != Epoch{}) shard.GiveUp(operation.IsWrite(), outcome);
          return outcome;
        },
        [&](const Outcome& outcome) {
          led = outcome.status != Status::kNotLeader && outcome.status != Status::kBusy;
          if (!led) return;
          counters_.Count(operation.code, outcome.status);
          show(outcome);
        });
    return led;
  }
  // A read that need not be the leader's. It may overtake what waits for a leader.
  template <class Show>
  bool RunStale(const Operation& operation, ShardId id, UnixMs now, Show& show) {
    ShardGuard shard(shards_, id, effects_);
    const auto outcome = shard->ReadStale(operation, now, effects_);
    if (!outcome) return false;
    journaled_ = std::max(journaled_, shard->journaled());
    counters_.Count(operation.code, outcome->status);
    show(*outcome);
    return true;
  }
  static Outcome NotHere() {
    Outcome outcome;
    outcome.status = Status::kNotLeader;
    return outcome;
  }
  // Why an operation cannot be run anywhere.
  static std::optional<Outcome> Refusal(const Operation& operation, const RoutingTable& table);

  ShardSpace& shards_;
  RoutingReader routing_;
  Forwarder& forwarder_;
  WorkerCounters& counters_;
  ShardEffects effects_;
  wal::Lsn journaled_;
  struct Expected {
    ShardId shard;
    std::uint64_t hash;
  };
  std::vector<Expected> expected_;  // Empty between calls of FetchExpected().
};

// What an operation is refused for before anybody looks at a shard: its keys' and values' sizes,
// and keys of different shards. Nothing: it may run.
std::optional<Outcome> CheckOperation(const Operation& operation, std::uint32_t num_shards);

}  // namespace aegis::node
