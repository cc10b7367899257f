#include "node/runtime/data_dir.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "node/runtime/files.h"

namespace aegis::node {

namespace {

namespace fs = std::filesystem;

// The nearest on the way up that there is, the directory itself included.
fs::path NearestOf(fs::path directory) {
  std::error_code unused;
  while (!fs::exists(directory, unused) && directory.has_relative_path()) {
    directory = directory.parent_path();
  }
  return directory;
}

// Each name that leads from `top` to `directory`, in the one above it.
Result<Ok> SyncNames(const fs::path& top, fs::path directory) {
  while (directory != top) {
    directory = directory.parent_path();
    if (auto synced = SyncDirectory(directory.string()); !synced.ok()) return synced;
  }
  return Ok{};
}

}  // namespace

std::string HomeOf(const std::string& data_dir, const std::string& node_id) {
  std::string folder;
  for (const char c : node_id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || (c == '.' && !folder.empty());
    folder += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return data_dir + "/" + folder;
}

Result<DataDir> DataDir::Open(const std::string& path) {
  std::error_code error;
  const fs::path home = fs::absolute(path, error);
  const fs::path found = NearestOf(home);
  if (!error) fs::create_directories(home, error);
  if (error) return FileError(path, "created", error.value());
  const std::string lock_path = path + "/lock";
  auto lock = FileLock::TryAcquire(lock_path);
  if (!lock.ok()) return lock.error();
  if (!lock.value()) {
    return Error{ErrorCode::kUnavailable, path + ": is the data directory of " +
                                              LockOwner(lock_path) +
                                              ", which is still running; every node needs its own"};
  }
  // A full or read-only disk shows now, not at the first change of the cluster.
  const auto written = WriteOwner(*lock.value(), lock_path);
  if (!written.ok()) return written.error();
  // Also where nothing was missing: who created it may have been ended just after it had.
  const auto synced = SyncNames(found == home ? home.parent_path() : found, home);
  if (!synced.ok()) return synced.error();
  return DataDir(path, *std::move(lock).value());
}

}  // namespace aegis::node
