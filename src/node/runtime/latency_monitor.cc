#include "node/runtime/latency_monitor.h"

#include <algorithm>
#include <chrono>

#include "model/limits.h"
#include "node/core/resp_text.h"

namespace aegis::node {

using std::chrono::milliseconds;

void LatencyMonitor::SetThreshold(std::int64_t ms) {
  const Duration threshold = ms == 0 ? Duration::max() : Duration(milliseconds(ms));
  threshold_.store(threshold.count(), std::memory_order_relaxed);
}

std::int64_t LatencyMonitor::threshold_ms() const {
  if (threshold() == Duration::max()) return 0;
  return std::chrono::duration_cast<milliseconds>(threshold()).count();
}

void LatencyMonitor::Add(Event event, UnixMs at, Duration took) {
  const std::int64_t ms = std::chrono::duration_cast<milliseconds>(took).count();
  const std::lock_guard lock(mutex_);
  History& history = histories_[static_cast<std::size_t>(event)];
  history.worst_ms = std::max(history.worst_ms, ms);
  auto& samples = history.samples;
  if (!samples.empty() && samples.back().at == at.value / 1000) {
    samples.back().ms = std::max(samples.back().ms, ms);
    return;
  }
  samples.push_back({at.value / 1000, ms});
  if (samples.size() > limits::kLatencySamplesMax) samples.pop_front();
}

std::vector<LatencyEvent> LatencyMonitor::Events() const {
  std::vector<LatencyEvent> events;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < histories_.size(); ++i) {
    const History& history = histories_[i];
    if (history.samples.empty()) continue;
    events.push_back({std::string(kNames[i]),
                      {history.samples.begin(), history.samples.end()},
                      history.worst_ms});
  }
  return events;
}

bool LatencyMonitor::Forget(ByteView name) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < histories_.size(); ++i) {
    if (!resp::EqualsIgnoringCase(kNames[i], name) || histories_[i].samples.empty()) continue;
    histories_[i] = {};
    return true;
  }
  return false;
}

}  // namespace aegis::node
