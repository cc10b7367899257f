#include "node/runtime/held_outcomes.h"

#include <algorithm>
#include <utility>

#include "model/limits.h"

namespace aegis::node {

void HeldOutcomes::Keep(ShardId shard, const Operation& operation, const Outcome& outcome,
                        TimePoint now, std::unique_ptr<Asker> asker) {
  Duration patience = limits::kQuorumWait;
  if (operation.code == OpCode::kAwait && operation.expiry_ms > 0) {
    const std::chrono::milliseconds wanted{
        std::min<std::int64_t>(operation.expiry_ms, limits::kTtlMsMax)};
    patience = wanted < patience ? Duration{wanted} : patience;
  }
  Held held{.write = operation.IsWrite(),
            .outcome = outcome,
            .value = outcome.block ? Bytes() : Bytes(outcome.value),
            .deadline = now + patience,
            .asker = std::move(asker)};
  next_deadline_ = std::min(next_deadline_, held.deadline);
  if (outcome.hold.lease) without_lease_.insert(shard);
  held_[shard].push_back(std::move(held));
  size_.fetch_add(1);
}

void HeldOutcomes::MarkSettled(ShardId shard) {
  if (size_.load() == 0) return;
  {
    const std::lock_guard lock(mutex_);
    if (std::find(marked_.begin(), marked_.end(), shard) != marked_.end()) return;
    marked_.push_back(shard);
    if (marked_.size() > 1) return;  // It was woken for the first.
  }
  wake_();
}

void HeldOutcomes::AskAgain() {
  std::vector<ShardId> marked;
  {
    const std::lock_guard lock(mutex_);
    marked.swap(marked_);
  }
  for (const ShardId shard : marked) Look(shard, TimePoint::min());
}

void HeldOutcomes::OnTick(TimePoint now) {
  for (const ShardId shard : std::exchange(without_lease_, {})) Look(shard, now);
  if (now < next_deadline_) return;
  std::vector<ShardId> all;
  for (const auto& [shard, held] : held_) all.push_back(shard);
  for (const ShardId shard : all) Look(shard, now);
  next_deadline_ = TimePoint::max();
  for (const auto& [shard, left] : held_) {
    for (const Held& held : left) next_deadline_ = std::min(next_deadline_, held.deadline);
  }
}

void HeldOutcomes::Look(ShardId id, TimePoint now) {
  const auto found = held_.find(id);
  if (found == held_.end()) return;
  std::vector<Held> done;
  {
    ShardGuard shard(shards_, id, effects_);
    std::vector<Held>& held = found->second;
    std::vector<Held> waiting;
    for (Held& one : held) {
      bool over = shard->Settle(one.write, one.outcome);
      if (!over && now >= one.deadline) {
        shard->GiveUp(one.write, one.outcome);
        over = true;
      }
      if (!over && one.outcome.hold.lease) without_lease_.insert(id);
      (over ? done : waiting).push_back(std::move(one));
    }
    held = std::move(waiting);
    if (held.empty()) held_.erase(found);
  }
  size_.fetch_sub(done.size());
  for (Held& one : done) {
    if (one.outcome.has_value && !one.outcome.block) one.outcome.value = one.value;
    one.asker->OnOutcome(one.outcome);
  }
}

}  // namespace aegis::node
