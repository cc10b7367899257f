#include "sim_disk.h"

#include <utility>

namespace aegis::sim {

namespace {

// Small, so that there are several; and a sync copies one.
constexpr std::size_t kSegmentSize = 8 * 1024;

}  // namespace

void SimDisk::Create(const node::ControlEffects::NewLog& log) {
  identity_ = log.identity;
  if (log.replaces) {
    queue_.clear();
    store_.reset();
    if (const auto gone = consensus::LogStore::Discard(*directory_); !gone.ok()) {
      problem_ = gone.error().message;
    }
  }
  auto created =
      consensus::LogStore::Create(*directory_, log.identity, log.persisted, kSegmentSize);
  if (!created.ok()) {
    problem_ = created.error().message;
    return;
  }
  store_ = std::move(created.value().store);
}

std::optional<node::Control::Recovered> SimDisk::Open(NodeId node) {
  const auto exists = consensus::LogStore::Exists(*directory_);
  if (!exists.ok() || !exists.value()) return std::nullopt;
  auto opened = consensus::LogStore::Open(*directory_, node, kSegmentSize);
  if (!opened.ok()) {
    problem_ = opened.error().message;
    return std::nullopt;
  }
  store_ = std::move(opened.value().store);
  identity_ = opened.value().identity;
  torn_bytes_ = opened.value().torn_bytes;
  return node::Control::Recovered{identity_.server, std::move(opened.value().persisted)};
}

std::uint64_t SimDisk::Finish() {
  if (queue_.empty()) return 0;  // Its log was replaced.
  node::DiskWrite write = std::move(queue_.front());
  queue_.pop_front();
  while (!queue_.empty() && node::Merge(write, queue_.front())) queue_.pop_front();
  if (const auto done = node::Store(write, *store_); !done.ok()) problem_ = done.error().message;
  return write.number;
}

bool SimDisk::Crash(Rng& rng) {
  bool torn = false;
  if (!queue_.empty() && store_ != nullptr) {
    directory_->FailCall(rng.Below(4), rng.Unit());
    torn = !node::Store(queue_.front(), *store_).ok();
  }
  queue_.clear();
  store_.reset();
  directory_->Crash(rng);
  return torn;
}

void SimDisk::Forget() {
  if (identity_.server == consensus::ServerId{}) return;
  directory_ = std::make_unique<MemoryDirectory>();
  Create({identity_, {}});
}

}  // namespace aegis::sim
