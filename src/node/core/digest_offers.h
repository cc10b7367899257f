// DigestOffers: a leader's side of the anti-entropy of one shard: what its followers are shown of
// its digest and, where theirs differs, of its items.
//
//     leader -> follower   digest     my root; the content of one small range, the next each time
//     follower -> leader   question   what are your sums? what do you hold in these ranges?
//     leader -> follower   sums       for the follower to see which buckets differ
//                          repair     all items of a range, piece by piece
//
// Everything that the leader says is put on the link behind all records up to its present position,
// so a follower that lacks nothing is at exactly that position when it arrives, whatever is being
// written meanwhile; one that does lack something ignores it and is shown the next one. Nothing is
// waited for: a question that is never answered is asked again after the next digest.
//
// The leader's content counts: it is what clients are being shown. If its own memory is what has
// failed, followers take over the damage; which of two copies is the right one, they cannot tell.
//
// Made anew for every reign. Pure and not thread-safe: part of Followers.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "model/hash_range.h"
#include "model/ids.h"
#include "model/limits.h"
#include "node/core/replica.h"
#include "replication/digest_due.h"
#include "replication/peer_message.h"

namespace aegis::node {

// After how many calls of Shard::Maintain() a shard's followers compare again, in a cluster of so
// many shards. Housekeeping is what a busy node does less of.
constexpr std::uint32_t DigestVisits(std::uint32_t num_shards) {
  const std::uint32_t rounds = (num_shards + limits::kDigestTurns - 1) / limits::kDigestTurns;
  return limits::kDigestVisits * std::max(rounds, 1U);
}

class DigestOffers {
 public:
  // `replica` is the leader's and outlives this.
  DigestOffers(ShardId shard, Epoch epoch, Replica& replica, std::uint32_t visits)
      : shard_(shard),
        epoch_(epoch),
        replica_(replica),
        visits_(visits),
        visits_left_(1 + shard.value() % visits) {}

  // Call it with Maintain(). True every so many times, other shards at others: the followers should
  // compare.
  bool IsTime();

  // The follower to whom this is due asks for these ranges; for the sums, if there is none.
  static void OnQuestion(replication::DigestDue& due, std::span<const HashRange> ranges);

  // Appends to `out` frames that are due to a follower, about `bytes_max` in all. True: more is
  // due. REQUIRES: every record of the history was put on the link before.
  bool Pump(replication::DigestDue& due, std::size_t bytes_max, Bytes& out);

 private:
  using Due = replication::DigestDue;

  replication::PeerMessage Message(replication::PeerMessageType type) const;
  void AppendDigest(Due& due, Bytes& out) const;
  void AppendSums(Bytes& out) const;
  void AppendPiece(Due& due, Bytes& out);
  std::uint64_t EndOfPiece(HashRange most) const;

  const ShardId shard_;
  const Epoch epoch_;
  Replica& replica_;
  const std::uint32_t visits_;
  std::uint32_t visits_left_;
};

}  // namespace aegis::node
