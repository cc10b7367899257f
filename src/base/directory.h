// Directory: the few things that durable data asks of a file system. One implementation is real
// (node/runtime), one lives in memory and loses what was not synced (tests).
//
// A name is a plain file name. Every failure is kUnavailable with the path and the reason. A call
// that failed may have been carried out all the same, in part or without being durable; a later
// Sync(), Replace() or Remove() that succeeds makes every earlier Replace() and Remove() durable.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace aegis {

class Directory {
 public:
  virtual ~Directory() = default;

  // For people: where it is.
  virtual const std::string& path() const = 0;

  virtual Result<std::vector<std::string>> List() = 0;  // Sorted.
  // Nothing if there is no such file.
  virtual Result<std::optional<Bytes>> Read(const std::string& name) = 0;

  // Appends; creates the file. Durable only after Sync().
  virtual Result<Ok> Append(const std::string& name, ByteView bytes) = 0;
  // Cuts the file to its first `size` bytes. Durable only after Sync().
  virtual Result<Ok> Truncate(const std::string& name, std::uint64_t size) = 0;
  // The file's content, and that it exists, survive a power failure from now on.
  virtual Result<Ok> Sync(const std::string& name) = 0;

  // Replaces the file as a whole or not at all, durably.
  virtual Result<Ok> Replace(const std::string& name, ByteView bytes) = 0;
  // Durably. No such file is fine.
  virtual Result<Ok> Remove(const std::string& name) = 0;
};

}  // namespace aegis
