// RecordKeeper: writes the node record on a thread of its own, because a disk may make it wait and
// the control thread may not.

#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "node/runtime/node_record.h"

namespace aegis::node {

class RecordKeeper {
 public:
  // `last`: what the directory holds now.
  RecordKeeper(std::string data_dir, std::optional<NodeRecord> last);
  ~RecordKeeper();  // Writes what is still to be written.

  // Soon; of several in a short time, only the last. Nothing if it is what was kept last.
  void Keep(NodeRecord record);

 private:
  void Run();

  const std::string data_dir_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<NodeRecord> next_;  // To be written.
  std::optional<NodeRecord> last_;  // Kept or to be written.
  bool stop_ = false;
  std::thread thread_;  // The last member: it uses the others.
};

}  // namespace aegis::node
