#include "node/runtime/control_summary.h"

#include <fmt/format.h>

#include <algorithm>

namespace aegis::node {

std::string RoleOf(const Control& control) {
  const ControlLog* const log = control.log();
  if (log == nullptr) return "none";
  if (!control.superseded().empty()) return "superseded";
  if (log->raft().leads()) return "leader";
  const std::vector<NodeId> voters = log->voters();
  const bool votes = std::find(voters.begin(), voters.end(), control.holder().node) != voters.end();
  return votes ? "voter" : "learner";
}

std::string ProblemOf(const Control& control, TimePoint now) {
  if (!control.superseded().empty()) return control.superseded();
  if (control.log() == nullptr) return "";
  const VoterRoll::Count roll = control.CallVoters(now);
  return roll.majority() ? "" : roll.Describe();
}

ControlSummary SummaryOf(const Control& control, TimePoint now) {
  ControlSummary summary;
  summary.session = control.holder().session;
  const ControlLog* const log = control.log();
  if (log == nullptr) return summary;
  const auto name_of = [&](NodeId id) {
    const control::NodeState* const node = log->state().Find(id);
    return node == nullptr ? fmt::format("{:016x}", id.value()) : node->name;
  };
  summary.role = RoleOf(control);
  summary.problem = ProblemOf(control, now);
  if (log->leader() != kNoNode) summary.leader = name_of(log->leader());
  summary.term = log->raft().term();
  for (const NodeId voter : log->voters()) summary.voters.push_back(name_of(voter));
  for (const control::StandingFence& fence : log->state().fences()) {
    summary.fences.push_back(name_of(fence.holder.node));
  }
  if (control.leader() != nullptr) summary.movement = control.leader()->movement();
  return summary;
}

}  // namespace aegis::node
