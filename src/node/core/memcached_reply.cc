// WriteMemcachedReply: outcomes in the form that their command is answered in.

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "node/core/memcached_commands.h"

namespace aegis::node {
namespace {

using wire::AppendDecimal;

constexpr ByteView kCrLf = "\r\n";

// kNotFound and kConflict are ordinary answers.
bool IsError(Status status) { return status >= Status::kInvalid; }

ByteView Or(const std::string& text, ByteView fallback) {
  return text.empty() ? fallback : ByteView(text);
}

std::string ErrorLine(const Outcome& outcome) {
  switch (outcome.status) {
    case Status::kInvalid:
      return fmt::format("CLIENT_ERROR {}", Or(outcome.error, "invalid request"));
    case Status::kTooLarge:
      return "SERVER_ERROR object too large for cache";
    case Status::kOutOfMemory:
      return "SERVER_ERROR out of memory storing object";
    case Status::kNotLeader:
      return "SERVER_ERROR changing leader: try again; nothing was changed";
    case Status::kUnavailable:
      return "SERVER_ERROR no leader: the key's shard has none now; nothing was changed";
    case Status::kTooFewCopies:
      return fmt::format("SERVER_ERROR too few copies: {}; nothing was changed",
                         Or(outcome.error, "not enough of them are in sync"));
    case Status::kBusy:
      return fmt::format("SERVER_ERROR busy: {}; nothing was changed",
                         Or(outcome.error, "too much was written that only one node has"));
    case Status::kSessionLost:
      return fmt::format("SERVER_ERROR session lost: {}", outcome.error);
    case Status::kUnknownOutcome:
      return "SERVER_ERROR unknown outcome: the command may or may not have been applied";
    case Status::kOk:
    case Status::kNotFound:
    case Status::kConflict:
      break;
  }
  AEGIS_CHECK(false, "only errors have an error text");
}

// A store whose condition did not hold: because of another version, because there is no item of
// which it could be another, or because of whether there is one.
enum class Refused : std::uint8_t { kOtherVersion, kMissing, kPresence };

Refused WhyRefused(const Operation& operation, const Outcome& outcome) {
  if (operation.condition != Condition::kIfVersion) return Refused::kPresence;
  if (outcome.version != Version{}) return Refused::kOtherVersion;
  // Nothing to append to is no matter of versions.
  return operation.code == OpCode::kSet ? Refused::kMissing : Refused::kPresence;
}

ByteView StoredLine(const Operation& operation, const Outcome& outcome) {
  if (outcome.status == Status::kOk) return "STORED";
  switch (WhyRefused(operation, outcome)) {
    case Refused::kOtherVersion:
      return "EXISTS";
    case Refused::kMissing:
      return "NOT_FOUND";
    case Refused::kPresence:
      break;
  }
  return "NOT_STORED";
}

ByteView MetaSetCode(const Operation& operation, const Outcome& outcome) {
  if (outcome.status == Status::kOk) return "HD";
  switch (WhyRefused(operation, outcome)) {
    case Refused::kOtherVersion:
      return "EX";
    case Refused::kMissing:
      return "NF";
    case Refused::kPresence:
      break;
  }
  return "NS";
}

// Of md and ma.
ByteView MetaCode(const Outcome& outcome) {
  if (outcome.status == Status::kOk) return "HD";
  const bool other = outcome.status == Status::kConflict && outcome.version != Version{};
  return other ? "EX" : "NF";
}

std::int64_t TtlSeconds(const Outcome& outcome, UnixMs now) {
  if (outcome.expires_at == 0) return -1;
  return std::max<std::int64_t>(outcome.expires_at - now.value + 999, 0) / 1000;
}

void AppendSigned(std::int64_t number, Bytes& out) {
  if (number < 0) out.push_back('-');
  const auto bits = static_cast<std::uint64_t>(number);
  AppendDecimal(number < 0 ? 0 - bits : bits, out);
}

// What the flags of a meta command ask to be told, in their order: the client's own marks always,
// and of the item what `facts` names.
void AppendFlags(const MemcachedPlan& plan, const Outcome& outcome, ByteView facts, UnixMs now,
                 Bytes& out) {
  for (std::size_t at = 0; at < plan.flags.size();) {
    const std::size_t end = std::min(plan.flags.find(' ', at), plan.flags.size());
    const ByteView word = plan.flags.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    const char flag = word.front();
    if (flag == 'O') {
      out.append(" ").append(word);
    } else if (flag == 'k') {
      out.append(" k").append(plan.key);
      if (plan.base64) out.append(" b");
    } else if (facts.find(flag) != ByteView::npos) {
      out.append(" ").push_back(flag);
      if (flag == 'c') AppendDecimal(outcome.version.Pack(), out);
      if (flag == 'f') AppendDecimal(outcome.client_flags, out);
      if (flag == 's') AppendSigned(outcome.number, out);
      if (flag == 't') AppendSigned(TtlSeconds(outcome, now), out);
    }
  }
  out.append(kCrLf);
}

void WriteMetaGet(const MemcachedPlan& plan, const Outcome& outcome, UnixMs now,
                  OutgoingTail tail) {
  Bytes& out = tail.bytes();
  if (outcome.status != Status::kOk) {
    if (plan.quiet) return;
    out.append("EN");
    return AppendFlags(plan, outcome, "", now, out);
  }
  if (!plan.with_value) {
    out.append("HD");
    return AppendFlags(plan, outcome, "cfst", now, out);
  }
  out.append("VA ");
  AppendDecimal(outcome.value.size(), out);
  AppendFlags(plan, outcome, "cfst", now, out);
  tail.Append(outcome.value, outcome.block.get());
  out.append(kCrLf);
}

void WriteMetaSet(const MemcachedPlan& plan, const Outcome& outcome, UnixMs now, Bytes& out) {
  const bool ok = outcome.status == Status::kOk;
  if (plan.quiet && ok) return;
  out.append(MetaSetCode(plan.operations.front(), outcome));
  AppendFlags(plan, ok ? outcome : Outcome{}, ok ? "cs" : "c", now, out);
}

void WriteMetaDelete(const MemcachedPlan& plan, const Outcome& outcome, UnixMs now, Bytes& out) {
  if (plan.quiet && outcome.status == Status::kOk) return;
  out.append(MetaCode(outcome));
  AppendFlags(plan, outcome, "", now, out);
}

void WriteMetaCount(const MemcachedPlan& plan, const Outcome& outcome, UnixMs now, Bytes& out) {
  if (outcome.status != Status::kOk) {
    out.append(MetaCode(outcome));
    return AppendFlags(plan, outcome, "", now, out);
  }
  if (plan.quiet) return;
  if (!plan.with_value) {
    out.append("HD");
    return AppendFlags(plan, outcome, "ct", now, out);
  }
  const std::string number = std::to_string(static_cast<std::uint64_t>(outcome.number));
  out.append("VA ");
  AppendDecimal(number.size(), out);
  AppendFlags(plan, outcome, "ct", now, out);
  out.append(number).append(kCrLf);
}

// Only what is known here: memcached's la, fetch and cls have no counterpart.
void WriteMetaDebug(const MemcachedPlan& plan, const Outcome& outcome, UnixMs now, Bytes& out) {
  if (outcome.status != Status::kOk) {
    out.append("EN").append(kCrLf);
    return;
  }
  out.append("ME ").append(plan.key).append(" exp=");
  AppendSigned(TtlSeconds(outcome, now), out);
  out.append(" cas=");
  AppendDecimal(outcome.version.Pack(), out);
  out.append(" value_size=");
  AppendSigned(outcome.number, out);
  out.append(kCrLf);
}

void WriteValues(const MemcachedPlan& plan, std::span<const Outcome> outcomes, OutgoingTail out) {
  const Outcome* failed = nullptr;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const bool good = AppendMemcachedValue(plan, plan.operations[i], outcomes[i], out);
    if (!good && failed == nullptr) failed = &outcomes[i];
  }
  if (failed != nullptr) return AppendMemcachedError(*failed, out.bytes());
  AppendMemcachedEnd(out.bytes());
}

void WriteFlushed(std::span<const Outcome> outcomes, Bytes& out) {
  // Of several errors, the one that leaves most in doubt.
  const Outcome& worst = *std::ranges::max_element(outcomes, {}, &Outcome::status);
  if (IsError(worst.status)) return AppendMemcachedError(worst, out);
  out.append("OK").append(kCrLf);
}

void WriteLine(const MemcachedPlan& plan, const Outcome& outcome, Bytes& out) {
  const bool ok = outcome.status == Status::kOk;
  if (plan.form == MemcachedForm::kStored) {
    out.append(StoredLine(plan.operations.front(), outcome));
  } else if (plan.form == MemcachedForm::kTooLarge) {
    out.append("SERVER_ERROR object too large for cache");
  } else if (!ok) {
    out.append("NOT_FOUND");
  } else if (plan.form == MemcachedForm::kCount) {
    AppendDecimal(static_cast<std::uint64_t>(outcome.number), out);
  } else {
    out.append(plan.form == MemcachedForm::kDeleted ? "DELETED" : "TOUCHED");
  }
  out.append(kCrLf);
}

}  // namespace

bool AppendMemcachedValue(const MemcachedPlan& plan, const Operation& operation,
                          const Outcome& outcome, OutgoingTail out) {
  if (IsError(outcome.status)) return false;
  if (outcome.status != Status::kOk) return true;
  const std::uint64_t cas = outcome.version.Pack();
  wire::AppendMemcachedValue(operation.key, outcome.client_flags, outcome.value,
                             plan.with_cas ? &cas : nullptr, out, outcome.block.get());
  return true;
}

void AppendMemcachedEnd(Bytes& out) { out.append("END\r\n"); }

void AppendMemcachedError(const Outcome& outcome, Bytes& out) {
  std::string line = ErrorLine(outcome);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  out.append(line).append(kCrLf);
}

void WriteMemcachedReply(const MemcachedPlan& plan, std::span<const Outcome> outcomes,
                         UnixMs unix_now, OutgoingTail tail) {
  AEGIS_CHECK(outcomes.size() == plan.operations.size(), "every operation has one outcome");
  if (plan.silent) return;
  if (plan.form == MemcachedForm::kValues) return WriteValues(plan, outcomes, tail);
  Bytes& out = tail.bytes();
  if (plan.form == MemcachedForm::kFlushed) return WriteFlushed(outcomes, out);
  const Outcome& outcome = outcomes.front();
  const bool matters = plan.form != MemcachedForm::kTooLarge;
  if (matters && IsError(outcome.status)) return AppendMemcachedError(outcome, out);
  switch (plan.form) {
    case MemcachedForm::kMetaGet:
      return WriteMetaGet(plan, outcome, unix_now, tail);
    case MemcachedForm::kMetaSet:
      return WriteMetaSet(plan, outcome, unix_now, out);
    case MemcachedForm::kMetaDelete:
      return WriteMetaDelete(plan, outcome, unix_now, out);
    case MemcachedForm::kMetaCount:
      return WriteMetaCount(plan, outcome, unix_now, out);
    case MemcachedForm::kMetaDebug:
      return WriteMetaDebug(plan, outcome, unix_now, out);
    default:
      return WriteLine(plan, outcome, out);
  }
}

}  // namespace aegis::node
