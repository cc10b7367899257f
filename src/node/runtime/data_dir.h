// DataDir: the directory of what a node remembers, held by one process at a time. Nodes that are
// started with one --data-dir, as on a developer's machine, each have a folder of their own in it.
//
//     lock       locked while a node runs on the directory; holds its process id
//     node.json  who this node is, see node_record.h
//     control/   its part of the control log, see consensus/log_store.h

#pragma once

#include <string>

#include "base/result.h"
#include "node/runtime/file_lock.h"

namespace aegis::node {

// The folder of one node: its id, with what might not be safe in a file name as %XX.
std::string HomeOf(const std::string& data_dir, const std::string& node_id);

class DataDir {
 public:
  // Creates the directory, parents included, if it is missing, durably, and makes sure that it can
  // be written. Errors: kUnavailable; another process runs on it, or as the system says.
  static Result<DataDir> Open(const std::string& path);

  const std::string& path() const { return path_; }

 private:
  DataDir(std::string path, FileLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  FileLock lock_;
};

}  // namespace aegis::node
