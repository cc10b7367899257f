#include "node/runtime/pid_file.h"

#include <unistd.h>

#include <cctype>
#include <string_view>

#include "node/runtime/files.h"
#include "node/runtime/setting_values.h"

namespace aegis::node {

namespace {

// A mistyped --pid-file must not cost anybody a file.
bool MayOverwrite(const std::string& path) {
  constexpr std::size_t kSizeMax = 32;
  const auto contents = ReadFile(path, kSizeMax);
  if (!contents.ok()) return false;
  std::string_view text = contents.value();
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text.empty() || ParseNumber<std::uint32_t>(text).has_value();
}

}  // namespace

Result<PidFile> PidFile::Create(const std::string& path) {
  auto lock = FileLock::TryAcquire(path);
  if (!lock.ok()) return lock.error();
  if (!lock.value()) {
    return Error{ErrorCode::kUnavailable,
                 path + ": is held by " + LockOwner(path) + ", which is still running"};
  }
  if (!MayOverwrite(path)) {
    return Error{ErrorCode::kUnavailable, path + ": exists and is not a pid file"};
  }
  const auto written = WriteOwner(*lock.value(), path);
  if (!written.ok()) return written.error();
  return PidFile(path, *std::move(lock).value());
}

PidFile::~PidFile() {
  // While the lock is held: nobody else's file can be there.
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace aegis::node
