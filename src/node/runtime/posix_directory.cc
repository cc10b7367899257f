#include "node/runtime/posix_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "node/runtime/files.h"

namespace aegis::node {
namespace {

constexpr std::size_t kFileSizeMax = 1 << 30;  // Longer files are not read.

Result<UniqueFd> OpenDirectory(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return FileError(path, "opened");
  return fd;
}

}  // namespace

Result<std::unique_ptr<PosixDirectory>> PosixDirectory::Open(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) return FileError(path, "created");
  auto fd = OpenDirectory(path);
  if (!fd.ok()) return fd.error();
  // Also if it was there already: it may have been created just before the last crash.
  const auto parent = OpenDirectory(path + "/..");
  if (!parent.ok()) return parent.error();
  if (::fsync(parent.value().get()) != 0) return FileError(path + "/..", "synced");

  std::unique_ptr<PosixDirectory> directory(new PosixDirectory(path, std::move(fd).value()));
  const auto removed = directory->RemoveDrafts();
  if (!removed.ok()) return removed.error();
  return directory;
}

std::string PosixDirectory::PathOf(const std::string& name) const {
  AEGIS_CHECK(!name.empty() && name.find('/') == std::string::npos, "not a plain file name");
  return path_ + '/' + name;
}

Result<Ok> PosixDirectory::RemoveDrafts() {
  const auto names = List();
  if (!names.ok()) return names.error();
  for (const std::string& name : names.value()) {
    if (!name.ends_with(kDraftSuffix)) continue;
    if (const auto removed = Remove(name); !removed.ok()) return removed;
  }
  return Ok{};
}

Result<std::vector<std::string>> PosixDirectory::List() {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(path_, error), end; !error && at != end;
       at.increment(error)) {
    const bool regular = at->is_regular_file(error);
    if (error) break;
    if (regular) names.push_back(at->path().filename().string());
  }
  if (error) return FileError(path_, "listed", error.value());
  std::ranges::sort(names);
  return names;
}

Result<std::optional<Bytes>> PosixDirectory::Read(const std::string& name) {
  const std::string path = PathOf(name);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return std::optional<Bytes>();
    return FileError(path, "read");
  }
  auto file = ReadFile(path, kFileSizeMax);
  if (!file.ok()) return file.error();
  return std::optional<Bytes>(std::move(file).value());
}

Result<int> PosixDirectory::OpenForWriting(const std::string& name, bool create) {
  const auto open = unsynced_.find(name);
  if (open != unsynced_.end()) return open->second.get();
  const std::string path = PathOf(name);
  const int flags = O_WRONLY | O_APPEND | O_CLOEXEC;
  UniqueFd fd(::open(path.c_str(), flags));
  if (!fd.valid() && errno == ENOENT && create) {
    names_synced_ = false;
    fd = UniqueFd(::open(path.c_str(), flags | O_CREAT, S_IRUSR | S_IWUSR));
  }
  if (!fd.valid()) return FileError(path, "opened");
  return unsynced_.emplace(name, std::move(fd)).first->second.get();
}

Result<Ok> PosixDirectory::Append(const std::string& name, ByteView bytes) {
  const auto fd = OpenForWriting(name, true);
  if (!fd.ok()) return fd.error();
  if (!WriteAll(fd.value(), bytes)) return FileError(PathOf(name), "written");
  return Ok{};
}

Result<Ok> PosixDirectory::Truncate(const std::string& name, std::uint64_t size) {
  const auto fd = OpenForWriting(name, false);
  if (!fd.ok()) return fd.error();
  struct stat status {};
  if (::fstat(fd.value(), &status) != 0) return FileError(PathOf(name), "truncated");
  if (static_cast<std::uint64_t>(status.st_size) <= size) return Ok{};
  if (::ftruncate(fd.value(), static_cast<off_t>(size)) != 0) {
    return FileError(PathOf(name), "truncated");
  }
  return Ok{};
}

Result<Ok> PosixDirectory::Sync(const std::string& name) {
  const auto fd = OpenForWriting(name, false);
  if (!fd.ok()) return fd.error();
  if (::fdatasync(fd.value()) != 0) return FileError(PathOf(name), "synced");
  unsynced_.erase(name);
  return SyncNames();
}

Result<Ok> PosixDirectory::Replace(const std::string& name, ByteView bytes) {
  names_synced_ = false;
  if (auto written = WriteFileAtomically(PathOf(name), bytes); !written.ok()) return written;
  unsynced_.erase(name);
  names_synced_ = true;
  return Ok{};
}

Result<Ok> PosixDirectory::Remove(const std::string& name) {
  names_synced_ = false;
  const std::string path = PathOf(name);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return FileError(path, "removed");
  unsynced_.erase(name);
  return SyncNames();
}

Result<Ok> PosixDirectory::SyncNames() {
  if (names_synced_) return Ok{};
  if (::fsync(directory_.get()) != 0) return FileError(path_, "synced");
  names_synced_ = true;
  return Ok{};
}

}  // namespace aegis::node
