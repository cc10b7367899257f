// Replica: one copy of one shard: its history, the table that the history made, and the newest
// end of the history for others to catch up from.
//
// Two replicas with equal history hold equal tables: everything that changes a table is a record.

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "model/hash_range.h"
#include "model/limits.h"
#include "model/version_vector.h"
#include "replication/history.h"
#include "replication/recent_records.h"
#include "replication/record.h"
#include "store/table.h"

namespace aegis::node {

// The record that makes a replica without it hold `item`, in a copy or a repair. Views borrow.
replication::Record RecordOf(const store::ItemView& item);

class Replica {
 public:
  Replica(std::uint64_t hash_seed, store::MemoryMeter& meter,
          std::uint32_t digest_buckets = limits::kDigestBucketsMax,
          EvictionPolicy eviction = EvictionPolicy::kSlru)
      : table_(hash_seed, meter, digest_buckets, eviction) {}

  // See replication/history.h.
  bool IsNext(const replication::Record& record) const {
    return replication::IsNext(history_, record);
  }

  // Applies the next record; `encoded` is the same record as bytes, or all of them but its value,
  // if that lies in a block. REQUIRES: IsNext(record).
  void Apply(const replication::Record& record, ByteView encoded);
  // Likewise, where there is no other copy: nobody will ever ask for the record.
  void ApplyAlone(const replication::Record& record);

  // Takes one record while a copy is in progress, be it an item of the copy or a step of the
  // history meanwhile: the newest version of a key wins.
  void Absorb(const replication::Record& record);

  // What a clear took out of the table just now, if it was one: for the caller to destroy, which
  // may take long. Nothing: there was none since this was last asked.
  std::optional<store::Table> TakeCleared() { return std::exchange(cleared_, std::nullopt); }

  // Ends a copy: what was absorbed is the shard as of this history, and so much had vanished from
  // where it was made.
  void Adopt(VersionVector history, Version vanished);

  // Holds these items in the range from now on and no others, whatever their versions; the history
  // stays. REQUIRES: the records are of items in the range.
  void ReplaceRange(HashRange range, std::span<const replication::Record> records);

  store::Table& table() { return table_; }
  const store::Table& table() const { return table_; }
  const VersionVector& history() const { return history_; }
  replication::RecentRecords& recent() { return recent_; }
  const replication::RecentRecords& recent() const { return recent_; }

  // The oldest tombstone's version; (0,0): there is none.
  Version oldest_tombstone() const;
  std::size_t tombstones() const { return tombstones_.size(); }
  // The version up to which tombstones have to go for so many to be left. REQUIRES: there are more.
  Version AllTombstonesBut(std::size_t left) const {
    return tombstones_[tombstones_.size() - left - 1].version;
  }
  // Items of versions up to here may have gone without leaving a tombstone. A key that is not there
  // was not written behind this.
  Version vanished() const { return vanished_; }

  // A number that equal tables share and different ones almost surely do not, over every bit of
  // every item. Looks at all of them, unlike the table's own digest.
  std::uint64_t Digest() const { return table_.ContentSum(HashRange{}); }

 private:
  void Step(const replication::Record& record);
  void TakeIfNewer(const replication::Record& record);
  void PutOrBury(const replication::Record& record);
  void Vanish(std::uint64_t hash, Version version);
  void ClearAll(Version at);
  void SortTombstones();

  struct Tombstone {
    Version version;
    std::uint64_t hash;
  };

  store::Table table_;
  VersionVector history_;
  replication::RecentRecords recent_;
  std::deque<Tombstone> tombstones_;  // In order of version.
  Version vanished_;
  std::optional<store::Table> cleared_;
};

}  // namespace aegis::node
