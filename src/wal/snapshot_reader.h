// ReadSnapshot(): gives what a snapshot holds, block by block.

#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/result.h"
#include "wal/log_files.h"
#include "wal/manifest.h"
#include "wal/snapshot_format.h"

namespace aegis::wal {

struct SnapshotContent {
  SnapshotHead head;
  SnapshotEnd end;
};

// Calls `take` with whole records of items, many at a time; what it refuses, with a reason, is
// refused at that block. What was taken before an error is worth nothing.
// Errors: kInvalid, "offset N: reason", whatever is not exactly the snapshot `id`; kUnavailable.
Result<SnapshotContent> ReadSnapshot(LogFiles& files, const SnapshotId& id,
                                     const std::function<Result<Ok>(ByteView records)>& take);

// It is what the manifest takes it for: as of its own time, or of a later one, until which nothing
// happened to its shard. Errors: kInvalid, "offset N: reason".
Result<Ok> RequireOrigin(const Origin& origin, const SnapshotContent& content);

}  // namespace aegis::wal
