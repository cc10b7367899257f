#include "consensus/log_recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "consensus/log_names.h"

namespace aegis::consensus {
namespace {

Error AtOffset(std::uint64_t offset, std::string_view reason) {
  return {ErrorCode::kInvalid, fmt::format("offset {}: {}", offset, reason)};
}

// The entries of one segment, its truncations applied.
struct SegmentContent {
  LogPosition before;
  std::vector<Entry> entries;  // From before.index + 1 on.
  std::uint64_t whole = 0;     // Bytes up to the end of the last whole record.
};

// Carries out one record. Errors: what contradicts the records before it.
Result<Ok> Apply(const RecordHead& head, ByteView rest, SegmentContent& content) {
  auto entries = DecodeRecordBody(head, rest);
  if (!entries.ok()) return entries.error();
  const Index next = content.before.index + content.entries.size() + 1;
  if (entries.value().empty()) {
    if (head.first <= content.before.index + 1 || head.first >= next) {
      return Error{ErrorCode::kInvalid,
                   fmt::format("cuts at entry {}, where the segment cannot be cut", head.first)};
    }
    content.entries.resize(static_cast<std::size_t>(head.first - content.before.index - 1));
    return Ok{};
  }
  if (head.first != next) {
    return Error{ErrorCode::kInvalid, fmt::format("entry {} where {} was due", head.first, next)};
  }
  for (Entry& entry : entries.value()) {
    const Term before =
        content.entries.empty() ? content.before.term : content.entries.back().at.term;
    if (entry.at.term < before) {
      return Error{ErrorCode::kInvalid, fmt::format("entry {} of term {} follows term {}",
                                                    entry.at.index, entry.at.term, before)};
    }
    content.entries.push_back(std::move(entry));
  }
  return Ok{};
}

// At most one record is ever on its way to the disk, so what a crash tears is the last of the
// newest segment. A record that a later one follows was durable once: then it is damaged.
Result<SegmentContent> ReadSegment(ServerId server, ByteView file, bool newest) {
  const auto before = DecodeSegmentHead(server, file);
  if (!before.ok()) return before.error();
  SegmentContent content{before.value(), {}, kSegmentHeadSize};
  while (content.whole < file.size()) {
    const auto head = FindRecordHead(server, file, content.whole);
    const ByteView rest =
        file.substr(std::min<std::size_t>(content.whole + kRecordHeadSize, file.size()));
    if (!head || !BeginsWithBody(*head, rest)) {
      if (!newest) return AtOffset(content.whole, "no whole record, and a newer file follows");
      const auto later = FindNextRecord(server, file, content.whole + 1);
      if (!later) return content;
      return AtOffset(content.whole,
                      fmt::format("no whole record, but one follows at offset {}", *later));
    }
    const auto applied = Apply(*head, rest, content);
    if (!applied.ok()) return AtOffset(content.whole, applied.error().message);
    content.whole += kRecordHeadSize + head->body_size;
  }
  return content;
}

class Recovery {
 public:
  Recovery(Directory& directory, NodeId node) : directory_(directory), node_(node) {}

  Result<RecoveredLog> Run() {
    auto listed = directory_.List();
    if (!listed.ok()) return listed.error();
    names_ = SortNames(listed.value());
    log_.creating = names_.creating;
    for (const auto step : {&Recovery::ReadIdentity, &Recovery::ReadTerm, &Recovery::ReadSnapshot,
                            &Recovery::ReadSegments, &Recovery::JoinThem}) {
      const auto done = (this->*step)();
      if (!done.ok()) return done.error();
    }
    return std::move(log_);
  }

 private:
  Error Refuse(const std::string& name, const std::string& reason) const {
    return {ErrorCode::kInvalid,
            fmt::format("{0}/{1}: {2}. Move {0} away, and the node rejoins as a new member; if it "
                        "is the only voter, restore {0} from a copy instead",
                        directory_.path(), name, reason)};
  }
  Error Refuse(const std::string& name, const Error& error) const {
    return Refuse(name, error.message);
  }

  // Fails if the file is missing.
  Result<Bytes> Read(const std::string& name) {
    auto file = directory_.Read(name);
    if (!file.ok()) return file.error();
    if (!file.value()) return Refuse(name, "offset 0: is missing");
    return *std::move(file).value();
  }

  Result<Ok> ReadIdentity() {
    if (!names_.unknown.empty()) {
      return Refuse(names_.unknown.front(), "offset 0: is not a name of this program's");
    }
    const auto file = Read(kIdentityName);
    if (!file.ok()) return file.error();
    const auto identity = DecodeIdentity(file.value());
    if (!identity.ok()) return Refuse(kIdentityName, identity.error());
    log_.identity = identity.value();
    if (log_.identity.node != node_) {
      return Refuse(kIdentityName, fmt::format("offset 32: of node {:016x}, this is node {:016x}",
                                               log_.identity.node.value(), node_.value()));
    }
    return Ok{};
  }

  Result<Ok> ReadTerm() {
    const auto file = Read(kTermName);
    if (!file.ok()) return file.error();
    const auto term = DecodeTerm(log_.identity.server, file.value());
    if (!term.ok()) return Refuse(kTermName, term.error());
    log_.persisted.hard_state = term.value().state;
    log_.mark = term.value().mark;
    return Ok{};
  }

  Result<Ok> ReadSnapshot() {
    if (names_.snapshots.empty()) return Ok{};
    const Index index = names_.snapshots.back();
    const std::string name = SnapshotName(index);
    const auto file = Read(name);
    if (!file.ok()) return file.error();
    auto snapshot = DecodeSnapshot(log_.identity.server, file.value());
    if (!snapshot.ok()) return Refuse(name, snapshot.error());
    if (snapshot.value().last.index != index) {
      return Refuse(name, fmt::format("offset 24: its last entry is not {}", index));
    }
    log_.persisted.snapshot = std::move(snapshot).value();
    log_.snapshot_size = file.value().size();
    log_.older_snapshots = std::move(names_.snapshots);
    log_.older_snapshots.pop_back();
    return Ok{};
  }

  Result<Ok> ReadSegments() {
    for (const Index first : names_.segments) {
      const std::string name = SegmentName(first);
      const auto file = Read(name);
      if (!file.ok()) return file.error();
      const bool newest = first == names_.segments.back();
      auto read = ReadSegment(log_.identity.server, file.value(), newest);
      if (!read.ok()) return Refuse(name, read.error());
      SegmentContent& content = read.value();
      if (content.before.index + 1 != first) {
        return Refuse(name, fmt::format("offset 16: follows entry {}", content.before.index));
      }
      if (first == log_.mark.segment && content.whole < log_.mark.size) {
        return Refuse(name, fmt::format("offset {}: no whole record, and the log was {} bytes long "
                                        "when the term was saved",
                                        content.whole, log_.mark.size));
      }
      if (log_.segments.empty()) {
        before_ = content.before;
      } else if (content.before != Last()) {
        return Refuse(SegmentName(log_.segments.back().first),
                      fmt::format("offset {}: ends with entry {} of term {}, but {} follows entry "
                                  "{} of term {}",
                                  log_.segments.back().size, Last().index, Last().term, name,
                                  content.before.index, content.before.term));
      }
      log_.segments.push_back({first, content.whole});
      log_.torn_bytes = file.value().size() - content.whole;
      std::ranges::move(content.entries, std::back_inserter(log_.persisted.entries));
    }
    return Ok{};
  }

  // The snapshot and the entries behind it.
  Result<Ok> JoinThem() {
    if (log_.mark.segment != 0 && !HasSegment(log_.mark.segment)) {
      return Refuse(SegmentName(log_.mark.segment), "offset 0: is missing");
    }
    const LogPosition snapshot = log_.persisted.snapshot.last;
    if (log_.segments.empty() && snapshot.index == 0) {
      return Refuse(SegmentName(1), "offset 0: is missing");
    }
    if (!log_.segments.empty() && snapshot.index < before_.index) {
      return Refuse(SegmentName(before_.index + 1),
                    fmt::format("offset 16: follows entry {}, but entries and snapshots end "
                                "with {}",
                                before_.index, snapshot.index));
    }
    DropWhatTheSnapshotCovers(snapshot);
    if (Last().term > log_.persisted.hard_state.term) {
      return Refuse(kTermName,
                    fmt::format("offset 24: term {} is older than the log, which ends in term {}",
                                log_.persisted.hard_state.term, Last().term));
    }
    return Ok{};
  }

  void DropWhatTheSnapshotCovers(LogPosition snapshot) {
    std::vector<Entry>& entries = log_.persisted.entries;
    const Index covered = snapshot.index - before_.index;  // Entries, if they lead up to it.
    const bool leads_up = !log_.segments.empty() && covered <= entries.size() &&
                          PositionBehind(static_cast<std::size_t>(covered)) == snapshot;
    log_.log_is_replaced = !leads_up;
    entries.erase(entries.begin(), leads_up ? entries.begin() + static_cast<std::ptrdiff_t>(covered)
                                            : entries.end());
    before_ = snapshot;
  }

  bool HasSegment(Index first) const {
    return std::ranges::find(log_.segments, first, &LogSegment::first) != log_.segments.end();
  }

  // Where the log stands after its first `count` entries.
  LogPosition PositionBehind(std::size_t count) const {
    return count == 0 ? before_ : log_.persisted.entries[count - 1].at;
  }
  LogPosition Last() const { return PositionBehind(log_.persisted.entries.size()); }

  Directory& directory_;
  const NodeId node_;
  LogNames names_;
  RecoveredLog log_;
  LogPosition before_;  // What the first entry follows.
};

}  // namespace

Result<RecoveredLog> RecoverLog(Directory& directory, NodeId node) {
  return Recovery(directory, node).Run();
}

}  // namespace aegis::consensus
