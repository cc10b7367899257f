// LogFiles: the few things that the log asks of a file system. One implementation is real
// (wal/runtime), one lives in memory and loses, tears and reorders what was not synced (tests).
//
// A name is a plain file name. Every failure is kUnavailable and reads "PATH/NAME: cannot be WHAT:
// REASON". What was created, renamed or removed survives a power failure after SyncDirectory(), and
// until then may be lost in part and in any order.
//
// LogFiles may be called by several threads at once; a LogFile by one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace aegis::wal {

// A file that is open for writing, at a place of its own.
class LogFile {
 public:
  virtual ~LogFile() = default;

  // Writes the pieces, one behind the other, in one call of the system if it takes that many. A
  // call that failed may have written any part of them.
  virtual Result<Ok> Append(std::span<const ByteView> pieces) = 0;

  // What was appended or cut survives a power failure from now on. After a failure nobody knows
  // what does, whatever a later call says: the system may have dropped what it could not write.
  virtual Result<Ok> Sync() = 0;

  // What lies behind this place is gone, and `room` bytes behind it are set aside, as zeros, where
  // the system can do so. The place stays.
  virtual Result<Ok> Cut(std::uint64_t room) = 0;
};

struct FileInfo {
  std::string name;
  std::uint64_t size = 0;
};

class LogFiles {
 public:
  virtual ~LogFiles() = default;

  // For people: where they are.
  virtual const std::string& path() const = 0;

  virtual Result<std::vector<FileInfo>> List() = 0;  // Sorted by name.

  // A new file, in place of one that has this name; `room` as of Cut().
  virtual Result<std::unique_ptr<LogFile>> Create(const std::string& name, std::uint64_t room) = 0;
  // A file that is there, at `offset`.
  virtual Result<std::unique_ptr<LogFile>> Open(const std::string& name, std::uint64_t offset) = 0;

  // Fills `into` from `offset` on; returns how many bytes that were: fewer only at the file's end.
  virtual Result<std::size_t> Read(const std::string& name, std::uint64_t offset,
                                   std::span<char> into) = 0;

  // In place of a file that has the new name.
  virtual Result<Ok> Rename(const std::string& from, const std::string& to) = 0;
  // No such file is fine.
  virtual Result<Ok> Remove(const std::string& name) = 0;
  virtual Result<Ok> SyncDirectory() = 0;
};

// --- What is made of these
// ------------------------------------------------------------------------

// Replaces the file as a whole or not at all, durably: written beside it, synced, renamed, and the
// directory synced.
Result<Ok> ReplaceFile(LogFiles& files, const std::string& name, ByteView bytes);

// All of a file, but at most `size_max` bytes: a longer one is kInvalid. No such file is an error.
Result<Bytes> ReadWholeFile(LogFiles& files, const std::string& name, std::size_t size_max);

}  // namespace aegis::wal
