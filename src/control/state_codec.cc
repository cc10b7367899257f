// The state as a snapshot of the control log.

#include <optional>
#include <utility>

#include "base/check.h"
#include "control/proto_fields.h"
#include "control/state.h"
#include "proto/control.pb.h"

namespace aegis::control {
namespace {

// --- Structs to protobuf ------------------------------------------------------------------------

void FillNode(const NodeState& node, proto::ControlNode& out) {
  const Register registration{.node = node.id,
                              .session = node.session,
                              .previous = {},
                              .memory = node.memory,
                              .server = node.server,
                              .name = node.name,
                              .zone = node.zone,
                              .weight = node.weight,
                              .lease = node.lease};
  Fill(registration, *out.mutable_registration());
  out.set_leaving(node.leaving);
  out.set_given_up(node.given_up);
  out.set_removed(node.removed);
}

void FillShard(const ShardState& shard, proto::ControlShard& out) {
  out.set_epoch(shard.epoch.value());
  if (shard.leader != kNobody) Fill(shard.leader, *out.mutable_leader());
  out.set_change(shard.change);
  for (const Copy& copy : shard.in_sync) Fill(copy, *out.add_in_sync());
  Fill(shard.target, *out.mutable_target());
  out.set_quorum_used(shard.quorum_used);
}

void FillFence(const StandingFence& fence, proto::ControlStandingFence& out) {
  Fill(fence.holder, *out.mutable_holder());
  out.set_index(fence.index);
  out.set_term(fence.term);
  out.set_lease_ms(static_cast<std::uint32_t>(fence.lease.count()));
}

void FillRecovery(const Recovery& recovery, proto::ControlRecovery& out) {
  out.set_lineage(recovery.lineage.value());
  out.set_parent(recovery.parent.value());
  out.mutable_known()->set_index(recovery.known.index);
  out.mutable_known()->set_term(recovery.known.term);
  out.mutable_last()->set_index(recovery.last.index);
  out.mutable_last()->set_term(recovery.last.term);
}

// --- Protobuf to structs ------------------------------------------------------------------------

std::optional<NodeState> Take(const proto::ControlNode& from) {
  auto registration = TakeRegister(from.registration());
  if (!registration) return std::nullopt;
  return NodeState{.id = registration->node,
                   .session = registration->session,
                   .memory = registration->memory,
                   .server = registration->server,
                   .name = std::move(registration->name),
                   .zone = std::move(registration->zone),
                   .weight = registration->weight,
                   .lease = registration->lease,
                   .leaving = from.leaving(),
                   .given_up = from.given_up(),
                   .removed = from.removed()};
}

std::optional<ShardState> Take(const proto::ControlShard& from) {
  const auto epoch = TakeEpoch(from.epoch());
  const auto leader = TakeHolderOrNobody(from.leader());
  auto target = TakeNodes(from.target());
  if (!epoch || !leader || !target) return std::nullopt;
  if (static_cast<std::size_t>(from.in_sync_size()) > kCopiesMax) return std::nullopt;
  ShardState shard{.epoch = *epoch,
                   .leader = *leader,
                   .change = from.change(),
                   .in_sync = {},
                   .target = *std::move(target),
                   .quorum_used = from.quorum_used()};
  for (const proto::ControlCopy& part : from.in_sync()) {
    const auto copy = TakeCopy(part);
    if (!copy) return std::nullopt;
    shard.in_sync.push_back(*copy);
  }
  return shard;
}

Recovery Take(const proto::ControlRecovery& from) {
  return {.lineage = Lineage{from.lineage()},
          .parent = Lineage{from.parent()},
          .known = {.index = from.known().index(), .term = from.known().term()},
          .last = {.index = from.last().index(), .term = from.last().term()}};
}

}  // namespace

Bytes State::Encode() const {
  proto::ControlState out;
  if (born()) Fill(settings_, *out.mutable_birth());
  for (const auto& [id, node] : nodes_) FillNode(node, *out.add_nodes());
  for (const ShardState& shard : shards_) FillShard(shard, *out.add_shards());
  for (const StandingFence& fence : fences_) FillFence(fence, *out.add_fences());
  for (const Recovery& recovery : recoveries_) FillRecovery(recovery, *out.add_recoveries());
  out.set_applied_index(applied_.index);
  out.set_applied_term(applied_.term);
  Bytes encoded = out.SerializeAsString();
  AEGIS_CHECK(encoded.size() <= kStateSizeMax, "a control state has a limit");
  return encoded;
}

Result<State> State::Decode(ByteView data) {
  proto::ControlState from;
  if (!Parse(data, kStateSizeMax, from)) return Malformed("not a control state");
  State state;
  if (from.has_birth()) {
    const auto settings = TakeSettings(from.birth());
    if (!settings) return Malformed("a control state with impossible settings");
    state.settings_ = *settings;
  }
  for (const proto::ControlNode& part : from.nodes()) {
    auto node = Take(part);
    if (!node) return Malformed("a control state with an impossible node");
    const bool ascending = state.nodes_.empty() || state.nodes_.rbegin()->first < node->id;
    if (!ascending) return Malformed("a control state whose nodes are not sorted");
    const NodeId id = node->id;
    state.nodes_.emplace_hint(state.nodes_.end(), id, *std::move(node));
  }
  for (const proto::ControlShard& part : from.shards()) {
    auto shard = Take(part);
    if (!shard) return Malformed("a control state with an impossible shard");
    state.shards_.push_back(*std::move(shard));
  }
  for (const proto::ControlStandingFence& part : from.fences()) {
    const auto holder = TakeHolder(part.holder());
    if (!holder) return Malformed("a control state that fences nobody");
    if (part.lease_ms() == 0 || part.lease_ms() > kLeaseMax.count()) {
      return Malformed("a fence of a lease that could not be");
    }
    state.fences_.push_back({.holder = *holder,
                             .index = part.index(),
                             .term = part.term(),
                             .lease = std::chrono::milliseconds(part.lease_ms())});
  }
  for (const proto::ControlRecovery& part : from.recoveries()) {
    state.recoveries_.push_back(Take(part));
  }
  state.applied_ = {.index = from.applied_index(), .term = from.applied_term()};
  if (const char* const broken = state.BrokenInvariant()) {
    return Malformed(std::string("a control state that breaks an invariant: ") + broken);
  }
  return state;
}

}  // namespace aegis::control
