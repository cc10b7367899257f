// The operations that are about several keys at once: kRename, kCopy, kMultiSetNx.

#include <cstdint>

#include "model/limits.h"
#include "node/core/executor.h"
#include "node/core/outcomes.h"

namespace aegis::node {

using replication::Record;

Outcome Executor::RenameOrCopy(const Operation& op, UnixMs now) {
  const bool copies = op.code == OpCode::kCopy;
  const auto source = Live(op.key, now, /*touch=*/copies);
  if (!source) return Missing();
  if (op.condition == Condition::kIfAbsent && Live(op.key2, now)) {
    Outcome outcome = Describe(*source);
    outcome.status = Status::kConflict;
    return outcome;
  }
  if (op.key == op.key2) return Describe(*source);
  const std::int64_t expires_at = source->expires_at;
  const std::uint32_t client_flags = source->client_flags;
  Outcome shown;
  Show(*source, shown);
  if (copies) return Store(op.key2, shown.value, expires_at, client_flags, shown.block.get());
  // The value takes no more room than before. But a longer name does, and that of the key stays
  // for a while, as a tombstone.
  if (op.key2.size() > op.key.size() && !sink_.MakeRoom(op.key2.size(), {})) {
    return Failure(Status::kOutOfMemory, "");
  }
  Record record = RecordOf(op.key2, shown.value, expires_at, client_flags, shown.block.get());
  record.joined = true;  // To the removal.
  const Outcome outcome = Commit(record);
  Remove(op.key);
  return outcome;
}

Outcome Executor::MultiSetNx(const Operation& op, UnixMs now) {
  std::size_t key_bytes = op.key.size();
  std::size_t value_bytes = op.value.size();
  bool conflict = Live(op.key, now).has_value();
  if (op.value.size() > limits::kValueSizeMax) {
    return Failure(Status::kTooLarge, "string exceeds maximum allowed size");
  }
  for (const KeyValue& pair : op.more) {
    conflict = conflict || Live(pair.key, now).has_value();
    key_bytes += store::Table::ItemBytes(pair.key.size(), 0);
    value_bytes += pair.value.size();
    if (pair.value.size() > limits::kValueSizeMax) {
      return Failure(Status::kTooLarge, "string exceeds maximum allowed size");
    }
  }
  if (conflict) return Failure(Status::kConflict, "");
  // All or nothing: the room for all of it is made before the first is stored.
  if (!sink_.MakeRoom(key_bytes, {value_bytes})) return Failure(Status::kOutOfMemory, "");
  Record first = RecordOf(op.key, op.value, /*expires_at=*/0, op.client_flags, nullptr);
  first.joined = !op.more.empty();
  const Outcome outcome = Commit(first);
  for (const KeyValue& pair : op.more) {
    Record record;
    record.key = pair.key;
    record.value = pair.value;
    record.joined = &pair != &op.more.back();
    sink_.Commit(record);
  }
  return outcome;
}

}  // namespace aegis::node
