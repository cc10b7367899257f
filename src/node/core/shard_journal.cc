#include "node/core/shard_journal.h"

namespace aegis::node {

void ShardJournal::CopyAdopted(const wal::Adoption& adoption) {
  if (!on()) return;
  Bytes payload;
  wal::AppendAdoption(adoption, payload);
  Append(wal::EntryType::kCopyAdopted, payload);
}

void ShardJournal::RangeReplaced(HashRange range, ByteView records) {
  if (!on()) return;
  Bytes payload;
  wal::AppendRange(range, payload);
  Append(wal::EntryType::kRangeReplaced, payload, records);
}

Version ShardJournal::DurableOf(Version last) {
  if (all_durable()) {
    mark_.reset();
    durable_ = last;
    return last;
  }
  if (mark_ && mark_->end <= journal_->durable()) {
    durable_ = mark_->version;
    mark_.reset();
  }
  if (!mark_) mark_ = {.end = end_, .version = last};
  return durable_;
}

void ShardJournal::Forget() {
  mark_.reset();
  durable_ = {};
}

}  // namespace aegis::node
