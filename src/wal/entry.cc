#include "wal/entry.h"

#include <array>

#include "wal/hash.h"
#include "wal/little_endian.h"

namespace aegis::wal {
namespace {

// Offsets in the head.
constexpr std::size_t kChecksumAt = 4;
constexpr std::size_t kTypeAt = 8;
constexpr std::size_t kHeadCheckAt = 10;
constexpr std::size_t kShardAt = 12;

std::uint64_t Seed(LogId log, Lsn lsn) { return log.value() + lsn.value(); }

// The head without its checksum, and room for the hash of the payload.
using Covered = std::array<char, kEntryHeadSize + sizeof(std::uint64_t)>;

Covered CoveredHead(std::uint32_t size, EntryType type, ShardId shard) {
  Covered covered{};
  StoreLittleEndian(size, covered.data());
  covered[kTypeAt] = static_cast<char>(type);
  StoreLittleEndian(shard.value(), covered.data() + kShardAt);
  return covered;
}

std::uint16_t HeadCheck(LogId log, Lsn lsn, const Covered& covered) {
  return static_cast<std::uint16_t>(Hash({covered.data(), kEntryHeadSize}, Seed(log, lsn)));
}

// `covered` has its head check already.
std::uint32_t Checksum(LogId log, Lsn lsn, Covered& covered, std::uint64_t payload_hash) {
  StoreLittleEndian(payload_hash, covered.data() + kEntryHeadSize);
  return static_cast<std::uint32_t>(Hash({covered.data(), covered.size()}, Seed(log, lsn)));
}

}  // namespace

const char* NameOf(EntryType type) {
  switch (type) {
    case EntryType::kRecords:
      return "records";
    case EntryType::kCopyBegun:
      return "copy begun";
    case EntryType::kCopied:
      return "copied";
    case EntryType::kCopyAdopted:
      return "copy adopted";
    case EntryType::kRangeReplaced:
      return "range replaced";
    case EntryType::kReleased:
      return "released";
    case EntryType::kOpened:
      return "opened";
    case EntryType::kSynced:
      return "synced";
    case EntryType::kSealed:
      return "sealed";
  }
  return "unknown type";
}

std::uint64_t PayloadHash(ByteView payload) { return Hash(payload); }

std::uint64_t PayloadHash(ByteView payload, ByteView tail) {
  return tail.empty() ? Hash(payload) : Hash(payload, tail, 0);
}

void WriteEntryHead(LogId log, const Entry& entry, std::size_t payload_size,
                    std::uint64_t payload_hash, char* to) {
  const auto size = static_cast<std::uint32_t>(kEntryHeadSize + payload_size);
  Covered covered = CoveredHead(size, entry.type, entry.shard);
  StoreLittleEndian(HeadCheck(log, entry.lsn, covered), covered.data() + kHeadCheckAt);
  const std::uint32_t checksum = Checksum(log, entry.lsn, covered, payload_hash);
  std::memcpy(to, covered.data(), kEntryHeadSize);
  StoreLittleEndian(checksum, to + kChecksumAt);
}

void AppendEntry(LogId log, const Entry& entry, Bytes& out) {
  const std::size_t at = out.size();
  out.resize(at + kEntryHeadSize);
  WriteEntryHead(log, entry, entry.payload.size(), PayloadHash(entry.payload), out.data() + at);
  out.append(entry.payload);
}

std::optional<EntryHead> ReadEntryHead(LogId log, Lsn lsn, const char* from) {
  if (!MayBeEntryHead(from)) return std::nullopt;
  EntryHead head;
  head.size = LoadLittleEndian<std::uint32_t>(from);
  head.checksum = LoadLittleEndian<std::uint32_t>(from + kChecksumAt);
  head.type = static_cast<EntryType>(from[kTypeAt]);
  head.shard = ShardId{LoadLittleEndian<std::uint32_t>(from + kShardAt)};
  const Covered covered = CoveredHead(head.size, head.type, head.shard);
  const auto check = LoadLittleEndian<std::uint16_t>(from + kHeadCheckAt);
  if (check != HeadCheck(log, lsn, covered)) return std::nullopt;
  return head;
}

bool IsPayloadOf(LogId log, Lsn lsn, const EntryHead& head, ByteView payload) {
  Covered covered = CoveredHead(head.size, head.type, head.shard);
  StoreLittleEndian(HeadCheck(log, lsn, covered), covered.data() + kHeadCheckAt);
  return Checksum(log, lsn, covered, PayloadHash(payload)) == head.checksum;
}

}  // namespace aegis::wal
