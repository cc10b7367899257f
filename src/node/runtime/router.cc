#include "node/runtime/router.h"

#include <fmt/format.h>

#include <string>

#include "model/limits.h"
#include "node/core/native_command.h"
#include "wire/operation_codec.h"

namespace aegis::node {

namespace {

constexpr std::int32_t kQuorumMax{limits::kReplicationFactorMax};

Outcome Refuse(Status status, std::string why) {
  Outcome outcome;
  outcome.status = status;
  outcome.error = std::move(why);
  return outcome;
}

bool KeyFits(ByteView key) {
  return key.size() >= limits::kKeySizeMin && key.size() <= limits::kKeySizeMax;
}

Outcome RefuseKey(ByteView key) {
  if (key.size() < limits::kKeySizeMin) return Refuse(Status::kInvalid, "the key is empty");
  return Refuse(Status::kTooLarge, fmt::format("the key has {} bytes, the limit is {}", key.size(),
                                               limits::kKeySizeMax));
}

Outcome RefuseValue(ByteView value) {
  return Refuse(Status::kTooLarge, fmt::format("the value has {} bytes, the limit is {}",
                                               value.size(), limits::kValueSizeMax));
}

std::optional<Outcome> CheckStaleness(const Operation& operation) {
  if (!operation.max_stale_ms) return std::nullopt;
  const std::int64_t max = *operation.max_stale_ms;
  if (max != kAnyStaleness && (max < 1 || max > limits::kStalenessMsMax)) {
    return Refuse(Status::kInvalid,
                  fmt::format("a bound on staleness is from 1 to {} ms, or {} for none, not {}",
                              limits::kStalenessMsMax, kAnyStaleness, max));
  }
  if (!operation.OnlyReads() || operation.IsOfShard() || operation.code == OpCode::kBatch) {
    return Refuse(Status::kInvalid, "only reads of a key have a bound on staleness");
  }
  if (operation.quorum.value_or(0) != 0) {
    return Refuse(Status::kInvalid, "a read has a quorum or a bound on staleness, not both");
  }
  return std::nullopt;
}

bool HasSecondKey(OpCode code) { return code == OpCode::kRename || code == OpCode::kCopy; }

bool IsCounter(OpCode code) { return code == OpCode::kCountUp || code == OpCode::kCountDown; }

bool ExpiryFits(const Operation& operation) {
  return operation.expiry != ExpiryKind::kRelative ||
         (operation.expiry_ms > 0 && operation.expiry_ms <= limits::kTtlMsMax);
}

std::optional<Outcome> CheckMore(const Operation& operation, std::uint32_t num_shards) {
  const auto elsewhere = [&](ByteView key) {
    return num_shards != 0 &&
           ring::ShardOf(key, num_shards) != ring::ShardOf(operation.key, num_shards);
  };
  const auto crosses = [] {
    return Refuse(Status::kInvalid, "the keys belong to different shards");
  };
  if (HasSecondKey(operation.code)) {
    if (!KeyFits(operation.key2)) return RefuseKey(operation.key2);
    if (elsewhere(operation.key2)) return crosses();
  }
  for (const KeyValue& pair : operation.more) {
    if (!KeyFits(pair.key)) return RefuseKey(pair.key);
    if (pair.value.size() > limits::kValueSizeMax) return RefuseValue(pair.value);
    if (elsewhere(pair.key)) return crosses();
  }
  return std::nullopt;
}

Outcome RefuseBatch(const char* why) { return Refuse(Status::kInvalid, why); }

std::optional<Outcome> CheckBatch(const Operation& batch, std::uint32_t num_shards) {
  const auto operations = wire::DecodeMultiRequest(batch.value);
  if (!operations.ok()) return Refuse(Status::kInvalid, operations.error().message);
  const auto elsewhere = [&](ByteView key) {
    return num_shards != 0 &&
           ring::ShardOf(key, num_shards) != ring::ShardOf(batch.key, num_shards);
  };
  for (const Operation& operation : operations.value()) {
    if (operation.IsOfShard() || operation.code == OpCode::kBatch) {
      return RefuseBatch("a batch holds only operations on keys");
    }
    if (batch.OnlyReads() && !operation.OnlyReads()) {
      return RefuseBatch("a batch that says that it only reads must not write");
    }
    if (auto refusal = CheckOperation(operation, num_shards)) return refusal;
    if (elsewhere(operation.key)) return RefuseBatch("the keys belong to different shards");
  }
  for (const KeyValue& watched : batch.more) {
    if (!KeyFits(watched.key)) return RefuseKey(watched.key);
    constexpr std::size_t kSize = sizeof(std::uint64_t);
    if (watched.value.size() != kSize && watched.value.size() != 2 * kSize) {
      return RefuseBatch("the version of a watched key has 8 bytes, or 16 with a position");
    }
    if (elsewhere(watched.key)) return RefuseBatch("the keys belong to different shards");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Outcome> CheckOperation(const Operation& operation, std::uint32_t num_shards) {
  if (!KeyFits(operation.key)) return RefuseKey(operation.key);
  if (operation.value.size() > limits::kValueSizeMax) return RefuseValue(operation.value);
  if (operation.code == OpCode::kScan && operation.match.size() > limits::kPatternSizeMax) {
    return Refuse(Status::kTooLarge, fmt::format("the pattern has {} bytes, the limit is {}",
                                                 operation.match.size(), limits::kPatternSizeMax));
  }
  if (IsCounter(operation.code) && operation.number2 > limits::kTtlMsMax) {
    return Refuse(Status::kInvalid, fmt::format("a counter lives for {} ms at most, not {}",
                                                limits::kTtlMsMax, operation.number2));
  }
  if (!ExpiryFits(operation)) {
    return Refuse(Status::kInvalid, fmt::format("a TTL is from 1 to {} ms, not {}",
                                                limits::kTtlMsMax, operation.expiry_ms));
  }
  if (operation.quorum && (*operation.quorum < kAllCopies || *operation.quorum > kQuorumMax)) {
    return Refuse(Status::kInvalid, fmt::format("a quorum is from {} to {}, not {}", kAllCopies,
                                                kQuorumMax, *operation.quorum));
  }
  if (auto refusal = CheckStaleness(operation)) return refusal;
  if (operation.code == OpCode::kBatch) [[unlikely]]
    return CheckBatch(operation, num_shards);
  if (!HasSecondKey(operation.code) && operation.more.empty()) return std::nullopt;
  return CheckMore(operation, num_shards);
}

void Router::Expect(ByteView key) {
  const RoutingTable& table = routing_.Table();
  if (table.shards.empty()) return;
  const ShardId id = ring::ShardOf(key, table.settings.num_shards);
  if (table.shards[id.value()].leader != table.self) return;
  ShardGuard shard(shards_, id, effects_);
  expected_.push_back({id, shard->replica().table().FetchSlots(key)});
}

void Router::FetchExpected() {
  for (const auto& [id, hash] : expected_) {
    ShardGuard shard(shards_, id, effects_);
    shard->replica().table().FetchItem(hash);
  }
  expected_.clear();
}

std::optional<Outcome> Router::Refusal(const Operation& operation, const RoutingTable& table) {
  return CheckOperation(operation, table.shards.empty() ? 0 : table.settings.num_shards);
}

const Member* Router::LeaderElsewhere(const Operation& operation) {
  return node::LeaderElsewhere(routing_.Table(), operation);
}

}  // namespace aegis::node
