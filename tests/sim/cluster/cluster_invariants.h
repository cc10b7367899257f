// ClusterInvariants: what must hold of a whole simulated cluster after every step.
//
//  - At most one process could acknowledge an operation on a shard now: it leads it, under whatever
//    epoch, and its lease holds on its own clock.
//  - An epoch of a shard is begun once, by whom the control log names.
//  - The epoch that a process knows of a shard never goes back.
//  - What is acknowledged, is acknowledged before anybody else begins a later epoch.
//  - A version of a shard is one record, whoever sends it and however often.
//  - No replica's history ends within records that are joined.
//  - Replicas that have been at one position of a shard's history had the same digest there, and
//    anti-entropy finds no difference between them.
//  - Control states as of one entry are equal, and sound.
//
// What becomes of writes is WriteLedger's to check: that no write that a quorum holds is lost while
// a member of the in-sync set has its memory. SimCluster checks besides that a clean failover loses
// no more than the old leader's lag, and that acknowledgements are of the process they count for.
//
// The simulation tells it what happens; the first violation is kept. What it costs is small: a
// lease can begin to overlap another one only where a process did something, so only then, and
// only for shards that two processes lead, leases are looked at.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/state.h"
#include "model/holder.h"
#include "model/ids.h"
#include "model/version_vector.h"
#include "node/core/lease_view.h"
#include "node/core/shard_report.h"
#include "replication/peer_message.h"

namespace aegis::sim {

class ClusterInvariants {
 public:
  // A process: a node between start and end.
  struct Process {
    std::uint64_t serial = 0;  // Never used again.
    std::string name;
    const node::LeaseView* lease = nullptr;  // Until OnGone().
  };

  // The shard stands like this now, in a process that asks for leases as `holder`.
  void OnShard(const Process& process, const Holder& holder, const node::ShardReport& report);
  // The process has done something that may have made its lease hold.
  void OnStep();
  void OnGone(const Process& process);
  // A definite answer leaves, of an operation that was applied under `epoch`.
  void OnAcknowledgement(const Process& process, ShardId shard, Epoch epoch);
  void OnControlState(const Process& process, const control::State& state);
  // Sent by a leader.
  void OnRecords(const replication::PeerMessage& message);
  // A whole replica is at the end of this history, where its digest amounts to `root`.
  void OnReplica(const Process& process, ShardId shard, const VersionVector& history,
                 std::uint64_t root);
  // The process, following, has found so many differences in all.
  void OnDifferences(const Process& process, ShardId shard, std::uint64_t found);

  // A majority that lives is declared lost: two clusters take writes until they meet.
  void ExpectTwoClusters() { two_clusters_ = true; }

  // A shard is led by two processes; at most one of them by right.
  bool contested() const { return !contested_.empty(); }

  void Fail(std::string what) {
    if (violation_.empty()) violation_ = std::move(what);
  }
  // Empty, or what went wrong first.
  const std::string& violation() const { return violation_; }

 private:
  struct Leader {
    Epoch epoch;
    Process process;
  };
  struct Reign {
    Holder holder;
    std::uint64_t process = 0;
  };
  struct ShardHistory {
    std::map<std::uint64_t, Leader> leaders;  // Processes that lead now, by serial.
    std::map<Epoch, Reign> reigns;            // That have begun.
    // Hashes, by seq - 1. 0: not seen yet. The two lowest bits: it was seen; it is joined to the
    // next one.
    std::map<Epoch, std::vector<std::uint64_t>> records;
    // Digests where they were first seen, likewise.
    std::map<std::pair<Epoch, Session>, std::vector<std::optional<std::uint64_t>>> roots;
  };

  ShardHistory& HistoryOf(ShardId shard);
  void Begin(ShardId shard, const Process& process, const Holder& holder, Epoch epoch);

  bool two_clusters_ = false;
  std::vector<ShardHistory> shards_;
  std::set<ShardId> contested_;  // With more than one leader.
  std::map<std::pair<std::uint64_t, ShardId>, Epoch> known_;
  std::map<std::uint64_t, control::Applied> applied_;  // By process.
  struct Agreed {
    std::uint64_t term = 0;
    std::size_t hash = 0;
  };
  std::map<std::pair<control::Lineage, std::uint64_t>, Agreed> agreed_;  // By index.
  std::map<std::uint64_t, control::Lineage> lineage_;                    // By process.
  std::set<std::pair<std::uint64_t, control::Lineage>> left_;            // By process.
  std::string violation_;
};

}  // namespace aegis::sim
