// WriteLedger: what became of every write of a simulated cluster's clients.
//
// A write is lost when a reign begins without it: what its shard's new leader lacks, no later one
// has. Asynchronous writes may be lost so; the keys that lost some have no linearizable history and
// are named by lost(). A write that a client was told is held by a quorum may be lost only with the
// memory of every member of the shard's in-sync set. That is what the ledger checks.

#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "control/state.h"
#include "model/ids.h"
#include "model/version_vector.h"

namespace aegis::sim {

// Older reigns than a history remembers are not doubted.
bool Has(const VersionVector& history, Version version);

class WriteLedger {
 public:
  // Whether the process that this copy names still runs.
  using Survives = std::function<bool(const control::Copy&)>;

  // A leader has applied it. `pending`: nobody is shown it before a quorum holds it.
  void OnWrite(ShardId shard, Version version, const Bytes& key, bool pending);
  // A leader has cleared the shard. If that is lost, only keys that were seen cleared are excused.
  void OnClear(ShardId shard, Version version, bool pending);
  // A client is told that a quorum holds it, or is shown what it wrote because one does, `by` who
  // leads in that epoch. (A write that nobody was told of may have been left out by a reign that
  // was left out in turn.) Empty, or what is wrong with that.
  std::string OnCommitted(ShardId shard, Version version, Epoch by);
  // A client is told late of what was carried out under the version's epoch, on a history that came
  // up to there: the leader's lease had run out, and is back. So the next reign, if one has begun,
  // was handed over and has it. (What later ones lack was lost with that.) Empty, or what is wrong.
  std::string OnToldLate(ShardId shard, Version version) const;
  // A client is about to be shown it, `by` who leads in that epoch. If it is not known, a leader
  // has written again what an earlier one had.
  void OnSeen(ShardId shard, Version version, const Bytes& key, Epoch by);
  // A read shows it without having waited for it. If it was to wait for a quorum, as above.
  std::string OnShown(ShardId shard, Version version, Epoch by);
  // As of the newest control state that anybody has.
  void OnInSync(ShardId shard, Epoch epoch, const std::vector<control::Copy>& in_sync,
                const Survives& survives);
  // A reign begins with this history, the newest epoch of which is its own. Empty, or what is wrong
  // with that.
  std::string OnReign(ShardId shard, const VersionVector& history);

  // A process has ended that had this copy: what nobody else heard of, nobody can count.
  void OnForgotten(ShardId shard, const VersionVector& history);
  // At rest, with this history: empty, or that more writes are gone than were `counted` as lost.
  std::string Uncounted(ShardId shard, const VersionVector& history, std::uint64_t counted) const;

  // The in-sync set in which that epoch ended, as far as it is known. Null: it is not.
  const std::vector<control::Copy>* InSyncOf(ShardId shard, Epoch epoch) const;
  // A later reign than this one has begun.
  bool HasBegunAfter(ShardId shard, Epoch epoch) const;
  // The newest clear in that history of those that are not lost; (0,0): there is none.
  Version NewestClear(ShardId shard, const VersionVector& history) const;
  // A reign has begun without it.
  bool IsLostClear(ShardId shard, Version version) const {
    return lost_clears_.contains({shard, version});
  }
  // A write of this key, or a clear, was lost that a client may have seen there.
  bool lost(const Bytes& key) const { return lost_.contains(key); }
  std::uint64_t writes_lost() const { return writes_lost_; }

 private:
  struct Write {
    std::set<Bytes> keys;  // Of a clear: where somebody was shown that it had happened.
    bool pending = false;
    bool clears = false;
  };
  struct History {
    std::map<Version, Write> writes;
    std::set<Version> clears;        // Of those.
    std::map<Epoch, Seq> committed;  // The newest of each epoch.
    std::map<Epoch, std::vector<control::Copy>> in_sync;
    std::set<Epoch> forgotten;              // Nobody of the in-sync set was left when these ended.
    std::map<Epoch, VersionVector> reigns;  // As they began.
    std::vector<Version> lost;              // Of those that clients may have seen.
    std::vector<VersionVector> dead;        // What ended processes had.
  };

  static Version CommittedOf(const History& shard, Epoch epoch);

  std::map<ShardId, History> shards_;
  std::set<Bytes> lost_;
  std::set<std::pair<ShardId, Version>> lost_clears_;
  std::uint64_t writes_lost_ = 0;
};

}  // namespace aegis::sim
