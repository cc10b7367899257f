#include "node/runtime/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "node/runtime/unique_fd.h"

namespace aegis::node {

Error FileError(const std::string& path, const char* what, int error_number) {
  return {ErrorCode::kUnavailable,
          path + ": cannot be " + what + ": " + std::generic_category().message(error_number)};
}

Result<Bytes> ReadFile(const std::string& path, std::size_t size_max) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return FileError(path, "opened");
  Bytes contents;
  std::array<char, 16 * 1024> chunk;
  for (;;) {
    const ssize_t count = ::read(fd.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(path, "read");
    if (count == 0) return contents;
    contents.append(chunk.data(), static_cast<std::size_t>(count));
    if (contents.size() > size_max) return FileError(path, "read", EFBIG);
  }
}

bool WriteAll(int fd, ByteView contents) {
  while (!contents.empty()) {
    const ssize_t count = ::write(fd, contents.data(), contents.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    contents.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

Result<Ok> WriteFileAtomically(const std::string& path, ByteView contents) {
  const std::string draft = path + kDraftSuffix;
  UniqueFd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!fd.valid()) return FileError(draft, "created");
  if (!WriteAll(fd.get(), contents) || ::fsync(fd.get()) != 0 || !fd.Close()) {
    const Error error = FileError(draft, "written");
    ::unlink(draft.c_str());
    return error;
  }
  if (std::rename(draft.c_str(), path.c_str()) != 0) return FileError(path, "replaced");

  std::string directory = std::filesystem::path(path).parent_path().string();
  if (directory.empty()) directory = ".";
  return SyncDirectory(directory);
}

Result<Ok> SyncDirectory(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return FileError(path, "synced");
  return Ok{};
}

}  // namespace aegis::node
