// NodeLog: this node's write-ahead log while the node runs: takes what its shards append, writes it
// in groups, and says how far it is durable.
//
// With Durability::kFsync a thread of its own writes and syncs, and whoever waits is told by
// on_durable: what gathers during one sync is written by the next. With kWrite whoever waits writes
// what there is, if that takes no longer than to hand it over; else the thread does.
//
// What nobody waits for (items that expire, what other nodes' leaders send) is written after
// kIdleWrite. Where entries come faster than the disk takes them, Append() waits.
//
// After the first failure durable() stays where it is, for good.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/time.h"
#include "node/core/journal.h"
#include "wal/log_batch.h"
#include "wal/log_queue.h"
#include "wal/log_writer.h"
#include "wal/payloads.h"

namespace aegis::node {

class NodeLog final : public Journal {
 public:
  static constexpr Duration kIdleWrite = std::chrono::milliseconds(5);
  // What may wait to be written.
  static constexpr std::size_t kQueueBytesMax = 256 << 20;

  struct Handlers {
    std::function<void()> on_durable;  // durable() has risen. May be called within Reach().
    std::function<void(const std::string&)> on_failed;  // Once, with the reason.
  };

  // `writer`'s files outlive this.
  NodeLog(wal::LogWriter writer, wal::Durability durability, Handlers handlers);
  // Writes and syncs what is there.
  ~NodeLog() override;

  // --- Any thread -------------------------------------------------------------------------------

  wal::Lsn Append(wal::EntryType type, ShardId shard, const wal::PreparedPayload& payload) override;
  // Ordered with whatever else is: who says that it waits, and then looks, misses nothing.
  wal::Lsn durable() const override { return wal::Lsn{durable_.load()}; }
  wal::Lsn end() const { return wal::Lsn{end_.load(std::memory_order_acquire)}; }

  // Somebody waits until the log is durable up to `lsn`. True: it is, maybe only now.
  bool Reach(wal::Lsn lsn);
  // Makes it durable against a power failure up to where it is now, whatever the mode, and waits
  // for that. Errors: it failed, now or before.
  Result<Ok> SyncAll();

  wal::Durability durability() const { return durability_; }
  // Why it writes nothing any more; nothing: it does.
  std::optional<std::string> failure() const;
  bool failed() const { return failed_.load(); }

  struct Figures {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    std::uint64_t batches = 0;
    std::uint64_t queued_bytes = 0;
  };
  Figures figures() const;

 private:
  void Run();
  // Writes what has gathered. REQUIRES: write_mutex_ is held, and mutex_ is not.
  void WriteBatch();
  bool FitsSegment() const;
  void Fail(const std::string& reason);

  const wal::Durability durability_;
  const Handlers handlers_;

  mutable std::mutex mutex_;  // Of the queue and of what follows it.
  wal::LogQueue queue_;
  std::uint64_t entries_ = 0;
  std::uint64_t batches_ = 0;
  std::uint64_t bytes_ = 0;
  wal::Lsn wanted_;  // Somebody waits for this.
  bool stop_ = false;
  std::optional<std::string> failure_;
  std::condition_variable wake_;  // The thread has something to do.
  std::condition_variable room_;  // The queue has become shorter.

  std::mutex write_mutex_;  // Of the writer; taken before mutex_.
  wal::LogWriter writer_;
  wal::LogBatch batch_;

  std::atomic<std::uint64_t> durable_;
  std::atomic<std::uint64_t> end_;
  std::atomic<bool> failed_{false};
  std::thread thread_;  // The last member: it uses the others.
};

}  // namespace aegis::node
