// LogKeeper: everything about this node's write-ahead log, from its directory to its snapshots.
//
// What an earlier process of this node had may be taken for what this one has, all of it, if the
// log says so and nothing can be missing: its memory has outlived it. Then this process goes on
// under the same name (control::Copy::memory), and its copies count as they did. Otherwise what was
// recovered is as good as a copy that has lagged behind, and this process has a memory of its own.
// The name is in the node record as long as the log goes with it: a process that keeps no log takes
// it out, because from then on the log lacks what that process did.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/time.h"
#include "model/cluster.h"
#include "model/config.h"
#include "node/core/restored_shards.h"
#include "node/runtime/node_log.h"
#include "node/runtime/node_record.h"
#include "node/runtime/record_keeper.h"
#include "node/runtime/shard_host.h"
#include "wal/recovery.h"
#include "wal/runtime/posix_log_files.h"
#include "wal/snapshots.h"

namespace aegis::node {

class LogKeeper {
 public:
  struct Options {
    WalMode mode = WalMode::kOff;
    std::string directory;
    std::uint64_t segment_size = wal::LogWriter::kSegmentSize;  // Bytes.
    Duration snapshot_interval = std::chrono::minutes(5);
    NodeId node;
    Session session;  // Of this process.
  };

  // `shards` outlives this.
  LogKeeper(Options options, ShardHost& shards);
  ~LogKeeper();

  bool on() const { return options_.mode != WalMode::kOff; }

  // Recovers the log of an earlier process, if there is one. `record`: of the node, if there is
  // one; what has to change in it is kept before anything else. May take as long as it takes to
  // read the log. Errors: kInvalid with file, reason and remedy; kUnavailable, of the system.
  Result<Ok> Open(std::optional<NodeRecord> record, RecordKeeper& records);
  // Whose memory this process has; none: if it keeps no log.
  Session memory() const { return memory_; }
  // Of the control log that an earlier process' memory belongs to.
  control::Lineage lineage() const { return lineage_; }

  // The cluster is born, or was found again: from now on there is a log. Before shards are made.
  // Errors: likewise.
  Result<Ok> Begin(const ClusterSettings& settings, NodeLog::Handlers handlers);
  // What the log had of the shard; null: nothing. REQUIRES: Begin().
  std::unique_ptr<Replica> TakeRestored(ShardId shard);
  // Where the log ended when it was recovered.
  wal::Lsn restored_to() const { return restored_to_; }
  // They have been taken; begins to make snapshots.
  void EndRestoring();

  // No shard is touched any more: writes and syncs what is there. Ends what calls the handlers.
  void End();

  // Null before Begin(), and if this node keeps none.
  NodeLog* log() { return log_.get(); }
  const NodeLog* log() const { return log_.get(); }

  struct Figures {
    double recovery_seconds = 0;
    std::uint64_t recovered_bytes = 0;
    std::uint64_t recovered_records = 0;
    std::uint64_t snapshots = 0;  // Rounds that ended.
    std::uint64_t snapshot_failures = 0;
    std::uint64_t snapshot_bytes = 0;  // Of records, of all rounds.
    double last_snapshot_seconds = 0;
  };
  // Any thread.
  Figures figures() const;

 private:
  Result<Ok> Recover(const NodeRecord& record);
  bool MayGoOn(const NodeRecord& record) const;
  void RunSnapshots();
  void TakeSnapshots();
  bool WaitForNextRound();

  const Options options_;
  ShardHost& shards_;
  Session memory_;
  control::Lineage lineage_;
  std::unique_ptr<wal::PosixLogFiles> files_;
  std::optional<ClusterSettings> recovered_of_;
  std::optional<RestoredShards> restored_;
  std::optional<wal::Recovered> recovered_;
  std::optional<wal::LogWriter> writer_;  // Until Begin().
  wal::Lsn restored_to_;
  std::unique_ptr<NodeLog> log_;
  std::optional<wal::Snapshots> snapshots_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Figures figures_;
  std::atomic<bool> stop_{false};
  wal::Lsn last_round_;  // Where the log ended then.
  std::thread thread_;
};

}  // namespace aegis::node
