// Shard: one node's part in one shard, whatever that part is now: nothing, follower, leader, or a
// leader that is handing over.
//
// The shard executes commands while it leads, replicates what it writes, and follows while another
// node leads. It does not decide who leads: the control plane tells it (Lead, Follow, Orphan, ...)
// and reads back Report(). That is the seam: whatever elects leaders, this file stays as it is.
//
// Pure and not thread-safe: the owner holds the shard's lock around every call, on whichever
// thread. What a call wants done outside comes back in ShardEffects.

#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/limits.h"
#include "model/operation.h"
#include "node/core/followers.h"
#include "node/core/replica.h"
#include "node/core/shard_counters.h"
#include "node/core/shard_effects.h"
#include "replication/peer_message.h"

namespace aegis::node {

class Shard {
 public:
  struct Options {
    ShardId id;
    NodeId self;
    Session session;
    std::uint64_t hash_seed = 0;
    store::MemoryMeter* meter = nullptr;                   // Outlives the shard.
    std::size_t ring_bytes = limits::kRecentRecordsBytes;  // Of recent records, see RecentRecords.
  };
  explicit Shard(const Options& options);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // --- Commands -------------------------------------------------------------------------------

  // Executes one operation. kNotLeader unless this node leads the shard: nothing happened, and the
  // caller routes anew. Views in the outcome are valid until the next call on this shard.
  // REQUIRES: operation's keys belong to this shard.
  Outcome Execute(const Operation& operation, UnixMs now, ShardEffects& effects);

  // Evicts a bounded number of items, until `room` more bytes fit. True: they fit.
  bool GiveWay(std::size_t room, ShardEffects& effects);
  // What the last operation that was refused with kOutOfMemory had needed room for, in bytes.
  std::size_t room_wanted() const { return room_wanted_; }

  // Housekeeping, a bounded amount per call: gives back spare memory. A leader expires what is due
  // among about `homes` slots, evicts while the node is over its limit, and trims tombstones.
  void Maintain(UnixMs now, std::size_t homes, ShardEffects& effects);

  // --- Reign: told by the control plane -------------------------------------------------------

  // This node leads from now on. REQUIRES: epoch is above every epoch seen.
  void Lead(Epoch epoch, ShardEffects& effects);

  // Another node leads. Asks it for what is missing.
  void Follow(NodeId leader, Epoch epoch, ShardEffects& effects);

  // Nobody leads as far as this node knows; it keeps what it holds.
  void Orphan(ShardEffects& effects);

  // Whom a leader replicates to (itself excluded). Those no longer named are forgotten, those new
  // are invited to say what they have.
  void SetFollowers(std::span<const NodeId> followers, ShardEffects& effects);

  // Planned change of leader: stops commands, sends `successor` the rest, then the hand-over.
  // Ignored unless this node leads.
  void HandOver(NodeId successor, ShardEffects& effects);

  // This node is no longer a replica: frees what it holds.
  void Release(ShardEffects& effects);

  // --- Peers: called by the thread that owns the link -------------------------------------------

  // A new link to `peer` stands; nothing said on an older one counts any more.
  void OnLinkUp(NodeId peer, ShardEffects& effects);
  // The link to `peer` is gone, and no other one stands.
  void OnLinkDown(NodeId peer, ShardEffects& effects);

  // Takes one message about this shard. Errors: kMalformed: the peer broke the protocol, close.
  // Messages of reigns that have ended are ignored.
  Result<Ok> OnMessage(NodeId from, const replication::PeerMessage& message, ShardEffects& effects);

  // Appends to `out` frames that are due to `peer`, about `bytes_max` in all but always at least
  // one if any is due. True: more is due. `now` is sent along with records.
  bool Pump(NodeId peer, std::size_t bytes_max, UnixMs now, Bytes& out);

  // --- Looking in -----------------------------------------------------------------------------

  replication::ShardReport Report() const;
  // Of a leader, draining or not; else empty.
  std::vector<FollowerLag> Lags() const {
    return followers_ ? followers_->Lags() : std::vector<FollowerLag>();
  }
  const ShardCounters& counters() const { return counters_; }
  const Replica& replica() const { return *replica_; }
  // Bytes of what is stored under `key`, whether it still lives or not; 0: nothing.
  std::size_t ValueSize(ByteView key) const {
    const auto item = replica_->table().Find(key);
    return item ? item->value.size() : 0;
  }
  ShardId id() const { return options_.id; }
  // True iff `peer` holds everything that this leader has written, up to a short tail in flight.
  bool InSync(NodeId peer) const { return followers_ && followers_->InSync(peer); }

 private:
  class Sink;  // Turns what the executor commits into records of this shard.

  // What this replica, as a follower, still has to tell its leader.
  struct Duty {
    bool want = false;  // Ask for what is missing.
    Version acked;      // Last position acknowledged.
  };

  bool leads() const { return role_ == replication::ShardRole::kLeader; }
  Version Write(replication::Record& record, ShardEffects& effects);
  void WakeLeader(ShardEffects& effects) const;
  UnixMs Clock(UnixMs now) const { return std::max(now, clock_floor_); }
  void TrimRing();
  void TrimTombstones(ShardEffects& effects);
  bool Evict(std::size_t victims_max, std::size_t room, ShardEffects& effects);
  void EvictBytes(std::size_t bytes, ShardEffects& effects);
  bool EvictOne(ShardEffects& effects);
  void SweepExpired(UnixMs now, std::size_t homes, ShardEffects& effects);
  void ReplaceReplica(std::unique_ptr<Replica> replica);

  Result<Ok> OnRecords(const replication::PeerMessage& message, ShardEffects& effects);
  Result<Ok> AbsorbAll(ByteView records);
  void OnCopyBegin(const replication::PeerMessage& message);
  Result<Ok> OnCopyEnd(const replication::PeerMessage& message, ShardEffects& effects);
  void OnHandOver(const replication::PeerMessage& message, ShardEffects& effects);

  replication::PeerMessage Message(replication::PeerMessageType type) const;
  void PumpDuty(Bytes& out);

  const Options options_;
  replication::ShardRole role_ = replication::ShardRole::kNone;
  Epoch epoch_;         // The highest seen.
  NodeId leader_;       // Whom it follows; self if it leads; kNoNode.
  bool whole_ = false;  // replica_ is a shard as of its history, not a part of one.

  std::unique_ptr<Replica> replica_;
  std::unique_ptr<Replica> copy_;  // Follower: a copy in progress, to replace replica_.
  std::uint64_t copy_id_ = 0;      // Follower: of copy_.
  Duty duty_;

  std::optional<Followers> followers_;  // Has a value iff this node leads, draining or not.
  NodeId successor_;                    // While draining.
  bool hand_over_sent_ = false;         // While draining.

  std::uint64_t sweep_cursor_ = 0;
  UnixMs clock_floor_;  // The latest wall clock seen of any leader of this shard.
  std::size_t room_wanted_ = 0;
  std::size_t ring_metered_ = 0;  // Bytes of recent records that the meter knows about.
  Bytes scratch_;                 // Holds values that an outcome shows.
  Bytes encoded_;                 // The record being written.
  ShardCounters counters_;
};

}  // namespace aegis::node
