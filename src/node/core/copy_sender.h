// CopySender: a leader's side of sending its shard whole to followers that lack more of it than the
// recent records.
//
//     leader -> follower   begin   forget what you have
//                          chunk   some of the items, wherever the walk through the table has come
//                          end     now you have what I have
//
// Meanwhile the follower is sent new records like any other, so that the end of the copy may name
// the end of the history. What whole shards take of a node, its CopyBudget says; a copy waits for
// that, but one that is no longer than a chunk needs no turn.
//
// Made anew for every reign. Pure and not thread-safe: part of Followers.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "model/ids.h"
#include "model/outgoing.h"
#include "node/core/commit_point.h"
#include "node/core/copy_budget.h"
#include "node/core/replica.h"
#include "node/core/shard_counters.h"
#include "replication/peer_message.h"
#include "replication/progress.h"

namespace aegis::node {

class CopySender {
 public:
  // `replica` is the leader's and outlives this; so do the counters and `budget` (null: no limit).
  CopySender(ShardId shard, Epoch epoch, Replica& replica, ShardCounters& counters,
             CopyBudget* budget)
      : shard_(shard), epoch_(epoch), replica_(replica), counters_(counters), budget_(budget) {}

  // The follower is to get a copy, from its beginning on; one that it was getting counts no more.
  void Start(replication::Progress& progress);

  // Of a follower that is getting a copy:

  // Appends the begin message, unless that was done.
  void Begin(replication::Progress& progress, OutgoingTail out);
  // Appends chunks, about `bytes_max`, and behind the last one the end; nothing if the copy has to
  // wait. REQUIRES: every record of the history was put on the link before.
  void Pump(replication::Progress& progress, std::size_t bytes_max, const CommitPoint& commit,
            OutgoingTail out);
  // True: it had to wait, and may go on.
  bool Resume(replication::Progress& progress) const;

 private:
  using Progress = replication::Progress;

  replication::PeerMessage Message(replication::PeerMessageType type,
                                   const Progress& progress) const;
  // How much of it may be sent now; 0: it has to wait.
  std::size_t Allowance(Progress& progress, std::size_t bytes_max);
  void AppendChunks(Progress& progress, std::size_t bytes_max, OutgoingTail out) const;

  const ShardId shard_;
  const Epoch epoch_;
  Replica& replica_;
  ShardCounters& counters_;
  CopyBudget* const budget_;
  std::uint64_t next_id_ = 1;
};

}  // namespace aegis::node
