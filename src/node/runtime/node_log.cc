#include "node/runtime/node_log.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace aegis::node {

NodeLog::NodeLog(wal::LogWriter writer, wal::Durability durability, Handlers handlers)
    : durability_(durability),
      handlers_(std::move(handlers)),
      queue_(writer.identity().log, writer.end()),
      writer_(std::move(writer)),
      durable_(writer_.end().value()),
      end_(writer_.end().value()),
      thread_([this] { Run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "aegis-wal");
}

NodeLog::~NodeLog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (failed()) return;
  const auto synced = SyncAll();  // Whoever waited is told of a failure, and nobody waits any more.
  if (!synced.ok()) AEGIS_LOG(kError, "wal", "at the end: {}", synced.error().message);
}

wal::Lsn NodeLog::Append(wal::EntryType type, ShardId shard, const wal::PreparedPayload& payload) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return queue_.bytes() <= kQueueBytesMax || failure_; });
  ++entries_;
  const wal::Lsn end = queue_.Append(type, shard, payload);
  end_.store(end.value(), std::memory_order_release);
  // Nothing is ever written any more, so nothing is to be kept.
  if (failure_) queue_.Discard();
  return end;
}

bool NodeLog::Reach(wal::Lsn lsn) {
  if (durable() >= lsn) return true;
  if (durability_ == wal::Durability::kWrite) {
    // Not where somebody syncs, nor where it takes a new segment, which syncs the old one: that is
    // for the thread, and not for whoever has clients to serve.
    const std::unique_lock lock(write_mutex_, std::try_to_lock);
    if (lock.owns_lock() && !failed() && FitsSegment()) WriteBatch();
    if (durable() >= lsn) return true;
  }
  {
    const std::lock_guard lock(mutex_);
    if (wanted_ >= lsn) return durable() >= lsn;
    wanted_ = lsn;
  }
  wake_.notify_one();
  return durable() >= lsn;
}

Result<Ok> NodeLog::SyncAll() {
  const std::lock_guard lock(write_mutex_);
  WriteBatch();
  if (!failed() && writer_.synced() < writer_.end()) {
    if (const auto synced = writer_.Sync(); !synced.ok()) Fail(synced.error().message);
  }
  if (const auto why = failure()) return Error{ErrorCode::kUnavailable, *why};
  return Ok{};
}

std::optional<std::string> NodeLog::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

NodeLog::Figures NodeLog::figures() const {
  const std::lock_guard lock(mutex_);
  return {
      .entries = entries_, .bytes = bytes_, .batches = batches_, .queued_bytes = queue_.bytes()};
}

void NodeLog::Run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kIdleWrite, [this] { return stop_ || wanted_ > durable(); });
      if (failure_) wake_.wait(lock, [this] { return stop_; });
      if (stop_) return;
    }
    // Whoever else writes what is wanted is waited for.
    const std::lock_guard lock(write_mutex_);
    WriteBatch();
  }
}

// REQUIRES: write_mutex_ is held.
bool NodeLog::FitsSegment() const {
  const std::lock_guard lock(mutex_);
  return writer_.Fits(queue_.bytes());
}

void NodeLog::WriteBatch() {
  {
    const std::lock_guard lock(mutex_);
    if (failure_ || !queue_.Take(writer_.synced(), batch_)) return;
    end_.store(queue_.end().value(), std::memory_order_release);
    ++batches_;
    bytes_ += batch_.size();
  }
  room_.notify_all();
  const auto written = writer_.Write(batch_);
  const wal::Lsn end = batch_.end();
  batch_.Restart(end);
  if (!written.ok()) return Fail(written.error().message);
  durable_.store(end.value());
  if (handlers_.on_durable) handlers_.on_durable();
}

void NodeLog::Fail(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return;
    failure_ = reason;
  }
  failed_.store(true);
  room_.notify_all();
  if (handlers_.on_failed) handlers_.on_failed(reason);
}

}  // namespace aegis::node
