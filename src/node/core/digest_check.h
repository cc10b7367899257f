// DigestCheck: a follower's side of the anti-entropy of one shard: compares what its leader shows
// with what it holds itself, asks where they differ, and takes over what the leader holds there.
//
// A difference at one position of one history means a bug or bad memory: it is logged and counted.
// What is asked for is due to the leader until it has been sent. See digest_offers.h.
//
// Pure and not thread-safe: functions on parts of a Shard, under its lock.

#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/hash_range.h"
#include "model/ids.h"
#include "node/core/replica.h"
#include "node/core/shard_counters.h"
#include "node/core/shard_journal.h"
#include "replication/peer_message.h"

namespace aegis::node {

// What a follower has yet to ask its leader.
struct DigestQuestion {
  bool sums = false;              // What are the sums of your digest?
  std::vector<HashRange> ranges;  // What do you hold in these?

  bool empty() const { return !sums && ranges.empty(); }
};

class DigestCheck {
 public:
  DigestCheck(ShardId shard, Replica& replica, ShardJournal& journal, ShardCounters& counters)
      : shard_(shard), replica_(replica), journal_(journal), counters_(counters) {}

  // Takes a message of the leader, or ignores it unless this replica is where the leader was. Adds
  // to `question` what is to be asked. Errors: kMalformed: the leader broke the protocol.
  // REQUIRES: it is a digest, sums or a repair.
  Result<Ok> Take(const replication::PeerMessage& message, DigestQuestion& question);

 private:
  void Compare(const replication::PeerMessage& message, DigestQuestion& question);
  void CompareSums(const replication::PeerMessage& message, DigestQuestion& question);
  Result<Ok> Repair(const replication::PeerMessage& message);

  const ShardId shard_;
  Replica& replica_;
  ShardJournal& journal_;
  ShardCounters& counters_;
};

}  // namespace aegis::node
