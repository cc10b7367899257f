#include "node/core/replica.h"

#include <algorithm>

#include "base/check.h"

namespace aegis::node {

using replication::Record;
using replication::RecordType;

bool Replica::IsNext(const Record& record) const {
  const Version last = history_.last();
  if (record.type == RecordType::kBegin) {
    return record.version.epoch > last.epoch && record.version.seq == Seq{1} &&
           record.value_as_version() == last;
  }
  return record.version.epoch == last.epoch && last.seq != Seq{} &&
         record.version.seq.value() == last.seq.value() + 1;
}

void Replica::Apply(const Record& record, ByteView encoded) {
  AEGIS_CHECK(IsNext(record), "records apply in order");
  switch (record.type) {
    case RecordType::kSet:
    case RecordType::kErase:
      PutOrBury(record);
      break;
    case RecordType::kExpire:
    case RecordType::kEvict:
      table_.Erase(record.argument, record.value_as_version());
      break;
    case RecordType::kTrim:
      while (!tombstones_.empty() &&
             tombstones_.front().version <= Version::Unpack(record.argument)) {
        // Written again since: then that version is gone already, and nothing is erased.
        table_.Erase(tombstones_.front().hash, tombstones_.front().version);
        tombstones_.pop_front();
      }
      break;
    case RecordType::kBegin:
      history_.Begin(record.version.epoch, Session{record.argument});
      break;
  }
  if (record.type != RecordType::kBegin) history_.Advance(record.version);
  recent_.Append(record.version, encoded);
}

void Replica::Absorb(const Record& record) {
  switch (record.type) {
    case RecordType::kSet:
    case RecordType::kErase:
      PutOrBury(record);
      break;
    case RecordType::kExpire:
    case RecordType::kEvict:
      table_.Erase(record.argument, record.value_as_version());
      break;
    case RecordType::kTrim: {
      // While a copy is in progress tombstones lie in no order.
      const Version up_to = Version::Unpack(record.argument);
      std::erase_if(tombstones_, [&](const Tombstone& tombstone) {
        if (tombstone.version > up_to) return false;
        table_.Erase(tombstone.hash, tombstone.version);
        return true;
      });
      break;
    }
    case RecordType::kBegin:
      break;  // The end of the copy brings the history.
  }
}

void Replica::PutOrBury(const Record& record) {
  const bool tombstone = record.type == RecordType::kErase;
  if (const auto present = table_.Find(record.key)) {
    if (present->version >= record.version) return;
  }
  store::ItemValue item;
  item.version = record.version;
  item.client_flags = record.client_flags;
  item.tombstone = tombstone;
  if (!tombstone) {
    item.expires_at = static_cast<std::int64_t>(record.argument);
    item.value = record.value;
  }
  table_.Put(record.key, item);
  if (tombstone) tombstones_.push_back({record.version, table_.Hash(record.key)});
}

void Replica::Adopt(VersionVector history) {
  history_ = std::move(history);
  recent_.Clear(history_.last());
  // A copy arrives in the table's order, not in that of the versions.
  std::sort(tombstones_.begin(), tombstones_.end(),
            [](const Tombstone& a, const Tombstone& b) { return a.version < b.version; });
}

Version Replica::oldest_tombstone() const {
  return tombstones_.empty() ? Version{} : tombstones_.front().version;
}

std::uint64_t Replica::Digest() const {
  std::uint64_t sum = 0;
  std::uint64_t cursor = 0;
  do {
    cursor = table_.Scan(cursor, 256, [&](const store::ItemView& item) {
      Bytes flat;
      AppendBigEndian(item.version.Pack(), flat);
      AppendBigEndian(static_cast<std::uint64_t>(item.expires_at), flat);
      AppendBigEndian(item.client_flags, flat);
      flat.push_back(item.tombstone ? '\1' : '\0');
      flat.append(item.key);
      flat.push_back('\0');
      flat.append(item.value);
      sum += table_.Hash(flat);  // A sum, because replicas need not lay items out alike.
    });
  } while (cursor != 0);
  return sum;
}

}  // namespace aegis::node
