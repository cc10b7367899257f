#include "node/runtime/data_dir.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "node/runtime/files.h"

namespace aegis::node {

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
