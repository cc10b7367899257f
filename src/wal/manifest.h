// Manifest: what a log can be recovered from: for each shard a snapshot, and from where on the log
// tells the rest. It is replaced as a whole, and what it does not name is not needed any more.
//
//     file head, see file_head.h | origins u32 | was repaired u32 | repaired u64 |
//     per origin: shard u32, has a snapshot u32, its begin u64, start u64, end u64 |
//     checksum of all before it u64                                       little-endian

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "model/ids.h"
#include "wal/identity.h"
#include "wal/lsn.h"

namespace aegis::wal {

// What the replay of one shard begins with: its snapshot, or nothing, because it held nothing at
// `start`. Entries from `start` up to `end` may be in the snapshot already, or in part; those
// behind it follow.
struct Origin {
  std::optional<Lsn> snapshot;  // Which; see SnapshotId::begun.
  Lsn start;
  Lsn end;

  friend bool operator==(const Origin&, const Origin&) = default;
};

struct Manifest {
  LogIdentity identity;
  // A shard that is not here held nothing when the log began.
  std::map<ShardId, Origin> origins;
  // The log's end when it was last repaired: of what lay behind it, acknowledged or not, nothing is
  // left. Nothing: it never was.
  std::optional<Lsn> repaired = {};

  // Replay begins here: no shard needs what lies before.
  Lsn Needed() const;
  // The log has to be durable up to here for the manifest to hold.
  Lsn Covered() const;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

Bytes EncodeManifest(const Manifest& manifest);
// Errors: kInvalid, "offset N: reason".
Result<Manifest> DecodeManifest(ByteView file);

inline constexpr std::size_t kManifestSizeMax = 1 << 20;  // With all shards there can be.

}  // namespace aegis::wal
