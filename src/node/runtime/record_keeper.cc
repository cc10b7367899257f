#include "node/runtime/record_keeper.h"

#include <utility>

#include "base/log.h"

namespace aegis::node {

RecordKeeper::RecordKeeper(std::string data_dir, std::optional<NodeRecord> last,
                           Duration retry_after)
    : data_dir_(std::move(data_dir)),
      retry_after_(retry_after),
      last_(std::move(last)),
      thread_([this] { Run(); }) {}

RecordKeeper::~RecordKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void RecordKeeper::Ask(NodeRecord record) {
  if (last_ == record) return;
  last_ = std::move(record);
  ++asked_;
}

void RecordKeeper::Keep(NodeRecord record) {
  {
    const std::lock_guard lock(mutex_);
    Ask(std::move(record));
  }
  changed_.notify_one();
}

bool RecordKeeper::KeepNow(NodeRecord record) {
  std::unique_lock lock(mutex_);
  Ask(std::move(record));
  const std::uint64_t number = asked_;
  changed_.notify_one();
  tried_again_.wait(lock, [&] { return tried_ >= number; });
  return kept_ >= number;
}

void RecordKeeper::Run() {
  std::unique_lock lock(mutex_);
  bool failing = false;
  while (true) {
    changed_.wait(lock, [this] { return kept_ != asked_ || stop_; });
    if (kept_ == asked_) return;
    const std::uint64_t number = asked_;
    const NodeRecord record = *last_;
    lock.unlock();
    const auto saved = NodeRecord::Save(data_dir_, record);
    const bool failed_before = std::exchange(failing, !saved.ok());
    if (failing && !failed_before) {
      AEGIS_LOG(kError, "node", "{}; it is tried again until it can be", saved.error().message);
    } else if (!failing && failed_before) {
      AEGIS_LOG(kInfo, "node", "{}/node.json: can be written again", data_dir_);
    }
    lock.lock();
    tried_ = number;
    if (saved.ok()) kept_ = number;
    tried_again_.notify_all();
    if (saved.ok()) continue;
    if (stop_) return;
    changed_.wait_for(lock, retry_after_, [&] { return stop_ || asked_ != number; });
  }
}

}  // namespace aegis::node
