// RecoverLog(): reads the directory of a LogStore, judges it, changes nothing. For this module
// alone.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/directory.h"
#include "base/result.h"
#include "consensus/log.h"
#include "consensus/log_format.h"
#include "consensus/log_store.h"
#include "model/ids.h"

namespace aegis::consensus {

struct LogSegment {
  Index first = 0;
  std::uint64_t size = 0;  // Up to the end of its last whole record.
};

struct RecoveredLog {
  LogIdentity identity;
  LogMark mark;
  Persisted persisted;
  std::vector<LogSegment> segments;  // Ascending. None: a snapshot was about to replace the log.
  std::uint64_t torn_bytes = 0;      // Behind the newest segment's last whole record.
  std::uint64_t snapshot_size = 0;

  // What a crash left behind.
  bool log_is_replaced = false;        // The segments do not lead up to the snapshot.
  std::vector<Index> older_snapshots;  // Their names.
  bool creating = false;
};

// Errors: kInvalid with file, offset and remedy; kUnavailable, of the directory.
Result<RecoveredLog> RecoverLog(Directory& directory, NodeId node);

}  // namespace aegis::consensus
