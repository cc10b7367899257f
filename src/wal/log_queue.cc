#include "wal/log_queue.h"

#include <utility>

#include "base/check.h"
#include "model/limits.h"
#include "wal/payloads.h"

namespace aegis::wal {

PreparedPayload::PreparedPayload(ByteView bytes, ByteView tail, const Block* block)
    : bytes_(bytes),
      tail_(tail),
      block_(tail.size() >= limits::kBlockValueMin ? block : nullptr),
      hash_(PayloadHash(bytes, tail)) {
  AEGIS_CHECK(size() <= kPayloadSizeMax, "an entry of the log is no larger than a message");
}

LogQueue::LogQueue(LogId log, Lsn begin) : log_(log) { filling_.Restart(begin); }

Lsn LogQueue::Append(EntryType type, ShardId shard, const PreparedPayload& payload) {
  const Entry entry{.lsn = end(), .type = type, .shard = shard, .payload = {}};
  Bytes& bytes = filling_.bytes_;
  const std::size_t at = bytes.size();
  bytes.resize(at + kEntryHeadSize);
  WriteEntryHead(log_, entry, payload.size(), payload.hash_, bytes.data() + at);
  bytes.append(payload.bytes_);
  if (payload.block_ == nullptr) {
    bytes.append(payload.tail_);
  } else {
    filling_.parts_.push_back({bytes.size(), payload.tail_, BlockRef(payload.block_)});
    filling_.part_bytes_ += payload.tail_.size();
  }
  return end();
}

bool LogQueue::Take(Lsn synced, LogBatch& batch) {
  if (filling_.empty()) return false;
  if (synced > noted_) {
    Append(EntryType::kSynced, kNoShard, PreparedPayload(EncodeLsn(synced)));
    noted_ = synced;
  }
  batch.Restart(end());
  std::swap(batch, filling_);
  return true;
}

}  // namespace aegis::wal
