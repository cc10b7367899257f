#include "node/core/shard_counters.h"

namespace aegis::node {

void ShardCounters::Add(const ShardCounters& other) {
  hits += other.hits;
  misses += other.misses;
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
}

}  // namespace aegis::node
