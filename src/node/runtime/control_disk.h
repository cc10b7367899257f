// ControlDisk: the thread that writes this node's part of the control log, so that no lease waits
// for a disk. Steps are carried out one after the other; entries that queued up while one was
// written are written together.
//
// After the first failure nothing is written any more (what the disk holds is not known); the node
// goes on with the leases that others grant it, but casts no vote and grants nothing durable.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/directory.h"
#include "consensus/log_store.h"
#include "node/core/control.h"

namespace aegis::node {

class ControlDisk {
 public:
  struct Handlers {                    // Called on this object's thread.
    std::function<void()> on_created;  // The store is there, durably.
    std::function<void(std::uint64_t number)> on_durable;
    std::function<void(const std::string& problem)> on_failed;
  };

  // `store`: null until Create(). REQUIRES: directory outlives this.
  ControlDisk(Directory& directory, std::unique_ptr<consensus::LogStore> store, Handlers handlers);
  // Carries out what is queued first.
  ~ControlDisk();

  // Any one thread.
  void Create(ControlEffects::NewLog log);
  void Queue(DiskWrite write);

 private:
  struct Step {
    std::optional<ControlEffects::NewLog> create;
    DiskWrite write;
  };

  void Push(Step step);
  void Run();
  Step TakeStep();  // REQUIRES: there is one, and the lock is held.
  Result<Ok> CarryOut(const Step& step);

  Directory& directory_;
  std::unique_ptr<consensus::LogStore> store_;
  const Handlers handlers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Step> steps_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace aegis::node
