// MemoryJournal: a journal whose log is in memory, and is written when a test says so.

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "model/limits.h"
#include "node/core/journal.h"
#include "node/core/restored_shards.h"
#include "support/memory_log_files.h"
#include "wal/log_writer.h"
#include "wal/recovery.h"

namespace aegis::node {

class MemoryJournal final : public Journal {
 public:
  static constexpr wal::BootId kBoot{.high = 4, .low = 5};

  explicit MemoryJournal(std::uint32_t num_shards = 8)
      : identity_{.cluster = ClusterId{1},
                  .node = NodeId{2},
                  .log = wal::LogId{3},
                  .num_shards = num_shards},
        writer_(Create(files_, identity_)),
        queue_(identity_.log, writer_.end()) {}

  wal::Lsn Append(wal::EntryType type, ShardId shard,
                  const wal::PreparedPayload& payload) override {
    types_.push_back(type);
    return queue_.Append(type, shard, payload);
  }
  wal::Lsn durable() const override { return writer_.synced(); }

  // All that was appended is durable.
  void Sync() {
    wal::LogBatch batch;
    if (!queue_.Take(writer_.synced(), batch)) return;
    EXPECT_TRUE(writer_.Write(batch).ok());
  }

  // What a later process would find.
  std::unique_ptr<Replica> Recover(ShardId shard, store::MemoryMeter& meter,
                                   std::size_t ring_bytes = limits::kRecentRecordsBytes) {
    RestoredShards restored([&] { return std::make_unique<Replica>(/*hash_seed=*/9, meter); },
                            ring_bytes);
    const auto recovered = wal::Recover(
        files_, {.cluster = identity_.cluster, .node = identity_.node, .boot = kBoot}, restored);
    EXPECT_TRUE(recovered.ok()) << recovered.error().message;
    return restored.Take(shard);
  }

  wal::Lsn end() const { return queue_.end(); }
  wal::MemoryLogFiles& files() { return files_; }
  wal::Manifest manifest() const {
    wal::Manifest manifest;
    manifest.identity = identity_;
    return manifest;
  }
  // Of all files together.
  std::uint64_t bytes() {
    std::uint64_t sum = 0;
    for (const auto& [name, contents] : files_.contents()) sum += contents.size();
    return sum;
  }
  const std::vector<wal::EntryType>& types() const { return types_; }

 private:
  static wal::LogWriter Create(wal::MemoryLogFiles& files, const wal::LogIdentity& identity) {
    auto created = wal::LogWriter::Create(
        files, identity,
        {.opening = {.session = Session{1}, .boot = kBoot, .durability = wal::Durability::kFsync},
         .segment_size = 256 << 10});
    EXPECT_TRUE(created.ok());
    return std::move(created).value();
  }

  const wal::LogIdentity identity_;
  wal::MemoryLogFiles files_;
  wal::LogWriter writer_;
  wal::LogQueue queue_;
  std::vector<wal::EntryType> types_;
};

}  // namespace aegis::node
