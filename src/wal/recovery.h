// Recover(): reads a log from its manifest to its end and gives it to a sink; changes nothing.
//
// What a crash may have torn is the end of the newest segment: the log ends before it, and the
// report says how much that is. Any other damage is refused, with file, offset and what can be
// done: a file that is missing or another log's, entries that are not whole where the log was
// durable, a gap.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "wal/identity.h"
#include "wal/log_files.h"
#include "wal/log_names.h"
#include "wal/manifest.h"
#include "wal/payloads.h"
#include "wal/recovery_sink.h"
#include "wal/replay.h"
#include "wal/segment_reader.h"

namespace aegis::wal {

struct RecoveryOptions {
  // Whose log it has to be.
  ClusterId cluster;
  NodeId node;
  // Of the system now. Entries that were written while the same one ran cannot have been torn by a
  // power failure.
  BootId boot;
  std::size_t piece = SegmentReader::kPiece;  // What is read at once.
};

// What was cut off the end.
struct TornEnd {
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;  // Whole ones among them, of which none was durable.
  std::string reason;

  // For people: what was dropped, and why.
  std::string Describe() const;
};

struct Recovered {
  Manifest manifest;
  std::vector<SegmentFile> segments;  // Ascending; the last one goes on.
  Lsn end;                            // The next entry's.
  Lsn synced;                         // Up to here the log is known to be durable; at most `end`.
  std::optional<Opening> last;        // Of the process that wrote its end.
  // Since the log was repaired, no process has opened it: what the last one acknowledged may be
  // missing.
  bool repaired = false;
  std::optional<TornEnd> torn;
  Replay::Counts counts;
  std::uint64_t bytes = 0;  // Of segments that were read.
};

// True: there is a log, whole or not, rather than nothing or what is left of one that was being
// created and had promised nothing yet.
Result<bool> LogExists(LogFiles& files);

// REQUIRES: LogExists(). Errors: kInvalid: file, offset, remedy; kUnavailable, of the files. What
// the sink was given before an error is worth nothing.
Result<Recovered> Recover(LogFiles& files, const RecoveryOptions& options, RecoverySink& sink);

}  // namespace aegis::wal
