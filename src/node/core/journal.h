// Journal: where this node writes down what becomes of its replicas, so that they outlive its
// process: the write-ahead log as shards see it.
//
// Append() is called under the lock of the shard that it is about, on any thread; durable() is
// called anywhere.

#pragma once

#include "model/ids.h"
#include "wal/entry.h"
#include "wal/log_queue.h"
#include "wal/lsn.h"

namespace aegis::node {

class Journal {
 public:
  virtual ~Journal() = default;

  // Returns where the entry ends: it counts once the log is durable up to there. Entries are
  // written in the order of the calls.
  virtual wal::Lsn Append(wal::EntryType type, ShardId shard,
                          const wal::PreparedPayload& payload) = 0;

  // Up to where what was appended survives the node's end, as --wal says: of its process, or of
  // its machine. Never falls.
  virtual wal::Lsn durable() const = 0;
};

}  // namespace aegis::node
