#include "node/runtime/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "node/runtime/files.h"
#include "node/runtime/setting_values.h"

namespace aegis::node {

namespace {

// True if `path` still is the file that `fd` has open: its last owner may have removed it between
// our open and our lock.
bool IsStillAt(const std::string& path, int fd) {
  struct stat there {};
  struct stat here {};
  return ::stat(path.c_str(), &there) == 0 && ::fstat(fd, &here) == 0 &&
         there.st_ino == here.st_ino && there.st_dev == here.st_dev;
}

}  // namespace

Result<std::optional<FileLock>> FileLock::TryAcquire(const std::string& path) {
  for (;;) {
    UniqueFd fd(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH));
    if (!fd.valid()) return FileError(path, "created");
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno == EWOULDBLOCK) return std::optional<FileLock>();
      return FileError(path, "locked");
    }
    if (IsStillAt(path, fd.get())) return std::optional(FileLock(std::move(fd)));
  }
}

std::string LockOwner(const std::string& path) {
  constexpr std::size_t kSizeMax = 32;
  const auto contents = ReadFile(path, kSizeMax);
  if (!contents.ok()) return "another process";
  const std::string_view text = contents.value();
  const auto pid = ParseNumber<std::uint32_t>(text.substr(0, text.find('\n')));
  return pid ? "process " + std::to_string(*pid) : "another process";
}

Result<Ok> WriteOwner(const FileLock& lock, const std::string& path) {
  const std::string text = std::to_string(::getpid()) + '\n';
  if (::ftruncate(lock.fd(), 0) != 0 || ::lseek(lock.fd(), 0, SEEK_SET) != 0 ||
      !WriteAll(lock.fd(), text)) {
    return FileError(path, "written");
  }
  return Ok{};
}

}  // namespace aegis::node
