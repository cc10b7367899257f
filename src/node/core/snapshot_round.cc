#include "node/core/snapshot_round.h"

#include <memory>
#include <utility>

#include "node/core/replica.h"
#include "replication/record.h"

namespace aegis::node {

Result<SnapshotRound::Counts> SnapshotRound::Run() {
  counts_ = {};
  for (std::uint32_t id = 0; id < shards_.num_shards(); ++id) {
    if (log_.stops()) return counts_;
    if (auto taken = Take(ShardId{id}); !taken.ok()) return taken.error();
  }
  // The log has to be durable up to where a snapshot ends.
  if (auto synced = log_.sync(); !synced.ok()) return synced.error();
  if (auto published = snapshots_.Publish(); !published.ok()) return published.error();
  return counts_;
}

Result<Ok> SnapshotRound::Take(ShardId id) {
  wal::Lsn begun;
  std::uint64_t replica = 0;
  {
    ShardGuard shard(shards_, id, effects_);
    if (shard->copying()) {
      ++counts_.given_up;
      return Ok{};
    }
    begun = log_.end();
    replica = shard->replica_number();
    if (!shard->whole()) {
      snapshots_.SetEmpty(id, begun);
      return Ok{};
    }
    const auto& origins = snapshots_.manifest().origins;
    const auto before = origins.find(id);
    if (before != origins.end() && shard->journaled() <= before->second.start) {
      snapshots_.Touch(id, begun);
      ++counts_.kept;
      return Ok{};
    }
  }
  auto snapshot = snapshots_.Begin(id, begun);
  if (!snapshot.ok()) return snapshot.error();
  bool whole = true;
  auto filled = Fill(id, replica, *snapshot.value(), whole);
  if (filled.ok() && whole) {
    ++counts_.made;
    return filled;
  }
  ++counts_.given_up;
  auto gone = snapshots_.GiveUp(std::move(snapshot).value());
  return filled.ok() ? gone : filled;
}

// Returns where the next one begins; 0: this was the last.
std::uint64_t SnapshotRound::TakeSlice(const store::Table& table, std::uint64_t cursor) {
  slice_.clear();
  ends_.clear();
  std::size_t homes = 0;
  do {
    cursor = table.Scan(cursor, /*count=*/1, [&](const store::ItemView& item) {
      replication::AppendRecord(RecordOf(item), slice_);
      ends_.push_back(slice_.size());
    });
  } while (cursor != 0 && ++homes < kHomesPerSlice && slice_.size() < kSliceBytes);
  return cursor;
}

// `whole` false: it cannot be one.
Result<Ok> SnapshotRound::Fill(ShardId id, std::uint64_t replica, wal::ShardSnapshot& snapshot,
                               bool& whole) {
  std::uint64_t cursor = 0;
  do {
    {
      ShardGuard shard(shards_, id, effects_);
      whole = shard->replica_number() == replica && !log_.stops();
      if (!whole) return Ok{};
      cursor = TakeSlice(shard->replica().table(), cursor);
    }
    // One by one: a block of a snapshot has room for one large item.
    std::size_t begin = 0;
    for (const std::size_t end : ends_) {
      auto added = snapshot.Add(ByteView(slice_).substr(begin, end - begin), /*items=*/1);
      if (!added.ok()) return added;
      begin = end;
    }
    counts_.items += ends_.size();
    counts_.bytes += slice_.size();
  } while (cursor != 0);
  wal::Lsn end;
  wal::Adoption adoption;
  {
    ShardGuard shard(shards_, id, effects_);
    whole = shard->replica_number() == replica;
    if (!whole) return Ok{};
    end = log_.end();
    adoption = {.history = shard->replica().history(), .vanished = shard->replica().vanished()};
  }
  return snapshots_.Finish(snapshot, end, adoption);
}

}  // namespace aegis::node
