#include "wal/log_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "wal/entry.h"
#include "wal/file_head.h"
#include "wal/log_names.h"
#include "wal/manifest.h"
#include "wal/recovery.h"
#include "wal/retention.h"

namespace aegis::wal {

template <class Call>
Result<Ok> LogWriter::Guard(const Call& call) {
  if (failure_) {
    return Error{ErrorCode::kUnavailable,
                 "the write-ahead log takes nothing more since this failure: " + *failure_};
  }
  const Result<Ok> result = call();
  if (!result.ok()) failure_ = result.error().message;
  return result;
}

Result<LogWriter> LogWriter::Create(LogFiles& files, const LogIdentity& identity,
                                    const Options& options) {
  LogWriter writer(files, identity, options);
  if (auto done = RemoveUnfinishedLog(files); !done.ok()) return done.error();
  if (auto done = writer.BeginSegment(Lsn{}); !done.ok()) return done.error();
  if (auto done = writer.WriteOpening(); !done.ok()) return done.error();
  // From now on there is a log.
  Manifest manifest;
  manifest.identity = identity;
  auto done = ReplaceFile(files, kManifestName, EncodeManifest(manifest));
  if (!done.ok()) return done.error();
  return writer;
}

Result<LogWriter> LogWriter::Resume(LogFiles& files, const Recovered& log, const Options& options) {
  LogWriter writer(files, log.manifest.identity, options);
  if (auto done = writer.Reopen(log); !done.ok()) return done.error();
  if (auto done = RemoveDrafts(files); !done.ok()) return done.error();
  if (auto done = RemoveWhatIsNotNeeded(files, log.manifest); !done.ok()) return done.error();
  if (auto done = writer.WriteOpening(); !done.ok()) return done.error();
  return writer;
}

Result<Ok> LogWriter::Reopen(const Recovered& log) {
  first_ = log.segments.back().first;
  end_ = log.end;
  const std::string name = SegmentName(first_);
  const auto offset_of = [this](Lsn lsn) { return kSegmentHeadSize + BytesBetween(first_, lsn); };
  const std::uint64_t end = offset_of(end_);
  // If a process before this one failed to sync these, the system may take them for written: that
  // they are written once more, as they are, makes it write them.
  const std::uint64_t unproven = offset_of(std::clamp(log.synced, first_, end_));
  auto file = files_.get().Open(name, unproven);
  if (!file.ok()) return file.error();
  file_ = std::move(file).value();
  if (auto done = WriteAgain(name, unproven, end); !done.ok()) return done;
  const std::uint64_t full = kSegmentHeadSize + options_.segment_size;
  if (auto done = file_->Cut(full - std::min(full, end)); !done.ok()) return done;
  if (auto done = SyncFile(); !done.ok()) return done;
  return files_.get().SyncDirectory();
}

Result<Ok> LogWriter::WriteAgain(const std::string& name, std::uint64_t from, std::uint64_t to) {
  constexpr std::uint64_t kPiece = 1 << 20;
  Bytes piece;
  while (from < to) {
    piece.resize(static_cast<std::size_t>(std::min(kPiece, to - from)));
    const auto read = files_.get().Read(name, from, {piece.data(), piece.size()});
    if (!read.ok()) return read.error();
    AEGIS_CHECK(read.value() == piece.size(), "what was recovered is still there");
    if (auto done = file_->Append(std::array{ByteView(piece)}); !done.ok()) return done;
    from += piece.size();
  }
  return Ok{};
}

// Under its name there is a segment with a head, or none.
Result<Ok> LogWriter::BeginSegment(Lsn first) {
  const std::string name = SegmentName(first);
  const std::string draft = DraftName(name);
  LogFiles& files = files_;
  auto file = files.Create(draft, kSegmentHeadSize + options_.segment_size);
  if (!file.ok()) return file.error();
  const Bytes head = EncodeSegmentHead(identity_, first);
  if (auto done = file.value()->Append(std::array{ByteView(head)}); !done.ok()) return done;
  if (auto done = file.value()->Sync(); !done.ok()) return done;
  if (auto done = files.Rename(draft, name); !done.ok()) return done;
  if (auto done = files.SyncDirectory(); !done.ok()) return done;
  file_ = std::move(file).value();
  first_ = first;
  return Ok{};
}

// The old segment says that there is another one only when that is so.
Result<Ok> LogWriter::Roll(Lsn first) {
  if (auto done = SyncFile(); !done.ok()) return done;
  const std::unique_ptr<LogFile> old = std::move(file_);
  if (auto done = BeginSegment(first); !done.ok()) return done;
  Bytes seal;
  AppendEntry(identity_.log, {first, EntryType::kSealed, kNoShard, {}}, seal);
  if (auto done = old->Append(std::array{ByteView(seal)}); !done.ok()) return done;
  if (auto done = old->Cut(/*room=*/0); !done.ok()) return done;
  return old->Sync();
}

Result<Ok> LogWriter::WriteOpening() {
  const Bytes payload = EncodeOpening(options_.opening);
  const Entry opened{end_, EntryType::kOpened, kNoShard, payload};
  Bytes entry;
  AppendEntry(identity_.log, opened, entry);
  if (auto done = file_->Append(std::array{ByteView(entry)}); !done.ok()) return done;
  end_ = opened.end();
  return SyncFile();
}

Result<Ok> LogWriter::Write(const LogBatch& batch) {
  AEGIS_CHECK(batch.begin() == end_, "batches follow each other without a gap");
  return Guard([&] { return WriteBatch(batch); });
}

Result<Ok> LogWriter::WriteBatch(const LogBatch& batch) {
  const std::uint64_t there = BytesBetween(first_, end_);
  if (there > 0 && there + batch.size() > options_.segment_size) {
    if (auto done = Roll(end_); !done.ok()) return done;
  }
  batch.GetPieces(pieces_);
  if (auto done = file_->Append(pieces_); !done.ok()) return done;
  end_ = batch.end();
  return options_.opening.durability == Durability::kFsync ? SyncFile() : Ok{};
}

Result<Ok> LogWriter::Sync() {
  return Guard([&] { return SyncFile(); });
}

Result<Ok> LogWriter::SyncFile() {
  if (synced_ == end_ && end_ != first_) return Ok{};
  if (auto done = file_->Sync(); !done.ok()) return done;
  synced_ = end_;
  return Ok{};
}

}  // namespace aegis::wal
