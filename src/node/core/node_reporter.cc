#include "node/core/node_reporter.h"

#include <chrono>
#include <utility>

namespace aegis::node {

NodeReport NodeReporter::ReportOf(const Facts& facts) {
  const control::State& state = facts.state;
  NodeReport report;
  report.applied = state.applied();
  const control::NodeState* const self = state.Find(facts.self.id);
  if (state.born() && (self == nullptr || self->session != facts.holder.session)) {
    // Rounded up, so that no lease outlasts what the others know of it.
    const auto lease = std::chrono::ceil<std::chrono::milliseconds>(facts.lease);
    report.wants = control::Register{.node = facts.self.id,
                                     .session = facts.holder.session,
                                     .previous = self == nullptr ? Session{} : self->session,
                                     .memory = facts.memory,
                                     .server = facts.server.value(),
                                     .name = facts.self.name,
                                     .zone = facts.self.zone,
                                     .weight = facts.self.weight,
                                     .lease = lease};
  }
  const std::vector<ShardReport>& shards = facts.shards;
  for (std::size_t id = 0; id < shards.size() && id < state.shards().size(); ++id) {
    const control::ShardState& shard = state.shards()[id];
    const bool headless = shard.epoch != Epoch{} && state.FenceOf(shard.leader) != nullptr;
    if (headless && shards[id].whole) report.held.emplace_back(shards[id].shard, shards[id].last);
  }
  return report;
}

void NodeReporter::Tell(NodeId leader, const std::set<NodeId>& links, NodeReport report,
                        TimePoint now, AgreementEffects& effects) {
  const bool news = leader != told_to_ || report.wants != told_.wants || report.held != told_.held;
  if (now < next_ && !(news && leader != kNoNode)) return;
  next_ = now + kEvery;
  told_to_ = leader;
  told_ = report;
  if (leader == self_) return;
  if (leader != kNoNode && links.contains(leader)) {
    effects.letters.push_back({leader, std::move(report)});
    return;
  }
  for (const NodeId peer : links) effects.letters.push_back({peer, report});
}

void NodeReporter::OnLinkDown(NodeId peer) {
  if (told_to_ == peer) told_to_ = kNoNode;
}

void NodeReporter::StartOver(TimePoint now) {
  told_to_ = kNoNode;
  next_ = now;
}

}  // namespace aegis::node
