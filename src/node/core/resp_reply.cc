// WriteReply: outcomes in the form that their command is answered in.

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "node/core/resp_commands.h"
#include "node/core/resp_shards_reply.h"
#include "node/core/resp_text.h"
#include "node/core/resp_transaction.h"
#include "store/table.h"
#include "wire/operation_codec.h"

namespace aegis::node {
namespace {

using wire::RespWriter;

// What Redis calls an error; kNotFound and kConflict are ordinary answers.
bool IsError(Status status) { return status >= Status::kInvalid; }

ByteView Or(const std::string& text, ByteView fallback) {
  return text.empty() ? fallback : ByteView(text);
}

// The code tells clients how to react: CLUSTERDOWN, TRYAGAIN and BUSY may be sent again, because
// nothing happened; UNKNOWNOUTCOME only if sending it twice does no harm.
std::string ErrorText(const Outcome& outcome, bool of_shard = false) {
  if (of_shard && outcome.status == Status::kUnavailable) {
    return "CLUSTERDOWN A shard has no leader";
  }
  switch (outcome.status) {
    case Status::kInvalid:
      return fmt::format("ERR {}", Or(outcome.error, "invalid request"));
    case Status::kTooLarge:
      return fmt::format("ERR {}", Or(outcome.error, "the key or the value is too large"));
    case Status::kOutOfMemory:
      return "OOM command not allowed when used memory > 'maxmemory'.";
    case Status::kNotLeader:
      return "TRYAGAIN The key's shard is changing its leader; the key is unchanged";
    case Status::kUnavailable:
      return "CLUSTERDOWN The key's shard has no leader; the key is unchanged";
    case Status::kTooFewCopies:
      return fmt::format("NOREPLICAS Not enough good replicas to write: {}; the key is unchanged",
                         Or(outcome.error, "too few copies are in sync"));
    case Status::kBusy:
      return fmt::format("BUSY Other nodes do not keep up: {}; the key is unchanged",
                         Or(outcome.error, "too much was written that only one node has"));
    case Status::kSessionLost:
      return fmt::format("SESSIONLOST {}", outcome.error);
    case Status::kUnknownOutcome:
      return "UNKNOWNOUTCOME The command may or may not have been applied";
    case Status::kOk:
    case Status::kNotFound:
    case Status::kConflict:
      break;
  }
  AEGIS_CHECK(false, "only errors have an error text");
}

void WriteValue(const Outcome& outcome, RespWriter& reply) {
  if (outcome.has_value) {
    reply.Bulk(outcome.value, outcome.block.get());
  } else {
    reply.Null();
  }
}

void WriteExpiry(ReplyForm form, const Outcome& outcome, UnixMs now, RespWriter& reply) {
  if (outcome.status != Status::kOk) return reply.Integer(-2);
  if (outcome.expires_at == 0) return reply.Integer(-1);
  const auto rounded = [](std::int64_t ms) { return ms / 1000 + (ms % 1000 >= 500 ? 1 : 0); };
  const std::int64_t remaining = std::max<std::int64_t>(outcome.expires_at - now.value, 0);
  switch (form) {
    case ReplyForm::kTtlSeconds:
      return reply.Integer(rounded(remaining));
    case ReplyForm::kTtlMilliseconds:
      return reply.Integer(remaining);
    case ReplyForm::kExpireTimeSeconds:
      return reply.Integer(rounded(outcome.expires_at));
    default:
      return reply.Integer(outcome.expires_at);
  }
}

constexpr ByteView kNoFrequency =
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust.";
constexpr ByteView kNoIdleTime = "ERR The time since a key was last used is not kept";

// Every value is bytes here; this is what Redis would say of one that was SET. The outcome shows
// the first 45 bytes and tells the size.
ByteView EncodingOf(const Outcome& outcome) {
  constexpr std::int64_t kIntegerSizeMax = 20;
  if (outcome.number <= kIntegerSizeMax && resp::ParseInteger(outcome.value)) return "int";
  return static_cast<std::size_t>(outcome.number) == outcome.value.size() &&
                 outcome.value.size() <= 44
             ? "embstr"
             : "raw";
}

// RENAME and RENAMENX of a key that is not there; COPY and SETNX have a number for it.
bool IsMissingSource(const Operation& operation, const Outcome& outcome) {
  return operation.code == OpCode::kRename && outcome.status == Status::kNotFound;
}

void WriteOne(ReplyForm form, const Operation& operation, const Outcome& outcome, UnixMs now,
              RespWriter& reply) {
  if (IsError(outcome.status)) return reply.Error(ErrorText(outcome));
  if (IsMissingSource(operation, outcome)) return reply.Error("ERR no such key");
  const bool ok = outcome.status == Status::kOk;
  switch (form) {
    case ReplyForm::kValueOrNull:
      return WriteValue(outcome, reply);
    case ReplyForm::kValueOrEmpty:
    case ReplyForm::kValueText:
      return reply.Bulk(outcome.has_value ? outcome.value : ByteView(), outcome.block.get());
    case ReplyForm::kSetResult:
      return ok ? reply.SimpleString("OK") : reply.Null();
    case ReplyForm::kOk:
    case ReplyForm::kOkIfAll:
      return reply.SimpleString("OK");
    case ReplyForm::kNumber:
    case ReplyForm::kLeastNumber:
      return reply.Integer(ok ? outcome.number : 0);
    case ReplyForm::kNumberFromFound:
    case ReplyForm::kSumOfFound:
      return reply.Integer(ok ? 1 : 0);
    case ReplyForm::kTtlSeconds:
    case ReplyForm::kTtlMilliseconds:
    case ReplyForm::kExpireTimeSeconds:
    case ReplyForm::kExpireTimeMilliseconds:
      return WriteExpiry(form, outcome, now, reply);
    case ReplyForm::kType:
      return reply.SimpleString(ok ? "string" : "none");
    case ReplyForm::kArrayOfValues:
      reply.Array(1);
      return WriteValue(outcome, reply);
    case ReplyForm::kEncoding:
      return ok ? reply.Bulk(EncodingOf(outcome)) : reply.Null();
    case ReplyForm::kMemoryUsage:  // Of a key that is not there.
      return reply.Null();
    case ReplyForm::kReferences:
      return ok ? reply.Integer(1) : reply.Null();
    case ReplyForm::kFrequency:
      return ok ? reply.Error(kNoFrequency) : reply.Null();
    case ReplyForm::kIdleTime:
      return ok ? reply.Error(kNoIdleTime) : reply.Null();
    case ReplyForm::kSumOfNumbers:
    case ReplyForm::kScan:
    case ReplyForm::kKeys:
    case ReplyForm::kAnyKey:
    case ReplyForm::kCountInSlot:
    case ReplyForm::kKeysInSlot:
    case ReplyForm::kWatch:
    case ReplyForm::kWatchSilently:
    case ReplyForm::kExec:
    case ReplyForm::kNothing:
      return;
  }
}

// The error that a command over several keys answers with: the one that leaves most in doubt, and
// how far the command came. Null: there was none.
const Outcome* WorstError(std::span<const Outcome> outcomes) {
  const auto doubt = [](const Outcome& outcome) {
    return std::pair(outcome.status == Status::kUnknownOutcome, outcome.status);
  };
  const auto worst =
      std::max_element(outcomes.begin(), outcomes.end(),
                       [&](const Outcome& a, const Outcome& b) { return doubt(a) < doubt(b); });
  return worst != outcomes.end() && IsError(worst->status) ? &*worst : nullptr;
}

std::string JointErrorText(const Plan& plan, const Outcome& worst,
                           std::span<const Outcome> outcomes) {
  const auto done = std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.status == Status::kOk;
  });
  const Operation& one = plan.operations.front();
  std::string text = ErrorText(worst, one.IsOfShard());
  if (!one.IsWrite() || done == 0) return text;
  return text + fmt::format(" ({} of the {} {} were done)", done, outcomes.size(),
                            one.IsOfShard() ? "shards" : "keys");
}

void WriteArray(std::span<const Outcome> outcomes, RespWriter& reply) {
  reply.Array(outcomes.size());
  for (const Outcome& outcome : outcomes) {
    if (IsError(outcome.status)) {
      reply.Error(ErrorText(outcome));
    } else {
      WriteValue(outcome, reply);
    }
  }
}

void WriteJoint(const Plan& plan, std::span<const Outcome> outcomes, RespWriter& reply) {
  if (const Outcome* const worst = WorstError(outcomes)) {
    return reply.Error(JointErrorText(plan, *worst, outcomes));
  }
  if (plan.form == ReplyForm::kOkIfAll) return reply.SimpleString("OK");
  if (plan.form == ReplyForm::kLeastNumber) {
    return reply.Integer(std::ranges::min_element(outcomes, {}, &Outcome::number)->number);
  }
  if (plan.form == ReplyForm::kSumOfNumbers) {
    std::int64_t sum = 0;
    for (const Outcome& outcome : outcomes) sum += outcome.number;
    return reply.Integer(sum);
  }
  if (plan.form == ReplyForm::kKeys) return resp::WriteKeys(outcomes, reply);
  if (plan.form == ReplyForm::kAnyKey) return resp::WriteAnyKey(plan, outcomes, reply);
  reply.Integer(std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.status == Status::kOk;
  }));
}

}  // namespace

namespace {

void WriteWatch(const Plan& plan, std::span<const Outcome> outcomes, RespSession& session,
                RespWriter& reply) {
  const Outcome* const worst = WorstError(outcomes);
  if (worst == nullptr) {
    resp::LearnVersions(outcomes, session);
  } else {
    resp::ForgetLastWatched(outcomes.size(), session);
  }
  if (plan.form == ReplyForm::kWatchSilently) return;
  if (worst == nullptr) return reply.SimpleString("OK");
  reply.Error(ErrorText(*worst));
}

void WriteExec(const Plan& plan, const Outcome& outcome, RespSession& session, UnixMs unix_now,
               OutgoingTail out) {
  const std::size_t reply_at = out.bytes().size();
  RespWriter reply(out, plan.version);
  if (IsError(outcome.status)) return reply.Error(ErrorText(outcome));
  if (outcome.status == Status::kConflict) return reply.NullArray();
  const auto decoded = wire::DecodeMultiReply(outcome.value);
  std::size_t operations = 0;
  for (const auto& element : plan.exec->elements) operations += element.operations.size();
  if (!decoded.ok() || decoded.value().size() != operations) {
    // What another node says of it, and it may have been done.
    Outcome unknown;
    unknown.status = Status::kUnknownOutcome;
    return reply.Error(ErrorText(unknown));
  }
  std::span<const Outcome> rest = decoded.value();
  reply.Array(plan.exec->elements.size());
  for (resp::ExecPlan::Element& element : plan.exec->elements) {
    element.at = out.bytes().size() - reply_at;  // Besides what lies in blocks.
    if (element.operations.empty()) {
      out.bytes().append(element.reply);
      continue;
    }
    Plan one;
    one.form = element.form;
    one.version = plan.version;
    one.operations = element.operations;
    WriteReply(one, rest.first(one.operations.size()), session, unix_now, out);
    rest = rest.subspan(one.operations.size());
  }
}

}  // namespace

void WriteReply(const Plan& plan, std::span<const Outcome> outcomes, RespSession& session,
                UnixMs unix_now, OutgoingTail out) {
  AEGIS_CHECK(outcomes.size() == plan.operations.size(), "every operation has one outcome");
  RespWriter reply(out, plan.version);
  switch (plan.form) {
    case ReplyForm::kNothing:
      return;
    case ReplyForm::kArrayOfValues:
      return WriteArray(outcomes, reply);
    case ReplyForm::kSumOfFound:
    case ReplyForm::kOkIfAll:
    case ReplyForm::kLeastNumber:
    case ReplyForm::kSumOfNumbers:
    case ReplyForm::kKeys:
    case ReplyForm::kAnyKey:
      return WriteJoint(plan, outcomes, reply);
    case ReplyForm::kScan:
      if (const Outcome* const failed = resp::WriteScan(plan, outcomes, reply)) {
        reply.Error(ErrorText(*failed, /*of_shard=*/true));
      }
      return;
    case ReplyForm::kCountInSlot:
    case ReplyForm::kKeysInSlot:
      if (IsError(outcomes.front().status)) {
        return reply.Error(ErrorText(outcomes.front(), /*of_shard=*/true));
      }
      return resp::WriteSlot(plan, outcomes.front(), reply);
    case ReplyForm::kMemoryUsage:
      if (outcomes.front().status != Status::kOk) break;
      return reply.Integer(static_cast<std::int64_t>(
          store::Table::ItemBytes(plan.from, static_cast<std::size_t>(outcomes.front().number))));
    case ReplyForm::kWatch:
    case ReplyForm::kWatchSilently:
      return WriteWatch(plan, outcomes, session, reply);
    case ReplyForm::kExec:
      return WriteExec(plan, outcomes.front(), session, unix_now, out);
    default:
      break;
  }
  WriteOne(plan.form, plan.operations.front(), outcomes.front(), unix_now, reply);
}

void WriteReply(ReplyForm form, const Operation& operation, const Outcome& outcome,
                RespSession& session, UnixMs unix_now, OutgoingTail out) {
  RespWriter reply(out, session.version);
  if (form == ReplyForm::kArrayOfValues && IsError(outcome.status)) reply.Array(1);
  WriteOne(form, operation, outcome, unix_now, reply);
}

}  // namespace aegis::node
