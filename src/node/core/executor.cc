#include "node/core/executor.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "model/limits.h"
#include "node/core/outcomes.h"
#include "node/core/terms.h"

namespace aegis::node {

using replication::Record;
using replication::RecordType;
using store::ItemView;

Outcome Executor::Execute(const Operation& op, UnixMs now) {
  switch (op.code) {
    case OpCode::kGet:
      return Get(op, now);
    case OpCode::kPeek:
      return Peek(op, now);
    case OpCode::kGetRange:
      return GetRange(op, now);
    case OpCode::kGetExpire:
      return GetExpire(op, now);
    case OpCode::kSet:
      return Set(op, now);
    case OpCode::kDelete:
      return Delete(op, now, /*return_value=*/false);
    case OpCode::kGetDelete:
      return Delete(op, now, /*return_value=*/true);
    case OpCode::kExpire:
      return Expire(op, now);
    case OpCode::kIncrement:
      return Increment(op, now);
    case OpCode::kIncrementFloat:
      return IncrementFloat(op, now);
    case OpCode::kAppend:
    case OpCode::kPrepend:
      return Append(op, now);
    case OpCode::kCountUp:
    case OpCode::kCountDown:
      return Counter(op, now);
    case OpCode::kSetRange:
      return SetRange(op, now);
    case OpCode::kRename:
    case OpCode::kCopy:
      return RenameOrCopy(op, now);
    case OpCode::kMultiSetNx:
      return MultiSetNx(op, now);
    case OpCode::kClear:
      return Clear();
    case OpCode::kScan:
      return Scan(op, now);
    case OpCode::kCount:
      return Count();
    case OpCode::kPick:
      return Pick(op, now);
    case OpCode::kAwait:
    case OpCode::kBatch:
      break;  // The shard's own.
  }
  return Failure(Status::kInvalid, "unknown operation");
}

Outcome Executor::Get(const Operation& op, UnixMs now) {
  const auto item = Live(op.key, now, /*touch=*/true);
  if (!item) return Missing();
  Outcome outcome = Describe(*item);
  outcome.has_value = true;
  outcome.value = item->value;
  if (item->block != nullptr) outcome.block = BlockRef(item->block);
  return outcome;
}

Outcome Executor::Peek(const Operation& op, UnixMs now) {
  const auto item = Live(op.key, now, /*touch=*/op.number == kUses);
  return item ? Describe(*item) : Missing();
}

Outcome Executor::GetRange(const Operation& op, UnixMs now) {
  const auto item = Live(op.key, now, /*touch=*/true);
  if (!item) return Missing();
  const auto size = static_cast<std::int64_t>(item->value.size());
  const auto from_end = [&](std::int64_t at) { return at < 0 ? at + size : at; };
  // Redis: two negative ends in the wrong order are an empty range even if both are cut to 0.
  const bool crossed = op.number < 0 && op.number2 < 0 && op.number > op.number2;
  const std::int64_t first = std::max<std::int64_t>(from_end(op.number), 0);
  const std::int64_t last = std::min(std::max<std::int64_t>(from_end(op.number2), 0), size - 1);
  Outcome outcome = Describe(*item);
  outcome.has_value = true;
  if (!crossed && first <= last) {
    outcome.value = item->value.substr(static_cast<std::size_t>(first),
                                       static_cast<std::size_t>(last - first + 1));
    // Whoever is shown a small part must not hold all of it.
    const bool most = item->block != nullptr && outcome.value.size() >= item->block->size() / 2;
    if (most) outcome.block = BlockRef(item->block);
  }
  return outcome;
}

Outcome Executor::GetExpire(const Operation& op, UnixMs now) {
  const auto item = Live(op.key, now);
  if (!item) return Missing();
  if (op.expiry == ExpiryKind::kKeep) return Get(op, now);
  Outcome shown = Describe(*item);
  Show(*item, shown);
  const std::int64_t expires_at = ExpiryOf(op, item->expires_at, now);
  if (expires_at == item->expires_at) {
    Live(op.key, now, /*touch=*/true);
    return shown;
  }
  const Outcome outcome = SetExpiry(*item, expires_at, now);
  shown.status = outcome.status;
  shown.error = outcome.error;
  shown.version = outcome.version;
  shown.expires_at = outcome.expires_at;
  return shown;
}

Outcome Executor::Set(const Operation& op, UnixMs now) {
  const auto item = Live(op.key, now);
  const bool holds = ConditionHolds(op, item);
  std::optional<Outcome> old;
  if (op.return_old && item) Show(*item, old.emplace());
  Outcome outcome;
  if (!holds) {
    outcome = Conflict(item);
  } else {
    const std::int64_t expires_at = ExpiryOf(op, item ? item->expires_at : 0, now);
    if (expires_at != 0 && expires_at <= now.value) {
      // Born expired (an absolute time in the past): the key is gone.
      if (item) Remove(op.key);
    } else {
      outcome = Store(op.key, op.value, expires_at, op.client_flags, op.block);
    }
  }
  if (old) {
    outcome.has_value = true;
    outcome.value = old->value;
    outcome.block = std::move(old->block);
  }
  return outcome;
}

Outcome Executor::Delete(const Operation& op, UnixMs now, bool return_value) {
  const auto item = Live(op.key, now);
  if (!item) return Missing();
  if (!ConditionHolds(op, item)) return Conflict(item);
  Outcome outcome = Describe(*item);
  if (return_value) Show(*item, outcome);
  Remove(op.key);
  outcome.version = {};
  outcome.expires_at = 0;
  return outcome;
}

Outcome Executor::Expire(const Operation& op, UnixMs now) {
  const auto item = Live(op.key, now);
  if (!item) return Missing();
  const std::int64_t expires_at = ExpiryOf(op, item->expires_at, now);
  Outcome outcome = Describe(*item);
  const bool persist_nothing = expires_at == 0 && item->expires_at == 0;
  const bool changes = !persist_nothing && RuleHolds(op.expire_rule, item->expires_at, expires_at);
  if (changes) outcome = SetExpiry(*item, expires_at, now);
  outcome.number = changes ? 1 : 0;
  return outcome;
}

Outcome Executor::Append(const Operation& op, UnixMs now) {
  const auto item = Live(op.key, now);
  if (!ConditionHolds(op, item)) return Conflict(item);
  const bool in_front = op.code == OpCode::kPrepend;
  scratch_.clear();
  if (in_front) scratch_.append(op.value);
  if (item) scratch_.append(item->value);
  if (!in_front) scratch_.append(op.value);
  Outcome outcome = Store(op.key, scratch_, item ? item->expires_at : ExpiryOf(op, 0, now),
                          item ? item->client_flags : op.client_flags);
  outcome.number = static_cast<std::int64_t>(scratch_.size());
  return outcome;
}

Outcome Executor::SetRange(const Operation& op, UnixMs now) {
  if (op.number < 0) return Failure(Status::kInvalid, "offset is out of range");
  const auto item = Live(op.key, now);
  if (op.value.empty()) {
    Outcome outcome = item ? Describe(*item) : Outcome{};
    outcome.number = item ? static_cast<std::int64_t>(item->value.size()) : 0;
    return outcome;
  }
  const auto offset = static_cast<std::uint64_t>(op.number);
  if (offset > limits::kValueSizeMax || offset + op.value.size() > limits::kValueSizeMax) {
    return Failure(Status::kTooLarge, "string exceeds maximum allowed size");
  }
  scratch_.clear();
  if (item) scratch_ = item->value;
  scratch_.resize(std::max(scratch_.size(), static_cast<std::size_t>(offset) + op.value.size()));
  scratch_.replace(static_cast<std::size_t>(offset), op.value.size(), op.value);
  Outcome outcome = Store(op.key, scratch_, item ? item->expires_at : 0,
                          item ? item->client_flags : op.client_flags);
  outcome.number = static_cast<std::int64_t>(scratch_.size());
  return outcome;
}

std::optional<ItemView> Executor::Live(ByteView key, UnixMs now, bool touch) {
  auto item = table_.Find(key, touch);
  if (item && (item->tombstone || item->ExpiredAt(now))) item.reset();
  return item;
}

Outcome Executor::Store(ByteView key, ByteView value, std::int64_t expires_at,
                        std::uint32_t client_flags, const Block* block) {
  if (value.size() > limits::kValueSizeMax) {
    return Failure(Status::kTooLarge, "string exceeds maximum allowed size");
  }
  // Making room may evict the very item that `value` would borrow from: callers pass copies.
  const bool held = block != nullptr && block->in_items();
  const Incoming incoming{.size = value.size(), .held = held, .key = key};
  if (!sink_.MakeRoom(key.size(), incoming)) return Failure(Status::kOutOfMemory, "");
  Record record = RecordOf(key, value, expires_at, client_flags, block);
  return Commit(record);
}

Record Executor::RecordOf(ByteView key, ByteView value, std::int64_t expires_at,
                          std::uint32_t client_flags, const Block* block) {
  Record record;
  record.key = key;
  record.value = value;
  record.argument = static_cast<std::uint64_t>(expires_at);
  record.client_flags = client_flags;
  record.block = block;
  return record;
}

Outcome Executor::Commit(Record& set) {
  Outcome outcome;
  outcome.version = sink_.Commit(set);
  outcome.expires_at = static_cast<std::int64_t>(set.argument);
  outcome.client_flags = set.client_flags;
  outcome.number = static_cast<std::int64_t>(set.value.size());
  return outcome;
}

Outcome Executor::SetExpiry(const ItemView& item, std::int64_t expires_at, UnixMs now) {
  if (expires_at != 0 && expires_at <= now.value) {
    Remove(Bytes(item.key));
    return Outcome{};
  }
  // The new record carries the value again: the table stays a function of its records alone. What
  // is here already needs no room.
  const Bytes key(item.key);
  const BlockRef block(item.block);
  const Bytes copy = block ? Bytes() : Bytes(item.value);
  Record record = RecordOf(key, block ? item.value : ByteView(copy), expires_at, item.client_flags,
                           block.get());
  return Commit(record);
}

void Executor::Show(const ItemView& item, Outcome& outcome) {
  outcome.has_value = true;
  if (item.block != nullptr) {
    outcome.block = BlockRef(item.block);
    outcome.value = item.value;
    return;
  }
  scratch_ = item.value;
  outcome.value = scratch_;
}

void Executor::Remove(ByteView key) {
  Record record;
  record.type = RecordType::kErase;
  record.key = key;
  sink_.Commit(record);
}

}  // namespace aegis::node
