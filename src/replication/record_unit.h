// RecordUnit: records of a shard that take effect together, while not all of them are there yet:
// those behind the end of its history up to the one that is still on its way, or that a crash cut
// off.
//
// Not thread-safe: part of a shard, under its lock, or of a recovery.

#pragma once

#include "base/bytes.h"
#include "base/check.h"
#include "model/version.h"
#include "replication/record.h"

namespace aegis::replication {

class RecordUnit {
 public:
  bool empty() const { return records_.empty(); }
  // True: there are some, and this one comes next.
  bool Continues(const Record& record) const {
    return !records_.empty() && record.version.epoch == last_.epoch &&
           record.version.seq.value() == last_.seq.value() + 1;
  }

  // REQUIRES: it continues these, or there are none and it follows the end of the history.
  void Add(const Record& record, ByteView encoded) {
    records_.append(encoded);
    last_ = record.version;
  }

  // In order: visit(record, the same as bytes).
  template <class Visit>
  void ForEach(const Visit& visit) const {
    ByteView rest = records_;
    while (!rest.empty()) {
      const ByteView before = rest;
      const auto record = TakeRecord(rest);
      AEGIS_CHECK(record.ok() && record.value(), "what was read once can be read again");
      visit(*record.value(), before.substr(0, before.size() - rest.size()));
    }
  }

  void Clear() {
    if (!records_.empty()) Bytes().swap(records_);
  }

 private:
  Bytes records_;
  Version last_;
};

}  // namespace aegis::replication
