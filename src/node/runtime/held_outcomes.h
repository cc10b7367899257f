// HeldOutcomes: one worker's outcomes that must not be shown yet (see Hold), and who waits for
// them.
//
// Belongs to one worker and its thread, except for MarkSettled().

#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/operation.h"
#include "node/core/shard_space.h"

namespace aegis::node {

class HeldOutcomes {
 public:
  // Who waits for an outcome. Told exactly once, without any shard's lock.
  class Asker {
   public:
    virtual ~Asker() = default;
    virtual void OnOutcome(const Outcome& outcome) = 0;
  };

  // `wake`: called by MarkSettled(), to have AskAgain() called on the worker's thread.
  HeldOutcomes(ShardSpace& shards, std::function<void()> wake)
      : shards_(shards), wake_(std::move(wake)) {}

  // Keeps a copy of the outcome until it may be shown, or for limits::kQuorumWait, or for as long
  // as the operation wants to wait. REQUIRES: the lock of the shard under which it was executed has
  // not been let go since; so nothing that settles it is missed.
  void Keep(ShardId shard, const Operation& operation, const Outcome& outcome, TimePoint now,
            std::unique_ptr<Asker> asker);

  // Any thread: outcomes of this shard may be shown now, or never.
  void MarkSettled(ShardId shard);
  // Shows what may be shown of the shards that were marked.
  void AskAgain();
  // Every few milliseconds: shows what waited for the lease, and gives up what was held for too
  // long.
  void OnTick(TimePoint now);

  std::size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  struct Held {
    bool write = false;
    Outcome outcome;
    Bytes value;  // What outcome.value shows, unless that lies in a block.
    TimePoint deadline;
    std::unique_ptr<Asker> asker;
  };

  // Shows those of the shard that are settled, or whose time is over.
  void Look(ShardId shard, TimePoint now);

  ShardSpace& shards_;
  const std::function<void()> wake_;
  std::map<ShardId, std::vector<Held>> held_;
  std::set<ShardId> without_lease_;             // Whose outcomes wait for the lease.
  TimePoint next_deadline_ = TimePoint::max();  // None is earlier.
  ShardEffects effects_;
  std::atomic<std::size_t> size_{0};
  std::mutex mutex_;
  std::vector<ShardId> marked_;  // Guarded by mutex_.
};

}  // namespace aegis::node
