#include "consensus/raft_message.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "consensus/configuration.h"

namespace aegis::consensus {
namespace {

constexpr std::uint8_t kVersion = 1;

constexpr unsigned kPreVoteFlag = 1;
constexpr unsigned kDisruptFlag = 2;
constexpr unsigned kGrantedFlag = 4;

unsigned KnownFlags(RaftMessageType type) {
  return type == RaftMessageType::kRequestVote ? kPreVoteFlag | kDisruptFlag
                                               : kPreVoteFlag | kGrantedFlag;
}

Error Malformed(const char* why) {
  return {ErrorCode::kMalformed, fmt::format("not a Raft message: {}", why)};
}

// Takes integers and bytes off the front of a message; nothing if too few are left.
class Reader {
 public:
  explicit Reader(ByteView rest) : rest_(rest) {}

  bool empty() const { return rest_.empty(); }

  template <class T>
  std::optional<T> Take() {
    if (rest_.size() < sizeof(T)) return std::nullopt;
    const T value = LoadBigEndian<T>(rest_);
    rest_.remove_prefix(sizeof(T));
    return value;
  }

  std::optional<ByteView> TakeBytes(std::size_t size) {
    if (rest_.size() < size) return std::nullopt;
    const ByteView bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  // u32 size, then the bytes.
  std::optional<ByteView> TakeSized() {
    const std::optional<std::uint32_t> size = Take<std::uint32_t>();
    return size ? TakeBytes(*size) : std::nullopt;
  }

 private:
  ByteView rest_;
};

void AppendSized(ByteView bytes, Bytes& out) {
  AppendBigEndian(static_cast<std::uint32_t>(bytes.size()), out);
  out += bytes;
}

bool IsPosition(LogPosition at, Term up_to) {
  return at.index <= kIndexMax && at.term <= up_to && (at.index == 0) == (at.term == 0);
}

// Null, or what is wrong with an entry after one of the term `before`, sent in the term `up_to`.
const char* WrongWith(const Entry& entry, Term before, Term up_to) {
  if (entry.at.term == 0 || entry.at.term < before) return "an entry's term falls";
  if (entry.at.term > up_to) return "an entry of the future";
  if (entry.at.index > kIndexMax) return "an index out of range";
  if (entry.at.index == 1 && entry.type != EntryType::kConfiguration) {
    return "a log that does not begin with a configuration";
  }
  switch (entry.type) {
    case EntryType::kCommand:
      return nullptr;
    case EntryType::kBarrier:
      return entry.data.empty() ? nullptr : "a barrier with data";
    case EntryType::kConfiguration:
      return DecodeServers(entry.data).ok() ? nullptr : "a configuration that cannot be read";
  }
  return "an unknown type of entry";
}

Result<Ok> ReadEntries(Reader& from, RaftMessage& message) {
  const std::optional<Index> commit = from.Take<Index>();
  if (!commit || *commit > kIndexMax) return Malformed("its commit index");
  message.commit = *commit;
  const std::optional<std::uint32_t> n = from.Take<std::uint32_t>();
  if (!n) return Malformed("it ends before its entries");
  if (*n > kEntriesInFlightMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("more than {} entries in a message", kEntriesInFlightMax)};
  }
  LogPosition before = message.at;
  while (message.entries.size() < *n) {
    const std::optional<Term> term = from.Take<Term>();
    const std::optional<std::uint8_t> type = from.Take<std::uint8_t>();
    const std::optional<ByteView> data = from.TakeSized();
    if (!term || !type || !data) return Malformed("it ends within an entry");
    if (data->size() > kCommandSizeMax) {
      return Error{ErrorCode::kTooLarge,
                   fmt::format("an entry of more than {} bytes", kCommandSizeMax)};
    }
    Entry entry{{before.index + 1, *term}, static_cast<EntryType>(*type), Bytes(*data)};
    if (const char* const wrong = WrongWith(entry, before.term, message.term)) {
      return Malformed(wrong);
    }
    before = entry.at;
    message.entries.push_back(std::move(entry));
  }
  return Ok{};
}

Result<Ok> ReadSnapshot(Reader& from, RaftMessage& message) {
  const std::optional<Index> index = from.Take<Index>();
  const std::optional<Term> term = from.Take<Term>();
  const std::optional<ByteView> servers = from.TakeSized();
  const std::optional<ByteView> state = from.TakeSized();
  if (!index || !term || !servers || !state) return Malformed("it ends within a snapshot");
  const LogPosition at{*index, *term};
  if (message.at.index == 0 || at.index == 0 || !IsPosition(at, message.at.term) ||
      at.index > message.at.index) {
    return Malformed("the position of a snapshot or its configuration");
  }
  Result<std::vector<Server>> decoded = DecodeServers(*servers);
  if (!decoded.ok()) return decoded.error();
  if (state->size() > kSnapshotSizeMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("a snapshot of more than {} bytes", kSnapshotSizeMax)};
  }
  message.snapshot = {message.at, {at, std::move(decoded).value()}, Bytes(*state)};
  return Ok{};
}

Result<Ok> ReadFlags(Reader& from, RaftMessage& message) {
  const std::optional<std::uint8_t> flags = from.Take<std::uint8_t>();
  if (!flags || (*flags & ~KnownFlags(message.type)) != 0) return Malformed("its flags");
  message.pre_vote = (*flags & kPreVoteFlag) != 0;
  message.disrupt_leader = (*flags & kDisruptFlag) != 0;
  message.granted = (*flags & kGrantedFlag) != 0;
  return Ok{};
}

Result<Ok> ReadRejected(Reader& from, RaftMessage& message) {
  const std::optional<Index> rejected = from.Take<Index>();
  if (!rejected || *rejected > kIndexMax) return Malformed("the index it rejects");
  message.rejected = *rejected;
  return Ok{};
}

Result<Ok> ReadBody(Reader& from, RaftMessage& message) {
  switch (message.type) {
    case RaftMessageType::kAppendEntries:
      return ReadEntries(from, message);
    case RaftMessageType::kAppendEntriesResult:
      return ReadRejected(from, message);
    case RaftMessageType::kRequestVote:
    case RaftMessageType::kRequestVoteResult:
      return ReadFlags(from, message);
    case RaftMessageType::kInstallSnapshot:
      return ReadSnapshot(from, message);
    case RaftMessageType::kTimeoutNow:
      return Ok{};
  }
  return Malformed("an unknown type");
}

// Whether `at` is what messages of this type say.
bool IsPlausible(const RaftMessage& message) {
  switch (message.type) {
    case RaftMessageType::kAppendEntriesResult:
      return message.at.index <= kIndexMax && message.at.term == 0;
    case RaftMessageType::kRequestVoteResult:
      return message.at == LogPosition{};
    default:
      return IsPosition(message.at, message.term);
  }
}

}  // namespace

Bytes EncodeRaftMessage(const RaftMessage& message) {
  Bytes out;
  AppendBigEndian(kVersion, out);
  AppendBigEndian(static_cast<std::uint8_t>(message.type), out);
  AppendBigEndian(message.term, out);
  AppendBigEndian(message.at.index, out);
  AppendBigEndian(message.at.term, out);
  switch (message.type) {
    case RaftMessageType::kAppendEntries:
      AppendBigEndian(message.commit, out);
      AppendBigEndian(static_cast<std::uint32_t>(message.entries.size()), out);
      for (const Entry& entry : message.entries) {
        AppendBigEndian(entry.at.term, out);
        AppendBigEndian(static_cast<std::uint8_t>(entry.type), out);
        AppendSized(entry.data, out);
      }
      break;
    case RaftMessageType::kAppendEntriesResult:
      AppendBigEndian(message.rejected, out);
      break;
    case RaftMessageType::kRequestVote:
    case RaftMessageType::kRequestVoteResult:
      AppendBigEndian(static_cast<std::uint8_t>((message.pre_vote ? kPreVoteFlag : 0U) |
                                                (message.disrupt_leader ? kDisruptFlag : 0U) |
                                                (message.granted ? kGrantedFlag : 0U)),
                      out);
      break;
    case RaftMessageType::kInstallSnapshot:
      AppendBigEndian(message.snapshot.configuration.at.index, out);
      AppendBigEndian(message.snapshot.configuration.at.term, out);
      AppendSized(EncodeServers(message.snapshot.configuration.servers), out);
      AppendSized(message.snapshot.state, out);
      break;
    case RaftMessageType::kTimeoutNow:
      break;
  }
  return out;
}

Result<RaftMessage> DecodeRaftMessage(ByteView bytes) {
  if (bytes.size() > kRaftMessageSizeMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("a Raft message of more than {} bytes", kRaftMessageSizeMax)};
  }
  Reader from(bytes);
  const std::optional<std::uint8_t> version = from.Take<std::uint8_t>();
  const std::optional<std::uint8_t> type = from.Take<std::uint8_t>();
  const std::optional<Term> term = from.Take<Term>();
  const std::optional<Index> index = from.Take<Index>();
  const std::optional<Term> term_at_index = from.Take<Term>();
  if (!version || !type || !term || !index || !term_at_index) return Malformed("it ends early");
  if (*version != kVersion) return Malformed("an unknown version");
  if (*term == 0 || *term > kTermMax) return Malformed("its term is out of range");
  RaftMessage message;
  message.type = static_cast<RaftMessageType>(*type);
  message.term = *term;
  message.at = {*index, *term_at_index};
  if (!IsPlausible(message)) return Malformed("its position in the log");
  if (Result<Ok> read = ReadBody(from, message); !read.ok()) return read.error();
  if (!from.empty()) return Malformed("it is too long");
  return message;
}

}  // namespace aegis::consensus
