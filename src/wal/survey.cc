#include "wal/survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "wal/history_sink.h"
#include "wal/segment_reader.h"
#include "wal/segment_tail.h"
#include "wal/snapshot_reader.h"

namespace aegis::wal {
namespace {

using State = FileVerdict::State;

class Surveyor {
 public:
  Surveyor(LogFiles& files, BootId boot) : files_(files), boot_(boot) {}

  Result<Survey> Run() {
    const auto listed = files_.List();
    if (!listed.ok()) return listed.error();
    names_ = SortNames(listed.value());
    for (const FileInfo& file : listed.value()) {
      survey_.files.push_back({file.name, file.size});
    }
    for (const auto step :
         {&Surveyor::LookAtManifest, &Surveyor::LookAtSnapshots, &Surveyor::LookAtSegments,
          &Surveyor::LookAtOthers, &Surveyor::TryRecovery}) {
      if (const auto done = (this->*step)(); !done.ok()) return done.error();
    }
    return std::move(survey_);
  }

 private:
  FileVerdict& VerdictOf(const std::string& name) {
    return *std::ranges::find(survey_.files, name, &FileVerdict::name);
  }
  bool IsOtherLogs(const LogIdentity& identity, FileVerdict& verdict) const {
    if (!survey_.manifest) return false;
    const auto same = RequireIdentity(survey_.manifest->identity, identity);
    if (same.ok()) return false;
    verdict.state = State::kDamaged;
    verdict.what = same.error().message;
    return true;
  }

  Result<Ok> LookAtManifest() {
    if (!names_.manifest) return Ok{};
    FileVerdict& verdict = VerdictOf(kManifestName);
    const auto file = ReadWholeFile(files_, kManifestName, kManifestSizeMax);
    if (!file.ok() && file.error().code != ErrorCode::kInvalid) return file.error();
    const auto manifest = file.ok() ? DecodeManifest(file.value()) : file.error();
    if (!manifest.ok()) {
      verdict.state = State::kDamaged;
      verdict.what = manifest.error().message;
      return Ok{};
    }
    survey_.manifest = manifest.value();
    const auto snapshots = std::ranges::count_if(manifest.value().origins, [](const auto& entry) {
      return entry.second.snapshot.has_value();
    });
    verdict.what =
        fmt::format("snapshots of {} of {} shards; the log is needed from {} on", snapshots,
                    manifest.value().identity.num_shards, manifest.value().Needed().value());
    return Ok{};
  }

  Result<Ok> LookAtSnapshots() {
    for (const SnapshotId& id : names_.snapshots) {
      FileVerdict& verdict = VerdictOf(SnapshotName(id));
      const auto content = ReadSnapshot(files_, id, [&](ByteView records) {
        return ForEachRecord(records, [&](const replication::Record&, ByteView) {
          ++verdict.entries;
          return Result<Ok>(Ok{});
        });
      });
      if (!content.ok()) {
        if (content.error().code != ErrorCode::kInvalid) return content.error();
        verdict.state = State::kDamaged;
        verdict.what = content.error().message;
        continue;
      }
      if (IsOtherLogs(content.value().head.identity, verdict)) continue;
      verdict.what =
          fmt::format("{} items of shard {}, from {} to {}", verdict.entries, id.shard.value(),
                      id.begun.value(), content.value().end.end.value());
      if (!IsNamed(id)) verdict.state = State::kNotNeeded;
    }
    return Ok{};
  }

  bool IsNamed(const SnapshotId& id) const {
    if (!survey_.manifest) return true;
    const auto found = survey_.manifest->origins.find(id.shard);
    return found != survey_.manifest->origins.end() && found->second.snapshot == id.begun;
  }

  Result<Ok> LookAtSegments() {
    for (std::size_t i = 0; i < names_.segments.size(); ++i) {
      const bool newest = i + 1 == names_.segments.size();
      const auto done = LookAtSegment(
          names_.segments[i], newest ? std::nullopt : std::optional(names_.segments[i + 1].first));
      if (!done.ok()) return done;
    }
    return Ok{};
  }

  Result<Ok> LookAtSegment(const SegmentFile& segment, std::optional<Lsn> next) {
    const std::string name = SegmentName(segment.first);
    FileVerdict& verdict = VerdictOf(name);
    auto opened = SegmentReader::Open(files_, segment);
    if (!opened.ok()) {
      if (opened.error().code != ErrorCode::kInvalid) return opened.error();
      verdict.state = State::kDamaged;
      verdict.what = opened.error().message;
      return Ok{};
    }
    SegmentReader& reader = opened.value();
    if (IsOtherLogs(reader.identity(), verdict)) return Ok{};
    while (true) {
      const auto entry = reader.Next();
      if (!entry.ok()) return entry.error();
      if (!entry.value()) break;
      ++verdict.entries;
      if (entry.value()->type != EntryType::kOpened) continue;
      const auto opening = DecodeOpening(entry.value()->payload);
      if (opening.ok()) last_boot_ = opening.value().boot;
    }
    verdict.what = fmt::format("{} entries, from {} to {}", verdict.entries, segment.first.value(),
                               reader.position().value());
    if (next == reader.position()) return Ok{};
    return LookBehind(name, reader, next, verdict);
  }

  Result<Ok> LookBehind(const std::string& name, const SegmentReader& reader,
                        std::optional<Lsn> next, FileVerdict& verdict) {
    const auto tail =
        ReadSegmentTail(files_, name, reader.identity().log, reader.position(), reader.offset());
    if (!tail.ok()) return tail.error();
    if (!next && reader.stop() == SegmentReader::Stop::kSealed) {
      verdict.state = State::kDamaged;
      verdict.what += "; another segment goes on, and is missing";
      return Ok{};
    }
    if (!next && tail.value().bytes == 0) return Ok{};
    const bool same_boot = boot_.known() && last_boot_ == boot_;
    const auto no_crash = WhyNoCrash(tail.value(), reader.position(), same_boot);
    verdict.state = next || no_crash ? State::kDamaged : State::kTorn;
    const bool damaged = reader.stop() == SegmentReader::Stop::kDamaged;
    verdict.what += fmt::format("; offset {}: {}", reader.offset(),
                                damaged ? reader.reason() : "the entries end here");
    if (tail.value().entries > 0) {
      verdict.what += fmt::format("; {} whole entries behind that", tail.value().entries);
    }
    return Ok{};
  }

  Result<Ok> LookAtOthers() {
    for (const std::string& name : names_.unknown) {
      VerdictOf(name).state = State::kDamaged;
      VerdictOf(name).what = "is not a name of this program's";
    }
    for (FileVerdict& verdict : survey_.files) {
      if (!verdict.what.empty()) continue;
      verdict.state = State::kNotNeeded;
      const bool draft = std::ranges::count(names_.drafts, verdict.name) != 0;
      verdict.what = draft ? "was being written when the node ended" : "not a file of the log";
    }
    return Ok{};
  }

  Result<Ok> TryRecovery() {
    const LogIdentity identity = survey_.manifest ? survey_.manifest->identity : LogIdentity{};
    HistorySink sink;
    auto recovered =
        Recover(files_, {.cluster = identity.cluster, .node = identity.node, .boot = boot_}, sink);
    if (recovered.ok()) {
      survey_.recovered = std::move(recovered).value();
      return Ok{};
    }
    if (recovered.error().code != ErrorCode::kInvalid) return recovered.error();
    survey_.refusal = recovered.error().message;
    return Ok{};
  }

  LogFiles& files_;
  const BootId boot_;
  BootId last_boot_;  // Of the system under which the newest entries were written.
  LogNames names_;
  Survey survey_;
};

}  // namespace

const char* NameOf(FileVerdict::State state) {
  switch (state) {
    case State::kWhole:
      return "whole";
    case State::kTorn:
      return "torn";
    case State::kDamaged:
      return "damaged";
    case State::kNotNeeded:
      break;
  }
  return "not needed";
}

Result<Survey> SurveyLog(LogFiles& files, BootId boot) { return Surveyor(files, boot).Run(); }

Result<Ok> VisitLog(LogFiles& files, const LogVisitor& visitor) {
  const auto listed = files.List();
  if (!listed.ok()) return listed.error();
  for (const SegmentFile& segment : SortNames(listed.value()).segments) {
    auto opened = SegmentReader::Open(files, segment);
    if (!opened.ok()) {
      if (opened.error().code != ErrorCode::kInvalid) return opened.error();
      if (!visitor.note(segment, 0, opened.error().message)) return Ok{};
      continue;
    }
    SegmentReader& reader = opened.value();
    while (true) {
      const std::uint64_t offset = reader.offset();
      const auto entry = reader.Next();
      if (!entry.ok()) return entry.error();
      if (!entry.value()) break;
      if (!visitor.entry(segment, offset, *entry.value())) return Ok{};
    }
    if (reader.stop() == SegmentReader::Stop::kEnd) continue;
    const bool sealed = reader.stop() == SegmentReader::Stop::kSealed;
    const std::string text = sealed ? NameOf(EntryType::kSealed) : reader.reason();
    if (!visitor.note(segment, reader.offset(), text)) return Ok{};
  }
  return Ok{};
}

}  // namespace aegis::wal
