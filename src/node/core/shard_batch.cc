// The part of Shard that runs several operations as one: EXEC.
//
// They run one after the other under the shard's lock, so nobody sees some of them; and their
// records are joined, so that no copy ever applies some of them.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/limits.h"
#include "node/core/batch_cost.h"
#include "node/core/shard.h"
#include "node/core/shard_sink.h"
#include "wire/operation_codec.h"

namespace aegis::node {

using replication::Record;
using replication::RecordType;

namespace {

// What an outcome takes besides its value, mostly.
constexpr std::size_t kOutcomeBytes = 32;

// The version that begins at byte `at`; (0,0): none does.
Version VersionAt(ByteView bytes, std::size_t at) {
  Record record;
  record.value = bytes.substr(std::min(at, bytes.size()), sizeof(std::uint64_t));
  return record.value_as_version();
}

Outcome Refuse(Status status, std::string why) {
  Outcome outcome;
  outcome.status = status;
  outcome.error = std::move(why);
  return outcome;
}

// Why so much must not be run as one, if that is so.
std::optional<Outcome> TooMuch(const BatchCost& cost) {
  const auto refusal = [](const char* what, std::size_t most, std::size_t bytes) {
    return Refuse(
        Status::kTooLarge,
        fmt::format("a transaction {} at most {} bytes, this one may {}; nothing was done", what,
                    most, bytes));
  };
  if (cost.stored() > limits::kBatchStoredMax) {
    return refusal("writes", limits::kBatchStoredMax, cost.stored());
  }
  if (cost.shown() > limits::kBatchShownMax) {
    return refusal("shows", limits::kBatchShownMax, cost.shown());
  }
  return std::nullopt;
}

}  // namespace

Outcome Shard::RunBatch(const Operation& batch, UnixMs now, ShardEffects& effects) {
  const auto decoded = wire::DecodeMultiRequest(batch.value);
  if (!decoded.ok()) return Refuse(Status::kInvalid, decoded.error().message);
  const std::vector<Operation>& operations = decoded.value();
  const auto unchanged = [&] {
    return std::ranges::all_of(batch.more, [&](const auto& key) { return Unchanged(key, now); });
  };
  if (!unchanged()) return Refuse(Status::kConflict, "");
  const BatchCost cost(replica_->table(), operations);
  if (auto refusal = TooMuch(cost)) return *std::move(refusal);
  Sink sink(*this, effects);
  // All or nothing: the room for all of it is made before the first is stored.
  if (cost.room() > 0) {
    if (!sink.MakeRoom(0, {cost.room()})) return Refuse(Status::kOutOfMemory, "");
    if (!unchanged()) return Refuse(Status::kConflict, "");  // What gave way was watched.
  }

  const Version before = replica_->history().last();
  batch_.clear();
  joins_ = true;
  Executor executor(replica_->table(), sink, scratch_);
  for (const Operation& operation : operations) {
    const Outcome outcome = executor.Execute(operation, Clock(now));
    Count(operation, outcome);
    wire::AppendMultiReply({&outcome, 1}, batch_);
  }
  joins_ = false;
  if (replica_->history().last() != before) {
    Record end;
    end.type = RecordType::kEnd;
    Write(end, effects);
  }
  Outcome outcome;
  outcome.has_value = true;
  outcome.value = batch_;
  return outcome;
}

// The key is as it was when it was watched: it has that version; or it was not there, and was not
// there behind that position. That it was there and went again shows in its tombstone or, if it
// left none, in up to where any may have gone.
bool Shard::Unchanged(const KeyValue& watched, UnixMs now) const {
  const auto item = replica_->table().Find(watched.key);
  const bool lives = item && !item->tombstone && !item->ExpiredAt(Clock(now));
  const Version version = VersionAt(watched.value, 0);
  if (lives || version != Version{}) return lives && item->version == version;
  const Version absent_at = VersionAt(watched.value, sizeof(std::uint64_t));
  return (!item || item->version <= absent_at) && replica_->vanished() <= absent_at;
}

std::size_t Shard::BytesShown(const Operation& operation) const {
  if (!operation.ShowsValue()) return 0;
  switch (operation.code) {
    case OpCode::kScan: {
      const store::Table& table = replica_->table();
      if (table.items() == 0) return 0;
      const auto asked = static_cast<std::size_t>(std::max<std::int64_t>(operation.number2, 1));
      const std::size_t keys = std::min({asked, limits::kScanItemsMax, table.items()});
      return std::min(keys * (table.bytes() / table.items() + 1),
                      limits::kScanBytesMax + limits::kKeySizeMax);
    }
    case OpCode::kBatch: {
      const auto operations = wire::DecodeMultiRequest(operation.value);
      if (!operations.ok()) return 0;
      const std::size_t shown = BatchCost(replica_->table(), operations.value()).shown();
      if (shown > limits::kBatchShownMax) return 0;  // It will be refused.
      return shown + operations.value().size() * kOutcomeBytes;
    }
    default:
      return SizeShown(operation, ValueSize(operation.key));
  }
}

}  // namespace aegis::node
