#include "node/core/control_leader.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace aegis::node {

namespace {

// A proposal is repeated after this long if the state does not show it.
constexpr Duration kPatience = std::chrono::milliseconds(500);
// But for changes of the state, what comes in quicker succession is looked at together.
constexpr Duration kLookEvery = std::chrono::milliseconds(5);
// A node that is live by gossip but has not reported for this long is not counted on.
constexpr Duration kReportMax = std::chrono::seconds(1);

}  // namespace

ControlLeader::ControlLeader(Options options, NodeId self, ControlLog& log, lease::Voter& voter,
                             TimePoint now)
    : options_(std::move(options)),
      self_(self),
      term_(log.raft().term()),
      log_(log),
      voter_(voter),
      watch_(options_.lease, now),
      planner_(options_.planner),
      electorate_({options_.lease, options_.planner.first_nodes, options_.planner.first_patience},
                  self, log, now) {
  AEGIS_LOG(kInfo, "control", "this node leads the control log, term {}", term_);
}

void ControlLeader::OnVoterReport(NodeId from, const lease::VoterReport& report, TimePoint now) {
  watch_.OnReport(from, report, now);
}

void ControlLeader::OnNodeReport(NodeId from, const NodeReport& report, TimePoint now) {
  reports_[from] = {report, now};
}

bool ControlLeader::PostponesLook(TimePoint now) {
  postponed_ = now < next_look_ && log_.state().applied() == looked_at_;
  return postponed_;
}

void ControlLeader::Tick(const Seen& seen, TimePoint now, AgreementEffects& effects) {
  next_look_ = now + kLookEvery;
  looked_at_ = log_.state().applied();
  const consensus::LogPosition at = log_.raft().configuration().at;
  std::vector<NodeId> voters = log_.voters();
  std::sort(voters.begin(), voters.end());
  watch_.SetConfiguration({at.index, at.term}, voters);
  if (const auto number = watch_.Tick(now)) {
    for (const NodeId voter : voters) {
      if (voter == self_) {
        watch_.OnReport(self_, voter_.Report(*number, now), now);
      } else {
        effects.letters.push_back({voter, VoterQuestion{*number}});
      }
    }
  }
  Plan(seen, now, effects);
  electorate_.Tick(Usable(seen), seen.live, now, effects);
}

void ControlLeader::Plan(const Seen& seen, TimePoint now, AgreementEffects& effects) {
  std::erase_if(proposed_, [&](const auto& entry) { return now >= entry.second; });
  for (const control::Command& command : planner_.Plan(log_.state(), Look(seen, now), now)) {
    if (!proposed_.emplace(control::Encode(command), now + kPatience).second) continue;
    log_.Propose(command, now, effects);
  }
}

control::Sight ControlLeader::Look(const Seen& seen, TimePoint now) const {
  control::Sight sight;
  const control::State& state = log_.state();
  for (const auto& [id, heard] : reports_) {
    if (now - heard.at > kReportMax) continue;
    control::NodeSight& node = sight.nodes[id];
    node.live = seen.live.contains(id);
    node.wants = heard.report.wants;
    for (const auto& [shard, version] : heard.report.held) node.held[shard] = version;
  }
  for (const auto& [id, node] : state.nodes()) {
    control::NodeSight& sighted = sight.nodes[id];
    sighted.silent = watch_.Silent({id, node.session}, node.lease, now);
    sighted.left = seen.left.contains(id);
  }
  for (const control::StandingFence& fence : state.fences()) {
    const auto safe_at = watch_.SafeAt(fence.index, fence.term, fence.lease);
    if (safe_at && now >= *safe_at) sight.safe.insert(fence.holder);
  }
  return sight;
}

std::set<NodeId> ControlLeader::Usable(const Seen& seen) const {
  std::set<NodeId> usable;
  for (const auto& [id, node] : log_.state().nodes()) {
    if (node.removed || node.leaving || node.server == 0 || !seen.live.contains(id)) continue;
    if (reports_.contains(id)) usable.insert(id);
  }
  return usable;
}

}  // namespace aegis::node
