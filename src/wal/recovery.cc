#include "wal/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "wal/file_head.h"
#include "wal/segment_tail.h"
#include "wal/snapshot_reader.h"

namespace aegis::wal {
namespace {

class Recovery {
 public:
  Recovery(LogFiles& files, const RecoveryOptions& options, RecoverySink& sink)
      : files_(files), options_(options), sink_(sink) {}

  Result<Recovered> Run() {
    const auto listed = files_.List();
    if (!listed.ok()) return listed.error();
    names_ = SortNames(listed.value());
    if (!names_.unknown.empty()) {
      return Refuse(names_.unknown.front(), RefuseAt(0, "is not a name of this program's"));
    }
    for (const auto step : {&Recovery::ReadManifest, &Recovery::ReadSnapshots,
                            &Recovery::ReadSegments, &Recovery::FinishReplay}) {
      const auto done = (this->*step)();
      if (!done.ok()) return done.error();
    }
    return std::move(log_);
  }

 private:
  static std::string CheckRemedy(std::string_view path) {
    return fmt::format(
        "'aegis-cli wal check {0}' shows what is whole, 'aegis-cli wal repair {0}' goes on without "
        "the rest",
        path);
  }
  Error Refuse(const std::string& name, const Error& error) const {
    if (error.code != ErrorCode::kInvalid) return error;
    return RefuseWith(name, error, CheckRemedy(files_.path()));
  }
  Error RefuseWith(const std::string& name, const Error& error, std::string_view remedy) const {
    return {ErrorCode::kInvalid,
            fmt::format("{}/{}: {}. {}", files_.path(), name, error.message, remedy)};
  }

  // Of a file whose head is refused.
  Error RefuseHead(const std::string& name, const Error& error) const {
    if (error.code != ErrorCode::kInvalid) return error;
    std::array<char, kFileHeadSize> head;
    const auto read = files_.Read(name, 0, head);
    if (read.ok() && HasOtherVersion({head.data(), read.value()})) {
      return RefuseWith(name, error, "Start the version of AegisKV that wrote it");
    }
    return Refuse(name, error);
  }

  Result<Ok> RequireSame(const std::string& name, const LogIdentity& expected,
                         const LogIdentity& found) const {
    const auto same = RequireIdentity(expected, found);
    if (same.ok()) return same;
    return RefuseWith(name, same.error(),
                      fmt::format("Give this node another directory for its log, or move {} away",
                                  files_.path()));
  }

  Result<Ok> ReadManifest() {
    if (!names_.manifest) return Refuse(kManifestName, RefuseAt(0, "is missing"));
    const auto file = ReadWholeFile(files_, kManifestName, kManifestSizeMax);
    if (!file.ok()) return Refuse(kManifestName, file.error());
    auto manifest = DecodeManifest(file.value());
    if (!manifest.ok()) return RefuseHead(kManifestName, manifest.error());
    log_.manifest = std::move(manifest).value();
    const LogIdentity found = log_.manifest.identity;
    const LogIdentity expected{options_.cluster, options_.node, found.log, found.num_shards};
    if (auto same = RequireSame(kManifestName, expected, found); !same.ok()) return same;
    replay_.emplace(log_.manifest, sink_);
    return Ok{};
  }

  Result<Ok> ReadSnapshots() {
    for (const auto& [shard, origin] : log_.manifest.origins) {
      if (!origin.snapshot) continue;
      const SnapshotId id{shard, *origin.snapshot};
      const std::string name = SnapshotName(id);
      if (!std::ranges::binary_search(names_.snapshots, id)) {
        return Refuse(name, RefuseAt(0, "is missing"));
      }
      const auto content = ReadSnapshot(files_, id, [&, of = shard](ByteView records) {
        return replay_->TakeItems(of, records);
      });
      if (!content.ok()) return RefuseHead(name, content.error());
      const SnapshotHead& head = content.value().head;
      if (auto same = RequireSame(name, log_.manifest.identity, head.identity); !same.ok()) {
        return same;
      }
      const auto fits = RequireOrigin(origin, content.value());
      if (!fits.ok()) return Refuse(name, fits.error());
      const auto ended = replay_->EndItems(shard, content.value().end);
      if (!ended.ok()) return Refuse(name, RefuseAt(kSnapshotHeadSize, ended.error().message));
    }
    return Ok{};
  }

  Result<Ok> ReadSegments() {
    if (names_.segments.empty()) return Refuse(SegmentName(Lsn{}), RefuseAt(0, "is missing"));
    const Lsn needed = log_.manifest.Needed();
    const auto behind = std::ranges::upper_bound(names_.segments, needed, {}, &SegmentFile::first);
    if (behind == names_.segments.begin()) {
      return Refuse(SegmentName(names_.segments.front().first),
                    RefuseAt(0, fmt::format("is the oldest segment, and the log is needed from {} "
                                            "on: older ones are missing",
                                            needed.value())));
    }
    log_.segments.assign(behind - 1, names_.segments.end());
    for (std::size_t i = 0; i < log_.segments.size(); ++i) {
      const bool newest = i + 1 == log_.segments.size();
      const auto done = ReadSegment(log_.segments[i], newest ? nullptr : &log_.segments[i + 1]);
      if (!done.ok()) return done;
    }
    return Ok{};
  }

  Result<Ok> ReadSegment(const SegmentFile& segment, const SegmentFile* next) {
    const std::string name = SegmentName(segment.first);
    auto opened = SegmentReader::Open(files_, segment, options_.piece);
    if (!opened.ok()) return RefuseHead(name, opened.error());
    SegmentReader& reader = opened.value();
    auto same = RequireSame(name, log_.manifest.identity, reader.identity());
    if (!same.ok()) return same;
    while (true) {
      const std::uint64_t offset = reader.offset();
      const auto entry = reader.Next();
      if (!entry.ok()) return entry.error();
      if (!entry.value()) break;
      const auto taken = replay_->Take(*entry.value());
      if (!taken.ok()) {
        return Refuse(name, RefuseAt(offset, fmt::format("a whole entry, {}, that is refused: {}",
                                                         NameOf(entry.value()->type),
                                                         taken.error().message)));
      }
    }
    log_.bytes += reader.offset();
    log_.end = reader.position();
    return next != nullptr ? RequireNext(name, reader, *next) : EndLog(name, reader);
  }

  Result<Ok> RequireNext(const std::string& name, const SegmentReader& reader,
                         const SegmentFile& next) const {
    // All of it was durable when the next one was made: what follows is left over.
    if (reader.position() == next.first) return Ok{};
    if (reader.stop() == SegmentReader::Stop::kDamaged) {
      return Refuse(name, RefuseAt(reader.offset(),
                                   fmt::format("{}, and newer segments follow", reader.reason())));
    }
    return Refuse(name, RefuseAt(reader.offset(),
                                 fmt::format("the log ends here at {}, and the next segment, {}, "
                                             "goes on elsewhere: one is missing, or this one is "
                                             "not whole",
                                             reader.position().value(), SegmentName(next.first))));
  }

  Result<Ok> EndLog(const std::string& name, const SegmentReader& reader) {
    log_.synced = std::max(log_.segments.back().first, replay_->durable());
    if (reader.stop() == SegmentReader::Stop::kSealed) {
      return Refuse(SegmentName(reader.position()),
                    RefuseAt(0, fmt::format("is missing: {} goes on there", name)));
    }
    const auto read =
        ReadSegmentTail(files_, name, log_.manifest.identity.log, log_.end, reader.offset());
    if (!read.ok()) return read.error();
    const SegmentTail& tail = read.value();
    if (tail.bytes == 0) return Ok{};
    const bool damaged = reader.stop() == SegmentReader::Stop::kDamaged;
    TornEnd torn{
        .file = files_.path() + '/' + name,
        .offset = reader.offset(),
        .bytes = tail.bytes,
        .entries = tail.entries,
        .reason = damaged ? reader.reason() : "the entries end here, but other bytes follow"};
    const bool same_boot =
        replay_->opening() && options_.boot.known() && replay_->opening()->boot == options_.boot;
    if (const auto why = WhyNoCrash(tail, log_.end, same_boot)) {
      return Refuse(name, RefuseAt(torn.offset, fmt::format("{}, {}", torn.reason, *why)));
    }
    log_.torn = std::move(torn);
    return Ok{};
  }

  Result<Ok> FinishReplay() {
    const auto finished = replay_->Finish(log_.end);
    if (!finished.ok()) {
      const SegmentFile& newest = log_.segments.back();
      const std::uint64_t offset = kSegmentHeadSize + BytesBetween(newest.first, log_.end);
      return Refuse(SegmentName(newest.first), RefuseAt(offset, finished.error().message));
    }
    log_.last = replay_->opening();
    // Where a repair ended the log the next process to open it says so.
    log_.repaired = log_.manifest.repaired > replay_->opened();
    log_.counts = replay_->counts();
    return Ok{};
  }

  LogFiles& files_;
  const RecoveryOptions& options_;
  RecoverySink& sink_;
  LogNames names_;
  std::optional<Replay> replay_;
  Recovered log_;
};

// The log holds nothing but that somebody opened it, if that.
Result<bool> HoldsNothing(LogFiles& files, const SegmentFile& segment) {
  auto opened = SegmentReader::Open(files, segment);
  if (!opened.ok()) {
    if (opened.error().code != ErrorCode::kInvalid) return opened.error();
    return false;
  }
  SegmentReader& reader = opened.value();
  for (int entries = 0;; ++entries) {
    const auto entry = reader.Next();
    if (!entry.ok()) return entry.error();
    if (!entry.value()) break;
    if (entries > 0 || entry.value()->type != EntryType::kOpened) return false;
  }
  const auto tail = ReadSegmentTail(files, SegmentName(segment.first), reader.identity().log,
                                    reader.position(), reader.offset());
  if (!tail.ok()) return tail.error();
  return reader.stop() != SegmentReader::Stop::kSealed && tail.value().entries == 0;
}

}  // namespace

std::string TornEnd::Describe() const {
  std::string what = fmt::format(
      "{}: offset {}: {}: {} bytes at its end were being written when "
      "the node ended, and are dropped",
      file, offset, reason, bytes);
  if (entries > 0) what += fmt::format(", {} whole entries among them", entries);
  return what;
}

Result<bool> LogExists(LogFiles& files) {
  const auto listed = files.List();
  if (!listed.ok()) return listed.error();
  const LogNames names = SortNames(listed.value());
  if (names.manifest || !names.snapshots.empty() || !names.unknown.empty()) return true;
  if (names.segments.empty()) return false;
  if (names.segments.size() > 1 || names.segments.front().first != Lsn{}) return true;
  const auto nothing = HoldsNothing(files, names.segments.front());
  if (!nothing.ok()) return nothing.error();
  return !nothing.value();
}

Result<Recovered> Recover(LogFiles& files, const RecoveryOptions& options, RecoverySink& sink) {
  return Recovery(files, options, sink).Run();
}

}  // namespace aegis::wal
