// PosixLogFiles: the LogFiles of the operating system: files of mode 0600 in a directory of mode
// 0700, which one process at a time may have for writing.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "wal/identity.h"
#include "wal/log_files.h"

namespace aegis::wal {

class PosixLogFiles : public LogFiles {
 public:
  enum class Access : std::uint8_t {
    kAlone,  // Creates the directory, in its parent. An error if another process has it.
    kRead,   // Whatever others do.
  };
  static Result<std::unique_ptr<PosixLogFiles>> Open(const std::string& path, Access access);
  ~PosixLogFiles() override;
  PosixLogFiles(const PosixLogFiles&) = delete;
  PosixLogFiles& operator=(const PosixLogFiles&) = delete;

  // kRead: a process had the directory for itself when it was opened.
  bool in_use() const { return in_use_; }

  const std::string& path() const override { return path_; }
  Result<std::vector<FileInfo>> List() override;  // Of regular files.
  Result<std::unique_ptr<LogFile>> Create(const std::string& name, std::uint64_t room) override;
  Result<std::unique_ptr<LogFile>> Open(const std::string& name, std::uint64_t offset) override;
  Result<std::size_t> Read(const std::string& name, std::uint64_t offset,
                           std::span<char> into) override;
  Result<Ok> Rename(const std::string& from, const std::string& to) override;
  Result<Ok> Remove(const std::string& name) override;
  Result<Ok> SyncDirectory() override;

 private:
  PosixLogFiles(std::string path, int directory) : path_(std::move(path)), directory_(directory) {}

  std::string PathOf(const std::string& name) const;

  const std::string path_;
  const int directory_;
  bool in_use_ = false;
};

// Of the system that runs now; not known if it does not say.
BootId ReadBootId();

}  // namespace aegis::wal
