#include "consensus/raft_log.h"

#include <utility>

#include "base/check.h"
#include "consensus/configuration.h"

namespace aegis::consensus {

RaftLog::RaftLog(Persisted&& persisted)
    : snapshot_(std::move(persisted.snapshot)),
      before_first_(snapshot_.last.index),
      configurations_{snapshot_.configuration} {
  for (Entry& entry : persisted.entries) Append(std::move(entry));
}

LogPosition RaftLog::last() const { return entries_.empty() ? snapshot_.last : entries_.back().at; }

const Entry* RaftLog::At(Index index) const {
  if (index <= before_first_ || index > before_first_ + entries_.size()) return nullptr;
  return &entries_[index - before_first_ - 1];
}

Term RaftLog::TermAt(Index index) const {
  if (const Entry* const entry = At(index)) return entry->at.term;
  return index == snapshot_.last.index ? snapshot_.last.term : 0;
}

const Configuration& RaftLog::ConfigurationAt(Index index) const {
  for (std::size_t i = configurations_.size(); i > 1; --i) {
    if (configurations_[i - 1].at.index <= index) return configurations_[i - 1];
  }
  return configurations_.front();
}

void RaftLog::Append(Entry entry) {
  AEGIS_CHECK(entry.at.index == last().index + 1, "a gap in the log");
  if (entry.type == EntryType::kConfiguration) {
    Result<std::vector<Server>> servers = DecodeServers(entry.data);
    AEGIS_CHECK(servers.ok(), "a configuration in the log cannot be read");
    configurations_.push_back({entry.at, std::move(servers).value()});
  }
  entries_.push_back(std::move(entry));
}

void RaftLog::TruncateFrom(Index index) {
  AEGIS_CHECK(index > snapshot_.last.index, "entries of the snapshot cannot go");
  while (last().index >= index) entries_.pop_back();
  while (configurations_.back().at.index >= index) configurations_.pop_back();
}

void RaftLog::Reset(Snapshot snapshot) {
  snapshot_ = std::move(snapshot);
  before_first_ = snapshot_.last.index;
  entries_.clear();
  configurations_.assign(1, snapshot_.configuration);
}

void RaftLog::Compact(LogPosition last, Bytes state, std::size_t tail) {
  AEGIS_CHECK(last.index > snapshot_.last.index && TermAt(last.index) == last.term,
              "the log does not hold what is to be compacted");
  snapshot_ = {last, ConfigurationAt(last.index), std::move(state)};
  while (last.index - before_first_ > tail) {
    entries_.pop_front();
    ++before_first_;
  }
  while (configurations_.size() > 1 && configurations_[1].at.index <= last.index) {
    configurations_.erase(configurations_.begin());
  }
}

}  // namespace aegis::consensus
