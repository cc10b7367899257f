// ShardCounters: what one shard of this node has done, for metrics.

#pragma once

#include <cstdint>

namespace aegis::node {

// Counted since the start of the process.
struct ShardCounters {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t stale_reads = 0;  // Of those, answered without leading.
  std::uint64_t expired = 0;      // As leader.
  std::uint64_t evicted = 0;      // As leader.
  std::uint64_t records_written = 0;
  std::uint64_t records_sent = 0;      // To followers; items of copies not included.
  std::uint64_t records_received = 0;  // As follower, items of copies included,
  std::uint64_t records_applied = 0;   // and of those, the ones it did not have yet.
  std::uint64_t copies_started = 0;    // To followers.
  std::uint64_t copies_sent = 0;       // Of those, finished.
  std::uint64_t copies_received = 0;
  std::uint64_t writes_lost = 0;       // Writes that this replica had and a new leader lacked.
  std::uint64_t writes_recovered = 0;  // As leader: keys that were written again with what an
                                       // earlier leader had written and nobody else had.
  // As follower: comparisons with the leader at its position, parts of the shard that differed, and
  // of those, the ones that were made equal. A part that stays different is found again.
  std::uint64_t digests_compared = 0;
  std::uint64_t differences_found = 0;
  std::uint64_t differences_repaired = 0;

  void Add(const ShardCounters& other);
};

}  // namespace aegis::node
