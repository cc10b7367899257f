// Disposal: a thread of its own that destroys what takes long to destroy, so that neither a
// shard's lock nor a worker waits for it.
//
// What is given and not destroyed yet counts as condemned, see MemoryMeter: until it is gone, the
// process may hold that much more than its limit.

#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "store/table.h"

namespace aegis::node {

class Disposal {
 public:
  Disposal() = default;
  // Destroys what is left.
  ~Disposal();
  Disposal(const Disposal&) = delete;
  Disposal& operator=(const Disposal&) = delete;

  // Any thread. `tables` is empty afterwards.
  void Take(std::vector<store::Table>& tables);

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<store::Table> tables_;  // Guarded, as what follows.
  bool ended_ = false;
  std::thread thread_;  // From the first table on.
};

}  // namespace aegis::node
