// LoadWorker: one thread of a run, with connections of its own and an epoll loop over them.
//
// In a closed loop each connection sends `pipeline` calls at once and, when all are answered, the
// next. In an open loop a call is sent when it is due, on any connection that waits for fewer than
// `pipeline`; when none does, it waits, and its latency runs.
//
// Connect, Fill and Load may come from different threads, never two at the same time; replies()
// from any thread at any time.
//
// A connection that fails is not opened again: what it waited for is counted as failed, and the
// others go on without it.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "bench/core/call.h"
#include "bench/core/items.h"
#include "bench/core/latency_histogram.h"
#include "bench/core/protocol.h"
#include "bench/core/schedule.h"
#include "bench/leaders.h"
#include "bench/load_connection.h"
#include "bench/run_options.h"

namespace aegis::bench {

struct WorkerFigures {
  LatencyHistogram gets;  // Of calls within the window that were answered as they should be.
  LatencyHistogram sets;
  std::uint64_t misses = 0;
  std::uint64_t never_sent = 0;
  std::map<std::string, std::uint64_t> errors;  // Within the window or not.
};

// By the steady clock, in nanoseconds. The calls that count are those sent, or due, in the window.
struct Window {
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;  // No call begins after it.
  bool Has(std::int64_t at_ns) const { return begin_ns <= at_ns && at_ns < end_ns; }
};

std::int64_t SteadyNowNs();

class LoadWorker {
 public:
  // `leaders`, if not null, says which server a call goes to. All but `sizes` and `source` must
  // outlive the worker.
  LoadWorker(const RunOptions& options, const Items& items, const Leaders* leaders,
             ValueSizes sizes, CallSource source);
  ~LoadWorker();
  LoadWorker(const LoadWorker&) = delete;
  LoadWorker& operator=(const LoadWorker&) = delete;

  // One more connection, to options.servers[server], for `depth` calls at once. Errors: those of
  // LoadConnection::Open.
  Result<Ok> Connect(std::size_t server, std::size_t depth);
  void CloseAll() { connections_.clear(); }

  // SETs each of these keys once. Returns when every call was answered, or has failed.
  void Fill(std::uint64_t begin, std::uint64_t end);

  // From now to the end of the window, and until every call was answered or has failed.
  void LoadClosed(const Window& window);
  void LoadOpen(const Window& window, const Schedule& schedule);

  // Replies so far, whatever they said.
  std::uint64_t replies() const { return replies_.load(std::memory_order_relaxed); }
  // REQUIRES: nothing runs.
  const WorkerFigures& figures() const { return figures_; }

 private:
  // The next call for a connection that waits for none; nothing: no more.
  using Next = std::function<std::optional<Call>(const LoadConnection& on, std::int64_t now_ns)>;

  void RunBatches(Next next);
  void SendBatch(LoadConnection& connection, std::int64_t now_ns);
  void SendDue(const Window& window, const Schedule& schedule, std::int64_t now_ns);
  LoadConnection* NextWithRoom();
  Call CallFor(const LoadConnection& connection);
  void Append(LoadConnection& connection, const Call& call);
  void Flush(LoadConnection& connection);
  void Turn(std::int64_t wait_ns);
  void ScanReplies(LoadConnection& connection, std::int64_t now_ns);
  void Judge(const Call& call, const Reply& reply, std::int64_t now_ns);
  void Fail(LoadConnection& connection, const std::string& why);
  void FailSilent(std::int64_t now_ns);
  void CountError(std::string text, std::uint64_t times);
  bool AnyWaits() const;

  const RunOptions& options_;
  const Items& items_;
  const Leaders* const leaders_;
  const ValueSizes sizes_;
  CallSource source_;
  const std::int64_t patience_ns_;
  int epoll_;
  std::vector<std::unique_ptr<LoadConnection>> connections_;
  Next next_;                  // Empty in an open loop.
  Window window_;              // No call counts while it is empty.
  std::uint64_t sent_ = 0;     // In this open loop.
  std::size_t turn_ = 0;       // The connection whose turn it is there.
  std::int64_t heard_ns_ = 0;  // When the last reply came, or the loop began.
  Bytes key_;                  // Room for one.
  Bytes value_;
  WorkerFigures figures_;
  std::atomic<std::uint64_t> replies_ = 0;
};

}  // namespace aegis::bench
