// The meta commands: mg, ms, md, ma, mn, me.

#include <algorithm>
#include <bitset>
#include <optional>

#include "model/limits.h"
#include "node/core/memcached_call.h"
#include "wire/base64.h"

namespace aegis::node::memcached {
namespace {

using wire::MemcachedData;
using wire::MemcachedVerb;
using wire::ReadMemcachedNumber;

// What one meta command takes, and how it refuses the rest.
struct MetaCommand {
  ByteView flags;
  ByteView unsupported;  // Flags that memcached has and we cannot keep the promise of.
  std::size_t flags_at;  // Index of the first word that is a flag.
  ByteView invalid_flag;
  ByteView duplicate_flag;
  ByteView bad_token;
};

constexpr ByteView kInvalidOrDuplicate = "CLIENT_ERROR invalid or duplicate flag";
constexpr ByteView kBadToken = "CLIENT_ERROR bad token in command line format";

// h and l would need what no item here remembers; N, R and I a mark in the item that all its copies
// share; E a version that this node did not give.
constexpr MetaCommand kGet{
    "bcfkOqstvT", "hlENR", 2, "CLIENT_ERROR invalid flag", "CLIENT_ERROR duplicate flag",
    kBadToken};
constexpr MetaCommand kSet{
    "bckOqsCFTMN", "EIS", 3, "CLIENT_ERROR invalid flag", "CLIENT_ERROR duplicate flag", kBadToken};
constexpr MetaCommand kDelete{
    "bkOqCT", "EIx", 2, kInvalidOrDuplicate, kInvalidOrDuplicate, kInvalidOrDuplicate};
constexpr MetaCommand kArithmetic{
    "bckOqtvCNJDTM", "E", 2, kInvalidOrDuplicate, kInvalidOrDuplicate, kInvalidOrDuplicate};

// The flags of one command, read. What has no value here was not given.
struct MetaFlags {
  char mode = 0;
  std::optional<std::uint64_t> cas;
  std::optional<std::uint32_t> client_flags;
  std::optional<std::int64_t> exptime;
  std::optional<std::int64_t> create_exptime;
  std::optional<std::uint64_t> delta;
  ByteView initial = "0";  // Digits of 64 bits at most.
};

class MetaReader {
 public:
  MetaReader(const MemcachedCall& call, const MetaCommand& command)
      : call_(call), command_(command) {}

  // Nothing: the error is written.
  std::optional<MetaFlags> Read() {
    const auto& words = call_.request.words;
    call_.plan.key = words[1];
    if (!IsKey(words[1])) return Refuse("CLIENT_ERROR bad command line format");
    if (words.size() > command_.flags_at) {
      const char* const first = words[command_.flags_at].data();
      const char* const last = words.back().data() + words.back().size();
      call_.plan.flags = {first, static_cast<std::size_t>(last - first)};
    }
    if (words.size() > command_.flags_at + limits::kMemcachedFlagsMax) {
      return Refuse("CLIENT_ERROR options flags are too long");
    }
    for (std::size_t i = command_.flags_at; i < words.size(); ++i) {
      if (!ReadOne(words[i])) return std::nullopt;
    }
    return flags_;
  }

 private:
  std::nullopt_t Refuse(ByteView line) const {
    call_.Line(line);
    return std::nullopt;
  }
  bool Fail(ByteView line) const {
    call_.Line(line);
    return false;
  }

  bool ReadOne(ByteView word) {
    const char flag = word.front();
    if (command_.unsupported.find(flag) != ByteView::npos) {
      return Fail(Bytes("CLIENT_ERROR flag ") + flag + " is not supported here");
    }
    if (command_.flags.find(flag) == ByteView::npos) return Fail(command_.invalid_flag);
    const auto index = static_cast<unsigned char>(flag);
    if (seen_[index]) return Fail(command_.duplicate_flag);
    seen_[index] = true;
    return ReadToken(flag, word.substr(1));
  }

  bool ReadToken(char flag, ByteView token) {
    switch (flag) {
      case 'b':
        call_.plan.base64 = true;
        return true;
      case 'q':
        call_.plan.quiet = true;
        return true;
      case 'v':
        call_.plan.with_value = true;
        return true;
      case 'O':
        if (token.size() <= limits::kMemcachedOpaqueSizeMax) return true;
        return Fail("CLIENT_ERROR opaque token too long");
      case 'C':
        return ReadInto(token, flags_.cas);
      case 'F':
        if (ReadInto(token, flags_.client_flags, /*say=*/false)) return true;
        return Fail("CLIENT_ERROR bad command line format");
      case 'T':
        return ReadInto(token, flags_.exptime);
      case 'N':
        return ReadInto(token, flags_.create_exptime);
      case 'D':
        return ReadInto(token, flags_.delta);
      case 'J':
        return ReadInitial(token);
      case 'M':
        if (token.size() != 1) return Fail("CLIENT_ERROR incorrect length for M token");
        flags_.mode = token.front();
        return true;
      default:
        return true;  // Of the reply.
    }
  }

  template <class T>
  bool ReadInto(ByteView token, std::optional<T>& value, bool say = true) const {
    T number{};
    if (!ReadMemcachedNumber(token, number)) return say && Fail(command_.bad_token);
    value = number;
    return true;
  }

  bool ReadInitial(ByteView token) {
    std::uint64_t number = 0;
    if (!ReadMemcachedNumber(token, number)) return Fail(command_.bad_token);
    token.remove_prefix(std::min(token.find_first_not_of('0'), token.size() - 1));
    flags_.initial = token;
    return true;
  }

  const MemcachedCall& call_;
  const MetaCommand& command_;
  std::bitset<256> seen_;
  MetaFlags flags_;
};

// Null: the error is written.
Operation* AddOperation(const MemcachedCall& call, OpCode code) {
  ByteView key = call.plan.key;
  if (call.plan.base64) {
    if (!wire::DecodeBase64(key, call.plan.decoded_key) || call.plan.decoded_key.empty()) {
      call.Line("CLIENT_ERROR error decoding key");
      return nullptr;
    }
    key = call.plan.decoded_key;
  }
  return &call.Add(code, key);
}

void SetVersion(const MetaFlags& flags, Operation& operation) {
  if (!flags.cas) return;
  operation.condition = Condition::kIfVersion;
  operation.expected = VersionOfCas(*flags.cas);
}

Translation MetaGet(const MemcachedCall& call) {
  const auto flags = MetaReader(call, kGet).Read();
  if (!flags) return Translation::kReplied;
  const OpCode look = call.plan.with_value ? OpCode::kGet : OpCode::kPeek;
  Operation* const operation = AddOperation(call, flags->exptime ? OpCode::kGetExpire : look);
  if (operation == nullptr) return Translation::kReplied;
  if (flags->exptime) SetLifetime(*flags->exptime, *operation);
  return call.Planned(MemcachedForm::kMetaGet);
}

// False: there is no such mode.
bool SetMode(const MetaFlags& flags, Operation& set) {
  switch (flags.mode) {
    case 0:
    case 'S':
      SetVersion(flags, set);
      return true;
    case 'E':
      set.condition = Condition::kIfAbsent;
      return true;
    case 'R':
      set.condition = Condition::kIfPresent;
      SetVersion(flags, set);
      return true;
    case 'A':
    case 'P':
      set.code = flags.mode == 'A' ? OpCode::kAppend : OpCode::kPrepend;
      set.condition = flags.create_exptime ? Condition::kAlways : Condition::kIfPresent;
      SetVersion(flags, set);
      SetLifetime(flags.create_exptime.value_or(0), set);
      return true;
    default:
      return false;
  }
}

Translation MetaSet(const MemcachedCall& call) {
  if (call.request.data_state == MemcachedData::kNone) return call.BadFormat();
  const auto flags = MetaReader(call, kSet).Read();
  if (!flags) return Translation::kReplied;
  Operation* const operation = AddOperation(call, OpCode::kSet);
  if (operation == nullptr) return Translation::kReplied;
  operation->value = call.request.data;
  operation->client_flags = flags->client_flags.value_or(0);
  SetLifetime(flags->exptime.value_or(0), *operation);
  if (!SetMode(*flags, *operation)) return call.Line("CLIENT_ERROR invalid mode for ms M token");
  if (call.request.data_state != MemcachedData::kWhole) return call.WithoutData();
  return call.Planned(MemcachedForm::kMetaSet);
}

Translation MetaDelete(const MemcachedCall& call) {
  const auto flags = MetaReader(call, kDelete).Read();
  if (!flags) return Translation::kReplied;
  Operation* const operation = AddOperation(call, OpCode::kDelete);
  if (operation == nullptr) return Translation::kReplied;
  SetVersion(*flags, *operation);
  return call.Planned(MemcachedForm::kMetaDelete);
}

Translation MetaArithmetic(const MemcachedCall& call) {
  const auto flags = MetaReader(call, kArithmetic).Read();
  if (!flags) return Translation::kReplied;
  const bool down = flags->mode == 'D' || flags->mode == '-';
  if (!down && flags->mode != 0 && flags->mode != 'I' && flags->mode != '+') {
    return call.Line("CLIENT_ERROR invalid mode for ma M token");
  }
  Operation* const operation = AddOperation(call, down ? OpCode::kCountDown : OpCode::kCountUp);
  if (operation == nullptr) return Translation::kReplied;
  operation->number = static_cast<std::int64_t>(flags->delta.value_or(1));
  operation->expiry = ExpiryKind::kKeep;
  if (flags->exptime) SetLifetime(*flags->exptime, *operation);
  if (flags->create_exptime) {
    operation->value = flags->initial;
    operation->number2 = LifetimeMs(*flags->create_exptime, call.unix_now);
  }
  SetVersion(*flags, *operation);
  return call.Planned(MemcachedForm::kMetaCount);
}

Translation MetaDebug(const MemcachedCall& call) {
  const auto& words = call.request.words;
  call.plan.base64 = words.size() == 3 && words[2] == "b";
  if (!IsKey(words[1]) || (words.size() > 2 && !call.plan.base64)) return call.BadFormat();
  call.plan.key = words[1];
  if (AddOperation(call, OpCode::kPeek) == nullptr) return Translation::kReplied;
  return call.Planned(MemcachedForm::kMetaDebug);
}

}  // namespace

Translation TranslateMeta(const MemcachedCall& call) {
  const MemcachedVerb verb = call.request.verb;
  if (verb == MemcachedVerb::kMetaNoop) return call.Line("MN");
  if (call.request.words.size() < 2) {
    return verb == MemcachedVerb::kMetaDebug ? call.BadFormat() : call.Line("ERROR");
  }
  switch (verb) {
    case MemcachedVerb::kMetaGet:
      return MetaGet(call);
    case MemcachedVerb::kMetaSet:
      return MetaSet(call);
    case MemcachedVerb::kMetaDelete:
      return MetaDelete(call);
    case MemcachedVerb::kMetaArithmetic:
      return MetaArithmetic(call);
    default:
      return MetaDebug(call);
  }
}

}  // namespace aegis::node::memcached
