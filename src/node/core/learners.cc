#include "node/core/learners.h"

#include <utility>

namespace aegis::node {

void Learners::OnApplied(NodeId node, consensus::Index applied, TimePoint now) {
  const auto [found, fresh] = learners_.try_emplace(node);
  Learner& learner = found->second;
  const bool lost = applied < learner.pushed && now - learner.pushed_at > kPushPatience;
  if (fresh || lost || applied > learner.pushed) learner.pushed = applied;
  if (fresh) learner.pushed_at = now;
}

void Learners::Tell(const std::set<NodeId>& peers, const Push& empty,
                    const consensus::RaftNode& log, const control::State& state, TimePoint now,
                    AgreementEffects& effects) {
  const bool beat = now >= next_beat_;
  if (beat) next_beat_ = now + kBeat;
  for (const NodeId peer : peers) {
    const auto learner = learners_.find(peer);
    const bool behind =
        learner != learners_.end() && learner->second.pushed < state.applied().index;
    if (!behind && !beat) continue;
    Push push = empty;
    if (behind) {
      learner->second.Fill(push, log, state);
      learner->second.pushed_at = now;
    }
    effects.letters.push_back({peer, std::move(push)});
  }
}

void Learners::Learner::Fill(Push& push, const consensus::RaftNode& log,
                             const control::State& state) {
  if (log.At(pushed + 1) == nullptr) {
    push.snapshot = state.Encode();
    pushed = state.applied().index;
  }
  std::size_t bytes = 0;
  while (pushed < state.applied().index && push.entries.size() < kEntriesMax && bytes < kBytesMax) {
    const consensus::Entry* const entry = log.At(pushed + 1);
    if (entry == nullptr) break;
    push.entries.push_back(*entry);
    bytes += entry->data.size();
    ++pushed;
  }
}

}  // namespace aegis::node
