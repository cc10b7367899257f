// What Control does when an operator gives up a node that is gone.

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/log.h"
#include "node/core/control.h"

namespace aegis::node {

namespace {

constexpr Duration kOrderAgain = std::chrono::seconds(1);

Error Refused(std::string why) { return {ErrorCode::kInvalid, std::move(why)}; }

}  // namespace

Result<control::NodeState> Control::MayForget(const std::string& node) const {
  if (!log_) return Refused("this node is no member of a cluster");
  if (!superseded_.empty()) return Refused(superseded_);
  std::vector<const control::NodeState*> found;
  for (const auto& [id, state] : log_->state().nodes()) {
    if (state.removed) continue;
    if (state.name == node || fmt::format("{:016x}", id.value()) == node) found.push_back(&state);
  }
  if (found.empty()) return Refused(fmt::format("no node of this cluster is called '{}'", node));
  if (found.size() > 1) {
    std::string ids;
    for (const control::NodeState* const state : found) {
      ids += fmt::format("{}{:016x}", ids.empty() ? "" : ", ", state->id.value());
    }
    return Refused(
        fmt::format("{} nodes are called '{}': say which of {}", found.size(), node, ids));
  }
  const control::NodeState& state = *found.front();
  if (state.id == swim_.self().id) return Refused("that is the node that was asked");
  if (Live().contains(state.id)) {
    return Refused(fmt::format("{} is alive: stop it first, or drain it", state.name));
  }
  return state;
}

Result<bool> Control::Forget(const std::string& node, TimePoint now, ControlEffects& effects) {
  const auto state = MayForget(node);
  if (!state.ok()) return state.error();
  if (state.value().given_up) return true;
  if (given_up_.insert({state.value().id, state.value().session}).second) {
    AEGIS_LOG(kWarn, "control", "{} is given up, by order of an operator", state.value().name);
  }
  next_order_ = now;
  Proceed(now, effects);
  return false;
}

// A proposal may be lost, with the leader of the log or on its way to it.
void Control::SeeToOrders(TimePoint now) {
  std::erase_if(given_up_, [&](const Holder& holder) {
    const control::NodeState* const node = log_->state().Find(holder.node);
    return node == nullptr || node->session != holder.session || node->given_up || node->removed;
  });
  if (given_up_.empty() || now < next_order_) return;
  next_order_ = now + kOrderAgain;
  for (const Holder& holder : given_up_) {
    log_->Propose(control::Leaving{holder, /*given_up=*/true}, now, agreed_);
  }
}

}  // namespace aegis::node
