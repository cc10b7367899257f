// How a shard's history grows: which record is the next one, and what it makes of the history.

#pragma once

#include "model/version_vector.h"
#include "replication/record.h"

namespace aegis::replication {

// True iff `record` continues this history: the next seq of the reign, or a begin record that names
// the end of this history.
inline bool IsNext(const VersionVector& history, const Record& record) {
  const Version last = history.last();
  if (record.type == RecordType::kBegin) {
    return record.version.epoch > last.epoch && record.version.seq == Seq{1} &&
           record.value_as_version() == last;
  }
  return record.version.epoch == last.epoch && last.seq != Seq{} &&
         record.version.seq.value() == last.seq.value() + 1;
}

// REQUIRES: IsNext().
inline void Extend(VersionVector& history, const Record& record) {
  if (record.type == RecordType::kBegin) {
    history.Begin(record.version.epoch, Session{record.argument}, record.known().seq);
  } else {
    history.Advance(record.version);
  }
}

}  // namespace aegis::replication
