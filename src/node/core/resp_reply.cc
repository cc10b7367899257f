// WriteReply: outcomes in the form that their command is answered in.

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "node/core/resp_commands.h"

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
std::string ErrorText(const Outcome& outcome) {
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
    reply.Bulk(outcome.value);
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
      return reply.Bulk(outcome.has_value ? outcome.value : ByteView());
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
  std::string text = ErrorText(worst);
  if (!plan.operations.front().IsWrite() || done == 0) return text;
  return text + fmt::format(" ({} of the {} keys were done)", done, outcomes.size());
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
  reply.Integer(std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.status == Status::kOk;
  }));
}

}  // namespace

void WriteReply(const Plan& plan, std::span<const Outcome> outcomes, RespSession& /*session*/,
                UnixMs unix_now, Bytes& out) {
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
      return WriteJoint(plan, outcomes, reply);
    default:
      return WriteOne(plan.form, plan.operations.front(), outcomes.front(), unix_now, reply);
  }
}

void WriteReply(ReplyForm form, const Operation& operation, const Outcome& outcome,
                RespSession& session, UnixMs unix_now, Bytes& out) {
  RespWriter reply(out, session.version);
  if (form == ReplyForm::kArrayOfValues && IsError(outcome.status)) reply.Array(1);
  WriteOne(form, operation, outcome, unix_now, reply);
}

}  // namespace aegis::node
