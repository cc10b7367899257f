// Payloads: what stands in those entries of the log that hold more than records.
//
//     copy adopted    vanished version u64 | reigns u32 | per reign: epoch u32, writer u64, seq
//     u64,
//                     known seq u64
//     range replaced  begin u64 | end u64 | records
//     opened          session u64 | boot id, 2 x u64 | durability u8
//     synced          lsn u64
//
// A Decode function fails with kMalformed and a reason; nobody but a faulty program writes such a
// payload into an entry that is whole.

#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "model/hash_range.h"
#include "model/ids.h"
#include "model/version.h"
#include "model/version_vector.h"
#include "wal/identity.h"
#include "wal/little_endian.h"
#include "wal/lsn.h"

namespace aegis::wal {

// What an acknowledgement of this log's node waits for.
enum class Durability : std::uint8_t {
  kWrite = 1,  // The system has the entry: it survives the end of the process.
  kFsync = 2,  // The disk has it: it survives a power failure.
};

// As of which history what was copied is a shard, see node/core/replica.h.
struct Adoption {
  VersionVector history;
  Version vanished;

  friend bool operator==(const Adoption&, const Adoption&) = default;
};
void AppendAdoption(const Adoption& adoption, Bytes& out);
Result<Adoption> DecodeAdoption(ByteView payload);
// Takes one off the front of a longer body.
Result<Adoption> TakeAdoption(Fields& fields);

// What stands before the records.
inline constexpr std::size_t kRangeSize = 16;
void AppendRange(HashRange range, Bytes& out);
struct RangeReplacement {
  HashRange range;
  ByteView records;
};
Result<RangeReplacement> DecodeRangeReplacement(ByteView payload);

struct Opening {
  Session session;  // Of the process.
  BootId boot;
  Durability durability = Durability::kFsync;

  friend bool operator==(const Opening&, const Opening&) = default;
};
Bytes EncodeOpening(const Opening& opening);
Result<Opening> DecodeOpening(ByteView payload);

Bytes EncodeLsn(Lsn lsn);
Result<Lsn> DecodeLsn(ByteView payload);

}  // namespace aegis::wal
