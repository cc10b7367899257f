#include "control/recovery.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "control/state.h"
#include "model/version.h"

namespace aegis::control {

Lineage State::lineage() const {
  return recoveries_.empty() ? Lineage{settings_.id.value()} : recoveries_.back().lineage;
}

void State::Recover(Lineage lineage, Applied known, std::uint64_t term) {
  AEGIS_CHECK(born() && lineage != Lineage{}, "only a cluster is recovered");
  AEGIS_CHECK(term > applied_.term, "a recovery begins a term");
  recoveries_.push_back(
      {.lineage = lineage, .parent = this->lineage(), .known = known, .last = applied_});
  if (recoveries_.size() > kRecoveriesMax) recoveries_.erase(recoveries_.begin());
  Advance({.index = applied_.index + 1, .term = term});

  std::set<Holder> holders;
  for (const auto& [id, node] : nodes_) {
    if (!node.removed) holders.insert({id, node.session});
  }
  for (ShardState& shard : shards_) {
    if (shard.epoch == Epoch{}) continue;
    holders.insert(shard.leader);
    shard.epoch = Epoch{std::min(shard.epoch.value() + kEpochsPerRecovery, Version::kEpochMax - 1)};
  }
  for (const Holder& holder : holders) {
    if (FenceOf(holder) != nullptr) continue;
    Apply({.index = applied_.index + 1, .term = term}, Fence{holder});
  }
}

}  // namespace aegis::control
