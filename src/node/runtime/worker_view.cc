#include "node/runtime/worker_view.h"

#include <algorithm>

#include "node/runtime/node_figures.h"
#include "node/runtime/worker.h"

namespace aegis::node {

NodeFacts WorkerView::Facts() {
  NodeFacts facts = FactsOf(node_, Look(node_));
  const std::lock_guard lock(node_.baseline_mutex);
  const NodeFacts& since = node_.baseline;
  facts.connections_received -= since.connections_received;
  facts.connections_rejected -= since.connections_rejected;
  facts.commands_processed -= since.commands_processed;
  facts.keyspace_hits -= since.keyspace_hits;
  facts.keyspace_misses -= since.keyspace_misses;
  facts.expired_keys -= since.expired_keys;
  facts.evicted_keys -= since.evicted_keys;
  return facts;
}

// The caller is in a turn and holds its worker's lock, which only guards the turn against other
// threads that look: nothing of the turn is under way while it asks. It is let go meanwhile, so
// that two workers which ask at the same time do not wait for each other.
std::vector<RespSession> WorkerView::Sessions() {
  std::mutex& own = node_.workers[worker_]->sessions_mutex();
  own.unlock();
  std::vector<RespSession> all;
  for (Worker* const worker : node_.workers) {
    std::vector<RespSession> some = worker->Sessions();
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  own.lock();
  return all;
}

bool WorkerView::Kill(std::uint64_t session_id) {
  const std::vector<RespSession> sessions = Sessions();
  const bool known = std::any_of(sessions.begin(), sessions.end(), [&](const RespSession& session) {
    return session.id == session_id;
  });
  if (!known) return false;
  for (Worker* const worker : node_.workers) worker->Kill(session_id);
  return true;
}

void WorkerView::ResetStatistics() {
  const NodeFacts now = FactsOf(node_, Look(node_));
  const std::lock_guard lock(node_.baseline_mutex);
  node_.baseline = now;
}

}  // namespace aegis::node
