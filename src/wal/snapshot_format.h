// The bytes of a snapshot: the items of one shard, as records, while it went on changing.
//
//     file head, see file_head.h | shard u32 | 0 u32 | begun u64 | checksum of all before it u64
//     blocks: | type u32 | size u32 | whole size u32 | 0 u32 | checksum u64 | `size` bytes |
//
//     type      bytes
//     1 items   records of items, see RecordOf() in node/core/replica.h; zstd, `whole size` bytes
//               when decompressed
//     2 end     end u64 | items u64 | vanished version u64 | history, as in payloads.h
//
// `begun` and `end` are places in the log: what the shard did between them may be in the items, or
// in part. The end, which is the last block and without which it is no snapshot, says what history
// the shard had there.
//
// The checksum of a block covers its head and its bytes. Its seed is the checksum of the file's
// head plus the block's place in the file: blocks belong to their file and place.
//
// What is refused is named as "offset N: reason", kInvalid.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "model/limits.h"
#include "wal/file_head.h"
#include "wal/identity.h"
#include "wal/log_names.h"
#include "wal/lsn.h"
#include "wal/payloads.h"

namespace aegis::wal {

inline constexpr std::size_t kSnapshotHeadSize = kFileHeadSize + 4 + 4 + 8 + 8;
inline constexpr std::size_t kBlockHeadSize = 24;
// Of records, from which on a block is closed; its last item may make it longer.
inline constexpr std::size_t kBlockSize = 256 * 1024;
inline constexpr std::size_t kWholeBlockSizeMax = kBlockSize + limits::kPeerFrameSizeMax;

enum class BlockType : std::uint32_t { kItems = 1, kEnd = 2 };

struct SnapshotHead {
  LogIdentity identity;
  SnapshotId id;
  std::uint64_t checksum = 0;  // What blocks are sealed with.
};
// `head` gets its checksum.
Bytes EncodeSnapshotHead(SnapshotHead& head);
Result<SnapshotHead> DecodeSnapshotHead(ByteView file);

// `at`: of the block in the file.
void AppendBlock(BlockType type, std::uint64_t seal, std::uint64_t at, ByteView bytes,
                 std::size_t whole_size, Bytes& out);
struct BlockHead {
  BlockType type = BlockType::kItems;
  std::uint32_t size = 0;
  std::uint32_t whole_size = 0;
  std::uint64_t checksum = 0;
};
// REQUIRES: kBlockHeadSize bytes. Errors: no head of a block.
Result<BlockHead> DecodeBlockHead(std::uint64_t at, ByteView bytes);
// `block`: head and bytes.
bool IsBlock(std::uint64_t seal, std::uint64_t at, ByteView block);

struct SnapshotEnd {
  Lsn end;
  std::uint64_t items = 0;
  Adoption adoption;
};
Bytes EncodeSnapshotEnd(const SnapshotEnd& end);
Result<SnapshotEnd> DecodeSnapshotEnd(ByteView bytes);

}  // namespace aegis::wal
