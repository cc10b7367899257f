#include "write_ledger.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "model/limits.h"

namespace aegis::sim {

namespace {

Seq EndOf(const VersionVector& history, Epoch epoch) {
  const auto reign = std::ranges::find(history.reigns(), epoch, &Reign::epoch);
  return reign == history.reigns().end() ? Seq{} : reign->seq;
}

std::string Name(ShardId shard, Version version) {
  return "shard " + std::to_string(shard.value()) + ": the write " +
         std::to_string(version.epoch.value()) + "." + std::to_string(version.seq.value());
}

}  // namespace

bool Has(const VersionVector& history, Version version) {
  const std::vector<Reign>& reigns = history.reigns();
  const auto reign = std::ranges::find(reigns, version.epoch, &Reign::epoch);
  if (reign != reigns.end()) return version.seq <= reign->seq;
  return reigns.size() == limits::kVersionVectorEpochsMax && version.epoch < reigns.front().epoch;
}

Version WriteLedger::CommittedOf(const History& shard, Epoch epoch) {
  const auto found = shard.committed.find(epoch);
  return {epoch, found == shard.committed.end() ? Seq{} : found->second};
}

void WriteLedger::OnWrite(ShardId shard, Version version, const Bytes& key, bool pending) {
  History& history = shards_[shard];
  // Who writes when a later reign has begun already is not excused by what that one lacks.
  if (HasBegunAfter(shard, version.epoch)) return;
  history.writes[version] = {{key}, pending, /*clears=*/false};
}

void WriteLedger::OnClear(ShardId shard, Version version, bool pending) {
  if (HasBegunAfter(shard, version.epoch)) return;
  shards_[shard].writes[version] = {{}, pending, /*clears=*/true};
  shards_[shard].clears.insert(version);
}

Version WriteLedger::NewestClear(ShardId shard, const VersionVector& history) const {
  const auto known = shards_.find(shard);
  if (known == shards_.end()) return {};
  const std::set<Version>& clears = known->second.clears;
  const auto newest = std::find_if(clears.rbegin(), clears.rend(),
                                   [&](Version version) { return Has(history, version); });
  return newest == clears.rend() ? Version{} : *newest;
}

std::string WriteLedger::OnCommitted(ShardId shard, Version version, Epoch by) {
  History& history = shards_[shard];
  Seq& newest = history.committed[version.epoch];
  newest = std::max(newest, version.seq);
  for (auto reign = history.reigns.upper_bound(by); reign != history.reigns.end(); ++reign) {
    if (Has(reign->second, version)) continue;
    return Name(shard, version) + " is said to be held by a quorum, but epoch " +
           std::to_string(reign->first.value()) + " has begun without it";
  }
  return "";
}

std::string WriteLedger::OnToldLate(ShardId shard, Version version) const {
  const auto history = shards_.find(shard);
  if (history == shards_.end()) return "";
  const auto next = history->second.reigns.upper_bound(version.epoch);
  if (next == history->second.reigns.end() || Has(next->second, version)) return "";
  return Name(shard, version) + " waited for a lease and is acknowledged, but epoch " +
         std::to_string(next->first.value()) + " has begun without it";
}

void WriteLedger::OnSeen(ShardId shard, Version version, const Bytes& key, Epoch by) {
  if (version == Version{} || HasBegunAfter(shard, by)) return;
  const auto [write, fresh] =
      shards_[shard].writes.try_emplace(version, Write{{key}, /*pending=*/false, /*clears=*/false});
  if (write->second.clears) write->second.keys.insert(key);
}

std::string WriteLedger::OnShown(ShardId shard, Version version, Epoch by) {
  const std::map<Version, Write>& writes = shards_[shard].writes;
  const auto write = writes.find(version);
  return write != writes.end() && write->second.pending ? OnCommitted(shard, version, by) : "";
}

void WriteLedger::OnInSync(ShardId shard, Epoch epoch, const std::vector<control::Copy>& in_sync,
                           const Survives& survives) {
  History& history = shards_[shard];
  const auto [known, fresh] = history.in_sync.insert_or_assign(epoch, in_sync);
  if (!fresh || known == history.in_sync.begin()) return;
  const auto& [ended, members] = *std::prev(known);
  if (std::ranges::none_of(members, survives)) history.forgotten.insert(ended);
}

const std::vector<control::Copy>* WriteLedger::InSyncOf(ShardId shard, Epoch epoch) const {
  const auto history = shards_.find(shard);
  if (history == shards_.end()) return nullptr;
  const auto found = history->second.in_sync.find(epoch);
  return found == history->second.in_sync.end() ? nullptr : &found->second;
}

bool WriteLedger::HasBegunAfter(ShardId shard, Epoch epoch) const {
  const auto history = shards_.find(shard);
  if (history == shards_.end()) return false;
  return history->second.reigns.upper_bound(epoch) != history->second.reigns.end();
}

void WriteLedger::OnForgotten(ShardId shard, const VersionVector& history) {
  shards_[shard].dead.push_back(history);
}

std::string WriteLedger::Uncounted(ShardId shard, const VersionVector& history,
                                   std::uint64_t counted) const {
  const auto known = shards_.find(shard);
  if (known == shards_.end()) return "";
  const auto gone = std::ranges::count_if(known->second.lost, [&](Version version) {
    const auto has = [&](const VersionVector& other) { return Has(other, version); };
    return !has(history) && std::ranges::none_of(known->second.dead, has);
  });
  if (static_cast<std::uint64_t>(gone) <= counted) return "";
  return "shard " + std::to_string(shard.value()) + ": " + std::to_string(gone) +
         " acknowledged writes are gone, and " + std::to_string(counted) + " are counted as lost";
}

std::string WriteLedger::OnReign(ShardId shard, const VersionVector& history) {
  History& known = shards_[shard];
  const Epoch epoch = history.last().epoch;
  known.reigns[epoch] = history;
  std::erase_if(known.writes, [&](const auto& entry) {
    const auto& [version, write] = entry;
    if (version.epoch >= epoch || Has(history, version)) return false;
    if (write.clears) {
      lost_clears_.insert({shard, version});
      known.clears.erase(version);
    }
    const bool shown = !write.pending || version <= CommittedOf(known, version.epoch);
    if (shown) {
      lost_.insert(write.keys.begin(), write.keys.end());
      known.lost.push_back(version);
      ++writes_lost_;
    }
    return true;
  });
  std::string wrong;
  for (auto& [reign, newest] : known.committed) {
    if (reign >= epoch || newest == Seq{} || Has(history, {reign, newest})) continue;
    const Seq told = newest;
    newest = EndOf(history, reign);  // It is lost once.
    const auto forgotten = known.forgotten.lower_bound(reign);
    if (forgotten != known.forgotten.end() && *forgotten < epoch) continue;
    wrong = Name(shard, {reign, told}) + ", which a quorum held, is lost at the beginning of " +
            "epoch " + std::to_string(epoch.value()) +
            ", but a member of the in-sync set had survived";
  }
  return wrong;
}

}  // namespace aegis::sim
