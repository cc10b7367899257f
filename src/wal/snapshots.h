// Snapshots: the snapshots of a log's shards, and what the log needs besides: the shell of a round
// of them, one shard after the other, while the node works.
//
//     for each shard:
//         Begin(), ShardSnapshot::Add() slice by slice, Finish(); or Empty(), or Touch()
//     the log is made durable up to Covered()
//     Publish()
//
// What is to be seen under the shard's lock stands in snapshot_writer.h. A failure costs the
// snapshot or the round, never the log: what was published before still holds.
//
// Not thread-safe: one thread at a time, any thread; the log may be written meanwhile by another.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "model/ids.h"
#include "wal/log_files.h"
#include "wal/log_names.h"
#include "wal/manifest.h"
#include "wal/payloads.h"
#include "wal/snapshot_writer.h"

namespace aegis::wal {

// One that is being made. It ends with Finish() or GiveUp().
class ShardSnapshot {
 public:
  // Whole records of so many items.
  Result<Ok> Add(ByteView records, std::uint64_t items);

 private:
  friend class Snapshots;
  ShardSnapshot(const LogIdentity& identity, const SnapshotId& id, std::unique_ptr<LogFile> file)
      : id_(id), writer_(identity, id), file_(std::move(file)) {}

  Result<Ok> Write();

  SnapshotId id_;
  SnapshotWriter writer_;
  std::unique_ptr<LogFile> file_;
};

class Snapshots {
 public:
  // `manifest` is the durable one: of a recovery, or of a log that was just created. `files`
  // outlives this.
  Snapshots(LogFiles& files, Manifest manifest)
      : files_(files), manifest_(std::move(manifest)), published_(manifest_) {}

  // Of a shard that was at `begun` when this was called for. REQUIRES: it makes no copy.
  Result<std::unique_ptr<ShardSnapshot>> Begin(ShardId shard, Lsn begun);
  // It is whole and named. REQUIRES: the replica was the same from `begun` to `end`.
  Result<Ok> Finish(ShardSnapshot& snapshot, Lsn end, const Adoption& adoption);

  // Nothing is left of it.
  Result<Ok> GiveUp(std::unique_ptr<ShardSnapshot> snapshot);

  // The shard holds nothing at `at`, and makes no copy.
  void SetEmpty(ShardId shard, Lsn at);
  // Nothing was appended of the shard since its snapshot was begun, up to `at`, so it need not be
  // made again. REQUIRES: that.
  void Touch(ShardId shard, Lsn at);

  // What Publish() will say.
  const Manifest& manifest() const { return manifest_; }
  // Makes it hold, and removes what is not needed then. REQUIRES: the log is durable up to
  // manifest().Covered().
  Result<Ok> Publish();

 private:
  LogFiles& files_;
  Manifest manifest_;
  Manifest published_;
};

}  // namespace aegis::wal
