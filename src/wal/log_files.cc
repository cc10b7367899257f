#include "wal/log_files.h"

#include <fmt/format.h>

#include <array>

#include "wal/log_names.h"

namespace aegis::wal {

Result<Ok> ReplaceFile(LogFiles& files, const std::string& name, ByteView bytes) {
  const std::string draft = DraftName(name);
  auto file = files.Create(draft, 0);
  if (!file.ok()) return file.error();
  if (auto done = file.value()->Append(std::array{bytes}); !done.ok()) return done;
  if (auto done = file.value()->Sync(); !done.ok()) return done;
  if (auto done = files.Rename(draft, name); !done.ok()) return done;
  return files.SyncDirectory();
}

Result<Bytes> ReadWholeFile(LogFiles& files, const std::string& name, std::size_t size_max) {
  constexpr std::size_t kPiece = 64 * 1024;
  Bytes bytes;
  while (true) {
    const std::size_t at = bytes.size();
    bytes.resize(at + kPiece);
    const auto read = files.Read(name, at, {bytes.data() + at, kPiece});
    if (!read.ok()) return read.error();
    bytes.resize(at + read.value());
    if (bytes.size() > size_max) {
      return Error{ErrorCode::kInvalid,
                   fmt::format("offset {}: longer than such a file ever is", size_max)};
    }
    if (read.value() < kPiece) return bytes;
  }
}

}  // namespace aegis::wal
