// Followers: a leader's side of the replication of one shard: whom it feeds during its reign, how
// far each of them is, and what is due to each next.
//
// Made anew for every reign. Pure and not thread-safe: part of a Shard, under its lock.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/version_vector.h"
#include "node/core/replica.h"
#include "node/core/shard_counters.h"
#include "node/core/shard_effects.h"
#include "replication/peer_message.h"
#include "replication/progress.h"

namespace aegis::node {

// How far one follower is behind, as its leader sees it.
struct FollowerLag {
  NodeId follower;
  bool in_sync = false;
  bool copying = false;
  std::uint64_t records = 0;  // Not yet acknowledged; of a copying or silent follower: all.
  std::uint64_t bytes = 0;    // Of those in the ring of recent records.
};

class Followers {
 public:
  // `replica` is the leader's and outlives this; so do the counters.
  Followers(ShardId shard, Epoch epoch, Replica& replica, ShardCounters& counters)
      : shard_(shard), epoch_(epoch), replica_(replica), counters_(counters) {}

  // Whom to feed from now on. Those no longer named are forgotten, those new are invited to say
  // what they have.
  void Set(std::span<const NodeId> followers, ShardEffects& effects);

  // A new link stands: nothing said on an older one counts any more.
  void OnLinkUp(NodeId follower, ShardEffects& effects);
  // The link is gone: nothing is kept for the follower until it says again what it has.
  void OnLinkDown(NodeId follower, ShardEffects& effects);

  // The follower has `history` and wants what it lacks: the tail if the ring of recent records
  // reaches back that far, else a copy. Ignored unless Set() named it: then it will be invited.
  void OnWant(NodeId from, const VersionVector& history, ShardEffects& effects);

  // The follower has applied everything up to `version`. Ignored unless it was sent that much.
  void OnAck(NodeId from, Version version, bool pressure, ShardEffects& effects);

  // Appends to `out` frames that are due to `follower`, about `bytes_max` in all but always at
  // least one if any is due. True: more is due. `clock` is sent along with records.
  bool Pump(NodeId follower, std::size_t bytes_max, UnixMs clock, Bytes& out);

  // There is something new for everybody who is being fed.
  void Wake(ShardEffects& effects) const;

  // True iff `follower` holds everything, up to a short tail in flight.
  bool InSync(NodeId follower) const;
  // True iff `follower` was sent everything.
  bool SentAll(NodeId follower) const;
  // The sum of the ids of the leader and all followers, if every one is in sync; else 0.
  std::uint64_t Settled(NodeId leader) const;
  std::vector<FollowerLag> Lags() const;

  // Set() has been called, and named nobody.
  bool none() const { return told_ && progress_.empty(); }
  // The end of what every follower that is being fed was sent, and of what every follower has
  // acknowledged. Not beyond the end of the history.
  Version SentToAll() const;
  Version AckedByAll() const;
  // Some follower is short of memory.
  bool pressure() const;

 private:
  using Progress = replication::Progress;

  Version last() const { return replica_.history().last(); }
  replication::PeerMessage Message(replication::PeerMessageType type) const;
  bool InSync(const Progress& progress) const;
  void StartCopy(Progress& progress);
  void PumpRecords(Progress& progress, std::size_t bytes_max, UnixMs clock, Bytes& out);
  void PumpCopyChunk(Progress& progress, std::size_t bytes_max, Bytes& out);

  const ShardId shard_;
  const Epoch epoch_;
  Replica& replica_;
  ShardCounters& counters_;
  bool told_ = false;
  std::map<NodeId, Progress> progress_;
  std::uint64_t next_copy_id_ = 1;
};

}  // namespace aegis::node
