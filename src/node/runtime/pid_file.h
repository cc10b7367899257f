// PidFile: tells the process id to whoever manages this process; there while the process runs.

#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "node/runtime/file_lock.h"

namespace aegis::node {

class PidFile {
 public:
  // Takes over a file that a crashed process left behind. Errors: kUnavailable when a running
  // process holds it, when it holds something else than a process id, or as the system says.
  static Result<PidFile> Create(const std::string& path);

  PidFile(PidFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
  PidFile& operator=(PidFile&&) = delete;
  ~PidFile();  // Removes the file.

 private:
  PidFile(std::string path, FileLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;  // Empty: moved from.
  FileLock lock_;
};

}  // namespace aegis::node
