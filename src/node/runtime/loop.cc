#include "node/runtime/loop.h"

#include "node/runtime/connection.h"

namespace aegis::node {

Loop::Loop() : work_(asio::make_work_guard(io_)) { poller_.Start(io_, *this); }

Loop::~Loop() { poller_.Stop(); }

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

void Loop::TurnSoon(std::shared_ptr<Connection> connection) {
  to_turn_.push_back(std::move(connection));
  if (!in_round_ || kScratchSize - scratch_used_ < limits::kReadChunk) RunTurns();
}

void Loop::OnRoundBegin() {
  in_round_ = true;
  round_began_ = SteadyNow();
}

void Loop::OnRoundEnd() {
  in_round_ = false;
  RunTurns();
}

void Loop::RunTurns() {
  if (to_turn_.size() > 1 && fetch_) {
    for (const auto& connection : to_turn_) connection->Foresee();
    fetch_();
  }
  for (const auto& connection : to_turn_) connection->OnTurn();
  to_turn_.clear();
  scratch_used_ = 0;
}

void Loop::Adopt(std::shared_ptr<Connection> connection) {
  Connection* const key = connection.get();
  connections_.emplace(key, std::move(connection));
}

void Loop::Forget(Connection& connection) { connections_.erase(&connection); }

}  // namespace aegis::node
