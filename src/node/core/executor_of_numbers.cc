// The operations on values that are numbers: kIncrement, kIncrementFloat, kCountUp, kCountDown.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "node/core/executor.h"
#include "node/core/number_text.h"
#include "node/core/outcomes.h"
#include "node/core/terms.h"

namespace aegis::node {

namespace {

Outcome NotACounter() {
  return Failure(Status::kInvalid, "cannot increment or decrement non-numeric value");
}

}  // namespace

Outcome Executor::Increment(const Operation& op, UnixMs now) {
  const auto item = Live(op.key, now);
  std::int64_t number = 0;
  if (item) {
    const auto parsed = ParseInteger(item->value);
    if (!parsed) return Failure(Status::kInvalid, "value is not an integer or out of range");
    number = *parsed;
  }
  if (__builtin_add_overflow(number, op.number, &number)) {
    return Failure(Status::kInvalid, "increment or decrement would overflow");
  }
  const std::int64_t expires_at = item ? item->expires_at : ExpiryOf(op, 0, now);
  Outcome outcome = Store(op.key, std::to_string(number), expires_at,
                          item ? item->client_flags : op.client_flags);
  outcome.number = number;
  return outcome;
}

Outcome Executor::IncrementFloat(const Operation& op, UnixMs now) {
  const auto item = Live(op.key, now);
  const auto delta = ParseFloat(op.value);
  const auto current = item ? ParseFloat(item->value) : std::optional<long double>(0.0L);
  if (!delta || !current) return Failure(Status::kInvalid, "value is not a valid float");
  const long double sum = *current + *delta;
  if (std::isnan(sum) || std::isinf(sum)) {
    return Failure(Status::kInvalid, "increment would produce NaN or Infinity");
  }
  scratch_ = FormatFloat(sum);
  Outcome outcome = Store(op.key, scratch_, item ? item->expires_at : 0,
                          item ? item->client_flags : op.client_flags);
  if (outcome.status == Status::kOk) {
    outcome.has_value = true;
    outcome.value = scratch_;
  }
  return outcome;
}

Outcome Executor::Counter(const Operation& op, UnixMs now) {
  const auto item = Live(op.key, now);
  if (!item && op.value.empty()) return Missing();
  if (!ConditionHolds(op, item)) return Conflict(item);
  if (!item) return BeginCounter(op, now);
  const auto current = ParseCounter(item->value);
  if (!current) return NotACounter();
  const auto step = static_cast<std::uint64_t>(op.number);
  const bool up = op.code == OpCode::kCountUp;
  const std::uint64_t count = up ? *current + step : *current - std::min(*current, step);
  const std::int64_t expires_at = ExpiryOf(op, item->expires_at, now);
  Outcome outcome;
  if (expires_at != 0 && expires_at <= now.value) {
    Remove(op.key);
  } else {
    outcome = Store(op.key, std::to_string(count), expires_at, item->client_flags);
  }
  outcome.number = static_cast<std::int64_t>(count);
  return outcome;
}

Outcome Executor::BeginCounter(const Operation& op, UnixMs now) {
  const auto first = ParseCounter(op.value);
  if (!first) return NotACounter();
  Outcome outcome;
  if (op.number2 >= 0) {
    const std::int64_t expires_at = op.number2 == 0 ? 0 : now.value + op.number2;
    outcome = Store(op.key, op.value, expires_at, op.client_flags);
  }
  outcome.number = static_cast<std::int64_t>(*first);
  return outcome;
}

}  // namespace aegis::node
