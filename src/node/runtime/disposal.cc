#include "node/runtime/disposal.h"

#include <iterator>
#include <utility>

namespace aegis::node {

Disposal::~Disposal() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Disposal::Take(std::vector<store::Table>& tables) {
  {
    const std::lock_guard lock(mutex_);
    std::move(tables.begin(), tables.end(), std::back_inserter(tables_));
    if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  }
  tables.clear();
  changed_.notify_one();
}

void Disposal::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ended_ || !tables_.empty(); });
    if (tables_.empty()) return;
    std::vector<store::Table> some = std::exchange(tables_, {});
    lock.unlock();
    some.clear();
    lock.lock();
  }
}

}  // namespace aegis::node
