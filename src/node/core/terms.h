// Terms: on what condition an operation writes, and until when what it writes should live.

#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/time.h"
#include "model/operation.h"
#include "store/item_view.h"

namespace aegis::node {

// `item`: what is there, if anything is.
inline bool ConditionHolds(const Operation& op, const std::optional<store::ItemView>& item) {
  switch (op.condition) {
    case Condition::kAlways:
      return true;
    case Condition::kIfAbsent:
      return !item;
    case Condition::kIfPresent:
      return item.has_value();
    case Condition::kIfVersion:
      return op.expected == (item ? item->version : Version{});
    case Condition::kIfValue:
      return item && item->value == op.match;
  }
  return false;
}

// The expiry that an operation asks for; `current` is what the key has (0: none, or no key).
inline std::int64_t ExpiryOf(const Operation& op, std::int64_t current, UnixMs now) {
  switch (op.expiry) {
    case ExpiryKind::kNone:
      return 0;
    case ExpiryKind::kRelative:
      return now.value + op.expiry_ms;
    case ExpiryKind::kAbsolute:
      return std::max<std::int64_t>(op.expiry_ms, 1);
    case ExpiryKind::kKeep:
      return current;
  }
  return current;
}

// Whether a key that expires at `current` may be made to expire at `wanted`; 0: never.
inline bool RuleHolds(ExpireRule rule, std::int64_t current, std::int64_t wanted) {
  // A key without expiry lives for ever: nothing is greater, everything is less.
  constexpr auto kForever = std::numeric_limits<std::int64_t>::max();
  const std::int64_t now_until = current == 0 ? kForever : current;
  const std::int64_t then_until = wanted == 0 ? kForever : wanted;
  switch (rule) {
    case ExpireRule::kAlways:
      return true;
    case ExpireRule::kIfNone:
      return current == 0;
    case ExpireRule::kIfSome:
      return current != 0;
    case ExpireRule::kIfGreater:
      return then_until > now_until;
    case ExpireRule::kIfSomeAndLess:
      return current != 0 && then_until < now_until;
    case ExpireRule::kIfLess:
      return then_until < now_until;
  }
  return false;
}

}  // namespace aegis::node
