#include "wal/runtime/posix_log_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/check.h"

namespace aegis::wal {
namespace {

Error FileError(const std::string& path, const char* what, int error_number = errno) {
  return {ErrorCode::kUnavailable,
          path + ": cannot be " + what + ": " + std::generic_category().message(error_number)};
}

constexpr int kLookTries = 20;
constexpr useconds_t kLookMicroseconds = 5000;

// Repeats a call of the system while signals interrupt it.
template <class Call>
auto Retry(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&&) = delete;

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Fd OpenAt(int directory, const std::string& name, int flags) {
  return Fd(Retry(
      [&] { return ::openat(directory, name.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR); }));
}

class PosixLogFile : public LogFile {
 public:
  PosixLogFile(std::string path, Fd fd, std::uint64_t offset)
      : path_(std::move(path)), fd_(std::move(fd)), offset_(offset) {}

  Result<Ok> Append(std::span<const ByteView> pieces) override;
  Result<Ok> Sync() override;
  Result<Ok> Cut(std::uint64_t room) override;
  // Where the system can do so; some file systems cannot.
  Result<Ok> SetAside(std::uint64_t room);

 private:
  const std::string path_;
  const Fd fd_;
  std::uint64_t offset_;
};

// A call takes so many pieces at most, and may write fewer bytes than it was given.
Result<Ok> PosixLogFile::Append(std::span<const ByteView> pieces) {
  constexpr std::size_t kPiecesMax = 512;
  std::array<iovec, kPiecesMax> vectors;
  std::size_t skipped = 0;  // Of the first piece.
  while (!pieces.empty()) {
    const std::size_t count = std::min(pieces.size(), kPiecesMax);
    for (std::size_t i = 0; i < count; ++i) {
      const ByteView piece = i == 0 ? pieces[0].substr(skipped) : pieces[i];
      vectors[i] = {const_cast<char*>(piece.data()), piece.size()};
    }
    const ssize_t written = Retry([&] {
      return ::pwritev(fd_.get(), vectors.data(), static_cast<int>(count),
                       static_cast<off_t>(offset_));
    });
    if (written < 0) return FileError(path_, "written");
    offset_ += static_cast<std::uint64_t>(written);
    skipped += static_cast<std::size_t>(written);
    while (!pieces.empty() && skipped >= pieces.front().size()) {
      skipped -= pieces.front().size();
      pieces = pieces.subspan(1);
    }
  }
  return Ok{};
}

Result<Ok> PosixLogFile::Sync() {
  // Not repeated after a failure: see LogFile.
  if (::fdatasync(fd_.get()) != 0) return FileError(path_, "synced");
  return Ok{};
}

Result<Ok> PosixLogFile::Cut(std::uint64_t room) {
  const int cut = Retry([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(offset_)); });
  if (cut != 0) return FileError(path_, "cut");
  return SetAside(room);
}

Result<Ok> PosixLogFile::SetAside(std::uint64_t room) {
  if (room == 0) return Ok{};
  const int done = Retry([&] {
    return ::fallocate(fd_.get(), 0, static_cast<off_t>(offset_), static_cast<off_t>(room));
  });
  if (done == 0 || errno == EOPNOTSUPP || errno == ENOSYS) return Ok{};
  return FileError(path_, "given room");
}

}  // namespace

Result<std::unique_ptr<PosixLogFiles>> PosixLogFiles::Open(const std::string& path, Access access) {
  const bool alone = access == Access::kAlone;
  if (alone && ::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return FileError(path, "created");
  }
  Fd directory = OpenAt(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  if (!directory.valid()) return FileError(path, "opened");
  // The lock lasts as long as the directory is open; a look at it does not keep it.
  const int lock = alone ? LOCK_EX : LOCK_SH;
  bool locked = Retry([&] { return ::flock(directory.get(), lock | LOCK_NB); }) == 0;
  // Somebody may just be looking whether anybody has it.
  for (int again = 0; alone && !locked && errno == EWOULDBLOCK && again < kLookTries; ++again) {
    ::usleep(kLookMicroseconds);
    locked = ::flock(directory.get(), lock | LOCK_NB) == 0;
  }
  if (!locked && errno != EWOULDBLOCK) return FileError(path, "locked");
  if (alone) {
    if (!locked) {
      return Error{ErrorCode::kUnavailable, path + ": is in use: a node runs on it"};
    }
    // Also if it was there already: it may have been created just before the last crash.
    const Fd parent = OpenAt(AT_FDCWD, path + "/..", O_RDONLY | O_DIRECTORY);
    if (!parent.valid() || ::fsync(parent.get()) != 0) return FileError(path + "/..", "synced");
  } else if (locked) {
    ::flock(directory.get(), LOCK_UN);
  }
  std::unique_ptr<PosixLogFiles> files(new PosixLogFiles(path, directory.Release()));
  files->in_use_ = !locked;
  return files;
}

PosixLogFiles::~PosixLogFiles() { ::close(directory_); }

std::string PosixLogFiles::PathOf(const std::string& name) const {
  AEGIS_CHECK(!name.empty() && name.find('/') == std::string::npos, "not a plain file name");
  return path_ + '/' + name;
}

Result<std::vector<FileInfo>> PosixLogFiles::List() {
  std::vector<FileInfo> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(path_, error), end; !error && at != end;
       at.increment(error)) {
    const bool regular = at->is_regular_file(error);
    if (error) break;
    if (!regular) continue;
    const auto size = at->file_size(error);
    if (error) break;
    files.push_back({at->path().filename().string(), size});
  }
  if (error) return FileError(path_, "listed", error.value());
  std::ranges::sort(files, {}, &FileInfo::name);
  return files;
}

Result<std::unique_ptr<LogFile>> PosixLogFiles::Create(const std::string& name,
                                                       std::uint64_t room) {
  const std::string path = PathOf(name);
  Fd fd = OpenAt(directory_, name, O_WRONLY | O_CREAT | O_TRUNC);
  if (!fd.valid()) return FileError(path, "created");
  auto file = std::make_unique<PosixLogFile>(path, std::move(fd), 0);
  if (auto done = file->SetAside(room); !done.ok()) return done.error();
  return std::unique_ptr<LogFile>(std::move(file));
}

Result<std::unique_ptr<LogFile>> PosixLogFiles::Open(const std::string& name,
                                                     std::uint64_t offset) {
  const std::string path = PathOf(name);
  Fd fd = OpenAt(directory_, name, O_WRONLY);
  if (!fd.valid()) return FileError(path, "opened");
  return std::unique_ptr<LogFile>(std::make_unique<PosixLogFile>(path, std::move(fd), offset));
}

Result<std::size_t> PosixLogFiles::Read(const std::string& name, std::uint64_t offset,
                                        std::span<char> into) {
  const std::string path = PathOf(name);
  const Fd fd = OpenAt(directory_, name, O_RDONLY);
  if (!fd.valid()) return FileError(path, "opened");
  std::size_t size = 0;
  while (size < into.size()) {
    const ssize_t count = Retry([&] {
      return ::pread(fd.get(), into.data() + size, into.size() - size,
                     static_cast<off_t>(offset + size));
    });
    if (count < 0) return FileError(path, "read");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  return size;
}

Result<Ok> PosixLogFiles::Rename(const std::string& from, const std::string& to) {
  const std::string path = PathOf(from);
  PathOf(to);
  if (::renameat(directory_, from.c_str(), directory_, to.c_str()) != 0) {
    return FileError(path, "renamed");
  }
  return Ok{};
}

Result<Ok> PosixLogFiles::Remove(const std::string& name) {
  const std::string path = PathOf(name);
  if (::unlinkat(directory_, name.c_str(), 0) != 0 && errno != ENOENT) {
    return FileError(path, "removed");
  }
  return Ok{};
}

Result<Ok> PosixLogFiles::SyncDirectory() {
  if (::fsync(directory_) != 0) return FileError(path_, "synced");
  return Ok{};
}

BootId ReadBootId() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  BootId boot;
  std::string text;
  in >> text;
  std::erase(text, '-');
  constexpr std::size_t kDigits = 16;
  if (text.size() != 2 * kDigits ||
      text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return boot;
  }
  boot.high = std::stoull(text.substr(0, kDigits), nullptr, 16);
  boot.low = std::stoull(text.substr(kDigits), nullptr, 16);
  return boot;
}

}  // namespace aegis::wal
