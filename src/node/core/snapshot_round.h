// SnapshotRound: one round of snapshots of this node's shards, slice by slice, while the node goes
// on working. Nothing is held for longer than it takes to look at kHomesPerSlice places of a table,
// or to copy kSliceBytes of items and those that share a place with the last one.
//
// A shard that makes a copy, or whose replica is replaced meanwhile, keeps the snapshot that it
// has: the next round comes to it again. Pure: the disk is behind wal::LogFiles.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/ids.h"
#include "node/core/shard_space.h"
#include "store/table.h"
#include "wal/lsn.h"
#include "wal/snapshots.h"

namespace aegis::node {

class SnapshotRound {
 public:
  static constexpr std::size_t kHomesPerSlice = 64;
  static constexpr std::size_t kSliceBytes = 256 << 10;

  struct Log {
    std::function<wal::Lsn()> end;     // Where it ends now.
    std::function<Result<Ok>()> sync;  // Makes all of it durable.
    std::function<bool()> stops;       // True: the round is not worth ending any more.
  };
  SnapshotRound(ShardSpace& shards, wal::Snapshots& snapshots, Log log)
      : shards_(shards), snapshots_(snapshots), log_(std::move(log)) {}

  struct Counts {
    std::uint32_t made = 0;
    std::uint32_t kept = 0;      // Nothing has changed since theirs.
    std::uint32_t given_up = 0;  // See above.
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;  // Of their records.
  };
  // Of every shard; then what the log does not need any more is gone. Errors: of the disk; what
  // was published before still holds.
  Result<Counts> Run();

 private:
  Result<Ok> Take(ShardId id);
  std::uint64_t TakeSlice(const store::Table& table, std::uint64_t cursor);
  Result<Ok> Fill(ShardId id, std::uint64_t replica, wal::ShardSnapshot& snapshot, bool& whole);

  ShardSpace& shards_;
  wal::Snapshots& snapshots_;
  const Log log_;
  Counts counts_;
  Bytes slice_;                    // Records of items, one behind the other,
  std::vector<std::size_t> ends_;  // and where each ends.
  ShardEffects effects_;
};

}  // namespace aegis::node
