#include "node/core/replica.h"

#include <algorithm>

#include "base/check.h"

namespace aegis::node {

using replication::Record;
using replication::RecordType;

Record RecordOf(const store::ItemView& item) {
  Record record;
  record.type = item.tombstone ? RecordType::kErase : RecordType::kSet;
  record.version = item.version;
  if (!item.tombstone) record.argument = static_cast<std::uint64_t>(item.expires_at);
  record.client_flags = item.client_flags;
  record.key = item.key;
  record.value = item.value;
  record.block = item.block;
  return record;
}

void Replica::Apply(const Record& record, ByteView encoded) {
  if (replication::WantsBlock(record)) [[unlikely]] {
    Record in_block = record;
    const BlockRef block = replication::PutInBlock(in_block);
    encoded.remove_suffix(std::min(record.value.size(), encoded.size()));
    return Apply(in_block, encoded);
  }
  Step(record);
  if (record.block == nullptr) [[likely]]
    return recent_.Append(record.version, encoded);
  recent_.Append(record.version, encoded, record.value, BlockRef(record.block));
}

void Replica::ApplyAlone(const Record& record) {
  Step(record);
  recent_.Skip(record.version);
}

void Replica::Step(const Record& record) {
  AEGIS_CHECK(IsNext(record), "records apply in order");
  switch (record.type) {
    case RecordType::kSet:
    case RecordType::kErase:
      PutOrBury(record);
      break;
    case RecordType::kExpire:
    case RecordType::kEvict:
      Vanish(record.argument, record.value_as_version());
      break;
    case RecordType::kTrim:
      while (!tombstones_.empty() &&
             tombstones_.front().version <= Version::Unpack(record.argument)) {
        // Written again since: then that version is gone already, and nothing is erased.
        Vanish(tombstones_.front().hash, tombstones_.front().version);
        tombstones_.pop_front();
      }
      break;
    case RecordType::kClear:
      ClearAll(record.version);
      break;
    case RecordType::kEnd:
    case RecordType::kBegin:
      break;
  }
  replication::Extend(history_, record);
}

void Replica::Absorb(const Record& record) {
  switch (record.type) {
    case RecordType::kSet:
    case RecordType::kErase:
      TakeIfNewer(record);
      break;
    case RecordType::kExpire:
    case RecordType::kEvict:
      Vanish(record.argument, record.value_as_version());
      break;
    case RecordType::kTrim: {
      // While a copy is in progress tombstones lie in no order.
      const Version up_to = Version::Unpack(record.argument);
      std::erase_if(tombstones_, [&](const Tombstone& tombstone) {
        if (tombstone.version > up_to) return false;
        Vanish(tombstone.hash, tombstone.version);
        return true;
      });
      break;
    }
    case RecordType::kClear:
      // What the copy brought before is of older versions, and of what comes behind nothing is.
      ClearAll(record.version);
      break;
    case RecordType::kEnd:
      break;
    case RecordType::kBegin:
      break;  // The end of the copy brings the history.
  }
}

void Replica::TakeIfNewer(const Record& record) {
  const auto present = table_.Find(record.key);
  if (!present || present->version < record.version) PutOrBury(record);
}

// REQUIRES: the record is newer than what is there.
void Replica::PutOrBury(const Record& record) {
  const bool tombstone = record.type == RecordType::kErase;
  store::ItemValue item;
  item.version = record.version;
  item.client_flags = record.client_flags;
  item.tombstone = tombstone;
  if (!tombstone) {
    item.expires_at = static_cast<std::int64_t>(record.argument);
    item.value = record.value;
    item.block = record.block;
  }
  // The key may borrow from the item that goes.
  if (tombstone) tombstones_.push_back({record.version, table_.Hash(record.key)});
  table_.Put(record.key, item);
}

void Replica::Vanish(std::uint64_t hash, Version version) {
  table_.Erase(hash, version);
  vanished_ = std::max(vanished_, version);
}

// Whoever gives an item of an older version back later is too late: it had vanished by then.
void Replica::ClearAll(Version at) {
  cleared_.emplace(std::move(table_));
  cleared_->Condemn();
  tombstones_.clear();
  vanished_ = std::max(vanished_, at);
}

void Replica::Adopt(VersionVector history, Version vanished) {
  history_ = std::move(history);
  vanished_ = std::max(vanished_, vanished);
  recent_.Clear(history_.last());
  SortTombstones();
}

void Replica::ReplaceRange(HashRange range, std::span<const Record> records) {
  table_.EraseRange(range);
  std::erase_if(tombstones_, [&](const Tombstone& tombstone) {
    return range.Holds(static_cast<std::uint32_t>(tombstone.hash));
  });
  for (const Record& record : records) TakeIfNewer(record);
  SortTombstones();
  vanished_ = history_.last();
}

// What arrives in the table's order is not in that of the versions.
void Replica::SortTombstones() {
  std::sort(tombstones_.begin(), tombstones_.end(),
            [](const Tombstone& a, const Tombstone& b) { return a.version < b.version; });
}

Version Replica::oldest_tombstone() const {
  return tombstones_.empty() ? Version{} : tombstones_.front().version;
}

}  // namespace aegis::node
