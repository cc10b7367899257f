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
#include "node/core/commit_point.h"
#include "node/core/copy_budget.h"
#include "node/core/digest_check.h"
#include "node/core/followers.h"
#include "node/core/freshness.h"
#include "node/core/lease_view.h"
#include "node/core/replica.h"
#include "node/core/replica_set.h"
#include "node/core/shard_counters.h"
#include "node/core/shard_effects.h"
#include "node/core/shard_journal.h"
#include "node/core/shard_report.h"
#include "node/core/unreplicated_tail.h"
#include "replication/peer_message.h"
#include "replication/record.h"
#include "replication/record_unit.h"

namespace aegis::node {

struct Incoming;

class Shard {
 public:
  struct Options {
    ShardId id;
    NodeId self;
    Session session;
    std::uint64_t hash_seed = 0;
    store::MemoryMeter* meter = nullptr;                   // Outlives the shard.
    const LeaseView* lease = nullptr;                      // Likewise.
    std::size_t ring_bytes = limits::kRecentRecordsBytes;  // Of recent records, see RecentRecords.
    // Of operations that do not say, see Operation::quorum; and what kAllCopies means.
    std::int32_t write_quorum = 0;
    std::int32_t read_quorum = 0;
    std::uint32_t replication_factor = 1;
    CopyBudget* copies = nullptr;  // What this node may send of whole shards; outlives the shard.
                                   // Null: no limit.
    EvictionPolicy eviction = EvictionPolicy::kSlru;
    std::uint32_t num_shards = 1;  // Of the cluster: what a digest of this one may take.
    UnreplicatedTail::Bounds tail_bounds{};
    std::uint32_t min_in_sync = 1;  // Copies, the leader's included, without which nothing is
                                    // written.
    Journal* journal = nullptr;     // Where it writes down what becomes of it; outlives the shard.
                                    // Null: nowhere.
  };
  explicit Shard(const Options& options);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // What the journal gave back: all of a replica, as of its end then. Called before anything else,
  // if at all.
  void Restore(std::unique_ptr<Replica> replica, wal::Lsn journaled);

  // --- Commands -------------------------------------------------------------------------------

  // Executes one operation. kNotLeader unless this node leads the shard under a lease that holds:
  // nothing happened, and the caller routes anew. The lease is looked at again when the operation
  // has been applied: if it has run out by then, a write's outcome is held. Views in the outcome
  // are valid until the next call on this shard. An outcome with a `hold` must not be shown yet:
  // keep a copy of it, and ask Settle(). kBusy: nothing happened; to be tried again until it has
  // waited long enough.
  // REQUIRES: operation's keys belong to this shard.
  Outcome Execute(const Operation& operation, UnixMs now, ShardEffects& effects);

  // Executes a read on what this replica holds although it does not lead, if that is as fresh as
  // operation.max_stale_ms wants. Nothing: route it to the leader as any other. What may yet wait
  // for a quorum is not shown. REQUIRES: as Execute(); operation.max_stale_ms.
  std::optional<Outcome> ReadStale(const Operation& operation, UnixMs now, ShardEffects& effects);

  // May an outcome that was held be shown now? If so, it has no hold any more, and tells what
  // there is to be told by now: if the reign is over, that a write's outcome is unknown. Ask after
  // ShardEffects::settled.
  bool Settle(bool write, Outcome& outcome) const;
  // Ends the wait for an outcome that is held still.
  void GiveUp(bool write, Outcome& outcome) const;
  // False: the operation's outcome, if it is executed next, will have no hold.
  bool MayHold(const Operation& operation, UnixMs now) const;

  // Evicts items of at least `room` bytes together, but a bounded number of them. Returns how many
  // bytes they had.
  std::size_t GiveWay(std::size_t room, ShardEffects& effects);
  // True: so many bytes more would not pass the limit.
  bool HasRoom(std::size_t bytes) const { return options_.meter->Fits(bytes); }
  // For the operation that was refused with kOutOfMemory just now, so many bytes, of an item, would
  // have to be evicted, of this shard or of any; 0: that would not help.
  struct RoomWanted {
    std::size_t bytes = 0;
    bool here = false;
  };
  RoomWanted room_wanted() const { return room_wanted_; }
  // This node leads, and a follower is short of memory.
  bool short_follower() const { return followers_ && followers_->pressure(); }
  // They were: the next operation may have them.
  void GrantRoom(std::size_t room) { room_granted_ = room; }

  // Housekeeping, a bounded amount per call, often: gives back spare memory, and lets copies go on
  // that waited for their budget. A leader expires what is due among about `items`, evicts while
  // the node is over its limit, and trims tombstones. True: of the items that it looked at, many
  // were due, or it evicted all that it may at once, so there may be many more.
  bool Maintain(UnixMs now, std::size_t items, ShardEffects& effects);

  // --- Reign: told by the control plane -------------------------------------------------------

  // This node leads from now on, while the lease of `session` holds. `quorum_used`: some of what it
  // holds may have been acknowledged by quorum. REQUIRES: epoch is above every epoch seen.
  void Lead(Epoch epoch, Session session, bool quorum_used, ShardEffects& effects);

  // Another node leads, and `change` is the shard's number in the map. Asks it for what is missing.
  void Follow(NodeId leader, Epoch epoch, std::uint32_t change, ShardEffects& effects);

  // Nobody leads as far as this node knows; it keeps what it holds.
  void Orphan(ShardEffects& effects);

  // Whom a leader replicates to, and whose copies count. Followers no longer named are forgotten,
  // those new are invited to say what they have. Ignored unless it is of the present reign.
  void SetReplicas(const ReplicaSet& set, ShardEffects& effects);

  // From now on, until the next SetReplicas(), writes wait for this copy as well. True: it holds
  // all that is committed and, but for a short tail, the rest; so it may join those in sync. It
  // said so when it knew the map as of `change`: a copy that the map dropped before and names again
  // may have been wiped in between.
  bool Admit(const control::Copy& copy, std::uint32_t change);

  // Planned change of leader: stops commands for the rest of this reign and sends `successor` what
  // it lacks; drained() tells. Ignored unless this node leads.
  void HandOver(NodeId successor, ShardEffects& effects);

  // This node is no longer a replica: frees what it holds.
  void Release(ShardEffects& effects);

  // --- Peers: called by the thread that owns the link -------------------------------------------

  // A new link to `peer` stands; nothing said on an older one counts any more.
  void OnLinkUp(NodeId peer, ShardEffects& effects);
  // The link to `peer` is gone, and no other one stands.
  void OnLinkDown(NodeId peer, ShardEffects& effects);

  // Takes one message about this shard from a peer's process. Errors: kMalformed: the peer broke
  // the protocol, close. Messages of reigns that have ended are ignored.
  Result<Ok> OnMessage(const control::Copy& from, const replication::PeerMessage& message,
                       ShardEffects& effects);

  // Appends to `out` frames that are due to `peer`, about `bytes_max` in all but always at least
  // one if any is due. True: more is due. `now` is sent along with records. See Followers::Pump().
  bool Pump(NodeId peer, std::size_t bytes_max, UnixMs now, OutgoingTail out);
  // Pump() had something to tell `peer`, the leader, that is not durable yet, and will have it once
  // the journal is durable up to here.
  std::optional<wal::Lsn> AwaitedFor(NodeId peer) const {
    const bool tells = role_ == ShardRole::kFollower && peer == leader_ && copy_ == nullptr;
    return tells ? journal_.awaited() : std::nullopt;
  }

  // --- Looking in -----------------------------------------------------------------------------

  ShardReport Report() const;
  // Of a leader, draining or not; else empty.
  std::vector<FollowerLag> Lags() const {
    return followers_ ? followers_->Lags() : std::vector<FollowerLag>();
  }
  // This leader has stopped, its successor has acknowledged everything, and nothing waits for
  // others.
  bool drained() const {
    return role_ == ShardRole::kDraining && followers_->AckedAll(successor_) && commit_.settled() &&
           followers_->ConfirmedByAll();
  }
  Version committed() const { return commit_.committed(); }
  // Of a leader, draining or not; else empty.
  const UnreplicatedTail& tail() const { return tail_; }
  const ShardCounters& counters() const { return counters_; }
  const Replica& replica() const { return *replica_; }
  // It holds the shard as of replica().history(); false: nothing, but for a copy in progress.
  bool whole() const { return whole_; }
  bool copying() const { return copy_ != nullptr; }
  // Another number is another replica: it was released, or a copy has taken its place.
  std::uint64_t replica_number() const { return replica_number_; }
  // Where the journal has what this replica is now. What is shown of it, or told of it, must not be
  // before the journal is durable up to there; 0: there is nothing to wait for.
  wal::Lsn journaled() const { return journal_.end(); }
  // Bytes of what is stored under `key`, whether it still lives or not; 0: nothing.
  std::size_t ValueSize(ByteView key) const {
    const auto item = replica_->table().Find(key);
    return item ? item->value.size() : 0;
  }
  // Of what the operation's outcome would show now, at most; of a scan's, about.
  std::size_t BytesShown(const Operation& operation) const;
  // Of the write that the key has its value from, or that removed it; (0,0): none is known.
  Version VersionOf(ByteView key) const {
    const auto item = replica_->table().Find(key);
    return item ? item->version : Version{};
  }
  ShardId id() const { return options_.id; }
  // What this process of a follower has acknowledged to this leader; (0,0): nothing.
  Version AckedBy(const control::Copy& copy) const {
    return followers_ ? followers_->AckedBy(copy) : Version{};
  }
  // True iff `peer` holds everything that this leader has written, up to a short tail in flight.
  bool InSync(NodeId peer) const { return followers_ && followers_->InSync(peer); }

 private:
  class Sink;  // Turns what the executor commits into records of this shard.

  // The items of versions behind `since`, of which those before `cursor` were sent.
  struct TailGift {
    Version since;
    std::uint64_t cursor = 0;
  };

  // What this replica, as a follower, still has to tell its leader.
  struct Duty {
    bool want = false;        // Ask for what is missing.
    Version acked{};          // Last position acknowledged.
    std::uint64_t round = 0;  // Of a probe to be confirmed; 0: none.
    DigestQuestion question = {};
    std::optional<TailGift> tail = {};  // What the leader asked for.
  };

  bool leads() const { return role_ == ShardRole::kLeader; }
  bool LeaseHolds() const { return options_.lease->Holds(lease_session_); }
  Outcome ExecuteLed(const Operation& operation, UnixMs now, ShardEffects& effects);
  Outcome ExecuteInSession(const Operation& operation, UnixMs now, ShardEffects& effects);
  Outcome Run(const Operation& operation, UnixMs now, ShardEffects& effects);
  Outcome RunBatch(const Operation& operation, UnixMs now, ShardEffects& effects);
  bool Unchanged(const KeyValue& watched, UnixMs now) const;
  void Count(const Operation& operation, const Outcome& outcome);
  Outcome NotLed() const;
  Outcome WithoutLease(const Operation& operation, Outcome outcome) const;
  std::optional<Outcome> Brake(const Operation& operation, UnixMs now);
  void MeasureTail();
  bool WaitsForCopies(const Operation& operation) const {
    return operation.code == OpCode::kAwait || CopiesWanted(operation) > 0;
  }
  Outcome ExecuteCarefully(const Operation& operation, UnixMs now, ShardEffects& effects);
  Outcome Await(const Operation& operation);
  std::uint32_t CopiesWanted(const Operation& operation) const;
  Version WaitOf(const Operation& operation) const;
  bool MayShow(const Operation& operation) const;
  Outcome SessionLost(Version seen) const;
  Version PositionOf(const Outcome& read) const;
  template <class Visit>
  static void ForEachKey(const Operation& operation, Visit visit);
  void ExpireDue(const Operation& operation, UnixMs now, ShardEffects& effects);
  CommitPoint::Acked Acked() const;
  bool Satisfied(const Hold& hold) const;
  Version Write(replication::Record& record, ShardEffects& effects);
  static void GiveCleared(Replica& replica, ShardEffects& effects);
  void WakeLeader(ShardEffects& effects) const;
  UnixMs Clock(UnixMs now) const { return std::max(now, clock_floor_); }
  void TrimRing();
  void MeterRing(std::size_t bytes, std::size_t block_bytes);
  void TrimTombstones(ShardEffects& effects);
  bool MakeRoom(std::size_t key_size, const Incoming& value, ShardEffects& effects);
  std::size_t Replaced(const Incoming& value) const;
  std::size_t EvictOne(ShardEffects& effects);
  void Expire(std::uint64_t hash, Version version, ShardEffects& effects);
  bool SweepExpired(UnixMs now, std::size_t items, ShardEffects& effects);
  std::unique_ptr<Replica> NewReplica() const;
  void ReplaceReplica(std::unique_ptr<Replica> replica);

  void OnFollower(const control::Copy& from, const replication::PeerMessage& message,
                  ShardEffects& effects);
  Result<Ok> OnTail(const control::Copy& from, const replication::PeerMessage& message,
                    ShardEffects& effects);
  bool WriteAgain(const replication::Record& lost, Version common, ShardEffects& effects);
  void OnTailAsk(const replication::PeerMessage& message, ShardEffects& effects);
  Result<Ok> OnRecords(const replication::PeerMessage& message, ShardEffects& effects);
  void TakeJoined(const replication::Record& record, ByteView encoded, ShardEffects& effects);
  Result<Ok> AbsorbAll(ByteView records, ShardEffects& effects);
  void OnFresh(const replication::PeerMessage& message);
  Result<Ok> OnDigests(const replication::PeerMessage& message, ShardEffects& effects);
  void OnCopyBegin(const replication::PeerMessage& message);
  Version CountMissing();
  void EndReign();
  void CountWiped();
  Result<Ok> OnCopyEnd(const replication::PeerMessage& message, ShardEffects& effects);

  replication::PeerMessage Message(replication::PeerMessageType type) const;
  bool PumpDuty(std::size_t bytes_max, Bytes& out);
  bool PumpTail(std::size_t bytes_max, Bytes& out);
  void PumpQuestion(Bytes& out);

  const Options options_;
  ShardRole role_ = ShardRole::kNone;
  Epoch epoch_;               // The highest seen.
  NodeId leader_;             // Whom it follows; self if it leads; kNoNode.
  std::uint32_t change_ = 0;  // Follower: the shard's number in the map, as far as it was told.
  Session lease_session_;     // Under which this node leads.
  std::uint64_t replica_number_ = 0;
  bool whole_ = false;  // replica_ is a shard as of its history, not a part of one.

  ShardJournal journal_;
  std::unique_ptr<Replica> replica_;
  std::unique_ptr<Replica> copy_;  // Follower: a copy in progress, to replace replica_.
  std::uint64_t copy_id_ = 0;      // Follower: of copy_.
  replication::RecordUnit unit_;   // Follower: of the next records, those that wait for their end.
  Duty duty_;
  Version told_;                      // Follower: the newest record that its leader told it of.
  std::optional<Version> unsettled_;  // It led, and what it wrote behind this is on no other copy,
                                      // as far as it knows; nobody has compared since.
  Freshness freshness_;

  std::optional<Followers> followers_;  // Has a value iff this node leads, draining or not.
  NodeId successor_;                    // While draining.
  CommitPoint commit_;
  UnreplicatedTail tail_;
  bool wants_quorum_ = false;  // A quorum write was asked for in this reign.
  Version held_until_;         // Beyond this position no outcome is held.

  struct Due {
    std::uint64_t hash;
    Version version;
  };
  std::vector<Due> due_;  // What a sweep found; kept for its memory.
  std::uint64_t sweep_cursor_ = 0;
  UnixMs clock_floor_;  // The latest wall clock seen of any leader of this shard.
  RoomWanted room_wanted_;
  std::size_t room_granted_ = 0;
  std::size_t ring_metered_ = 0;         // Bytes of recent records that the meter knows about,
  std::size_t ring_blocks_metered_ = 0;  // and of blocks that they hold.
  Bytes scratch_;                        // Holds values that an outcome shows.
  Bytes batch_;                          // The outcomes of a batch.
  Bytes encoded_;                        // The record being written.
  bool joins_ = false;  // What is written takes effect together, at its end record.
  ShardCounters counters_;
};

}  // namespace aegis::node
