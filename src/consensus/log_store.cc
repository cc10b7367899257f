#include "consensus/log_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "consensus/log_format.h"
#include "consensus/log_names.h"
#include "consensus/log_recovery.h"
#include "model/limits.h"

namespace aegis::consensus {
namespace {

// A longer batch of entries becomes several records.
constexpr std::size_t kRecordBodySize = 1 << 20;

}  // namespace

// What is durable before what:
//   a segment's head before its first record, a record before the next one, so that a crash tears
//   the end of the newest segment and nothing else;
//   a snapshot before what it covers is removed, oldest segment first;
//   a segment's head before the mark in the term file names it, the mark on another segment before
//   it is removed, so that a segment that is missing is missed.
class LogStore::Impl {
 public:
  Impl(Directory& directory, const LogIdentity& identity, std::size_t segment_size)
      : directory_(directory), identity_(identity), segment_size_(segment_size) {}

  Result<Ok> Create(const Persisted& persisted);
  // Finishes what a crash interrupted and makes durable what was only seen.
  Result<Ok> Resume(const RecoveredLog& log);

  Result<Ok> SaveHardState(const HardState& state);
  Result<Ok> SaveSnapshot(const Snapshot& snapshot);
  Result<Ok> TruncateFrom(Index index);
  Result<Ok> Append(const std::vector<Entry>& entries);

  std::uint64_t size() const;

  // Runs a call unless one has failed before.
  template <class Call>
  Result<Ok> Guard(Call call) {
    if (failure_) {
      return Error{ErrorCode::kUnavailable,
                   "the control log takes nothing more since this failure: " + *failure_};
    }
    const Result<Ok> result = call();
    if (!result.ok()) failure_ = result.error().message;
    return result;
  }

 private:
  LogPosition last() const {
    if (terms_.empty()) return snapshot_last_;
    return {snapshot_last_.index + terms_.size(), terms_.back()};
  }
  bool Holds(LogPosition at) const;

  Result<Ok> RemoveUnfinishedCreation();
  Result<Ok> WriteTerm(const HardState& state, const LogMark& mark);
  Result<Ok> Mark(const LogMark& mark);
  LogMark newest() const { return {segments_.back().first, segments_.back().size}; }
  Result<Ok> WriteSnapshot(const Snapshot& snapshot);
  Result<Ok> BeginSegment();
  Result<Ok> EmptySegment();  // The newest one.
  Result<Ok> WriteRecord(Index first, const std::vector<Entry>& entries);
  // Leaves the `kept` oldest ones.
  Result<Ok> RemoveNewestSegments(std::size_t kept);
  Result<Ok> DropCovered();
  Result<Ok> DropAll();

  Directory& directory_;
  const LogIdentity identity_;
  const std::size_t segment_size_;
  HardState hard_state_;
  LogMark mark_;
  LogPosition snapshot_last_;
  std::uint64_t snapshot_size_ = 0;
  std::vector<Term> terms_;           // Of the entries behind the snapshot.
  std::vector<LogSegment> segments_;  // Ascending; the last one grows.
  std::optional<std::string> failure_;
};

Result<Ok> LogStore::Impl::RemoveUnfinishedCreation() {
  const auto listed = directory_.List();
  if (!listed.ok()) return listed.error();
  const LogNames names = SortNames(listed.value());
  AEGIS_CHECK(!names.IsLog(), "a log is created where there is one");
  std::vector<std::string> leftovers = {kTermName};
  for (const Index first : names.segments) leftovers.push_back(SegmentName(first));
  for (const Index last : names.snapshots) leftovers.push_back(SnapshotName(last));
  for (const std::string& name : leftovers) {
    const auto removed = directory_.Remove(name);
    if (!removed.ok()) return removed;
  }
  return Ok{};
}

Result<Ok> LogStore::Impl::Create(const Persisted& persisted) {
  if (auto done = RemoveUnfinishedCreation(); !done.ok()) return done;
  if (auto done = directory_.Replace(kCreatingName, {}); !done.ok()) return done;
  hard_state_ = persisted.hard_state;
  if (persisted.snapshot.last.index != 0) {
    if (auto done = WriteSnapshot(persisted.snapshot); !done.ok()) return done;
    snapshot_last_ = persisted.snapshot.last;
  }
  if (auto done = BeginSegment(); !done.ok()) return done;
  if (auto done = Append(persisted.entries); !done.ok()) return done;
  if (auto done = Mark(newest()); !done.ok()) return done;
  auto done = directory_.Replace(kIdentityName, EncodeIdentity(identity_));
  if (!done.ok()) return done;
  return directory_.Remove(kCreatingName);
}

Result<Ok> LogStore::Impl::Resume(const RecoveredLog& log) {
  hard_state_ = log.persisted.hard_state;
  mark_ = log.mark;
  snapshot_last_ = log.persisted.snapshot.last;
  snapshot_size_ = log.snapshot_size;
  segments_ = log.segments;
  for (const Entry& entry : log.persisted.entries) terms_.push_back(entry.at.term);

  // What was read may be in the page cache alone: the last process may have died before its sync.
  std::vector<std::string> promised = {kIdentityName, kTermName};
  if (snapshot_last_.index != 0) promised.push_back(SnapshotName(snapshot_last_.index));
  if (!segments_.empty()) {
    promised.push_back(SegmentName(segments_.back().first));
    if (log.torn_bytes != 0) {
      const auto cut = directory_.Truncate(promised.back(), segments_.back().size);
      if (!cut.ok()) return cut;
    }
  }
  for (const std::string& name : promised) {
    if (auto done = directory_.Sync(name); !done.ok()) return done;
  }
  if (log.creating) {
    if (auto done = directory_.Remove(kCreatingName); !done.ok()) return done;
  }
  if (log.log_is_replaced) {
    if (auto done = DropAll(); !done.ok()) return done;
  } else {
    if (auto done = Mark(newest()); !done.ok()) return done;
    if (auto done = DropCovered(); !done.ok()) return done;
  }
  for (const Index index : log.older_snapshots) {
    if (auto done = directory_.Remove(SnapshotName(index)); !done.ok()) return done;
  }
  return Ok{};
}

Result<Ok> LogStore::Impl::SaveHardState(const HardState& state) {
  AEGIS_CHECK(state.term >= hard_state_.term, "the term went back");
  AEGIS_CHECK(state.term > hard_state_.term || hard_state_.voted_for == ServerId{} ||
                  state.voted_for == hard_state_.voted_for,
              "a vote was taken back");
  return WriteTerm(state, newest());
}

Result<Ok> LogStore::Impl::SaveSnapshot(const Snapshot& snapshot) {
  AEGIS_CHECK(snapshot.last.index > snapshot_last_.index || snapshot.last == snapshot_last_,
              "the snapshot went back");
  AEGIS_CHECK(snapshot.last.term <= hard_state_.term, "a snapshot of a term that is not saved");
  if (auto done = WriteSnapshot(snapshot); !done.ok()) return done;
  const LogPosition older = std::exchange(snapshot_last_, snapshot.last);
  if (older == snapshot.last) return Ok{};

  const bool leads_up = snapshot.last.index <= older.index + terms_.size() &&
                        terms_[snapshot.last.index - older.index - 1] == snapshot.last.term;
  terms_.erase(terms_.begin(), leads_up ? terms_.begin() + static_cast<std::ptrdiff_t>(
                                                               snapshot.last.index - older.index)
                                        : terms_.end());
  if (auto done = leads_up ? DropCovered() : DropAll(); !done.ok()) return done;
  return older.index == 0 ? Ok{} : directory_.Remove(SnapshotName(older.index));
}

Result<Ok> LogStore::Impl::TruncateFrom(Index index) {
  AEGIS_CHECK(index > snapshot_last_.index, "what the snapshot covers cannot be truncated");
  if (index > last().index) return Ok{};
  terms_.resize(static_cast<std::size_t>(index - snapshot_last_.index - 1));

  // Segments that begin behind the cut go as a whole. In the one that is left, the cut is one more
  // record: had it been rewritten instead, a crash could lose the entries before the cut.
  std::size_t kept = segments_.size();
  while (kept > 1 && segments_[kept - 1].first >= index) --kept;
  const Index end = kept == segments_.size() ? index + 1 : segments_[kept].first;
  if (auto done = RemoveNewestSegments(kept); !done.ok()) return done;
  if (segments_.back().first == index) return EmptySegment();
  return index < end ? WriteRecord(index, {}) : Ok{};
}

Result<Ok> LogStore::Impl::Append(const std::vector<Entry>& entries) {
  std::vector<Entry> batch;
  std::size_t batch_size = 0;
  const auto flush = [&]() -> Result<Ok> {
    if (batch.empty()) return Ok{};
    batch_size = 0;
    const Index first = batch.front().at.index;
    return WriteRecord(first, std::exchange(batch, {}));
  };
  LogPosition before = last();
  for (const Entry& entry : entries) {
    AEGIS_CHECK(entry.at.index == before.index + 1, "a gap in the log");
    AEGIS_CHECK(entry.at.term >= before.term, "the terms of the log go back");
    AEGIS_CHECK(entry.at.term <= hard_state_.term, "an entry of a term that is not saved");
    before = entry.at;
    if (entry.data.size() > kEntrySizeMax) {
      return Error{ErrorCode::kTooLarge,
                   fmt::format("entry {} has {} bytes; at most {}", entry.at.index,
                               entry.data.size(), kEntrySizeMax)};
    }
    batch.push_back(entry);
    batch_size += EncodedSize(entry);
    if (batch_size < kRecordBodySize) continue;
    if (auto done = flush(); !done.ok()) return done;
  }
  return flush();
}

std::uint64_t LogStore::Impl::size() const {
  std::uint64_t size = kIdentityFileSize + kTermFileSize + snapshot_size_;
  for (const LogSegment& segment : segments_) size += segment.size;
  return size;
}

Result<Ok> LogStore::Impl::WriteTerm(const HardState& state, const LogMark& mark) {
  auto done = directory_.Replace(kTermName, EncodeTerm(identity_.server, {state, mark}));
  if (!done.ok()) return done;
  hard_state_ = state;
  mark_ = mark;
  return Ok{};
}

Result<Ok> LogStore::Impl::Mark(const LogMark& mark) {
  return mark == mark_ ? Ok{} : WriteTerm(hard_state_, mark);
}

Result<Ok> LogStore::Impl::WriteSnapshot(const Snapshot& snapshot) {
  if (snapshot.state.size() > kSnapshotSizeMax ||
      snapshot.configuration.servers.size() > limits::kMembersMax) {
    return Error{
        ErrorCode::kTooLarge,
        fmt::format("the snapshot up to entry {} has {} bytes and {} servers; at most {} "
                    "and {}",
                    snapshot.last.index, snapshot.state.size(),
                    snapshot.configuration.servers.size(), kSnapshotSizeMax, limits::kMembersMax)};
  }
  const Bytes file = EncodeSnapshot(identity_.server, snapshot);
  auto done = directory_.Replace(SnapshotName(snapshot.last.index), file);
  if (done.ok()) snapshot_size_ = file.size();
  return done;
}

Result<Ok> LogStore::Impl::BeginSegment() {
  const Index first = last().index + 1;
  auto done = directory_.Replace(SegmentName(first), EncodeSegmentHead(identity_.server, last()));
  if (!done.ok()) return done;
  segments_.push_back({first, kSegmentHeadSize});
  return Mark(newest());
}

Result<Ok> LogStore::Impl::EmptySegment() {
  const auto marked = Mark({segments_.back().first, kSegmentHeadSize});
  if (!marked.ok()) return marked;
  segments_.pop_back();
  return BeginSegment();
}

Result<Ok> LogStore::Impl::WriteRecord(Index first, const std::vector<Entry>& entries) {
  if (segments_.back().size >= segment_size_ && !entries.empty()) {
    if (auto done = BeginSegment(); !done.ok()) return done;
  }
  LogSegment& segment = segments_.back();
  const std::string name = SegmentName(segment.first);
  const Bytes record = EncodeRecord(identity_.server, segment.size, first, entries);
  if (auto done = directory_.Append(name, record); !done.ok()) return done;
  if (auto done = directory_.Sync(name); !done.ok()) return done;
  segment.size += record.size();
  for (const Entry& entry : entries) terms_.push_back(entry.at.term);
  return Ok{};
}

Result<Ok> LogStore::Impl::RemoveNewestSegments(std::size_t kept) {
  if (kept < segments_.size()) {
    const LogMark mark =
        kept == 0 ? LogMark{} : LogMark{segments_[kept - 1].first, segments_[kept - 1].size};
    if (auto done = Mark(mark); !done.ok()) return done;
  }
  while (segments_.size() > kept) {
    const auto done = directory_.Remove(SegmentName(segments_.back().first));
    if (!done.ok()) return done;
    segments_.pop_back();
  }
  return Ok{};
}

// The log leads up to the snapshot: segments that end before it go.
Result<Ok> LogStore::Impl::DropCovered() {
  if (terms_.empty() && segments_.back().first <= snapshot_last_.index) {
    if (auto done = BeginSegment(); !done.ok()) return done;
  }
  std::size_t covered = 0;
  while (covered + 1 < segments_.size() &&
         segments_[covered + 1].first <= snapshot_last_.index + 1) {
    ++covered;
  }
  for (std::size_t i = 0; i < covered; ++i) {
    const auto done = directory_.Remove(SegmentName(segments_.front().first));
    if (!done.ok()) return done;
    segments_.erase(segments_.begin());
  }
  return Ok{};
}

// The snapshot replaces the log.
Result<Ok> LogStore::Impl::DropAll() {
  if (auto done = RemoveNewestSegments(0); !done.ok()) return done;
  return BeginSegment();
}

LogStore::LogStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LogStore::~LogStore() = default;

Result<bool> LogStore::Exists(Directory& directory) {
  const auto names = directory.List();
  if (!names.ok()) return names.error();
  return SortNames(names.value()).IsLog();
}

Result<LogStore::Opened> LogStore::Create(Directory& directory, const LogIdentity& identity,
                                          const Persisted& persisted, std::size_t segment_size) {
  auto impl = std::make_unique<Impl>(directory, identity, segment_size);
  const auto created = impl->Create(persisted);
  if (!created.ok()) return created.error();
  return Opened{std::unique_ptr<LogStore>(new LogStore(std::move(impl))), identity, persisted};
}

// What is left without an identity looks like a creation that was cut short.
Result<Ok> LogStore::Discard(Directory& directory) {
  if (auto done = directory.Replace(kCreatingName, {}); !done.ok()) return done;
  return directory.Remove(kIdentityName);
}

Result<LogStore::Opened> LogStore::Open(Directory& directory, NodeId node,
                                        std::size_t segment_size) {
  auto recovered = RecoverLog(directory, node);
  if (!recovered.ok()) return recovered.error();
  RecoveredLog& log = recovered.value();
  auto impl = std::make_unique<Impl>(directory, log.identity, segment_size);
  const auto resumed = impl->Resume(log);
  if (!resumed.ok()) return resumed.error();
  return Opened{std::unique_ptr<LogStore>(new LogStore(std::move(impl))), log.identity,
                std::move(log.persisted), log.torn_bytes};
}

Result<Ok> LogStore::SaveHardState(const HardState& state) {
  return impl_->Guard([&] { return impl_->SaveHardState(state); });
}

Result<Ok> LogStore::SaveSnapshot(const Snapshot& snapshot) {
  return impl_->Guard([&] { return impl_->SaveSnapshot(snapshot); });
}

Result<Ok> LogStore::TruncateFrom(Index index) {
  return impl_->Guard([&] { return impl_->TruncateFrom(index); });
}

Result<Ok> LogStore::Append(const std::vector<Entry>& entries) {
  return impl_->Guard([&] { return impl_->Append(entries); });
}

std::uint64_t LogStore::size() const { return impl_->size(); }

}  // namespace aegis::consensus
