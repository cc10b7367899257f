#include "consensus/log_format.h"

#define XXH_INLINE_ALL

#include <fmt/format.h>
#include <xxhash.h>

#include "model/limits.h"

namespace aegis::consensus {
namespace {

constexpr std::size_t kMagicSize = 4;
constexpr std::size_t kChecksumSize = 8;
constexpr std::size_t kEntryHeadSize = 8 + 1 + 4;  // Term, type, size of the data.

constexpr ByteView kIdentityMagic = "AGLI";
constexpr ByteView kTermMagic = "AGLT";
constexpr ByteView kSnapshotMagic = "AGLS";
constexpr ByteView kSegmentMagic = "AGLE";
constexpr ByteView kRecordMagic = "AGLR";

std::uint64_t Checksum(ByteView bytes, std::uint64_t seed = 0) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Error Refuse(std::uint64_t offset, std::string_view reason) {
  return {ErrorCode::kInvalid, fmt::format("offset {}: {}", offset, reason)};
}

// Takes integers and bytes off the front of a body; asking for more than there is makes it fail.
class Fields {
 public:
  explicit Fields(ByteView bytes) : rest_(bytes) {}

  template <class T>
  T Take() {
    const ByteView bytes = TakeBytes(sizeof(T));
    return failed_ ? T{0} : LoadBigEndian<T>(bytes);
  }

  ByteView TakeBytes(std::uint64_t size) {
    failed_ = failed_ || size > rest_.size();
    if (failed_) return {};
    const ByteView bytes = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

  // Everything was there, and nothing else.
  bool Finished() const { return !failed_ && rest_.empty(); }
  bool failed() const { return failed_; }

 private:
  ByteView rest_;
  bool failed_ = false;
};

// Every file begins with magic, version and server.
constexpr std::size_t kFileHeadSize = kMagicSize + 4 + 8;

Bytes FileHead(ByteView magic, ServerId server) {
  Bytes file(magic);
  AppendBigEndian(kLogFormatVersion, file);
  AppendBigEndian(server.value(), file);
  return file;
}

Result<ServerId> ReadFileHead(ByteView magic, ByteView file) {
  if (!file.starts_with(magic)) return Refuse(0, fmt::format("does not begin with {}", magic));
  Fields fields(file.substr(kMagicSize));
  const auto version = fields.Take<std::uint32_t>();
  const ServerId server(fields.Take<std::uint64_t>());
  if (fields.failed()) return Refuse(file.size(), "ends within its head");
  if (version != kLogFormatVersion) {
    return Refuse(kMagicSize, fmt::format("format version {}, this program reads {}", version,
                                          kLogFormatVersion));
  }
  return server;
}

Result<Ok> RequireServer(ServerId expected, ServerId found) {
  if (found == expected) return Ok{};
  return Refuse(kMagicSize + 4, fmt::format("of server {:016x}, not {:016x}: from another log",
                                            found.value(), expected.value()));
}

// A file that is only ever replaced as a whole:
//   file head | body size u64 | body | checksum of all that u64
constexpr std::size_t kBodyOffset = kFileHeadSize + 8;
static_assert(kIdentityFileSize == kBodyOffset + 2 * 8 + kChecksumSize);
static_assert(kTermFileSize == kBodyOffset + 4 * 8 + kChecksumSize);

Bytes Seal(ByteView magic, ServerId server, ByteView body) {
  Bytes file = FileHead(magic, server);
  AppendBigEndian(std::uint64_t{body.size()}, file);
  file += body;
  AppendBigEndian(Checksum(file), file);
  return file;
}

struct Sealed {
  ServerId server;
  ByteView body;
};

Result<Sealed> Unseal(ByteView magic, ByteView file) {
  const auto server = ReadFileHead(magic, file);
  if (!server.ok()) return server.error();
  if (file.size() < kBodyOffset + kChecksumSize) return Refuse(file.size(), "ends too early");
  const auto size = LoadBigEndian<std::uint64_t>(file.substr(kFileHeadSize));
  if (size != file.size() - kBodyOffset - kChecksumSize) {
    return Refuse(kFileHeadSize,
                  fmt::format("a body of {} bytes in a file of {}", size, file.size()));
  }
  const ByteView covered = file.substr(0, file.size() - kChecksumSize);
  if (LoadBigEndian<std::uint64_t>(file.substr(covered.size())) != Checksum(covered)) {
    return Refuse(0, fmt::format("{} bytes do not have the checksum behind them", covered.size()));
  }
  return Sealed{server.value(), covered.substr(kBodyOffset)};
}

Result<ByteView> UnsealOf(ServerId expected, ByteView magic, ByteView file) {
  const auto sealed = Unseal(magic, file);
  if (!sealed.ok()) return sealed.error();
  const auto same = RequireServer(expected, sealed.value().server);
  if (!same.ok()) return same.error();
  return sealed.value().body;
}

std::uint64_t RecordSeed(ServerId server, std::uint64_t offset) { return server.value() + offset; }

void AppendPosition(LogPosition at, Bytes& out) {
  AppendBigEndian(at.index, out);
  AppendBigEndian(at.term, out);
}

LogPosition TakePosition(Fields& fields) {
  LogPosition at;
  at.index = fields.Take<std::uint64_t>();
  at.term = fields.Take<std::uint64_t>();
  return at;
}

bool IsEntryType(std::uint8_t type) {
  return type >= static_cast<std::uint8_t>(EntryType::kCommand) &&
         type <= static_cast<std::uint8_t>(EntryType::kConfiguration);
}

bool IsServerRole(std::uint8_t role) {
  return role <= static_cast<std::uint8_t>(ServerRole::kSpare);
}

}  // namespace

Bytes EncodeIdentity(const LogIdentity& identity) {
  Bytes body;
  AppendBigEndian(identity.cluster.value(), body);
  AppendBigEndian(identity.node.value(), body);
  return Seal(kIdentityMagic, identity.server, body);
}

Result<LogIdentity> DecodeIdentity(ByteView file) {
  const auto sealed = Unseal(kIdentityMagic, file);
  if (!sealed.ok()) return sealed.error();
  Fields fields(sealed.value().body);
  LogIdentity identity;
  identity.cluster = ClusterId{fields.Take<std::uint64_t>()};
  identity.node = NodeId{fields.Take<std::uint64_t>()};
  identity.server = sealed.value().server;
  if (!fields.Finished()) return Refuse(kBodyOffset, "no identity");
  return identity;
}

Bytes EncodeTerm(ServerId server, const TermFile& term) {
  Bytes body;
  AppendBigEndian(term.state.term, body);
  AppendBigEndian(term.state.voted_for.value(), body);
  AppendBigEndian(term.mark.segment, body);
  AppendBigEndian(term.mark.size, body);
  return Seal(kTermMagic, server, body);
}

Result<TermFile> DecodeTerm(ServerId server, ByteView file) {
  const auto body = UnsealOf(server, kTermMagic, file);
  if (!body.ok()) return body.error();
  Fields fields(body.value());
  TermFile term;
  term.state.term = fields.Take<std::uint64_t>();
  term.state.voted_for = ServerId{fields.Take<std::uint64_t>()};
  term.mark.segment = fields.Take<std::uint64_t>();
  term.mark.size = fields.Take<std::uint64_t>();
  if (!fields.Finished()) return Refuse(kBodyOffset, "no term");
  return term;
}

Bytes EncodeSnapshot(ServerId server, const Snapshot& snapshot) {
  Bytes body;
  AppendPosition(snapshot.last, body);
  AppendPosition(snapshot.configuration.at, body);
  AppendBigEndian(static_cast<std::uint32_t>(snapshot.configuration.servers.size()), body);
  for (const Server& member : snapshot.configuration.servers) {
    AppendBigEndian(member.id.value(), body);
    AppendBigEndian(static_cast<std::uint8_t>(member.role), body);
  }
  AppendBigEndian(std::uint64_t{snapshot.state.size()}, body);
  body += snapshot.state;
  return Seal(kSnapshotMagic, server, body);
}

Result<Snapshot> DecodeSnapshot(ServerId server, ByteView file) {
  const auto body = UnsealOf(server, kSnapshotMagic, file);
  if (!body.ok()) return body.error();
  Fields fields(body.value());
  Snapshot snapshot;
  snapshot.last = TakePosition(fields);
  snapshot.configuration.at = TakePosition(fields);
  const auto servers = fields.Take<std::uint32_t>();
  if (servers > limits::kMembersMax) return Refuse(kBodyOffset, "too many servers");
  for (std::uint32_t i = 0; i < servers; ++i) {
    const ServerId id(fields.Take<std::uint64_t>());
    const auto role = fields.Take<std::uint8_t>();
    if (!IsServerRole(role)) return Refuse(kBodyOffset, "a server without a known role");
    snapshot.configuration.servers.push_back({id, static_cast<ServerRole>(role)});
  }
  snapshot.state = fields.TakeBytes(fields.Take<std::uint64_t>());
  if (!fields.Finished()) return Refuse(kBodyOffset, "no snapshot");
  return snapshot;
}

Bytes EncodeSegmentHead(ServerId server, LogPosition before) {
  Bytes head = FileHead(kSegmentMagic, server);
  AppendPosition(before, head);
  AppendBigEndian(Checksum(head), head);
  return head;
}
static_assert(kSegmentHeadSize == kFileHeadSize + 16 + kChecksumSize);

Result<LogPosition> DecodeSegmentHead(ServerId server, ByteView file) {
  const auto found = ReadFileHead(kSegmentMagic, file);
  if (!found.ok()) return found.error();
  if (file.size() < kSegmentHeadSize) return Refuse(file.size(), "ends within its head");
  const ByteView covered = file.substr(0, kSegmentHeadSize - kChecksumSize);
  if (LoadBigEndian<std::uint64_t>(file.substr(covered.size())) != Checksum(covered)) {
    return Refuse(0, "the head does not have the checksum behind it");
  }
  const auto same = RequireServer(server, found.value());
  if (!same.ok()) return same.error();
  Fields fields(covered.substr(kFileHeadSize));
  return TakePosition(fields);
}

std::size_t EncodedSize(const Entry& entry) { return kEntryHeadSize + entry.data.size(); }

Bytes EncodeRecord(ServerId server, std::uint64_t offset, Index first,
                   const std::vector<Entry>& entries) {
  Bytes body;
  for (const Entry& entry : entries) {
    AppendBigEndian(entry.at.term, body);
    AppendBigEndian(static_cast<std::uint8_t>(entry.type), body);
    AppendBigEndian(static_cast<std::uint32_t>(entry.data.size()), body);
    body += entry.data;
  }
  Bytes record(kRecordMagic);
  AppendBigEndian(static_cast<std::uint32_t>(entries.size()), record);
  AppendBigEndian(first, record);
  AppendBigEndian(std::uint64_t{body.size()}, record);
  AppendBigEndian(Checksum(body), record);
  AppendBigEndian(Checksum(record, RecordSeed(server, offset)), record);
  return record + body;
}

std::optional<RecordHead> FindRecordHead(ServerId server, ByteView file, std::uint64_t offset) {
  if (offset > file.size() || file.size() - offset < kRecordHeadSize) return std::nullopt;
  const ByteView at = file.substr(static_cast<std::size_t>(offset), kRecordHeadSize);
  if (!at.starts_with(kRecordMagic)) return std::nullopt;
  const ByteView covered = at.substr(0, kRecordHeadSize - kChecksumSize);
  if (LoadBigEndian<std::uint64_t>(at.substr(covered.size())) !=
      Checksum(covered, RecordSeed(server, offset))) {
    return std::nullopt;
  }
  Fields fields(covered.substr(kMagicSize));
  RecordHead head;
  head.entries = fields.Take<std::uint32_t>();
  head.first = fields.Take<std::uint64_t>();
  head.body_size = fields.Take<std::uint64_t>();
  head.body_checksum = fields.Take<std::uint64_t>();
  return head;
}

std::optional<std::uint64_t> FindNextRecord(ServerId server, ByteView file, std::uint64_t offset) {
  for (std::size_t at = file.find(kRecordMagic, static_cast<std::size_t>(offset));
       at != ByteView::npos; at = file.find(kRecordMagic, at + 1)) {
    if (FindRecordHead(server, file, at)) return at;
  }
  return std::nullopt;
}

bool BeginsWithBody(const RecordHead& head, ByteView rest) {
  return head.body_size <= rest.size() &&
         Checksum(rest.substr(0, static_cast<std::size_t>(head.body_size))) == head.body_checksum;
}

Result<std::vector<Entry>> DecodeRecordBody(const RecordHead& head, ByteView rest) {
  const auto refuse = [](const char* reason) { return Error{ErrorCode::kInvalid, reason}; };
  const ByteView body = rest.substr(0, static_cast<std::size_t>(head.body_size));
  if (head.entries > body.size() / kEntryHeadSize) return refuse("more entries than bytes");
  Fields fields(body);
  std::vector<Entry> entries(head.entries);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].at = {head.first + i, fields.Take<std::uint64_t>()};
    const auto type = fields.Take<std::uint8_t>();
    entries[i].data = fields.TakeBytes(fields.Take<std::uint32_t>());
    if (!IsEntryType(type)) return refuse("an entry of no known type");
    entries[i].type = static_cast<EntryType>(type);
  }
  if (!fields.Finished()) return refuse("its entries do not fill it");
  return entries;
}

}  // namespace aegis::consensus
