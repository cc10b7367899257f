#include "node/core/memcached_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/limits.h"
#include "node/core/memcached_call.h"
#include "ring/slot.h"

namespace aegis::node {

void MemcachedPlan::Clear() {
  silent = quiet = with_cas = with_value = base64 = false;
  key = flags = {};
  operations.clear();
}

void MemcachedPlan::Keep(std::size_t first) {
  operations.erase(operations.begin(), operations.begin() + static_cast<std::ptrdiff_t>(first));
  const bool keys_matter = form == MemcachedForm::kValues;
  std::size_t size = key.size() + flags.size();
  for (const Operation& operation : operations) size += keys_matter ? operation.key.size() : 0;
  std::vector<char> texts;
  texts.reserve(size);  // It must not move.
  const auto keep = [&](ByteView& text) {
    const std::size_t at = texts.size();
    texts.insert(texts.end(), text.begin(), text.end());
    text = {texts.data() + at, text.size()};
  };
  keep(key);
  keep(flags);
  for (Operation& operation : operations) {
    operation.value = operation.match = {};
    if (keys_matter) {
      keep(operation.key);
    } else {
      operation.key = {};
    }
  }
  kept = std::move(texts);
}

namespace memcached {

using wire::MemcachedData;
using wire::MemcachedVerb;
using wire::ReadMemcachedNumber;

Translation MemcachedCall::Line(ByteView text) const {
  out.append(text).append("\r\n");
  return Translation::kReplied;
}

Operation& MemcachedCall::Add(OpCode code, ByteView key) const {
  Operation& operation = plan.operations.emplace_back();
  operation.code = code;
  operation.key = key;
  return operation;
}

Translation MemcachedCall::WithoutData() const {
  if (request.data_state == MemcachedData::kBad) return Line("CLIENT_ERROR bad data chunk");
  // As memcached: rather nothing than what was there before.
  Operation& operation = plan.operations.front();
  if (operation.code == OpCode::kSet && operation.condition == Condition::kAlways) {
    operation.code = OpCode::kDelete;
    return Planned(MemcachedForm::kTooLarge);
  }
  return Line("SERVER_ERROR object too large for cache");
}

void SetLifetime(std::int64_t exptime, Operation& operation) {
  constexpr std::int64_t kRelativeMax = 60LL * 60 * 24 * 30;
  constexpr std::int64_t kSecondsMax = limits::kTtlMsMax / 1000;
  if (exptime == 0) {
    operation.expiry = ExpiryKind::kNone;
  } else if (exptime > 0 && exptime <= kRelativeMax) {
    operation.expiry = ExpiryKind::kRelative;
    operation.expiry_ms = exptime * 1000;
  } else {
    operation.expiry = ExpiryKind::kAbsolute;
    operation.expiry_ms = exptime < 0 ? 1 : std::min(exptime, kSecondsMax) * 1000;
  }
}

std::int64_t LifetimeMs(std::int64_t exptime, UnixMs now) {
  Operation operation;
  SetLifetime(exptime, operation);
  if (operation.expiry != ExpiryKind::kAbsolute) return operation.expiry_ms;
  return operation.expiry_ms > now.value ? operation.expiry_ms - now.value : -1;
}

Version VersionOfCas(std::uint64_t cas) {
  // 0 is what an absent key has, and no client means that.
  return Version::Unpack(std::max<std::uint64_t>(cas, 1));
}

namespace {

// [first, last] words, the command included; memcached ignores what it does not know otherwise.
bool HasWords(const MemcachedCall& call, std::size_t first, std::size_t last) {
  return call.request.words.size() >= first && call.request.words.size() <= last;
}

// No command at all, and none that could have asked for silence.
Translation Unknown(const MemcachedCall& call) {
  call.plan.silent = false;
  return call.Line("ERROR");
}

// From words[at] on, each a key.
Translation Values(const MemcachedCall& call, std::size_t at, bool with_cas,
                   const Operation* touch) {
  const auto& words = call.request.words;
  if (words.size() > at + limits::kMemcachedKeysMax) {
    return call.Line(
        fmt::format("CLIENT_ERROR too many keys: at most {}", limits::kMemcachedKeysMax));
  }
  for (std::size_t i = at; i < words.size(); ++i) {
    if (!IsKey(words[i])) return call.BadFormat();
    Operation& operation = call.Add(touch == nullptr ? OpCode::kGet : OpCode::kGetExpire, words[i]);
    if (touch == nullptr) continue;
    operation.expiry = touch->expiry;
    operation.expiry_ms = touch->expiry_ms;
  }
  call.plan.with_cas = with_cas;
  if (call.plan.operations.empty()) return call.Line("END");
  return call.Planned(MemcachedForm::kValues);
}

Translation Get(const MemcachedCall& call, bool with_cas) {
  if (call.request.words.size() < 2) return Unknown(call);
  return Values(call, 1, with_cas, nullptr);
}

Translation GetAndTouch(const MemcachedCall& call, bool with_cas) {
  if (call.request.words.size() < 2) return Unknown(call);
  std::int64_t exptime = 0;
  if (!ReadMemcachedNumber(call.request.words[1], exptime)) {
    return call.Line("CLIENT_ERROR invalid exptime argument");
  }
  Operation touch;
  SetLifetime(exptime, touch);
  return Values(call, 2, with_cas, &touch);
}

void SetWhat(MemcachedVerb verb, Operation& operation) {
  switch (verb) {
    case MemcachedVerb::kAdd:
      operation.condition = Condition::kIfAbsent;
      return;
    case MemcachedVerb::kReplace:
      operation.condition = Condition::kIfPresent;
      return;
    case MemcachedVerb::kAppend:
      operation.code = OpCode::kAppend;
      operation.condition = Condition::kIfPresent;
      return;
    case MemcachedVerb::kPrepend:
      operation.code = OpCode::kPrepend;
      operation.condition = Condition::kIfPresent;
      return;
    case MemcachedVerb::kCas:
      operation.condition = Condition::kIfVersion;
      return;
    default:
      return;
  }
}

Translation Store(const MemcachedCall& call) {
  const auto& words = call.request.words;
  const bool cas = call.request.verb == MemcachedVerb::kCas;
  if (!HasWords(call, cas ? 6 : 5, cas ? 7 : 6)) return Unknown(call);
  std::uint32_t flags = 0;
  std::int64_t exptime = 0;
  std::uint64_t unique = 0;
  if (!IsKey(words[1]) || !ReadMemcachedNumber(words[2], flags) ||
      !ReadMemcachedNumber(words[3], exptime) || call.request.data_state == MemcachedData::kNone ||
      (cas && !ReadMemcachedNumber(words[5], unique))) {
    return call.BadFormat();
  }
  Operation& operation = call.Add(OpCode::kSet, words[1]);
  operation.value = call.request.data;
  operation.client_flags = flags;
  SetLifetime(exptime, operation);
  SetWhat(call.request.verb, operation);
  if (cas) operation.expected = VersionOfCas(unique);
  if (call.request.data_state != MemcachedData::kWhole) return call.WithoutData();
  return call.Planned(MemcachedForm::kStored);
}

Translation Count(const MemcachedCall& call, OpCode code) {
  const auto& words = call.request.words;
  if (!HasWords(call, 3, 4)) return Unknown(call);
  if (!IsKey(words[1])) return call.BadFormat();
  std::uint64_t step = 0;
  if (!ReadMemcachedNumber(words[2], step)) {
    return call.Line("CLIENT_ERROR invalid numeric delta argument");
  }
  Operation& operation = call.Add(code, words[1]);
  operation.number = static_cast<std::int64_t>(step);
  operation.expiry = ExpiryKind::kKeep;
  return call.Planned(MemcachedForm::kCount);
}

Translation Delete(const MemcachedCall& call) {
  const auto& words = call.request.words;
  if (!HasWords(call, 2, 4)) return Unknown(call);
  // Once a time could be given, for which the key was not to come back; it may still be 0.
  const bool usual = words.size() == 2 || (words.size() == 3 && call.plan.silent) ||
                     (words[2] == "0" && (words.size() == 3 || call.plan.silent));
  if (!usual) {
    return call.Line("CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]");
  }
  if (!IsKey(words[1])) return call.BadFormat();
  call.Add(OpCode::kDelete, words[1]);
  return call.Planned(MemcachedForm::kDeleted);
}

Translation Touch(const MemcachedCall& call) {
  const auto& words = call.request.words;
  if (!HasWords(call, 3, 4)) return Unknown(call);
  if (!IsKey(words[1])) return call.BadFormat();
  std::int64_t exptime = 0;
  if (!ReadMemcachedNumber(words[2], exptime)) {
    return call.Line("CLIENT_ERROR invalid exptime argument");
  }
  SetLifetime(exptime, call.Add(OpCode::kExpire, words[1]));
  return call.Planned(MemcachedForm::kTouched);
}

Translation FlushAll(const MemcachedCall& call) {
  const auto& words = call.request.words;
  if (!HasWords(call, 1, 3)) return Unknown(call);
  std::int64_t delay = 0;
  if (words.size() > (call.plan.silent ? 2U : 1U) && !ReadMemcachedNumber(words[1], delay)) {
    return call.Line("CLIENT_ERROR invalid exptime argument");
  }
  if (delay > 0) return call.Line("SERVER_ERROR flush_all has no delay here");
  const std::uint32_t shards = call.node.Routing().settings.num_shards;
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    call.Add(OpCode::kClear, ring::KeyOf(ring::SlotsOf(ShardId{shard}, shards).first));
  }
  // Not born yet: it waits for that, and is refused in the end.
  if (shards == 0) call.Add(OpCode::kClear, ring::KeyOf(Slot{0}));
  return call.Planned(MemcachedForm::kFlushed);
}

// There is one verbosity for the whole node, and the operator sets it: accepted, and that is all.
Translation Verbosity(const MemcachedCall& call) {
  if (!HasWords(call, 2, 3)) return Unknown(call);
  std::uint32_t level = 0;
  if (!ReadMemcachedNumber(call.request.words[1], level)) return call.BadFormat();
  return call.Line("OK");
}

// "noreply" as the last word. A key to delete may be named so; of the other commands the words that
// they need are numbers at the end, and who sent no number there asked for silence.
bool AsksForSilence(const wire::MemcachedRequest& request) {
  const auto& words = request.words;
  if (words.empty() || words.back() != "noreply") return false;
  switch (request.verb) {
    case MemcachedVerb::kDelete:
      return words.size() > 2;
    case MemcachedVerb::kSet:
    case MemcachedVerb::kAdd:
    case MemcachedVerb::kReplace:
    case MemcachedVerb::kAppend:
    case MemcachedVerb::kPrepend:
    case MemcachedVerb::kCas:
    case MemcachedVerb::kIncr:
    case MemcachedVerb::kDecr:
    case MemcachedVerb::kTouch:
    case MemcachedVerb::kFlushAll:
    case MemcachedVerb::kVerbosity:
      return true;
    default:
      return false;
  }
}

Translation Dispatch(const MemcachedCall& call) {
  switch (call.request.verb) {
    case MemcachedVerb::kGet:
      return Get(call, /*with_cas=*/false);
    case MemcachedVerb::kGets:
      return Get(call, /*with_cas=*/true);
    case MemcachedVerb::kGat:
      return GetAndTouch(call, /*with_cas=*/false);
    case MemcachedVerb::kGats:
      return GetAndTouch(call, /*with_cas=*/true);
    case MemcachedVerb::kSet:
    case MemcachedVerb::kAdd:
    case MemcachedVerb::kReplace:
    case MemcachedVerb::kAppend:
    case MemcachedVerb::kPrepend:
    case MemcachedVerb::kCas:
      return Store(call);
    case MemcachedVerb::kIncr:
      return Count(call, OpCode::kCountUp);
    case MemcachedVerb::kDecr:
      return Count(call, OpCode::kCountDown);
    case MemcachedVerb::kDelete:
      return Delete(call);
    case MemcachedVerb::kTouch:
      return Touch(call);
    case MemcachedVerb::kFlushAll:
      return FlushAll(call);
    case MemcachedVerb::kVersion:
      call.out.append("VERSION ");
      return call.Line(kMemcachedVersion);
    case MemcachedVerb::kStats:
      return Stats(call);
    case MemcachedVerb::kVerbosity:
      return Verbosity(call);
    case MemcachedVerb::kQuit:
      return Translation::kRepliedClose;
    case MemcachedVerb::kMetaGet:
    case MemcachedVerb::kMetaSet:
    case MemcachedVerb::kMetaDelete:
    case MemcachedVerb::kMetaArithmetic:
    case MemcachedVerb::kMetaNoop:
    case MemcachedVerb::kMetaDebug:
      return TranslateMeta(call);
    case MemcachedVerb::kUnknown:
      break;
  }
  return Unknown(call);
}

}  // namespace
}  // namespace memcached

Translation TranslateMemcached(const wire::MemcachedRequest& request, NodeView& node, TimePoint now,
                               UnixMs unix_now, MemcachedPlan& plan, Bytes& out) {
  plan.Clear();
  plan.silent = memcached::AsksForSilence(request);
  const std::size_t reply_at = out.size();
  const Translation translation = memcached::Dispatch({request, node, now, unix_now, plan, out});
  // Who asks for no reply reads none, not even that of a mistake.
  if (plan.silent && translation == Translation::kReplied) out.resize(reply_at);
  return translation;
}

}  // namespace aegis::node
