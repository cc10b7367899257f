#include "node/core/shard_counters.h"

namespace aegis::node {

void ShardCounters::Add(const ShardCounters& other) {
  hits += other.hits;
  misses += other.misses;
  stale_reads += other.stale_reads;
  expired += other.expired;
  evicted += other.evicted;
  records_written += other.records_written;
  records_sent += other.records_sent;
  records_received += other.records_received;
  records_applied += other.records_applied;
  copies_started += other.copies_started;
  copies_sent += other.copies_sent;
  copies_received += other.copies_received;
  writes_lost += other.writes_lost;
  writes_recovered += other.writes_recovered;
  digests_compared += other.digests_compared;
  differences_found += other.differences_found;
  differences_repaired += other.differences_repaired;
}

}  // namespace aegis::node
