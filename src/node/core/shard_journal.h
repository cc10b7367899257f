// ShardJournal: what one shard has in the journal of its node: every change of its replica, from
// which the same replica can be made again, and how much of that is durable.
//
// Nothing is written if the node keeps no journal: then all counts as durable. Pure and not
// thread-safe: part of a Shard, under its lock.

#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "model/block.h"
#include "model/hash_range.h"
#include "model/ids.h"
#include "model/version.h"
#include "node/core/journal.h"
#include "wal/payloads.h"

namespace aegis::node {

class ShardJournal {
 public:
  // `journal`: null if there is none; outlives this.
  ShardJournal(Journal* journal, ShardId shard) : journal_(journal), shard_(shard) {}

  bool on() const { return journal_ != nullptr; }

  // --- What becomes of the replica; each call before or after it does, under the same lock -------

  // The next record, or records, of its history. A large value may stand by itself, in its block.
  void Records(ByteView records) { Append(wal::EntryType::kRecords, records); }
  void Record(ByteView head, ByteView value, const Block* block) {
    Append(wal::EntryType::kRecords, head, value, block);
  }
  // A copy that is to take its place is begun, goes on, does.
  void CopyBegun() { Append(wal::EntryType::kCopyBegun, {}); }
  void Copied(ByteView records) { Append(wal::EntryType::kCopied, records); }
  void CopyAdopted(const wal::Adoption& adoption);
  // It holds these items in the range and no others.
  void RangeReplaced(HashRange range, ByteView records);
  // It is gone, and a copy in progress with it.
  void Released() { Append(wal::EntryType::kReleased, {}); }

  // --- How much of it is durable ----------------------------------------------------------------

  // Where the last entry ends; 0: there is none.
  wal::Lsn end() const { return end_; }
  bool all_durable() const { return !on() || end_ <= journal_->durable(); }

  // Up to where the history of the replica, which ends at `last` now, is durable. While some of it
  // is not, the answer may lag a little, see awaited().
  Version DurableOf(Version last);
  // What it is, a journal that ended at `end` gave back.
  void Restored(wal::Lsn end) { end_ = end; }
  // Nothing of the replica is known to be durable: another one has taken its place.
  void Forget();
  // Where the log has to come to for DurableOf() to answer more; nothing: all was durable when it
  // was last called.
  std::optional<wal::Lsn> awaited() const {
    return mark_ ? std::optional<wal::Lsn>(mark_->end) : std::nullopt;
  }

 private:
  // When the log is durable up to `end`, the history is up to `version`.
  struct Mark {
    wal::Lsn end;
    Version version;
  };

  void Append(wal::EntryType type, ByteView payload, ByteView tail = {},
              const Block* block = nullptr) {
    if (on()) end_ = journal_->Append(type, shard_, wal::PreparedPayload(payload, tail, block));
  }

  Journal* const journal_;
  const ShardId shard_;
  wal::Lsn end_;
  Version durable_;
  std::optional<Mark> mark_;
};

}  // namespace aegis::node
