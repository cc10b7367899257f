#include "replication/record.h"

#include <bit>
#include <cstring>

#include "model/limits.h"

namespace aegis::replication {
namespace {

static_assert(std::endian::native == std::endian::little, "records are copied as they lie");

struct Header {
  std::uint32_t size;
  std::uint8_t type;
  std::uint8_t joined;
  std::uint8_t zero[2];
  std::uint64_t version;
  std::uint64_t argument;
  std::uint32_t client_flags;
  std::uint32_t key_size;
};
static_assert(sizeof(Header) == kRecordHeaderSize);

constexpr std::size_t kBehindSize = sizeof(Header) - sizeof(std::uint32_t);

}  // namespace

Version Record::value_as_version() const {
  std::uint64_t packed = 0;
  const bool sound = value.size() == sizeof packed || value.size() == 2 * sizeof packed;
  if (sound) std::memcpy(&packed, value.data(), sizeof packed);
  return Version::Unpack(packed);
}

Version Record::known() const {
  std::uint64_t packed = 0;
  if (value.size() == 2 * sizeof packed) {
    std::memcpy(&packed, value.data() + sizeof packed, sizeof packed);
  }
  return Version::Unpack(packed);
}

void AppendRecord(const Record& record, Bytes& out) {
  AppendRecordHead(record, out);
  out.append(record.value);
}

void AppendRecordHead(const Record& record, Bytes& out) {
  Header header{};
  header.size = static_cast<std::uint32_t>(kBehindSize + record.key.size() + record.value.size());
  header.type = static_cast<std::uint8_t>(record.type);
  header.joined = record.joined ? 1 : 0;
  header.version = record.version.Pack();
  header.argument = record.argument;
  header.client_flags = record.client_flags;
  header.key_size = static_cast<std::uint32_t>(record.key.size());
  out.append(reinterpret_cast<const char*>(&header), sizeof header);
  out.append(record.key);
}

BlockRef PutInBlock(Record& record) {
  BlockRef copy = Block::Copy(record.value);
  record.value = copy->bytes();
  record.block = copy.get();
  return copy;
}

Bytes EncodeVersion(Version version) {
  const std::uint64_t packed = version.Pack();
  return Bytes(reinterpret_cast<const char*>(&packed), sizeof packed);
}

Result<std::optional<Record>> TakeRecord(ByteView& input) {
  const auto malformed = [](const char* why) {
    return Error{ErrorCode::kMalformed, std::string("record: ") + why};
  };
  if (input.empty()) return {std::nullopt};
  if (input.size() < sizeof(Header)) return malformed("cut short");
  Header header;
  std::memcpy(&header, input.data(), sizeof header);
  if (header.size < kBehindSize) return malformed("smaller than its header");
  if (input.size() - sizeof header.size < header.size) return malformed("cut short");
  if (header.type < static_cast<std::uint8_t>(RecordType::kSet) ||
      header.type > static_cast<std::uint8_t>(RecordType::kEnd)) {
    return malformed("unknown type");
  }
  if (header.joined > 1) return malformed("joined to nobody knows what");
  const std::size_t body = header.size - kBehindSize;
  if (header.key_size > body || header.key_size > limits::kKeySizeMax ||
      body - header.key_size > limits::kValueSizeMax) {
    return malformed("sizes do not add up");
  }
  Record record;
  record.type = static_cast<RecordType>(header.type);
  const bool keyed = record.type == RecordType::kSet || record.type == RecordType::kErase;
  if (keyed == (header.key_size < limits::kKeySizeMin)) return malformed("key where none belongs");
  record.joined = header.joined != 0;
  record.version = Version::Unpack(header.version);
  record.argument = header.argument;
  record.client_flags = header.client_flags;
  record.key = input.substr(sizeof header, header.key_size);
  record.value = input.substr(sizeof header + header.key_size, body - header.key_size);
  input.remove_prefix(sizeof header.size + header.size);
  return {record};
}

}  // namespace aegis::replication
