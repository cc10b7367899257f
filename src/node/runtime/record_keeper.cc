#include "node/runtime/record_keeper.h"

#include <utility>

#include "base/log.h"

namespace aegis::node {

RecordKeeper::RecordKeeper(std::string data_dir, std::optional<NodeRecord> last)
    : data_dir_(std::move(data_dir)), last_(std::move(last)), thread_([this] { Run(); }) {}

RecordKeeper::~RecordKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void RecordKeeper::Keep(NodeRecord record) {
  {
    const std::lock_guard lock(mutex_);
    if (last_ == record) return;
    last_ = record;
    next_ = std::move(record);
  }
  changed_.notify_one();
}

void RecordKeeper::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return next_ || stop_; });
    if (!next_) return;
    const NodeRecord record = *std::exchange(next_, std::nullopt);
    lock.unlock();
    if (const auto saved = NodeRecord::Save(data_dir_, record); !saved.ok()) {
      AEGIS_LOG(kError, "node", "{}", saved.error().message);
    }
    lock.lock();
  }
}

}  // namespace aegis::node
