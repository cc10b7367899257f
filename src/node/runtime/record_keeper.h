// RecordKeeper: writes the node record on a thread of its own, because a disk may make it wait and
// the control thread may not. What cannot be written is tried again until it can, or until a newer
// record takes its place; the first failure is logged, and the end of them.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/time.h"
#include "node/runtime/node_record.h"

namespace aegis::node {

class RecordKeeper {
 public:
  // `last`: what the directory holds now.
  RecordKeeper(std::string data_dir, std::optional<NodeRecord> last,
               Duration retry_after = std::chrono::seconds(1));
  ~RecordKeeper();  // Writes what is still to be written; tries once.

  // Soon; of several in a short time, only the last. Nothing if it is what was kept last.
  void Keep(NodeRecord record);
  // Waits for the disk. False: it could not be written, and is tried again as any other.
  bool KeepNow(NodeRecord record);

 private:
  void Ask(NodeRecord record);  // REQUIRES: the lock is held.
  void Run();

  const std::string data_dir_;
  const Duration retry_after_;
  std::mutex mutex_;
  std::condition_variable changed_;      // Something is to be done.
  std::condition_variable tried_again_;  // `tried_` has grown.
  std::optional<NodeRecord> last_;       // Kept, or to be written.
  std::uint64_t asked_ = 0;              // The number of that record; each has its own.
  std::uint64_t tried_ = 0;              // Written or not.
  std::uint64_t kept_ = 0;               // Durable.
  bool stop_ = false;
  std::thread thread_;  // The last member: it uses the others.
};

}  // namespace aegis::node
