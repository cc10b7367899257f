// PosixDirectory: the Directory of the operating system: files of mode 0600 in a directory of mode
// 0700. Errors read "PATH: cannot be WHAT: REASON".
//
// Not thread-safe: one thread at a time, any thread. One process at a time, see DataDir.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/directory.h"
#include "base/result.h"
#include "node/runtime/unique_fd.h"

namespace aegis::node {

class PosixDirectory : public Directory {
 public:
  // Creates the directory in its parent, which must exist, and removes drafts that a crash left.
  static Result<std::unique_ptr<PosixDirectory>> Open(const std::string& path);

  const std::string& path() const override { return path_; }
  Result<std::vector<std::string>> List() override;  // Of regular files.
  Result<std::optional<Bytes>> Read(const std::string& name) override;
  Result<Ok> Append(const std::string& name, ByteView bytes) override;
  Result<Ok> Truncate(const std::string& name, std::uint64_t size) override;
  Result<Ok> Sync(const std::string& name) override;
  Result<Ok> Replace(const std::string& name, ByteView bytes) override;
  Result<Ok> Remove(const std::string& name) override;

 private:
  PosixDirectory(std::string path, UniqueFd directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}

  std::string PathOf(const std::string& name) const;
  // The file as it is kept open until it is synced: the system tells of a write that failed in the
  // background only to those who had the file open.
  Result<int> OpenForWriting(const std::string& name, bool create);
  Result<Ok> RemoveDrafts();
  Result<Ok> SyncNames();

  const std::string path_;
  const UniqueFd directory_;
  std::map<std::string, UniqueFd> unsynced_;
  bool names_synced_ = false;  // What an earlier process did to them may be seen alone.
};

}  // namespace aegis::node
