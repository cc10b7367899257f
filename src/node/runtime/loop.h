// Loop: one thread's event loop and what the connections that live on it share.
//
// Everything but Post() is for the loop's own thread. Handlers never run nested: what a handler
// wants done to another connection is deferred to the end of the present round.

#pragma once

#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/limits.h"
#include "node/runtime/counters.h"

namespace aegis::node {

class Connection;

class Loop {
 public:
  Loop();
  ~Loop();
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

  // The connection's OnDeferred() runs once, soon.
  void Defer(std::shared_ptr<Connection> connection);

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

  // Memory that a connection borrows for the length of a turn, so that an idle one needs none.
  std::array<char, limits::kReadChunk>& read_scratch() { return read_scratch_; }
  Bytes& spare_output() { return spare_output_; }

  WorkerCounters& counters() { return counters_; }
  const WorkerCounters& counters() const { return counters_; }

 private:
  void RunDeferred();

  // Its sockets are this thread's alone; only posting is locked.
  asio::io_context io_{ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::shared_ptr<Connection>> deferred_;
  std::vector<std::shared_ptr<Connection>> running_;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  std::array<char, limits::kReadChunk> read_scratch_{};
  Bytes spare_output_;
  WorkerCounters counters_;
};

}  // namespace aegis::node
