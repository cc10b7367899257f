#include "consensus/raft_node.h"

#include <utility>

#include "consensus/raft_member.h"

namespace aegis::consensus {

void Effects::Clear() { *this = Effects{}; }

class RaftNode::Impl : public RaftMember {
  using RaftMember::RaftMember;
};

RaftNode::RaftNode(ServerId self, Options options, Persisted persisted, Rng rng, TimePoint now)
    : impl_(std::make_unique<Impl>(self, options, std::move(persisted), rng, now)) {}
RaftNode::~RaftNode() = default;

Persisted RaftNode::Birth(ServerId founder) {
  Persisted persisted;
  persisted.hard_state.term = 1;
  persisted.entries.push_back(
      {{1, 1}, EntryType::kConfiguration, EncodeServers({{founder, ServerRole::kVoter}})});
  return persisted;
}

void RaftNode::Start(TimePoint now, Effects& effects) {
  impl_->Start(now, effects);
  impl_->Finish(effects);
}

void RaftNode::Tick(TimePoint now, Effects& effects) {
  impl_->Tick(now, effects);
  impl_->Finish(effects);
}

Result<Ok> RaftNode::OnMessage(ServerId from, ByteView message, TimePoint now, Effects& effects) {
  Result<Ok> result = impl_->OnMessage(from, message, now, effects);
  impl_->Finish(effects);
  return result;
}

void RaftNode::OnPersisted(Index snapshot, Index entries, TimePoint now, Effects& effects) {
  impl_->OnPersisted(snapshot, entries, now, effects);
  impl_->Finish(effects);
}

Result<LogPosition> RaftNode::Propose(Bytes command, TimePoint now, Effects& effects) {
  Result<LogPosition> result = impl_->Propose(std::move(command), now, effects);
  impl_->Finish(effects);
  return result;
}

Result<LogPosition> RaftNode::Reconfigure(std::vector<Server> servers, TimePoint now,
                                          Effects& effects) {
  Result<LogPosition> result = impl_->Reconfigure(servers, now, effects);
  impl_->Finish(effects);
  return result;
}

void RaftNode::CatchUp(ServerId spare, TimePoint now, Effects& effects) {
  impl_->CatchUp(spare, now, effects);
  impl_->Finish(effects);
}

void RaftNode::TransferLeadership(ServerId successor, TimePoint now, Effects& effects) {
  impl_->TransferLeadership(successor, now, effects);
  impl_->Finish(effects);
}

void RaftNode::Compact(Bytes state, TimePoint now, Effects& effects) {
  impl_->Compact(std::move(state), now, effects);
  impl_->Finish(effects);
}

bool RaftNode::CaughtUp(ServerId spare) const { return impl_->CaughtUp(spare); }
ServerId RaftNode::self() const { return impl_->self(); }
bool RaftNode::leads() const { return impl_->leads(); }
ServerId RaftNode::leader() const { return impl_->leader(); }
Term RaftNode::term() const { return impl_->term(); }
Index RaftNode::last_index() const { return impl_->log().last().index; }
Index RaftNode::commit_index() const { return impl_->commit_index(); }
Index RaftNode::first_index() const { return impl_->log().first_index(); }
const Configuration& RaftNode::configuration() const { return impl_->log().configuration(); }
bool RaftNode::configuration_committed() const {
  return configuration().at.index <= commit_index();
}
const Entry* RaftNode::At(Index index) const { return impl_->log().At(index); }
const Snapshot& RaftNode::snapshot() const { return impl_->log().snapshot(); }

}  // namespace aegis::consensus
