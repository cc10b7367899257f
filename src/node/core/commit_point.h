// CommitPoint: up to where every copy in sync of a shard holds it, and which of what lies beyond
// must not be shown yet, because a failover could unsay it.
//
// What waits to be committed is
//  - every quorum write of this reign, and
//  - at the beginning of a reign of a shard that ever accepted quorum writes, all that is not known
//    to be committed: any of it may be one.
// Asynchronous writes wait for nothing.
//
// It is also known to followers, up to what their leader last told. Pure and not thread-safe: part
// of a Shard, under its lock.

#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "control/command.h"
#include "model/version.h"
#include "node/core/replica_set.h"
#include "replication/record.h"

namespace aegis::node {

class CommitPoint {
 public:
  // The last position that a copy is known to hold; (0,0): none.
  using Acked = std::function<Version(const control::Copy&)>;

  Version committed() const { return committed_; }
  // The same, of what survives this node's end as well: what others may be told of.
  Version committed_durably() const { return std::min(committed_, durable_); }
  // Some write waits, or did in the past: operations have to be looked at.
  bool matters() const { return quorum_used_ || !waiting_.empty(); }

  // A record was applied. (Of others than those that make an item vanish nothing is to be known.)
  void OnRecord(const replication::Record& record);
  // Any item may have vanished up to here.
  void OnVanished(Version at) { vanished_ = at; }

  // Of this copy so much is durable. Without a journal nobody says so, and all of it counts.
  void OnDurable(Version durable) { durable_ = durable; }

  // --- Following --------------------------------------------------------------------------------

  // The leader says so. `quorum_used`: what lies beyond may wait to be committed.
  void Learn(Version committed, bool quorum_used);

  // --- Not leading ------------------------------------------------------------------------------

  // A copy that does not lead may show an item of this version, or that a key is not there.
  bool MayShow(Version item) const { return !matters() || item <= committed_; }
  bool MayShowAbsence() const { return !matters() || vanished_ <= committed_; }

  // --- Leading ----------------------------------------------------------------------------------

  // A reign begins on a history that ends at `last`.
  void BeginReign(Version last, bool quorum_used);

  // Both return true if more may be committed, or acknowledged, than before.
  bool Set(const ReplicaSet& set, Version last, const Acked& acked);
  bool Advance(Version last, const Acked& acked);

  // From now on, until the next Set(), writes wait for this copy as well. True: it holds all that
  // is, or may be, committed, so that it may join those in sync.
  bool Admit(const control::Copy& copy, const Acked& acked);

  // This leader's newest write was applied.
  void OnWritten(Version last) {
    if (told_ && awaited_.empty()) MoveTo(last);
  }
  // A quorum write was applied: the records behind `before` up to `last`.
  void OnQuorumWrite(Version before, Version last);

  // Copies that are in sync for certain, the leader's included; 0: not told yet.
  std::uint32_t in_sync() const { return told_ ? 1 + static_cast<std::uint32_t>(set_.size()) : 0; }
  const std::vector<control::Copy>& followers_in_sync() const { return set_; }
  // Quorum writes may be accepted: the cluster knows that there are such.
  bool recorded() const { return quorum_used_; }

  // What a look at an item of this version, or at a key that is not there, has to wait for; (0,0):
  // nothing.
  Version WaitOf(Version item) const;
  Version WaitOfAbsence() const { return vanished_ > committed_ ? vanished_ : Version{}; }

  // The same of a look at all items.
  Version WaitOfAnything() const;

  // Everything that waited is committed.
  bool settled() const { return waiting_.empty() && inherited_ <= committed_; }

 private:
  // All records from the one behind `after` to `last`.
  struct Range {
    Version after;
    Version last;
  };

  bool MoveTo(Version committed);

  bool told_ = false;  // Set() was called in this reign.
  bool quorum_used_ = false;
  Version committed_;
  Version durable_{Epoch{Version::kEpochMax}, Seq{Version::kSeqMax}};
  Version inherited_;          // Up to here, what is not committed waits.
  Version vanished_;           // The newest record by which an item vanished without a tombstone.
  std::deque<Range> waiting_;  // Not committed yet, in order; adjoining ones are one.
  std::vector<control::Copy> awaited_;
  std::vector<control::Copy> set_;
};

}  // namespace aegis::node
