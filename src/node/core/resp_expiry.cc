// EXPIRE and its relatives, TTL and its relatives, PERSIST.

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <optional>

#include "node/core/resp_call.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_lifetime.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

// Reads NX XX GT LT behind the time. Nothing: the error is written.
std::optional<ExpireRule> ReadRule(const RespCall& call) {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;
  for (const ByteView option : call.argv.subspan(3)) {
    if (EqualsIgnoringCase(option, "nx")) {
      nx = true;
    } else if (EqualsIgnoringCase(option, "xx")) {
      xx = true;
    } else if (EqualsIgnoringCase(option, "gt")) {
      gt = true;
    } else if (EqualsIgnoringCase(option, "lt")) {
      lt = true;
    } else {
      call.Fail(fmt::format("ERR Unsupported option {}", Excerpt(option, option.size())));
      return std::nullopt;
    }
  }
  if (nx && (xx || gt || lt)) {
    call.Fail("ERR NX and XX, GT or LT options at the same time are not compatible");
    return std::nullopt;
  }
  if (gt && lt) {
    call.Fail("ERR GT and LT options at the same time are not compatible");
    return std::nullopt;
  }
  if (nx) return ExpireRule::kIfNone;
  if (gt) return ExpireRule::kIfGreater;  // Never holds without an expiry: XX adds nothing.
  if (lt) return xx ? ExpireRule::kIfSomeAndLess : ExpireRule::kIfLess;
  return xx ? ExpireRule::kIfSome : ExpireRule::kAlways;
}

Translation PlanExpire(RespCall& call, ExpiryKind kind, std::int64_t unit_ms) {
  const auto rule = ReadRule(call);
  if (!rule) return Translation::kReplied;
  const auto time = call.Integer(2);
  if (!time) return Translation::kReplied;
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  if (*time > LatestTimeMs(kind) / unit_ms || *time < kFirst / unit_ms) {
    return call.FailExpireTime();
  }
  Operation& expire = call.Add(OpCode::kExpire, call.argv[1]);
  expire.expire_rule = *rule;
  // A time that is not in the future takes the key away at once. Millisecond 1 of 1970 says so
  // whatever the leader's clock shows; 0 would mean "never".
  const bool over = *time <= 0;
  expire.expiry = over ? ExpiryKind::kAbsolute : kind;
  expire.expiry_ms = over ? 1 : *time * unit_ms;
  call.plan.form = ReplyForm::kNumber;
  return Translation::kPlanned;
}

Translation Peek(RespCall& call, ReplyForm form) {
  call.Add(OpCode::kPeek, call.argv[1]);
  call.plan.form = form;
  return Translation::kPlanned;
}

}  // namespace

Translation Expire(RespCall& call) { return PlanExpire(call, ExpiryKind::kRelative, 1000); }

Translation PExpire(RespCall& call) { return PlanExpire(call, ExpiryKind::kRelative, 1); }

Translation ExpireAt(RespCall& call) { return PlanExpire(call, ExpiryKind::kAbsolute, 1000); }

Translation PExpireAt(RespCall& call) { return PlanExpire(call, ExpiryKind::kAbsolute, 1); }

Translation Ttl(RespCall& call) { return Peek(call, ReplyForm::kTtlSeconds); }

Translation PTtl(RespCall& call) { return Peek(call, ReplyForm::kTtlMilliseconds); }

Translation ExpireTime(RespCall& call) { return Peek(call, ReplyForm::kExpireTimeSeconds); }

Translation PExpireTime(RespCall& call) { return Peek(call, ReplyForm::kExpireTimeMilliseconds); }

Translation Persist(RespCall& call) {
  call.Add(OpCode::kExpire, call.argv[1]).expiry = ExpiryKind::kNone;
  call.plan.form = ReplyForm::kNumber;
  return Translation::kPlanned;
}

}  // namespace aegis::node::resp
