// SegmentReader: the entries of one segment, in order, read in pieces of about 1 MiB. No entry is
// copied; only one that is larger than a piece, or lies across two, is moved together.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "wal/entry.h"
#include "wal/file_head.h"
#include "wal/log_files.h"
#include "wal/log_names.h"
#include "wal/lsn.h"

namespace aegis::wal {

class SegmentReader {
 public:
  static constexpr std::size_t kPiece = 1 << 20;

  // Reads the head. `files` outlives it. Errors: kInvalid, "offset N: reason"; kUnavailable.
  static Result<SegmentReader> Open(LogFiles& files, const SegmentFile& segment,
                                    std::size_t piece = kPiece);

  const LogIdentity& identity() const { return head_.identity; }
  // Of the segment.
  Lsn first() const { return head_.first; }

  // The next whole entry; its views are valid until the next call. Nothing: stop() says why.
  // Errors: kUnavailable.
  Result<std::optional<Entry>> Next();

  enum class Stop : std::uint8_t {
    kEnd,      // The file ends here, or goes on with a size of 0.
    kSealed,   // The segment is complete.
    kDamaged,  // What stands here is no whole entry.
  };
  Stop stop() const { return stop_; }
  // Of damage: what is wrong.
  const char* reason() const { return reason_; }

  // The end of the last whole entry: as a place in the log, and in the file.
  Lsn position() const { return position_; }
  std::uint64_t offset() const { return kSegmentHeadSize + BytesBetween(first(), position_); }

 private:
  SegmentReader(LogFiles& files, std::string name, std::size_t piece)
      : files_(&files), name_(std::move(name)), piece_(piece) {}

  // Makes `size` bytes from the present entry on available, or as many as the file has.
  Result<Ok> Fill(std::size_t size);
  std::size_t available() const { return filled_ - at_; }
  std::optional<Entry> StopAt(Stop stop, const char* reason = "");

  LogFiles* files_;
  std::string name_;
  std::size_t piece_;
  SegmentHead head_;
  Lsn position_;
  Stop stop_ = Stop::kEnd;
  const char* reason_ = "";

  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t at_ = 0;             // In the buffer: the present entry.
  std::size_t filled_ = 0;         // Of the buffer.
  std::uint64_t file_offset_ = 0;  // Of what comes into the buffer next.
  bool file_ended_ = false;
};

}  // namespace aegis::wal
