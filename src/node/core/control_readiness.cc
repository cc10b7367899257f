// Why a node is not ready, in words for people: see Control.

#include <algorithm>
#include <string>

#include "node/core/control.h"

namespace aegis::node {

Readiness Control::readiness(TimePoint now) const {
  const auto not_ready = [](std::string reason) { return Readiness{false, std::move(reason)}; };
  if (leaving_) return not_ready(DescribeLeaving());
  if (!swim_.refusal().empty()) return not_ready(swim_.refusal());
  if (!superseded_.empty()) return not_ready(superseded_);
  if (!born() && options_.bootstrap_expect > 1) {
    const auto live = std::count_if(members_.begin(), members_.end(), gossip::IsLive);
    return not_ready("waiting for the cluster to form: " + std::to_string(live) + " of " +
                     std::to_string(options_.bootstrap_expect) + " nodes are here");
  }
  if (!born()) {
    std::string seeds;
    for (const Endpoint& seed : options_.seeds) {
      seeds += (seeds.empty() ? "" : ", ") + seed.ToString();
    }
    return not_ready("no seed with a cluster has answered yet: " + seeds);
  }
  if (const VoterRoll::Count roll = CallVoters(now); !roll.majority()) {
    return not_ready(roll.Describe());
  }
  const control::State& state = log_->state();
  const control::NodeState* const self = state.Find(swim_.self().id);
  if (self == nullptr || self->session != leases_.holder().session) {
    const bool led = log_->leader() != kNoNode;
    return not_ready(led ? "waiting to be registered in the control log"
                         : "the control log has no leader: a majority of its voters is missing");
  }
  if (!log_->formed()) return not_ready("the control log is choosing its voters");
  const std::string all = " of " + std::to_string(state.shards().size()) + " shards ";
  if (now >= leases_.valid_until()) {
    return not_ready("this node has no lease: it does not reach a majority of the voters");
  }
  if (director_.leaderless() > 0 || director_.routes().empty()) {
    return not_ready(std::to_string(director_.leaderless()) + all + "have no leader");
  }
  if (director_.unsynced() > 0) {
    return not_ready(std::to_string(director_.unsynced()) + all + "are being copied here");
  }
  return {true, "ready"};
}

}  // namespace aegis::node
