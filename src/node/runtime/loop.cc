#include "node/runtime/loop.h"

#include "node/runtime/connection.h"

namespace aegis::node {

Loop::Loop() : work_(asio::make_work_guard(io_)) {}

Loop::~Loop() = default;

void Loop::Run() { io_.run(); }

void Loop::Defer(std::shared_ptr<Connection> connection) {
  if (deferred_.empty()) Post([this] { RunDeferred(); });
  deferred_.push_back(std::move(connection));
}

void Loop::RunDeferred() {
  running_.swap(deferred_);
  for (const auto& connection : running_) connection->OnDeferred();
  running_.clear();
}

void Loop::Adopt(std::shared_ptr<Connection> connection) {
  Connection* const key = connection.get();
  connections_.emplace(key, std::move(connection));
}

void Loop::Forget(Connection& connection) { connections_.erase(&connection); }

}  // namespace aegis::node
