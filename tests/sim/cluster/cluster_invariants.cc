#include "cluster_invariants.h"

#include <functional>
#include <string_view>

#include "replication/record.h"

namespace aegis::sim {

namespace {

// Of a record's hash.
constexpr std::uint64_t kSeen = 1;
constexpr std::uint64_t kJoined = 2;
constexpr std::uint64_t kFlags = kSeen | kJoined;

std::string Name(ShardId shard, Epoch epoch) {
  return "shard " + std::to_string(shard.value()) + ", epoch " + std::to_string(epoch.value()) +
         ": ";
}

}  // namespace

ClusterInvariants::ShardHistory& ClusterInvariants::HistoryOf(ShardId shard) {
  if (shard.value() >= shards_.size()) shards_.resize(shard.value() + 1);
  return shards_[shard.value()];
}

void ClusterInvariants::OnShard(const Process& process, const Holder& holder,
                                const node::ShardReport& report) {
  Epoch& known = known_[{process.serial, report.shard}];
  if (report.epoch < known) {
    Fail(Name(report.shard, report.epoch) + process.name + " went back from epoch " +
         std::to_string(known.value()));
  }
  known = report.epoch;

  auto& leaders = HistoryOf(report.shard).leaders;
  const auto before = leaders.find(process.serial);
  if (report.role != node::ShardRole::kLeader) {
    if (before != leaders.end()) leaders.erase(before);
  } else if (before == leaders.end() || before->second.epoch != report.epoch) {
    leaders[process.serial] = {report.epoch, process};
    Begin(report.shard, process, holder, report.epoch);
  }
  if (leaders.size() > 1) {
    contested_.insert(report.shard);
  } else {
    contested_.erase(report.shard);
  }
}

void ClusterInvariants::Begin(ShardId shard, const Process& process, const Holder& holder,
                              Epoch epoch) {
  auto& reigns = HistoryOf(shard).reigns;
  const auto [known, fresh] = reigns.try_emplace(epoch, Reign{holder, process.serial});
  if (!fresh) Fail(Name(shard, epoch) + process.name + " begins it a second time");
}

void ClusterInvariants::OnStep() {
  if (two_clusters_) return;
  for (const ShardId shard : contested_) {
    const Leader* able = nullptr;
    for (const auto& [serial, leader] : HistoryOf(shard).leaders) {
      const Session session = HistoryOf(shard).reigns.at(leader.epoch).holder.session;
      if (!leader.process.lease->Holds(session)) continue;
      if (able != nullptr) {
        Fail(Name(shard, leader.epoch) + leader.process.name + " could acknowledge, and so could " +
             able->process.name + " in epoch " + std::to_string(able->epoch.value()));
      }
      able = &leader;
    }
  }
}

void ClusterInvariants::OnGone(const Process& process) {
  for (std::size_t id = 0; id < shards_.size(); ++id) {
    auto& leaders = shards_[id].leaders;
    leaders.erase(process.serial);
    if (leaders.size() < 2) contested_.erase(ShardId{static_cast<std::uint32_t>(id)});
    known_.erase({process.serial, ShardId{static_cast<std::uint32_t>(id)}});
  }
  applied_.erase(process.serial);
}

void ClusterInvariants::OnAcknowledgement(const Process& process, ShardId shard, Epoch epoch) {
  const auto& reigns = HistoryOf(shard).reigns;
  for (auto later = reigns.upper_bound(epoch); later != reigns.end(); ++later) {
    if (later->second.process == process.serial) continue;
    Fail(Name(shard, epoch) + process.name + " acknowledges, but epoch " +
         std::to_string(later->first.value()) + " has begun elsewhere");
  }
}

void ClusterInvariants::OnControlState(const Process& process, const control::State& state) {
  control::Applied& before = applied_[process.serial];
  if (state.applied() == before) return;
  if (state.applied() == control::Applied{}) {  // It begins anew, in another lineage.
    before = {};
    const bool first = left_.insert({process.serial, lineage_[process.serial]}).second;
    if (!first) Fail(process.name + " leaves a lineage of the control log a second time");
    return;
  }
  lineage_[process.serial] = state.lineage();
  if (left_.contains({process.serial, state.lineage()})) {
    Fail(process.name + " comes back to a lineage of the control log that it has left");
  }
  const std::string at =
      process.name + ", control entry " + std::to_string(state.applied().index) + ": ";
  if (state.applied().index < before.index) Fail(at + "an earlier state than before");
  before = state.applied();
  if (const char* const broken = state.BrokenInvariant()) Fail(at + broken);

  const Bytes encoded = state.Encode();
  const Agreed now{before.term, std::hash<std::string_view>()(encoded)};
  const auto [agreed, fresh] = agreed_.try_emplace({state.lineage(), before.index}, now);
  if (!fresh && agreed->second.term != now.term) Fail(at + "another term than elsewhere");
  if (!fresh && agreed->second.hash != now.hash) Fail(at + "another state than elsewhere");
  if (!fresh) return;
  for (std::size_t id = 0; id < state.shards().size(); ++id) {
    const ShardId shard{static_cast<std::uint32_t>(id)};
    const control::ShardState& named = state.shards()[id];
    const auto& reigns = HistoryOf(shard).reigns;
    const auto reign = reigns.find(named.epoch);
    if (reign != reigns.end() && reign->second.holder != named.leader) {
      Fail(Name(shard, named.epoch) + "begun by another than the one that the log names");
    }
  }
}

void ClusterInvariants::OnRecords(const replication::PeerMessage& message) {
  auto& seen = HistoryOf(message.shard).records;
  ByteView rest = message.records;
  while (true) {
    const ByteView before = rest;
    const auto record = replication::TakeRecord(rest);
    if (!record.ok() || !record.value()) return;
    const Version version = record.value()->version;
    std::vector<std::uint64_t>& hashes = seen[version.epoch];
    const std::size_t place = version.seq.value() - 1;
    if (hashes.size() <= place) hashes.resize(place + 1);
    const std::size_t content =
        std::hash<std::string_view>()(before.substr(0, before.size() - rest.size()));
    const std::uint64_t hash = (content & ~kFlags) | kSeen | (record.value()->joined ? kJoined : 0);
    if (hashes[place] != 0 && hashes[place] != hash) {
      Fail(Name(message.shard, version.epoch) + "seq " + std::to_string(version.seq.value()) +
           " names two records");
    }
    hashes[place] = hash;
  }
}

void ClusterInvariants::OnReplica(const Process& process, ShardId shard,
                                  const VersionVector& history, std::uint64_t root) {
  const Version at = history.last();
  if (at.seq == Seq{}) return;
  auto& seen = HistoryOf(shard).roots[{at.epoch, history.last_writer()}];
  const std::size_t place = at.seq.value() - 1;
  const std::vector<std::uint64_t>& records = HistoryOf(shard).records[at.epoch];
  if (place < records.size() && (records[place] & kJoined) != 0) {
    Fail(Name(shard, at.epoch) + process.name + " has a history that ends at seq " +
         std::to_string(at.seq.value()) + ", within records that are joined");
  }
  if (seen.size() <= place) seen.resize(place + 1);
  if (!seen[place]) seen[place] = root;
  if (*seen[place] == root) return;
  Fail(Name(shard, at.epoch) + process.name + " at seq " + std::to_string(at.seq.value()) +
       " has another digest than was seen there: replicas differ");
}

void ClusterInvariants::OnDifferences(const Process& process, ShardId shard, std::uint64_t found) {
  if (found == 0) return;
  Fail("shard " + std::to_string(shard.value()) + ": " + process.name + " has found " +
       std::to_string(found) + " difference(s) where nothing was damaged");
}

}  // namespace aegis::sim
