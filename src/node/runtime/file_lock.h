// FileLock: one process at a time. Held by the kernel for the process, so a crash releases it: what
// a file's contents say about its owner may be stale, the lock never is.

#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "node/runtime/unique_fd.h"

namespace aegis::node {

class FileLock {
 public:
  // Creates `path` if it is missing. Nothing: another process holds it. Errors: kUnavailable.
  static Result<std::optional<FileLock>> TryAcquire(const std::string& path);

  int fd() const { return fd_.get(); }

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

// "process 123", by the process id that a lock's owner wrote into `path`; else "another process".
std::string LockOwner(const std::string& path);

// Replaces the contents by this process' id and a newline.
Result<Ok> WriteOwner(const FileLock& lock, const std::string& path);

}  // namespace aegis::node
