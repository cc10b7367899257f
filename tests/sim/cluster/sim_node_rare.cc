// What a SimNode sees of the rare things that Sometimes counts.

#include <algorithm>
#include <variant>

#include "control/command.h"
#include "sim_node.h"

namespace aegis::sim {

namespace {

std::vector<consensus::ServerId> VotersOf(const consensus::Configuration& configuration) {
  std::vector<consensus::ServerId> voters;
  for (const consensus::Server& server : configuration.servers) {
    if (server.role == consensus::ServerRole::kVoter) voters.push_back(server.id);
  }
  return voters;
}

}  // namespace

void SimNode::Notice() {
  if (control.log() == nullptr) return;
  if (control.holder().session != noticed_session) {
    noticed_session = control.holder().session;
    cluster.Sometimes(Rare::kSessionRenewed);
  }
  if (control.leader() == nullptr || control.leader()->term() == noticed_term) return;
  noticed_term = control.leader()->term();
  cluster.Sometimes(Rare::kControlLeaderChanged);
}

void SimNode::NoticeLetter(const node::ControlMessage& message) {
  const auto* const push = std::get_if<node::Push>(&message);
  if (push == nullptr) return;
  if (push->snapshot) cluster.Sometimes(Rare::kSnapshotPushed);
  for (const consensus::Entry& entry : push->entries) {
    if (entry.type == consensus::EntryType::kConfiguration) {
      const std::vector<consensus::ServerId> voters =
          VotersOf(control.log()->raft().configuration());
      if (!std::ranges::includes(voters, noticed_voters)) cluster.Sometimes(Rare::kVoterReplaced);
      noticed_voters = voters;
    }
    if (entry.type != consensus::EntryType::kCommand) continue;
    const auto command = control::DecodeCommand(entry.data);
    if (!command.ok()) continue;
    if (std::holds_alternative<control::Fence>(command.value())) {
      cluster.Sometimes(Rare::kFenceCommitted);
    }
    const auto* const assign = std::get_if<control::Assign>(&command.value());
    if (assign == nullptr) continue;
    for (const control::Assignment& assignment : assign->assignments) {
      if (assignment.unclean) cluster.Sometimes(Rare::kUncleanPromotion);
    }
  }
}

}  // namespace aegis::sim
