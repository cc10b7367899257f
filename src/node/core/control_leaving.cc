// What Control does when its node leaves: it hands over the control log, then its shards, and waits
// until nobody needs it any more.

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "node/core/control.h"

namespace aegis::node {

namespace {

// A node that leaves and leads the log begins to hand over its shards after this long even so.
constexpr Duration kGiveUpLogPatience = std::chrono::seconds(1);

}  // namespace

void Control::Leave(TimePoint now) {
  if (std::exchange(leaving_, true)) return;
  lead_log_until_ = now + kGiveUpLogPatience;
  next_wish_ = now;
}

void Control::Goodbye(TimePoint now, ControlEffects& effects) {
  swim_.Leave(now, effects.gossip);
  AfterGossip(now, effects);
}

// False: this node does not lead the log, or nobody else could.
bool Control::GiveUpLog(TimePoint now) {
  if (!log_->raft().leads()) return false;
  for (const NodeId voter : log_->voters()) {
    const control::NodeState* const node = log_->state().Find(voter);
    const bool stays = node != nullptr && !node->leaving && voter != swim_.self().id;
    if (!stays || !Live().contains(voter)) continue;
    log_->TransferLeadership(consensus::ServerId{node->server}, now, agreed_);
    return true;
  }
  return false;
}

bool Control::IsDrained() const {
  if (!superseded_.empty()) return true;
  const NodeId self = swim_.self().id;
  const std::set<NodeId> live = Live();
  const bool anybody = std::ranges::any_of(live, [&](NodeId node) {
    const control::NodeState* const state = log_->state().Find(node);
    return node != self && state != nullptr && !state->removed && !state->leaving;
  });
  if (!anybody) return true;  // Nobody is there to take over.
  // One that lost its lease leads nothing, but may hold what nobody else does.
  if (director_.led() > 0 || director_.held_alone() > 0) return false;
  // The log has to go on without this node.
  const std::vector<NodeId> voters = log_->voters();
  if (std::find(voters.begin(), voters.end(), self) == voters.end()) return true;
  const auto others = std::count_if(voters.begin(), voters.end(), [&](NodeId voter) {
    return voter != self && live.contains(voter);
  });
  return !log_->raft().leads() && static_cast<std::size_t>(others) > voters.size() / 2;
}

std::string Control::DescribeLeaving() const {
  if (!drained_) {
    const std::string led = std::to_string(director_.led()) + " shards are led here still";
    return "leaving the cluster: " + (director_.led() > 0 ? led : "the control log goes on");
  }
  if (director_.led() > 0) return "leaving the cluster: nobody is there to take over";
  return "drained: others lead what this node led, and it may be stopped";
}

}  // namespace aegis::node
