// Followers: a leader's side of the replication of one shard: whom it feeds during its reign, how
// far each of them is, and what is due to each next.
//
// Made anew for every reign. Pure and not thread-safe: part of a Shard, under its lock.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "control/command.h"
#include "model/ids.h"
#include "model/version_vector.h"
#include "node/core/commit_point.h"
#include "node/core/copy_budget.h"
#include "node/core/copy_sender.h"
#include "node/core/digest_offers.h"
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
  std::uint32_t change = 0;   // It last said so knowing the map as of this change of the shard.
};

class Followers {
 public:
  // `replica` is the leader's and outlives this; so do the counters and `copies`, what all copies
  // that this node sends may take (null: no limit).
  // They compare what they hold once in `digest_visits` calls of OfferDigests().
  Followers(ShardId shard, Epoch epoch, Replica& replica, ShardCounters& counters,
            CopyBudget* copies, std::uint32_t digest_visits)
      : shard_(shard),
        epoch_(epoch),
        replica_(replica),
        counters_(counters),
        copies_(shard, epoch, replica, counters, copies),
        digests_(shard, epoch, replica, digest_visits) {}

  // Whom to feed from now on. Those no longer named are forgotten, those new are invited to say
  // what they have.
  void Set(std::span<const NodeId> followers, ShardEffects& effects);

  // A new link stands: nothing said on an older one counts any more.
  void OnLinkUp(NodeId follower, ShardEffects& effects);
  // The link is gone: nothing is kept for the follower until it says again what it has.
  void OnLinkDown(NodeId follower, ShardEffects& effects);

  // The follower has `history` and wants what it lacks: the tail if the ring of recent records
  // reaches back that far, else a copy, and before that is asked for what it has too much. Ignored
  // unless Set() named it: then it will be invited.
  void OnWant(const control::Copy& from, const VersionVector& history, std::uint32_t change,
              ShardEffects& effects);

  // What this process of the follower was asked for: what it wrote behind there. Null: nothing, or
  // it has given it all.
  const Version* AskedBehind(const control::Copy& copy) const;
  // It has given items, of which so many were taken.
  void OnGiven(const control::Copy& copy, const replication::TailFate& fate);
  // It has given all; it gets a copy now. Returns what became of it. REQUIRES: it was asked.
  replication::TailFate OnAllGiven(const control::Copy& copy, ShardEffects& effects);

  // The follower has applied everything up to `version`. Ignored unless this process of it was sent
  // that much. Returns what it had acknowledged before, if it has acknowledged more now.
  std::optional<Version> OnAck(const control::Copy& from,
                               const replication::PeerMessage& acknowledgement,
                               ShardEffects& effects);

  // Asks every follower whether it follows still; returns the number of the round.
  std::uint64_t Probe(ShardEffects& effects);
  // It did in that round.
  void OnConfirm(const control::Copy& from, std::uint64_t round);

  // The follower asks how fresh it is. REQUIRES: this node leads, under a lease that holds.
  void OnAsk(const control::Copy& from, std::uint64_t round, ShardEffects& effects);

  // Sees to it that whoever holds everything knows how much of it is committed.
  void TellCommitted(Version committed, ShardEffects& effects);

  // The follower asks for what it needs to be made equal, see DigestOffers.
  void OnDigestQuestion(NodeId from, std::span<const HashRange> ranges, ShardEffects& effects);

  // Shows the followers a digest, if it is time.
  void OfferDigests(ShardEffects& effects);

  // Appends to `out` frames that are due to `follower`, about `bytes_max` in all but always at
  // least one if any is due. True: more is due. More of a copy is not while that waits for the
  // budget: ResumeCopies() wakes. `clock` and what is committed go along with records.
  bool Pump(NodeId follower, std::size_t bytes_max, UnixMs clock, const CommitPoint& commit,
            OutgoingTail out);

  // Wakes those whose copy waited for the budget and may go on. Often.
  void ResumeCopies(ShardEffects& effects);

  // There is something new for everybody who is being fed.
  void Wake(ShardEffects& effects) const;

  // True iff `follower` holds everything, up to a short tail in flight.
  bool InSync(NodeId follower) const;
  // True iff `follower` has acknowledged everything.
  bool AckedAll(NodeId follower) const;
  std::vector<FollowerLag> Lags() const;

  // What this process of the follower has acknowledged; (0,0): nothing.
  Version AckedBy(const control::Copy& copy) const;
  // Its last acknowledgement was made knowing the map as of this change of the shard, or later.
  bool Knows(const control::Copy& copy, std::uint32_t change) const;
  bool Confirmed(const control::Copy& copy, std::uint64_t round) const;
  // No follower that is being fed has still to answer a probe.
  bool ConfirmedByAll() const;
  // The most that a follower has acknowledged of the shard that it holds whole; (0,0): none does.
  Version BestWhole() const;
  // How many followers have acknowledged everything up to `version`.
  std::uint32_t HoldersOf(Version version) const;

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

  // Null unless it is this process of the follower that is being fed.
  Progress* Find(const control::Copy& copy);
  const Progress* Find(const control::Copy& copy) const;
  Version last() const { return replica_.history().last(); }
  replication::PeerMessage Message(replication::PeerMessageType type) const;
  bool InSync(const Progress& progress) const;
  void PumpRecords(Progress& progress, std::size_t bytes_max, UnixMs clock,
                   const CommitPoint& commit, OutgoingTail out);
  void PumpFreshness(Progress& progress, const CommitPoint& commit, OutgoingTail out) const;

  const ShardId shard_;
  const Epoch epoch_;
  Replica& replica_;
  ShardCounters& counters_;
  bool told_ = false;
  std::map<NodeId, Progress> progress_;
  std::uint64_t round_ = 0;  // Of probes.
  CopySender copies_;
  DigestOffers digests_;
};

}  // namespace aegis::node
