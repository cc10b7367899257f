#include "node/runtime/loop.h"

#include <algorithm>

#include "node/runtime/connection.h"
#include "node/runtime/node_log.h"

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

void Loop::AwaitLog(std::shared_ptr<Connection> connection, wal::Lsn lsn) {
  log_waiters_.push_back({lsn, std::move(connection)});
  log_awaited_.store(true);
  // It may have come so far, or failed, before it could know.
  if (log()->Reach(lsn) || log()->failed()) OnLogProgress();
}

void Loop::OnLogProgress() {
  if (log_awaited_.exchange(false)) Post([this] { WakeWhoAwaitsLog(); });
}

void Loop::WakeWhoAwaitsLog() {
  const wal::Lsn durable = log()->durable();
  const bool failed = log()->failed();
  std::vector<LogWaiter> waiters;
  waiters.swap(log_waiters_);
  const auto still = std::stable_partition(
      waiters.begin(), waiters.end(),
      [&](const LogWaiter& waiter) { return failed || waiter.lsn <= durable; });
  log_waiters_.assign(std::make_move_iterator(still), std::make_move_iterator(waiters.end()));
  waiters.erase(still, waiters.end());
  for (const LogWaiter& waiter : waiters) waiter.connection->OnLogDurable();
  if (log_waiters_.empty()) return;
  log_awaited_.store(true);
  const wal::Lsn next = std::ranges::max_element(log_waiters_, {}, &LogWaiter::lsn)->lsn;
  if (log()->Reach(next) || log()->failed()) OnLogProgress();
}

void Loop::Adopt(std::shared_ptr<Connection> connection) {
  Connection* const key = connection.get();
  connections_.emplace(key, std::move(connection));
}

void Loop::Forget(Connection& connection) { connections_.erase(&connection); }

}  // namespace aegis::node
