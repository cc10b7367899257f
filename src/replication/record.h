// Record: one step of a shard's history, as bytes. The shard's table is a function of its records.
//
//     | size u32 | type u8 | joined u8 | 0 0 | version u64 | argument u64 | client flags u32 |
//     | key size u32 | key | value |                                    all little-endian
//
// `size` counts everything behind itself. What `argument` and `value` mean depends on the type:
//
//     type     argument                     key        value
//     set      expires_at, Unix ms, 0 none  the key    the value
//     erase    0                            the key    -               leaves a tombstone
//     expire   hash of the key              -          item's version  u64; leaves nothing
//     evict    hash of the key              -          item's version  u64; leaves nothing
//     begin    writer's session             -          version where the reign before ended, u64,
//                                                      and, if its writer knew of more, that of
//                                                      the newest record known of it, u64
//     trim     version                      -          -               tombstones up to it go
//     clear    0                            -          -               everything goes, tombstones
//                                                                      too; leaves nothing
//     end      0                            -          -               changes nothing
//
// `joined` is 1 in records that take effect together with those behind them, up to the next end
// record: a replica applies all of them or, if it never gets the end, none.
//
// The same bytes travel to followers, fill copies, and make the write-ahead log.

#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "model/block.h"
#include "model/ids.h"
#include "model/limits.h"
#include "model/version.h"

namespace aegis::replication {

enum class RecordType : std::uint8_t {
  kSet = 1,
  kErase = 2,
  kExpire = 3,
  kEvict = 4,
  kBegin = 5,
  kTrim = 6,
  kClear = 7,
  kEnd = 8,
};

// Views borrow from the encoded bytes.
struct Record {
  RecordType type = RecordType::kSet;
  bool joined = false;
  Version version;
  std::uint64_t argument = 0;
  std::uint32_t client_flags = 0;
  ByteView key;
  ByteView value;
  const Block* block = nullptr;  // What the value lies in, if it is worth holding.

  // kExpire, kEvict: which item; kBegin: where the reign before ended.
  Version value_as_version() const;
  // kBegin: the newest record of the reign before that the writer knew of, and lacks. (0,0): none.
  Version known() const;
};

inline constexpr std::size_t kRecordHeaderSize = 32;

// The size of the record as bytes.
inline std::size_t EncodedSize(const Record& record) {
  return kRecordHeaderSize + record.key.size() + record.value.size();
}

// Appends one record. REQUIRES: key and value within limits.
void AppendRecord(const Record& record, Bytes& out);
// The same without the bytes of the value, which are to follow.
void AppendRecordHead(const Record& record, Bytes& out);

// True: the value is large, and lies in no block yet.
inline bool WantsBlock(const Record& record) {
  return record.value.size() >= limits::kBlockValueMin && record.block == nullptr &&
         record.type == RecordType::kSet;
}
// Copies the value into a block, which the record borrows from the result.
BlockRef PutInBlock(Record& record);

// The 8 bytes that Record::value_as_version() reads back.
Bytes EncodeVersion(Version version);

// Takes one record from the front of `input`; nothing when `input` is empty. Errors: kMalformed
// (cut short, unknown type, sizes that do not add up).
Result<std::optional<Record>> TakeRecord(ByteView& input);

}  // namespace aegis::replication
