// LogQueue: entries that wait for the log, in order, each with its place from the moment it is
// appended. While one batch is written the next one gathers.
//
// Not thread-safe: every shard appends to the one queue of its node, so a lock goes around each
// call. What takes long, looking at every byte of a payload, is done before, by PreparedPayload.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "model/block.h"
#include "model/ids.h"
#include "wal/entry.h"
#include "wal/log_batch.h"
#include "wal/lsn.h"

namespace aegis::wal {

// What an entry will hold. Views borrow until it was appended.
class PreparedPayload {
 public:
  // REQUIRES: at most kPayloadSizeMax bytes together.
  explicit PreparedPayload(ByteView bytes)
      : PreparedPayload(bytes, ByteView(), /*block=*/nullptr) {}
  // `tail` is its end. If it lies in `block` and is large it is not copied: the queue holds the
  // block until the entry was written.
  PreparedPayload(ByteView bytes, ByteView tail, const Block* block);

  std::size_t size() const { return bytes_.size() + tail_.size(); }

 private:
  friend class LogQueue;

  ByteView bytes_;
  ByteView tail_;
  const Block* block_;  // Null: the tail is copied.
  std::uint64_t hash_;
};

class LogQueue {
 public:
  // The next entry of this log will be the one at `begin`.
  LogQueue(LogId log, Lsn begin);

  // Returns where the entry ends: it is durable when the log is durable up to there.
  Lsn Append(EntryType type, ShardId shard, const PreparedPayload& payload);

  // Where the next entry will be.
  Lsn end() const { return filling_.end(); }
  // What waits to be taken.
  std::size_t bytes() const { return filling_.size(); }

  // Makes `batch` all that waits, in exchange for its memory. `synced`: up to where the log is
  // durable; the batch ends with an entry that says so, if it has grown. False: nothing waits.
  bool Take(Lsn synced, LogBatch& batch);
  // Nothing will ever be written any more: what waits is forgotten.
  void Discard() { filling_.Restart(end()); }

 private:
  const LogId log_;
  LogBatch filling_;
  Lsn noted_;  // The last `synced` that an entry says.
};

}  // namespace aegis::wal
