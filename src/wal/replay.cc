#include "wal/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace aegis::wal {

using replication::Record;

namespace {

Error Refuse(std::string reason) { return {ErrorCode::kInvalid, std::move(reason)}; }

}  // namespace

Replay::Replay(const Manifest& manifest, RecoverySink& sink)
    : sink_(sink), shards_(manifest.identity.num_shards) {
  for (const auto& [id, origin] : manifest.origins) {
    shards_[id.value()].start = origin.start;
    shards_[id.value()].end = origin.end;
  }
}

Result<Ok> Replay::TakeItems(ShardId id, ByteView records) {
  Shard& shard = shards_[id.value()];
  return ForEachRecord(records, [&](const Record& record, ByteView) {
    ++shard.items;
    ++counts_.items;
    return sink_.Absorb(id, record);
  });
}

Result<Ok> Replay::EndItems(ShardId id, const SnapshotEnd& end) {
  Shard& shard = shards_[id.value()];
  if (shard.items != end.items) {
    return Refuse(fmt::format("{} items, and its end says {}", shard.items, end.items));
  }
  shard.adoption = end.adoption;
  return shard.start == shard.end ? EndLoading(id, shard) : Ok{};
}

Result<Ok> Replay::EndLoading(ShardId id, Shard& shard) {
  if (!shard.adoption) return Ok{};
  return sink_.Adopt(id, *std::exchange(shard.adoption, std::nullopt));
}

Result<Ok> Replay::Take(const Entry& entry) {
  switch (entry.type) {
    case EntryType::kOpened: {
      const auto opening = DecodeOpening(entry.payload);
      if (!opening.ok()) return opening.error();
      opening_ = opening.value();
      opened_ = entry.lsn;
      durable_ = std::max(durable_, entry.lsn);
      EndUnfinished();
      return Ok{};
    }
    case EntryType::kSynced: {
      const auto lsn = DecodeLsn(entry.payload);
      if (!lsn.ok()) return lsn.error();
      if (lsn.value() > entry.lsn) return Refuse("says that what follows it was durable");
      durable_ = std::max(durable_, lsn.value());
      return Ok{};
    }
    case EntryType::kRecords:
    case EntryType::kCopyBegun:
    case EntryType::kCopied:
    case EntryType::kCopyAdopted:
    case EntryType::kRangeReplaced:
    case EntryType::kReleased:
      break;
    case EntryType::kSealed:
      return Refuse("an end of the segment that is none");
    default:
      return Refuse(fmt::format("type {}, which this program does not know",
                                static_cast<unsigned>(entry.type)));
  }
  if (entry.shard.value() >= shards_.size()) {
    return Refuse(
        fmt::format("of shard {}; the cluster has {}", entry.shard.value(), shards_.size()));
  }
  Shard& shard = shards_[entry.shard.value()];
  if (entry.lsn < shard.start) return Ok{};
  ++counts_.entries;
  return TakeOfShard(entry, shard);
}

Result<Ok> Replay::TakeOfShard(const Entry& entry, Shard& shard) {
  if (entry.lsn >= shard.end) {
    if (auto done = EndLoading(entry.shard, shard); !done.ok()) return done;
  }
  switch (entry.type) {
    case EntryType::kRecords:
      return TakeRecords(entry, shard);
    case EntryType::kRangeReplaced:
      return TakeRange(entry);
    case EntryType::kReleased:
      if (shard.adoption) return Refuse("a shard that is released within its snapshot's time");
      EndUnit(shard);
      shard.copying = false;
      sink_.Release(entry.shard);
      return Ok{};
    default:
      return TakeOfCopy(entry, shard);
  }
}

Result<Ok> Replay::TakeRecords(const Entry& entry, Shard& shard) {
  // While a copy is made, nothing happens to the replica.
  DropCopy(entry.shard, shard);
  const bool absorbs = shard.adoption.has_value();
  return ForEachRecord(entry.payload, [&](const Record& record, ByteView encoded) {
    ++counts_.records;
    return absorbs ? sink_.Absorb(entry.shard, record)
                   : TakeStep(entry.shard, shard, record, encoded);
  });
}

Result<Ok> Replay::TakeStep(ShardId id, Shard& shard, const Record& record, ByteView encoded) {
  if (!shard.unit.Continues(record)) EndUnit(shard);
  if (record.joined) {
    shard.unit.Add(record, encoded);
    ++shard.unit_records;
    return Ok{};
  }
  if (!shard.unit.empty()) {
    Result<Ok> done = Ok{};
    shard.unit.ForEach([&](const Record& joined, ByteView bytes) {
      if (done.ok()) done = sink_.Apply(id, joined, bytes);
    });
    if (!done.ok()) return done;
    shard.unit.Clear();
    shard.unit_records = 0;
  }
  return sink_.Apply(id, record, encoded);
}

Result<Ok> Replay::TakeRange(const Entry& entry) {
  const auto replacement = DecodeRangeReplacement(entry.payload);
  if (!replacement.ok()) return replacement.error();
  items_.clear();
  auto done = ForEachRecord(replacement.value().records, [&](const Record& item, ByteView) {
    items_.push_back(item);
    return Result<Ok>(Ok{});
  });
  if (!done.ok()) return done;
  counts_.records += items_.size();
  return sink_.ReplaceRange(entry.shard, replacement.value().range, items_);
}

Result<Ok> Replay::TakeOfCopy(const Entry& entry, Shard& shard) {
  if (entry.type == EntryType::kCopyBegun) {
    EndUnit(shard);
    shard.copying = true;
    sink_.BeginCopy(entry.shard);
    return Ok{};
  }
  if (!shard.copying) return Refuse("of a copy that was not begun");
  if (entry.type == EntryType::kCopied) {
    return ForEachRecord(entry.payload, [&](const Record& record, ByteView) {
      ++counts_.records;
      return sink_.AbsorbIntoCopy(entry.shard, record);
    });
  }
  if (shard.adoption) return Refuse("a shard that is replaced within its snapshot's time");
  const auto adoption = DecodeAdoption(entry.payload);
  if (!adoption.ok()) return adoption.error();
  shard.copying = false;
  return sink_.AdoptCopy(entry.shard, adoption.value());
}

void Replay::EndUnit(Shard& shard) {
  counts_.unfinished += std::exchange(shard.unit_records, 0);
  shard.unit.Clear();
}

void Replay::DropCopy(ShardId id, Shard& shard) {
  if (!std::exchange(shard.copying, false)) return;
  sink_.DropCopy(id);
}

void Replay::EndUnfinished() {
  for (std::uint32_t i = 0; i < shards_.size(); ++i) {
    EndUnit(shards_[i]);
    DropCopy(ShardId{i}, shards_[i]);
  }
}

Result<Ok> Replay::Finish(Lsn end) {
  EndUnfinished();
  for (std::uint32_t i = 0; i < shards_.size(); ++i) {
    if (end < shards_[i].end) {
      return Refuse(fmt::format("the log ends here, and shard {} was as in its snapshot only at {}",
                                i, shards_[i].end.value()));
    }
    if (auto done = EndLoading(ShardId{i}, shards_[i]); !done.ok()) return done;
  }
  return Ok{};
}

}  // namespace aegis::wal
