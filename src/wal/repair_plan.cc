#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "wal/file_head.h"
#include "wal/history_sink.h"
#include "wal/recovery.h"
#include "wal/repair.h"
#include "wal/replay.h"
#include "wal/segment_reader.h"
#include "wal/segment_tail.h"
#include "wal/snapshot_reader.h"

namespace aegis::wal {
namespace {

Error GiveUp(const LogFiles& files, const std::string& why) {
  return {ErrorCode::kInvalid,
          fmt::format("{}: cannot be repaired: {}. Move it away, and the node begins an empty log "
                      "and gets its shards from its peers; what no peer has is lost",
                      files.path(), why)};
}

// Entries per shard, as "shard 3: 17, shard 5: 2".
class Losses {
 public:
  void Add(const Entry& entry) {
    if (entry.shard != kNoShard) ++entries_[entry.shard];
  }
  std::string Describe() const {
    constexpr std::size_t kShown = 16;
    std::string text;
    std::size_t shown = 0;
    for (const auto& [shard, count] : entries_) {
      if (++shown > kShown) {
        return text + fmt::format(", and of {} more shards", entries_.size() - kShown);
      }
      text += fmt::format("{}{} of shard {}", text.empty() ? "" : ", ", count, shard.value());
    }
    return text.empty() ? "none that can be read" : text;
  }

 private:
  std::map<ShardId, std::uint64_t> entries_;
};

class Planner {
 public:
  Planner(LogFiles& files, BootId boot) : files_(files), boot_(boot) {}

  Result<RepairPlan> Run() {
    const auto listed = files_.List();
    if (!listed.ok()) return listed.error();
    names_ = SortNames(listed.value());
    if (names_.segments.empty()) return GiveUp(files_, "it has no segment");
    for (const auto step : {&Planner::FindManifest, &Planner::FindDamage}) {
      if (const auto done = (this->*step)(); !done.ok()) return done.error();
    }
    if (!plan_.needed) return std::move(plan_);
    for (const auto step : {&Planner::SetUnknownAside, &Planner::CheckSnapshots,
                            &Planner::FindFirst, &Planner::FindCut, &Planner::DropTheRest}) {
      if (const auto done = (this->*step)(); !done.ok()) return done.error();
    }
    plan_.manifest.repaired = cut_;
    return std::move(plan_);
  }

 private:
  Result<Ok> FindManifest() {
    const auto file = ReadWholeFile(files_, kManifestName, kManifestSizeMax);
    if (file.ok()) {
      auto manifest = DecodeManifest(file.value());
      if (manifest.ok()) {
        plan_.manifest = std::move(manifest).value();
        return Ok{};
      }
      if (HasOtherVersion(file.value())) return GiveUp(files_, manifest.error().message);
    }
    // A log that is there from its beginning does without.
    if (names_.segments.front().first != Lsn{}) {
      return GiveUp(files_, "its manifest cannot be read, and its beginning is gone");
    }
    const auto first = SegmentReader::Open(files_, names_.segments.front());
    if (!first.ok()) return GiveUp(files_, "neither manifest nor first segment can be read");
    plan_.manifest.identity = first.value().identity();
    plan_.losses.push_back(
        "the manifest, and with it all snapshots; the log is whole from its "
        "beginning and tells the same");
    for (const SnapshotId& id : names_.snapshots) plan_.set_aside.push_back(SnapshotName(id));
    return Ok{};
  }

  Result<Ok> FindDamage() {
    HistorySink sink;
    const LogIdentity& identity = plan_.manifest.identity;
    const auto recovered =
        Recover(files_, {.cluster = identity.cluster, .node = identity.node, .boot = boot_}, sink);
    if (recovered.ok()) return Ok{};
    if (recovered.error().code != ErrorCode::kInvalid) return recovered.error();
    plan_.needed = true;
    plan_.damage = recovered.error().message;
    return Ok{};
  }

  Result<Ok> SetUnknownAside() {
    plan_.set_aside.insert(plan_.set_aside.end(), names_.unknown.begin(), names_.unknown.end());
    return Ok{};
  }

  Result<Ok> CheckSnapshots() {
    for (const auto& [shard, origin] : plan_.manifest.origins) {
      if (!origin.snapshot) continue;
      const SnapshotId id{shard, *origin.snapshot};
      const bool there = std::ranges::binary_search(names_.snapshots, id);
      const auto whole = there ? CheckSnapshot(id, origin) : RefuseAt(0, "is missing");
      if (whole.ok()) continue;
      if (whole.error().code != ErrorCode::kInvalid) return whole;
      Drop(shard, fmt::format("its snapshot {}: {}", SnapshotName(id), whole.error().message));
    }
    return Ok{};
  }

  Result<Ok> CheckSnapshot(const SnapshotId& id, const Origin& origin) {
    std::uint64_t items = 0;
    const auto content = ReadSnapshot(files_, id, [&](ByteView records) {
      return ForEachRecord(records, [&](const replication::Record&, ByteView) {
        ++items;
        return Result<Ok>(Ok{});
      });
    });
    if (!content.ok()) return content.error();
    const LogIdentity& identity = content.value().head.identity;
    auto same = RequireIdentity(plan_.manifest.identity, identity);
    if (!same.ok()) return same;
    if (items != content.value().end.items) {
      return RefuseAt(kSnapshotHeadSize, "holds another number of items than its end says");
    }
    ends_[id.shard] = content.value().end;
    return RequireOrigin(origin, content.value());
  }

  // The shard begins empty where the log will end.
  void Drop(ShardId shard, const std::string& why) {
    if (!dropped_.emplace(shard, why).second) return;
    plan_.losses.push_back(
        fmt::format("shard {}, all that this node holds of it: {}", shard.value(), why));
  }

  Lsn Needed() const {
    if (plan_.manifest.origins.size() < plan_.manifest.identity.num_shards) return Lsn{};
    Lsn needed{~std::uint64_t{0}};
    for (const auto& [shard, origin] : plan_.manifest.origins) {
      if (!dropped_.contains(shard)) needed = std::min(needed, origin.start);
    }
    return needed;
  }

  // Older segments are missing: shards that need them are lost.
  Result<Ok> FindFirst() {
    const Lsn oldest = names_.segments.front().first;
    for (std::uint32_t i = 0; i < plan_.manifest.identity.num_shards; ++i) {
      const auto origin = plan_.manifest.origins.find(ShardId{i});
      const Lsn start = origin == plan_.manifest.origins.end() ? Lsn{} : origin->second.start;
      if (start >= oldest) continue;
      Drop(ShardId{i}, fmt::format("the log is needed from {} on and begins at {}", start.value(),
                                   oldest.value()));
    }
    const auto behind =
        std::ranges::upper_bound(names_.segments, Needed(), {}, &SegmentFile::first);
    first_ = behind == names_.segments.begin()
                 ? 0
                 : static_cast<std::size_t>(behind - names_.segments.begin()) - 1;
    return Ok{};
  }

  // Follows the log as a recovery does, up to where it cannot go on.
  Result<Ok> FindCut() {
    // Items are of no interest here, but how long a shard is absorbed is.
    HistorySink sink;
    Manifest manifest = plan_.manifest;
    for (const auto& [shard, why] : dropped_) {
      const Lsn never{~std::uint64_t{0}};
      manifest.origins[shard] = {std::nullopt, never, never};
    }
    Replay replay(manifest, sink);
    for (const auto& [shard, origin] : manifest.origins) {
      if (!origin.snapshot) continue;
      SnapshotEnd end = ends_.at(shard);
      end.items = 0;  // None was given to the replay.
      if (auto done = replay.EndItems(shard, end); !done.ok()) return done;
    }
    cut_ = names_.segments[first_].first;
    newest_ = first_;
    for (std::size_t i = first_; i < names_.segments.size(); ++i) {
      if (i > first_ && names_.segments[i].first != cut_) {
        plan_.losses.push_back(
            fmt::format("the log from {} on, where a segment is missing or cut "
                        "short",
                        cut_.value()));
        break;
      }
      const auto whole = FollowSegment(names_.segments[i], replay);
      if (!whole.ok()) return whole.error();
      if (!whole.value()) break;
    }
    return Ok{};
  }

  // False: the log is cut off in it, or before it.
  Result<bool> FollowSegment(const SegmentFile& segment, Replay& replay) {
    const std::string name = SegmentName(segment.first);
    auto opened = SegmentReader::Open(files_, segment);
    if (!opened.ok()) {
      if (opened.error().code != ErrorCode::kInvalid) return opened.error();
      plan_.losses.push_back(fmt::format("{}: {}", name, opened.error().message));
      cuts_ = true;
      return false;
    }
    SegmentReader& reader = opened.value();
    if (auto same = RequireIdentity(plan_.manifest.identity, reader.identity()); !same.ok()) {
      plan_.losses.push_back(fmt::format("{}: {}", name, same.error().message));
      cuts_ = true;
      return false;
    }
    newest_ = static_cast<std::size_t>(&segment - names_.segments.data());
    while (true) {
      cut_ = reader.position();
      const auto entry = reader.Next();
      if (!entry.ok()) return entry.error();
      if (!entry.value()) break;
      if (const auto taken = replay.Take(*entry.value()); !taken.ok()) {
        return CutAt(name, reader, taken.error().message);
      }
    }
    const bool is_last = &segment == &names_.segments.back();
    const bool goes_on = !is_last && (&segment)[1].first == cut_;
    if (goes_on) return true;
    if (reader.stop() == SegmentReader::Stop::kDamaged) {
      return CutAt(name, reader, reader.reason());
    }
    if (!is_last) return true;
    if (reader.stop() == SegmentReader::Stop::kEnd) {
      return CutAt(name, reader, "the entries end here");
    }
    plan_.losses.push_back(fmt::format("{}, which is missing", SegmentName(cut_)));
    cuts_ = true;
    return false;
  }

  Result<bool> CutAt(const std::string& name, const SegmentReader& reader, const std::string& why) {
    Losses losses;
    const std::uint64_t offset = kSegmentHeadSize + BytesBetween(reader.first(), cut_);
    const auto tail = ReadSegmentTail(files_, name, reader.identity().log, cut_, offset,
                                      [&](const Entry& entry) { losses.Add(entry); });
    if (!tail.ok()) return tail.error();
    if (tail.value().bytes > 0) {
      cuts_ = true;
      plan_.losses.push_back(fmt::format(
          "{} bytes of {} from offset {} on ({}), which is {} of the log; whole entries "
          "among them: {}",
          tail.value().bytes, name, offset, why, cut_.value(), losses.Describe()));
    }
    return false;
  }

  Result<Ok> DropTheRest() {
    // What is newer than the cut goes as a whole.
    for (std::size_t i = newest_ + 1; i < names_.segments.size(); ++i) {
      const std::string name = SegmentName(names_.segments[i].first);
      cuts_ = true;
      Losses losses;
      auto opened = SegmentReader::Open(files_, names_.segments[i]);
      while (opened.ok()) {
        const auto entry = opened.value().Next();
        if (!entry.ok()) return entry.error();
        if (!entry.value()) break;
        losses.Add(*entry.value());
      }
      plan_.set_aside.push_back(name);
      plan_.losses.push_back(
          fmt::format("{} as a whole; entries in it: {}", name, losses.Describe()));
    }
    if (cuts_) {
      const Lsn first = names_.segments[newest_].first;
      plan_.newest = {first, kSegmentHeadSize + BytesBetween(first, cut_)};
    }
    for (const auto& [shard, origin] : plan_.manifest.origins) {
      if (origin.end > cut_) {
        Drop(shard, fmt::format("it needs the log up to {}", origin.end.value()));
      }
    }
    for (const auto& [shard, why] : dropped_) {
      Origin& origin = plan_.manifest.origins[shard];
      if (origin.snapshot) {
        const SnapshotId id{shard, *origin.snapshot};
        if (std::ranges::binary_search(names_.snapshots, id)) {
          plan_.set_aside.push_back(SnapshotName(id));
        }
      }
      origin = {std::nullopt, cut_, cut_};
    }
    return Ok{};
  }

  LogFiles& files_;
  const BootId boot_;
  LogNames names_;
  RepairPlan plan_;
  std::map<ShardId, SnapshotEnd> ends_;  // Of the snapshots that can be used.
  std::map<ShardId, std::string> dropped_;
  std::size_t first_ = 0;   // The segment that is needed first,
  std::size_t newest_ = 0;  // and the one that is cut off.
  Lsn cut_;
  bool cuts_ = false;  // Anything behind that is given up.
};

}  // namespace

Result<RepairPlan> PlanRepair(LogFiles& files, BootId boot) { return Planner(files, boot).Run(); }

}  // namespace aegis::wal
