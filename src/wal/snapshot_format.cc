#include "wal/snapshot_format.h"

#include "wal/hash.h"
#include "wal/little_endian.h"

namespace aegis::wal {
namespace {

constexpr std::size_t kBlockChecksumAt = 16;
constexpr std::size_t kShardAt = kFileHeadSize;

std::uint64_t BlockChecksum(std::uint64_t seal, std::uint64_t at, ByteView head, ByteView bytes) {
  return Hash(head.substr(0, kBlockChecksumAt), bytes, seal + at);
}

}  // namespace

Bytes EncodeSnapshotHead(SnapshotHead& head) {
  Bytes file;
  AppendFileHead(kSnapshotMagic, head.identity, file);
  AppendLittleEndian(head.id.shard.value(), file);
  AppendLittleEndian(std::uint32_t{0}, file);
  AppendLittleEndian(head.id.begun.value(), file);
  head.checksum = Hash(file);
  AppendLittleEndian(head.checksum, file);
  return file;
}

Result<SnapshotHead> DecodeSnapshotHead(ByteView file) {
  const auto identity = ReadFileHead(kSnapshotMagic, file);
  if (!identity.ok()) return identity.error();
  if (file.size() < kSnapshotHeadSize) return RefuseAt(file.size(), "ends within its head");
  Fields fields(file.substr(kShardAt));
  SnapshotHead head;
  head.identity = identity.value();
  head.id.shard = ShardId{fields.Take<std::uint32_t>()};
  const auto zero = fields.Take<std::uint32_t>();
  head.id.begun = Lsn{fields.Take<std::uint64_t>()};
  head.checksum = fields.Take<std::uint64_t>();
  if (head.checksum != Hash(file.substr(0, kSnapshotHeadSize - sizeof head.checksum))) {
    return RefuseAt(0, "the head does not have the checksum behind it");
  }
  if (zero != 0) return RefuseAt(kShardAt, "a head of another kind");
  return head;
}

void AppendBlock(BlockType type, std::uint64_t seal, std::uint64_t at, ByteView bytes,
                 std::size_t whole_size, Bytes& out) {
  Bytes head;
  AppendLittleEndian(static_cast<std::uint32_t>(type), head);
  AppendLittleEndian(static_cast<std::uint32_t>(bytes.size()), head);
  AppendLittleEndian(static_cast<std::uint32_t>(whole_size), head);
  AppendLittleEndian(std::uint32_t{0}, head);
  AppendLittleEndian(BlockChecksum(seal, at, head, bytes), head);
  out.append(head);
  out.append(bytes);
}

Result<BlockHead> DecodeBlockHead(std::uint64_t at, ByteView bytes) {
  Fields fields(bytes);
  BlockHead head;
  const auto type = fields.Take<std::uint32_t>();
  head.type = static_cast<BlockType>(type);
  head.size = fields.Take<std::uint32_t>();
  head.whole_size = fields.Take<std::uint32_t>();
  const auto zero = fields.Take<std::uint32_t>();
  head.checksum = fields.Take<std::uint64_t>();
  const bool known = head.type == BlockType::kItems || head.type == BlockType::kEnd;
  if (!known || zero != 0 || head.whole_size > kWholeBlockSizeMax ||
      head.size > kWholeBlockSizeMax + kBlockSize) {
    return RefuseAt(at, "no block begins here");
  }
  return head;
}

bool IsBlock(std::uint64_t seal, std::uint64_t at, ByteView block) {
  const ByteView bytes = block.substr(kBlockHeadSize);
  return LoadLittleEndian<std::uint64_t>(block.data() + kBlockChecksumAt) ==
         BlockChecksum(seal, at, block, bytes);
}

Bytes EncodeSnapshotEnd(const SnapshotEnd& end) {
  Bytes bytes;
  AppendLittleEndian(end.end.value(), bytes);
  AppendLittleEndian(end.items, bytes);
  AppendAdoption(end.adoption, bytes);
  return bytes;
}

Result<SnapshotEnd> DecodeSnapshotEnd(ByteView bytes) {
  Fields fields(bytes);
  SnapshotEnd end;
  end.end = Lsn{fields.Take<std::uint64_t>()};
  end.items = fields.Take<std::uint64_t>();
  auto adoption = TakeAdoption(fields);
  if (!adoption.ok()) return adoption.error();
  if (!fields.Finished()) return Error{ErrorCode::kMalformed, "more than the end of a snapshot"};
  end.adoption = std::move(adoption).value();
  return end;
}

}  // namespace aegis::wal
