// Loop: one thread's event loop and what the connections that live on it share.
//
// Everything but Post() is for the loop's own thread. Handlers never run nested: what a handler
// wants done to another connection is deferred to the end of the present round.

#pragma once

#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/limits.h"
#include "node/runtime/clocks.h"
#include "node/runtime/counters.h"
#include "node/runtime/poller.h"
#include "wal/lsn.h"

namespace aegis::node {

class Connection;
class NodeLog;

class Loop : private Poller::Rounds {
 public:
  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until Stop().
  void Run();
  // Any thread. Handlers that have not run yet are dropped.
  void Stop() { io_.stop(); }

  // Any thread: `task` runs on the loop's thread, in the order of posting.
  template <class Task>
  void Post(Task&& task) {
    asio::post(io_, std::forward<Task>(task));
  }

  asio::io_context& io() { return io_; }
  Poller& poller() { return poller_; }

  // The connection's OnDeferred() runs once, soon.
  void Defer(std::shared_ptr<Connection> connection);

  // The connection's OnTurn() runs once all that can receive by now have, or at once if it is the
  // only one: so what their first messages are about can be fetched from memory together.
  void TurnSoon(std::shared_ptr<Connection> connection);
  // `fetch` follows Foresee() of the connections that are about to have their turns.
  void SetFetch(std::function<void()> fetch) { fetch_ = std::move(fetch); }

  // Keeps the connection alive until Forget().
  void Adopt(std::shared_ptr<Connection> connection);
  void Forget(Connection& connection);
  std::size_t connections() const { return connections_.size(); }
  template <class Visit>
  void ForEachConnection(Visit visit) {
    // A copy: visiting may close connections.
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(connections_.size());
    for (const auto& [key, connection] : connections_) all.push_back(connection);
    for (const auto& connection : all) visit(*connection);
  }

  // When what is being handled happened; within a round, when that began.
  TimePoint Now() const { return in_round_ ? round_began_ : SteadyNow(); }

  // Memory that a connection borrows until its turn is over, so that an idle one needs none:
  // limits::kReadChunk bytes to receive into, of which it keeps so many.
  std::span<char> ReadRoom() {
    return std::span(scratch_).subspan(scratch_used_, limits::kReadChunk);
  }
  void KeepRoom(std::size_t bytes) { scratch_used_ += bytes; }
  Bytes& spare_output() { return spare_output_; }

  // The log that replies wait for; null: there is none, and they wait for nothing. Any thread,
  // once.
  void SetLog(NodeLog* log) { log_.store(log, std::memory_order_release); }
  NodeLog* log() const { return log_.load(std::memory_order_acquire); }
  // The connection's OnLogDurable() runs once the log is durable up to `lsn`, or has failed.
  // REQUIRES: log().
  void AwaitLog(std::shared_ptr<Connection> connection, wal::Lsn lsn);
  // Any thread: the log is durable up to a later place, or has failed.
  void OnLogProgress();

  WorkerCounters& counters() { return counters_; }
  const WorkerCounters& counters() const { return counters_; }

 private:
  static constexpr std::size_t kScratchSize = 8 * limits::kReadChunk;

  void OnRoundBegin() override;
  void OnRoundEnd() override;
  void RunTurns();
  void RunDeferred();
  void WakeWhoAwaitsLog();

  Poller poller_;  // Connections that handlers hold, which go with io_, may still speak to it.
  // Its sockets are this thread's alone; only posting is locked.
  asio::io_context io_{ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::shared_ptr<Connection>> deferred_;
  std::vector<std::shared_ptr<Connection>> running_;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Connection>> to_turn_;
  std::function<void()> fetch_;
  std::atomic<NodeLog*> log_{nullptr};
  struct LogWaiter {
    wal::Lsn lsn;
    std::shared_ptr<Connection> connection;
  };
  std::vector<LogWaiter> log_waiters_;
  std::atomic<bool> log_awaited_{false};  // There are such, and nobody has been sent to look.
  bool in_round_ = false;                 // Connections receive; none has its turn.
  TimePoint round_began_{};
  std::array<char, kScratchSize> scratch_{};
  std::size_t scratch_used_ = 0;
  Bytes spare_output_;
  WorkerCounters counters_;
};

}  // namespace aegis::node
