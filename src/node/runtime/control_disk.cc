#include "node/runtime/control_disk.h"

#include <utility>

#include "base/log.h"
#include "node/runtime/thread_priority.h"

namespace aegis::node {

ControlDisk::ControlDisk(Directory& directory, std::unique_ptr<consensus::LogStore> store,
                         Handlers handlers)
    : directory_(directory),
      store_(std::move(store)),
      handlers_(std::move(handlers)),
      thread_([this] { Run(); }) {}

ControlDisk::~ControlDisk() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void ControlDisk::Create(ControlEffects::NewLog log) { Push({std::move(log), {}}); }
void ControlDisk::Queue(DiskWrite write) { Push({std::nullopt, std::move(write)}); }

void ControlDisk::Push(Step step) {
  {
    const std::lock_guard lock(mutex_);
    steps_.push_back(std::move(step));
  }
  changed_.notify_one();
}

void ControlDisk::Run() {
  GoBeforeOthers();
  std::unique_lock lock(mutex_);
  bool failed = false;
  while (true) {
    changed_.wait(lock, [this] { return stop_ || !steps_.empty(); });
    if (steps_.empty()) return;
    const Step step = TakeStep();
    if (failed) continue;
    lock.unlock();
    if (const auto done = CarryOut(step); !done.ok()) {
      failed = true;
      handlers_.on_failed(done.error().message);
    } else if (step.create) {
      handlers_.on_created();
    } else {
      handlers_.on_durable(step.write.number);
    }
    lock.lock();
  }
}

// The oldest one, with what can be written in one go with it.
ControlDisk::Step ControlDisk::TakeStep() {
  Step step = std::move(steps_.front());
  steps_.pop_front();
  while (!step.create && !steps_.empty() && !steps_.front().create &&
         Merge(step.write, steps_.front().write)) {
    steps_.pop_front();
  }
  return step;
}

Result<Ok> ControlDisk::CarryOut(const Step& step) {
  if (step.create) {
    if (step.create->replaces) {
      store_.reset();
      if (auto gone = consensus::LogStore::Discard(directory_); !gone.ok()) return gone;
    }
    auto created =
        consensus::LogStore::Create(directory_, step.create->identity, step.create->persisted);
    if (!created.ok()) return created.error();
    store_ = std::move(created.value().store);
    return Ok{};
  }
  return Store(step.write, *store_);
}

}  // namespace aegis::node
