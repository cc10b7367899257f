// LogWriter: the end of the log, where batches are written.
//
// One gather write a batch and, with Durability::kFsync, one sync. A batch lies in one segment.
// When a segment is full the next one is made, durably, before anything is written to it; before
// that, all of the old one is durable. So a crash tears the end of the newest segment and nothing
// else.
//
// After the first failure it writes nothing any more: what the disk holds is not known, and what
// the system could not write it may have dropped, so trying again would prove nothing. The node
// stops acknowledging what waits for the log.
//
// Not thread-safe: one thread at a time, any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wal/identity.h"
#include "wal/log_batch.h"
#include "wal/log_files.h"
#include "wal/lsn.h"
#include "wal/payloads.h"

namespace aegis::wal {

struct Recovered;

class LogWriter {
 public:
  static constexpr std::uint64_t kSegmentSize = 64 << 20;
  // What a batch may grow by when it is taken, see LogQueue::Take().
  static constexpr std::uint64_t kNoteSizeMax = 32;

  struct Options {
    Opening opening;  // Of this process.
    // Bytes of entries of one segment; only a batch that is larger makes one longer.
    std::uint64_t segment_size = kSegmentSize;
  };

  // A log without entries, durable on return. REQUIRES: !LogExists(files); files outlives it.
  static Result<LogWriter> Create(LogFiles& files, const LogIdentity& identity,
                                  const Options& options);
  // Goes on where a recovery ended, which was of these files, with nothing done to them since: cuts
  // off what was torn, and makes durable what was read, because it may have been in the system's
  // memory alone. What the log does not need any more is removed.
  static Result<LogWriter> Resume(LogFiles& files, const Recovered& log, const Options& options);

  const LogIdentity& identity() const { return identity_; }
  // Where the next batch has to begin.
  Lsn end() const { return end_; }
  // Up to here it survives a power failure.
  Lsn synced() const { return synced_; }

  // A batch of so many bytes would lie in the segment that there is.
  bool Fits(std::size_t batch_size) const {
    const std::uint64_t there = BytesBetween(first_, end_);
    return there == 0 || there + batch_size + kNoteSizeMax <= options_.segment_size;
  }
  // REQUIRES: it begins at end().
  Result<Ok> Write(const LogBatch& batch);
  // Makes all that was written durable, whatever the mode. A snapshot needs that.
  Result<Ok> Sync();

  // Why it writes nothing any more; nothing: it does.
  const std::optional<std::string>& failure() const { return failure_; }

 private:
  LogWriter(LogFiles& files, const LogIdentity& identity, const Options& options)
      : files_(files), identity_(identity), options_(options) {}

  Result<Ok> Reopen(const Recovered& log);
  Result<Ok> WriteAgain(const std::string& name, std::uint64_t from, std::uint64_t to);
  Result<Ok> BeginSegment(Lsn first);
  Result<Ok> Roll(Lsn first);
  Result<Ok> WriteOpening();
  Result<Ok> WriteBatch(const LogBatch& batch);
  Result<Ok> SyncFile();
  template <class Call>
  Result<Ok> Guard(const Call& call);

  std::reference_wrapper<LogFiles> files_;
  LogIdentity identity_;
  Options options_;
  std::unique_ptr<LogFile> file_;  // The newest segment.
  Lsn first_;                      // Its first entry.
  Lsn end_;
  Lsn synced_;
  std::vector<ByteView> pieces_;  // Of a batch; kept for its memory.
  std::optional<std::string> failure_;
};

}  // namespace aegis::wal
