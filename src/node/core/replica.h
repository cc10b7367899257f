// Replica: one copy of one shard: its history, the table that the history made, and the newest
// end of the history for others to catch up from.
//
// Two replicas with equal history hold equal tables: everything that changes a table is a record.

#pragma once

#include <cstdint>
#include <deque>

#include "base/bytes.h"
#include "model/version_vector.h"
#include "replication/recent_records.h"
#include "replication/record.h"
#include "store/table.h"

namespace aegis::node {

class Replica {
 public:
  Replica(std::uint64_t hash_seed, store::MemoryMeter& meter) : table_(hash_seed, meter) {}

  // True iff `record` continues this history: the next seq of the reign, or a begin record that
  // names the end of this history.
  bool IsNext(const replication::Record& record) const;

  // Applies the next record; `encoded` is the same record as bytes. REQUIRES: IsNext(record).
  void Apply(const replication::Record& record, ByteView encoded);

  // Takes one record while a copy is in progress, be it an item of the copy or a step of the
  // history meanwhile: the newest version of a key wins.
  void Absorb(const replication::Record& record);

  // Ends a copy: what was absorbed is the shard as of this history.
  void Adopt(VersionVector history);

  store::Table& table() { return table_; }
  const store::Table& table() const { return table_; }
  const VersionVector& history() const { return history_; }
  replication::RecentRecords& recent() { return recent_; }
  const replication::RecentRecords& recent() const { return recent_; }

  // The oldest tombstone's version; (0,0): there is none.
  Version oldest_tombstone() const;
  std::size_t tombstones() const { return tombstones_.size(); }

  // A number that equal tables share and different ones almost surely do not: over every key,
  // value, version, expiry and tombstone. Scans the whole table.
  std::uint64_t Digest() const;

 private:
  void PutOrBury(const replication::Record& record);

  struct Tombstone {
    Version version;
    std::uint64_t hash;
  };

  store::Table table_;
  VersionVector history_;
  replication::RecentRecords recent_;
  std::deque<Tombstone> tombstones_;  // In order of version.
};

}  // namespace aegis::node
