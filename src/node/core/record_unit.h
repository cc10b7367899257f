// RecordUnit: records of a shard that take effect together, on a follower that does not have all of
// them yet: those behind the end of its history up to the one that is still on its way.
//
// Part of a Shard, under its lock.

#pragma once

#include "base/bytes.h"
#include "base/check.h"
#include "model/version.h"
#include "replication/record.h"

namespace aegis::node {

class RecordUnit {
 public:
  // True: there are some, and this one comes next.
  bool Continues(const replication::Record& record) const {
    return !records_.empty() && record.version.epoch == last_.epoch &&
           record.version.seq.value() == last_.seq.value() + 1;
  }

  // REQUIRES: it continues these, or there are none and it follows the end of the history.
  void Add(const replication::Record& record, ByteView encoded) {
    records_.append(encoded);
    last_ = record.version;
  }

  // In order: visit(record, the same as bytes).
  template <class Visit>
  void ForEach(const Visit& visit) const {
    ByteView rest = records_;
    while (!rest.empty()) {
      const ByteView before = rest;
      const auto record = replication::TakeRecord(rest);
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

}  // namespace aegis::node
