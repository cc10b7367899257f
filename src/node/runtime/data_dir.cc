#include "node/runtime/data_dir.h"

#include <filesystem>
#include <system_error>

#include "node/runtime/files.h"

namespace aegis::node {

Result<DataDir> DataDir::Open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
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
  return DataDir(path, *std::move(lock).value());
}

}  // namespace aegis::node
