// What the tests of the write-ahead log share: whose log it is, records, and the replicas that a
// recovery makes.

#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "node/core/replica.h"
#include "replication/record.h"
#include "store/memory_meter.h"
#include "wal/identity.h"
#include "wal/log_queue.h"
#include "wal/log_writer.h"
#include "wal/recovery.h"
#include "wal/recovery_sink.h"

namespace aegis::wal {

inline constexpr LogIdentity kIdentity{ClusterId{0xc1}, NodeId{0xa1}, LogId{0x1d}, 4};
inline constexpr BootId kBoot{0xb0, 0x07};
inline constexpr BootId kNextBoot{0xb0, 0x08};
inline constexpr std::uint64_t kHashSeed = 7;

inline LogWriter::Options Options(std::uint64_t segment_size, std::uint64_t session = 0x51,
                                  Durability durability = Durability::kFsync, BootId boot = kBoot) {
  return {{Session{session}, boot, durability}, segment_size};
}

inline RecoveryOptions RecoveryAt(BootId boot = kNextBoot, std::size_t piece = 1 << 20) {
  return {kIdentity.cluster, kIdentity.node, boot, piece};
}

template <class T>
T Require(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message);
  return std::move(result).value();
}

inline Version At(std::uint32_t epoch, std::uint64_t seq) { return {Epoch{epoch}, Seq{seq}}; }

// Records that own their bytes.
struct OwnedRecord {
  Bytes key;
  Bytes value;
  replication::Record record;

  explicit OwnedRecord(replication::RecordType type, Version version, Bytes k = "", Bytes v = "",
                       std::uint64_t argument = 0, bool joined = false)
      : key(std::move(k)), value(std::move(v)) {
    record.type = type;
    record.version = version;
    record.argument = argument;
    record.joined = joined;
    record.key = key;
    record.value = value;
  }
  OwnedRecord(const OwnedRecord&) = delete;
  OwnedRecord& operator=(const OwnedRecord&) = delete;

  Bytes Encoded() const {
    Bytes out;
    replication::AppendRecord(record, out);
    return out;
  }
};

inline Bytes EncodedSet(Version version, Bytes key, Bytes value) {
  return OwnedRecord(replication::RecordType::kSet, version, std::move(key), std::move(value))
      .Encoded();
}
inline Bytes EncodedBegin(Version version, Version ended) {
  return OwnedRecord(replication::RecordType::kBegin, version, "",
                     replication::EncodeVersion(ended), /*argument=*/0x51)
      .Encoded();
}

// The replicas of a node, as a recovery fills them.
class ReplicaSink : public RecoverySink {
 public:
  using Replicas = std::map<ShardId, std::unique_ptr<node::Replica>>;

  explicit ReplicaSink(store::MemoryMeter& meter) : meter_(meter) {}

  Result<Ok> Absorb(ShardId shard, const replication::Record& record) override {
    Of(replicas_, shard).Absorb(record);
    return Ok{};
  }
  Result<Ok> Adopt(ShardId shard, const Adoption& adoption) override {
    Of(replicas_, shard).Adopt(adoption.history, adoption.vanished);
    return Ok{};
  }
  Result<Ok> Apply(ShardId shard, const replication::Record& record, ByteView encoded) override {
    node::Replica& replica = Of(replicas_, shard);
    if (!replica.IsNext(record)) return Error{ErrorCode::kInvalid, "does not follow"};
    replica.Apply(record, encoded);
    return Ok{};
  }
  Result<Ok> ReplaceRange(ShardId shard, HashRange range,
                          std::span<const replication::Record> items) override {
    Of(replicas_, shard).ReplaceRange(range, items);
    return Ok{};
  }
  void Release(ShardId shard) override {
    replicas_.erase(shard);
    copies_.erase(shard);
  }
  void BeginCopy(ShardId shard) override {
    copies_.erase(shard);
    Of(copies_, shard);
  }
  Result<Ok> AbsorbIntoCopy(ShardId shard, const replication::Record& record) override {
    copies_.at(shard)->Absorb(record);
    return Ok{};
  }
  Result<Ok> AdoptCopy(ShardId shard, const Adoption& adoption) override {
    auto copy = copies_.extract(shard);
    copy.mapped()->Adopt(adoption.history, adoption.vanished);
    replicas_[shard] = std::move(copy.mapped());
    return Ok{};
  }
  void DropCopy(ShardId shard) override { copies_.erase(shard); }

  Replicas& replicas() { return replicas_; }
  const Replicas& copies() const { return copies_; }
  std::optional<Bytes> Get(ShardId shard, ByteView key) {
    const auto found = replicas_.find(shard);
    if (found == replicas_.end()) return std::nullopt;
    const auto item = found->second->table().Find(key);
    if (!item || item->tombstone) return std::nullopt;
    return Bytes(item->value);
  }

 private:
  node::Replica& Of(Replicas& replicas, ShardId shard) {
    auto& replica = replicas[shard];
    if (!replica) replica = std::make_unique<node::Replica>(kHashSeed, meter_, 16);
    return *replica;
  }

  store::MemoryMeter& meter_;
  Replicas replicas_;
  Replicas copies_;
};

// A log that is being written: queue and writer.
class WrittenLog {
 public:
  explicit WrittenLog(LogWriter writer)
      : writer_(std::move(writer)), queue_(writer_.identity().log, writer_.end()) {}

  Lsn Append(EntryType type, ShardId shard, ByteView payload) {
    return queue_.Append(type, shard, PreparedPayload(payload));
  }
  // Everything that waits, as one batch.
  Result<Ok> Flush() {
    if (!queue_.Take(writer_.synced(), batch_)) return Ok{};
    return writer_.Write(batch_);
  }
  // A batch of its own for one entry.
  Lsn Write(EntryType type, ShardId shard, ByteView payload) {
    const Lsn end = Append(type, shard, payload);
    Require(Flush());
    return end;
  }

  LogQueue& queue() { return queue_; }
  LogWriter& writer() { return writer_; }

 private:
  LogWriter writer_;
  LogQueue queue_;
  LogBatch batch_;
};

}  // namespace aegis::wal
