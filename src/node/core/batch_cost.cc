#include "node/core/batch_cost.h"

#include <algorithm>

#include "model/limits.h"
#include "replication/record.h"

namespace aegis::node {

namespace {

// What an executor may make of a number; see there.
constexpr std::size_t kNumberSizeMax = 32;
constexpr std::size_t kFloatSizeMax = 5 * 1024;

}  // namespace

std::size_t SizeShown(const Operation& operation, std::size_t size) {
  const bool counted = operation.code == OpCode::kGetRange && operation.number >= 0 &&
                       operation.number2 >= operation.number;
  if (!counted) return size;
  return std::min(size, static_cast<std::size_t>(operation.number2 - operation.number) + 1);
}

BatchCost::BatchCost(store::Table& table, std::span<const Operation> operations) {
  Sizes sizes;  // Of the values that these operations may have written.
  for (const Operation& operation : operations) Add(table, operation, sizes);
}

void BatchCost::Add(store::Table& table, const Operation& operation, Sizes& sizes) {
  std::size_t size = 0;
  if (const auto written = sizes.find(operation.key); written != sizes.end()) {
    size = written->second;
  } else if (const auto item = table.Find(operation.key)) {
    size = item->value.size();
  }
  if (operation.ShowsValue()) shown_ += SizeShown(operation, size);
  const std::size_t brought = operation.value.size();
  switch (operation.code) {
    case OpCode::kSet:
      return Store(operation.key, brought, sizes);
    case OpCode::kGetExpire:
      return operation.expiry == ExpiryKind::kKeep ? void() : Keep(operation.key, size, sizes);
    case OpCode::kExpire:
      return Keep(operation.key, size, sizes);
    case OpCode::kIncrement:
    case OpCode::kCountUp:
    case OpCode::kCountDown:
      return Store(operation.key, kNumberSizeMax, sizes);
    case OpCode::kIncrementFloat:
      shown_ += kFloatSizeMax;
      return Store(operation.key, kFloatSizeMax, sizes);
    case OpCode::kAppend:
    case OpCode::kPrepend:
      return Store(operation.key, size + brought, sizes);
    case OpCode::kSetRange: {
      const auto offset = static_cast<std::uint64_t>(operation.number);
      if (brought == 0 || offset > limits::kValueSizeMax) return;  // Nothing, or refused.
      return Store(operation.key, std::max<std::size_t>(size, offset + brought), sizes);
    }
    case OpCode::kRename:
      Remove(operation.key);
      if (operation.key2.size() > operation.key.size()) {
        room_ += store::Table::ItemBytes(operation.key2.size(), 0);
      }
      return Keep(operation.key2, size, sizes);
    case OpCode::kCopy:
      return Store(operation.key2, size, sizes);
    case OpCode::kMultiSetNx:
      Store(operation.key, brought, sizes);
      for (const KeyValue& pair : operation.more) Store(pair.key, pair.value.size(), sizes);
      return;
    case OpCode::kDelete:
    case OpCode::kGetDelete:
      return Remove(operation.key);
    default:
      return;  // Reads, and what no batch holds.
  }
}

void BatchCost::Store(ByteView key, std::size_t size, Sizes& sizes) {
  room_ += store::Table::ItemBytes(key.size(), size);
  Keep(key, size, sizes);
}

void BatchCost::Keep(ByteView key, std::size_t size, Sizes& sizes) {
  stored_ += replication::kRecordHeaderSize + key.size() + size;
  std::size_t& known = sizes[key];
  known = std::max(known, size);
}

void BatchCost::Remove(ByteView key) { stored_ += replication::kRecordHeaderSize + key.size(); }

}  // namespace aegis::node
