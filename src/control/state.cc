#include "control/state.h"

#include <algorithm>

#include "model/version.h"

namespace aegis::control {

bool ShardState::InSync(NodeId node) const {
  return std::ranges::find(in_sync, node, &Copy::node) != in_sync.end();
}

const NodeState* State::Find(NodeId node) const {
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? nullptr : &found->second;
}

ShardState* State::Find(ShardId shard) {
  return shard.value() < shards_.size() ? &shards_[shard.value()] : nullptr;
}

ShardState* State::FindAt(ShardId shard, Epoch epoch) {
  ShardState* const found = Find(shard);
  return found != nullptr && found->epoch == epoch ? found : nullptr;
}

const StandingFence* State::FenceOf(const Holder& holder) const {
  const auto found = std::ranges::find(fences_, holder, &StandingFence::holder);
  return found == fences_.end() ? nullptr : &*found;
}

bool State::MayLead(const Holder& holder) const {
  const NodeState* const node = Find(holder.node);
  return node != nullptr && !node->removed && node->session == holder.session &&
         FenceOf(holder) == nullptr;
}

bool State::IsCurrent(const Copy& copy) const {
  const NodeState* const node = Find(copy.node);
  return node != nullptr && !node->removed && node->memory == copy.memory;
}

bool State::MayRegister(const Register& command) const {
  if (command.node == kNoNode || command.session == Session{} || command.memory == Session{} ||
      command.session == command.previous) {
    return false;
  }
  const NodeState* const node = Find(command.node);
  if (node == nullptr) {
    if (command.previous != Session{} || nodes_.size() >= kNodesMax) return false;
  } else {
    if (node->session != command.previous) return false;
    if (FenceOf({command.node, command.previous}) == nullptr) return false;
    if (!node->removed) return true;  // It has its place among those that are not.
  }
  const auto present =
      std::ranges::count_if(nodes_, [](const auto& entry) { return !entry.second.removed; });
  return static_cast<std::size_t>(present) < limits::kMembersMax;
}

bool State::HasNextEpoch(Epoch epoch) { return epoch.value() + 1 < Version::kEpochMax; }

Copy State::CopyOf(NodeId node) const { return {node, nodes_.at(node).memory}; }

}  // namespace aegis::control
