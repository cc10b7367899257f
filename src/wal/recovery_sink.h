// RecoverySink: what becomes of a recovered log: a replica for each shard that had one, and perhaps
// a copy beside it that was in progress when the node ended.
//
// A call that returns an error, with a reason, ends the recovery: then the log is whole but says
// what cannot be. REQUIRED of the calls: records are checked to be records, not that they follow.

#pragma once

#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "model/hash_range.h"
#include "model/ids.h"
#include "replication/record.h"
#include "wal/payloads.h"

namespace aegis::wal {

class RecoverySink {
 public:
  virtual ~RecoverySink() = default;

  // --- The replica of a shard ------------------------------------------------------------------

  // While it is made from a snapshot: an item, or a record of what happened meanwhile, newest
  // version wins; and what it is then. Both come before any Apply().
  virtual Result<Ok> Absorb(ShardId shard, const replication::Record& record) = 0;
  virtual Result<Ok> Adopt(ShardId shard, const Adoption& adoption) = 0;
  // The next record of its history, `encoded` as bytes; of joined ones all or none. To be refused
  // unless it follows.
  virtual Result<Ok> Apply(ShardId shard, const replication::Record& record, ByteView encoded) = 0;
  // Exactly these items in the range; while it is made from a snapshot, too.
  virtual Result<Ok> ReplaceRange(ShardId shard, HashRange range,
                                  std::span<const replication::Record> items) = 0;
  // It is gone, and a copy in progress with it.
  virtual void Release(ShardId shard) = 0;

  // --- The copy in progress of a shard ---------------------------------------------------------

  // An empty one, in place of one that is there.
  virtual void BeginCopy(ShardId shard) = 0;
  // REQUIRES of these: there is one.
  virtual Result<Ok> AbsorbIntoCopy(ShardId shard, const replication::Record& record) = 0;
  virtual Result<Ok> AdoptCopy(ShardId shard, const Adoption& adoption) = 0;
  virtual void DropCopy(ShardId shard) = 0;
};

}  // namespace aegis::wal
