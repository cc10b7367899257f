// RaftLog: what a RaftNode remembers of its log: the newest snapshot, the entries after it and a
// tail of those before, and every configuration among them.

#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "consensus/log.h"

namespace aegis::consensus {

class RaftLog {
 public:
  RaftLog() : configurations_(1) {}
  // REQUIRES: no gap, and every configuration decodes.
  explicit RaftLog(Persisted&& persisted);

  Index first_index() const { return before_first_ + 1; }  // last() + 1: no entry is kept.
  LogPosition last() const;
  const Entry* At(Index index) const;  // Null unless it is kept.
  // 0: not known.
  Term TermAt(Index index) const;
  const Snapshot& snapshot() const { return snapshot_; }
  // The newest; the newest up to `index`. A server that knows none has an empty one at 0.
  const Configuration& configuration() const { return configurations_.back(); }
  const Configuration& ConfigurationAt(Index index) const;

  // REQUIRES: it follows last(); a configuration decodes.
  void Append(Entry entry);
  // REQUIRES: index > snapshot().last.index.
  void TruncateFrom(Index index);
  // Everything goes, `snapshot` comes.
  void Reset(Snapshot snapshot);
  // What the entries up to `last` amount to is `state`. Keeps `tail` entries of them.
  // REQUIRES: At(last.index), newer than the snapshot.
  void Compact(LogPosition last, Bytes state, std::size_t tail);

 private:
  Snapshot snapshot_;
  Index before_first_ = 0;
  std::deque<Entry> entries_;
  std::vector<Configuration> configurations_;  // By index; the first is as of the snapshot.
};

}  // namespace aegis::consensus
