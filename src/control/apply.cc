// What each command does to the state, and when it does nothing: the guards that command.h lists.
// Why each is there: docs/ARCHITECTURE.md, "Guards at apply" and "Change number".

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "base/check.h"
#include "control/state.h"

namespace aegis::control {
namespace {

bool Lists(const std::vector<Copy>& copies, const Copy& copy) {
  return std::ranges::binary_search(copies, copy);
}

bool HasDuplicates(const std::vector<NodeId>& nodes) {
  return std::set<NodeId>(nodes.begin(), nodes.end()).size() != nodes.size();
}

}  // namespace

void State::Apply(Applied at, const Command& command) {
  Advance(at);
  if (!born() && !std::holds_alternative<Birth>(command)) return;
  std::visit([this](const auto& kind) { On(kind); }, command);
  DropIdleFences();
}

void State::Advance(Applied at) {
  AEGIS_CHECK(at.index == applied_.index + 1, "the control log is applied without a gap");
  AEGIS_CHECK(at.term >= applied_.term, "terms of the control log never fall");
  applied_ = at;
}

void State::On(const Birth& birth) {
  if (born() || !birth.settings.born()) return;
  settings_ = birth.settings;
  shards_.resize(settings_.num_shards);
}

void State::On(const Register& command) {
  if (!MayRegister(command)) return;
  nodes_[command.node] = {.id = command.node,
                          .session = command.session,
                          .memory = command.memory,
                          .server = command.server,
                          .name = command.name,
                          .zone = command.zone,
                          .weight = command.weight,
                          .lease = command.lease,
                          .leaving = false,
                          .given_up = false,
                          .removed = false};
}

void State::On(const Fence& fence) {
  // The first fence stands: voters have reported their grants on it, and a later one would make
  // everybody wait for their reports again.
  if (FenceOf(fence.holder) != nullptr) return;
  const NodeState* const node = Find(fence.holder.node);
  const bool registered = node != nullptr && node->session == fence.holder.session;
  const bool leads = std::ranges::find(shards_, fence.holder, &ShardState::leader) != shards_.end();
  if (fence.holder == kNobody || (!registered && !leads)) return;
  // A holder is fenced before its node registers another: the node's lease is still this one's.
  const auto lease = node != nullptr ? node->lease : std::chrono::milliseconds(kLeaseMax);
  fences_.push_back({.holder = fence.holder,
                     .index = applied_.index,
                     .term = applied_.term,
                     .lease = registered ? lease : kLeaseMax});
}

void State::On(const Assign& assign) {
  for (const Assignment& assignment : assign.assignments) On(assignment);
}

void State::On(const Assignment& assignment) {
  ShardState* const shard = FindAt(assignment.shard, assignment.epoch);
  if (shard == nullptr || !HasNextEpoch(assignment.epoch)) return;
  const bool first = assignment.epoch == Epoch{};
  if (shard->leader != assignment.from || (!first && FenceOf(assignment.from) == nullptr)) return;
  if (!MayLead(assignment.to)) return;
  const Copy copy = CopyOf(assignment.to.node);
  if (Lists(shard->in_sync, copy)) {
    std::erase_if(shard->in_sync, [this](const Copy& listed) { return !IsCurrent(listed); });
  } else if (first || assignment.unclean) {
    shard->in_sync = {copy};
  } else {
    return;
  }
  BeginReign(*shard, assignment.to);
}

void State::On(const Transfer& transfer) {
  for (const ShardTransfer& item : transfer.transfers) On(item);
}

// A fence of `from` does not matter: having asked for this, it answers nothing in this epoch any
// more, whatever became of its lease.
void State::On(const ShardTransfer& transfer) {
  ShardState* const shard = FindAt(transfer.shard, transfer.epoch);
  if (shard == nullptr || !HasNextEpoch(transfer.epoch)) return;
  if (shard->leader != transfer.from) return;
  if (!MayLead(transfer.to) || !Lists(shard->in_sync, CopyOf(transfer.to.node))) return;
  BeginReign(*shard, transfer.to);
}

void State::BeginReign(ShardState& shard, const Holder& leader) {
  AEGIS_CHECK(HasNextEpoch(shard.epoch), "epochs fit into a version");
  AEGIS_CHECK(MayLead(leader), "nobody leads who is fenced or superseded");
  AEGIS_CHECK(Lists(shard.in_sync, CopyOf(leader.node)), "a leader's copy is in sync");
  shard.epoch = Epoch{shard.epoch.value() + 1};
  shard.leader = leader;
}

void State::On(const InSync& in_sync) {
  for (const InSyncChange& change : in_sync.changes) On(change);
}

void State::On(const InSyncChange& change) {
  ShardState* const shard = FindAt(change.shard, change.epoch);
  if (shard == nullptr || shard->epoch == Epoch{} || shard->leader.session != change.session ||
      shard->change != change.change || change.change == UINT32_MAX) {
    return;
  }
  std::vector<Copy>& copies = shard->in_sync;
  const bool own = change.copy.node == shard->leader.node;
  const bool listed = Lists(copies, change.copy);
  if (change.remove) {
    if (own) return;
    std::erase(copies, change.copy);
  } else {
    if (!IsCurrent(change.copy) || (own && !listed)) return;
    if (!listed) {
      // What an earlier process of the node held is lost with it.
      std::vector<Copy> after = copies;
      std::erase_if(after, [&](const Copy& copy) { return copy.node == change.copy.node; });
      if (after.size() >= kCopiesMax) return;
      after.insert(std::ranges::upper_bound(after, change.copy), change.copy);
      copies = std::move(after);
    }
  }
  ++shard->change;
}

void State::On(const Targets& targets) {
  for (const Target& target : targets.targets) On(target);
}

void State::On(const Target& target) {
  ShardState* const shard = Find(target.shard);
  if (shard == nullptr || target.nodes.empty() || target.nodes.size() > kCopiesMax) return;
  const bool all_present = std::ranges::all_of(target.nodes, [this](NodeId id) {
    const NodeState* const node = Find(id);
    return node != nullptr && !node->removed;
  });
  if (!all_present || HasDuplicates(target.nodes)) return;
  const bool others = !std::ranges::is_permutation(shard->target, target.nodes);
  // Who is named no more wipes its copy, and may be named again.
  if (shard->epoch != Epoch{} && others && shard->change < UINT32_MAX) ++shard->change;
  shard->target = target.nodes;
}

void State::On(const Leaving& leaving) {
  const auto node = nodes_.find(leaving.holder.node);
  if (node == nodes_.end() || node->second.session != leaving.holder.session) return;
  if (node->second.removed) return;
  node->second.leaving = true;
  node->second.given_up = node->second.given_up || leaving.given_up;
}

void State::On(const Remove& remove) {
  const NodeId id = remove.holder.node;
  const auto node = nodes_.find(id);
  if (node == nodes_.end() || node->second.session != remove.holder.session) return;
  if (FenceOf(remove.holder) == nullptr) return;
  for (const ShardState& shard : shards_) {
    if (shard.leader.node == id) return;
    if (std::ranges::find(shard.target, id) != shard.target.end()) return;
  }
  node->second.removed = true;
  for (ShardState& shard : shards_) {
    const auto dropped =
        std::erase_if(shard.in_sync, [&](const Copy& copy) { return copy.node == id; });
    if (dropped == 0) continue;
    AEGIS_CHECK(!shard.in_sync.empty(), "a leader's copy is in sync");
    // Whoever was about to change the set has to look at it again.
    if (shard.change < UINT32_MAX) ++shard.change;
  }
}

void State::On(const QuorumUsed& used) {
  for (const ShardId id : used.shards) {
    if (ShardState* const shard = Find(id)) shard->quorum_used = true;
  }
}

// A fence outlives its use for neither: while a shard names the holder, the shard may have to be
// assigned; while it is the node's session, it could lead again.
void State::DropIdleFences() {
  const auto registered = [this](const StandingFence& fence) {
    const NodeState* const node = Find(fence.holder.node);
    return node != nullptr && node->session == fence.holder.session;
  };
  if (std::ranges::all_of(fences_, registered)) return;
  std::set<Holder> leaders;
  for (const ShardState& shard : shards_) leaders.insert(shard.leader);
  std::erase_if(fences_, [&](const StandingFence& fence) {
    return !registered(fence) && !leaders.contains(fence.holder);
  });
}

}  // namespace aegis::control
