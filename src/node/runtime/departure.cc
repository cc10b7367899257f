#include "node/runtime/departure.h"

#include <utility>

#include "base/log.h"
#include "node/runtime/clocks.h"
#include "node/runtime/worker.h"

namespace aegis::node {

namespace {

constexpr Duration kStep = std::chrono::milliseconds(10);
// A goodbye is a rumour: it takes a few rounds to be sent as often as it should be.
constexpr Duration kGoodbyeMax = std::chrono::seconds(1);
// Some other nodes hear late who leads now what this one led. Until then they send their clients'
// operations here, and have to hear that nothing came of them.
constexpr Duration kLinger = std::chrono::milliseconds(300);

}  // namespace

Departure::Departure(NodeState& node, ControlLoop& control, std::function<void()> on_done)
    : node_(node), control_(control), on_done_(std::move(on_done)), timer_(control.io()) {}

void Departure::Begin() {
  AEGIS_LOG(kInfo, "node", "leaving: handing over what this node leads");
  phase_ = Phase::kHandingOver;
  deadline_ = SteadyNow() + node_.config.drain_timeout;
  control_.Leave();
  for (Worker* const worker : node_.workers) worker->StopAccepting();
  Step();
}

// Without anybody to take over there is nothing to wait for.
bool Departure::HandedOver() const {
  const Control& control = control_.control();
  return control.drained() || !control.born() || control.LinkedPeers().empty();
}

void Departure::Step() {
  const TimePoint now = SteadyNow();
  if (phase_ == Phase::kHandingOver && (HandedOver() || now >= deadline_)) {
    if (!HandedOver()) AEGIS_LOG(kWarn, "node", "not all shards were handed over in time");
    phase_ = Phase::kClients;
    linger_until_ = control_.control().LinkedPeers().empty() ? now : now + kLinger;
    for (Worker* const worker : node_.workers) worker->Drain();
  }
  if (phase_ == Phase::kClients && (node_.clients.load() == 0 || now >= deadline_)) {
    const std::size_t left = node_.clients.load();
    if (left > 0) AEGIS_LOG(kWarn, "node", "{} clients did not finish in time", left);
    phase_ = Phase::kGoodbye;
    deadline_ = now + kGoodbyeMax;
    control_.Goodbye();
  }
  const bool said = control_.control().goodbye_said() || now >= deadline_;
  if (phase_ == Phase::kGoodbye && said && now >= linger_until_) {
    on_done_();
    return;
  }
  timer_.expires_after(kStep);
  timer_.async_wait([this](const asio::error_code& error) {
    if (!error) Step();
  });
}

}  // namespace aegis::node
