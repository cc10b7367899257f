// Replay: turns the entries of a log, in order, into calls of a RecoverySink.
//
// It knows where each shard stands: what lies before its origin is passed over; what lies within
// the snapshot's time is absorbed; then the snapshot's history is adopted, and what follows is
// applied. Joined records are held aside until the last of them is there. What a run of the node
// left unfinished (a copy, joined records) ends where the next run opens the log.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "replication/record.h"
#include "replication/record_unit.h"
#include "wal/entry.h"
#include "wal/manifest.h"
#include "wal/payloads.h"
#include "wal/recovery_sink.h"
#include "wal/snapshot_format.h"

namespace aegis::wal {

// Calls visit(record, the same as bytes) for each of them. Errors: what is no record, or what the
// visit refuses.
template <class Visit>
Result<Ok> ForEachRecord(ByteView records, const Visit& visit) {
  while (true) {
    const ByteView before = records;
    const auto record = replication::TakeRecord(records);
    if (!record.ok()) return record.error();
    if (!record.value()) return Ok{};
    const ByteView encoded = before.substr(0, before.size() - records.size());
    if (Result<Ok> done = visit(*record.value(), encoded); !done.ok()) return done;
  }
}

class Replay {
 public:
  // `sink` outlives it.
  Replay(const Manifest& manifest, RecoverySink& sink);

  // Records of items of the shard's snapshot; all of them come before any entry.
  Result<Ok> TakeItems(ShardId shard, ByteView records);
  // How many those were, and what they are. REQUIRES: the shard's origin is that snapshot.
  Result<Ok> EndItems(ShardId shard, const SnapshotEnd& end);

  // The next entry. Errors: a reason; it is whole and still cannot be replayed.
  Result<Ok> Take(const Entry& entry);
  // The log ends at `end`. Errors: too early for a snapshot.
  Result<Ok> Finish(Lsn end);

  struct Counts {
    std::uint64_t items = 0;    // Of snapshots.
    std::uint64_t entries = 0;  // Of shards, without those passed over.
    std::uint64_t records = 0;
    std::uint64_t unfinished = 0;  // Joined records of which the last was never written.
  };
  const Counts& counts() const { return counts_; }
  // The newest "opened" entry, and its place.
  const std::optional<Opening>& opening() const { return opening_; }
  std::optional<Lsn> opened() const { return opened_; }
  // Up to where the entries taken say that the log was durable.
  Lsn durable() const { return durable_; }

 private:
  struct Shard {
    Lsn start;                         // Entries before it are passed over.
    Lsn end;                           // Until here they are absorbed.
    std::optional<Adoption> adoption;  // To be adopted when that is done.
    std::uint64_t items = 0;
    bool copying = false;
    replication::RecordUnit unit;
    std::uint64_t unit_records = 0;
  };

  Result<Ok> TakeOfShard(const Entry& entry, Shard& shard);
  Result<Ok> TakeRecords(const Entry& entry, Shard& shard);
  Result<Ok> TakeStep(ShardId id, Shard& shard, const replication::Record& record,
                      ByteView encoded);
  Result<Ok> TakeRange(const Entry& entry);
  Result<Ok> TakeOfCopy(const Entry& entry, Shard& shard);
  Result<Ok> EndLoading(ShardId id, Shard& shard);
  void EndUnit(Shard& shard);
  void DropCopy(ShardId id, Shard& shard);
  void EndUnfinished();

  RecoverySink& sink_;
  std::vector<Shard> shards_;
  std::vector<replication::Record> items_;  // Of a range; kept for its memory.
  Counts counts_;
  std::optional<Opening> opening_;
  std::optional<Lsn> opened_;
  Lsn durable_;
};

}  // namespace aegis::wal
