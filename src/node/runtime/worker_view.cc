#include "node/runtime/worker_view.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "node/runtime/command_figures.h"
#include "node/runtime/node_figures.h"
#include "node/runtime/random.h"
#include "node/runtime/worker.h"

namespace aegis::node {

namespace {

CommandFigures CommandFiguresOf(const NodeState& node) {
  std::vector<const CommandTally*> tallies;
  for (const Worker* const worker : node.workers) tallies.push_back(&worker->counters().resp);
  return CommandFigures::Of(tallies);
}

}  // namespace

NodeFacts WorkerView::Facts() {
  const std::lock_guard lock(node_.baseline_mutex);  // First: what follows is never less.
  NodeFacts facts = FactsOf(node_, Look(node_));
  const NodeFacts& since = node_.baseline;
  facts.connections_received -= since.connections_received;
  facts.connections_rejected -= since.connections_rejected;
  facts.commands_processed -= since.commands_processed;
  facts.stores -= since.stores;
  facts.touches -= since.touches;
  facts.flushes -= since.flushes;
  facts.keyspace_hits -= since.keyspace_hits;
  facts.keyspace_misses -= since.keyspace_misses;
  facts.expired_keys -= since.expired_keys;
  facts.evicted_keys -= since.evicted_keys;
  facts.received_bytes -= since.received_bytes;
  facts.sent_bytes -= since.sent_bytes;
  facts.peer_received_bytes -= since.peer_received_bytes;
  facts.peer_sent_bytes -= since.peer_sent_bytes;
  for (std::size_t code = 0; code < facts.errors.size(); ++code) {
    facts.errors[code] -= since.errors[code];
  }
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
  const std::lock_guard lock(node_.baseline_mutex);
  node_.baseline = FactsOf(node_, Look(node_));
  node_.command_baseline = CommandFiguresOf(node_);
}

std::uint64_t WorkerView::Random() { return RandomNumber(); }

// As if whoever started the node had asked it to.
void WorkerView::Shutdown() { ::kill(::getpid(), SIGTERM); }

SlowLogSettings WorkerView::SlowLog() { return node_.slow_log.settings(); }

void WorkerView::SetSlowLog(const SlowLogSettings& settings) { node_.slow_log.Set(settings); }

std::vector<SlowCommand> WorkerView::SlowCommands() { return node_.slow_log.Commands(); }

void WorkerView::ForgetSlowCommands() { node_.slow_log.Forget(); }

std::vector<CommandUsage> WorkerView::CommandUsages() {
  const std::lock_guard lock(node_.baseline_mutex);
  CommandFigures figures = CommandFiguresOf(node_);
  figures.Subtract(node_.command_baseline);
  return figures.Usages();
}

std::int64_t WorkerView::LatencyThresholdMs() { return node_.latency.threshold_ms(); }

void WorkerView::SetLatencyThresholdMs(std::int64_t ms) { node_.latency.SetThreshold(ms); }

std::vector<LatencyEvent> WorkerView::LatencyEvents() { return node_.latency.Events(); }

bool WorkerView::ForgetLatencyEvent(ByteView name) { return node_.latency.Forget(name); }

std::vector<NodeLink> WorkerView::Links() {
  std::vector<NodeLink> links;
  for (const Worker* const worker : node_.workers) {
    const std::vector<NodeLink> some = worker->Links();
    links.insert(links.end(), some.begin(), some.end());
  }
  return links;
}

}  // namespace aegis::node
