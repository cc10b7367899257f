#include "control/command.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "control/proto_fields.h"
#include "model/limits.h"
#include "proto/control.pb.h"

namespace aegis::control {
namespace {

// --- Structs to protobuf ------------------------------------------------------------------------

struct Filler {
  proto::ControlCommand& out;

  void operator()(const Birth& birth) const { Fill(birth.settings, *out.mutable_birth()); }
  void operator()(const Register& registration) const {
    Fill(registration, *out.mutable_register_());
  }
  void operator()(const Fence& fence) const {
    Fill(fence.holder, *out.mutable_fence()->mutable_holder());
  }
  void operator()(const Assign& assign) const {
    auto& list = *out.mutable_assign();
    for (const Assignment& assignment : assign.assignments) {
      auto& item = *list.add_assignments();
      FillMove(assignment, item);
      item.set_unclean(assignment.unclean);
    }
  }
  void operator()(const Transfer& transfer) const {
    auto& list = *out.mutable_transfer();
    for (const ShardTransfer& item : transfer.transfers) FillMove(item, *list.add_transfers());
  }
  void operator()(const InSync& in_sync) const {
    auto& list = *out.mutable_in_sync();
    for (const InSyncChange& change : in_sync.changes) {
      auto& item = *list.add_changes();
      item.set_shard(change.shard.value());
      item.set_epoch(change.epoch.value());
      item.set_change(change.change);
      item.set_session(change.session.value());
      Fill(change.copy, *item.mutable_copy());
      item.set_remove(change.remove);
    }
  }
  void operator()(const Targets& targets) const {
    auto& list = *out.mutable_targets();
    for (const Target& target : targets.targets) {
      auto& item = *list.add_targets();
      item.set_shard(target.shard.value());
      Fill(target.nodes, *item.mutable_nodes());
    }
  }
  void operator()(const Leaving& leaving) const {
    Fill(leaving.holder, *out.mutable_leaving()->mutable_holder());
    out.mutable_leaving()->set_given_up(leaving.given_up);
  }
  void operator()(const Remove& remove) const {
    Fill(remove.holder, *out.mutable_remove()->mutable_holder());
  }
  void operator()(const QuorumUsed& used) const {
    auto& list = *out.mutable_quorum_used();
    for (const ShardId shard : used.shards) list.add_shards(shard.value());
  }

  // Who gives a shard up, and who gets it: the same of an assignment and a transfer.
  template <class From, class To>
  static void FillMove(const From& from, To& to) {
    to.set_shard(from.shard.value());
    to.set_epoch(from.epoch.value());
    if (from.from != kNobody) Fill(from.from, *to.mutable_from());
    Fill(from.to, *to.mutable_to());
  }
};

// --- Protobuf to structs ------------------------------------------------------------------------

std::optional<Assignment> Take(const proto::ControlAssignment& from) {
  const auto shard = TakeShard(from.shard());
  const auto epoch = TakeEpoch(from.epoch());
  const auto leader = TakeHolderOrNobody(from.from());
  const auto next = TakeHolder(from.to());
  if (!shard || !epoch || !leader || !next) return std::nullopt;
  return Assignment{
      .shard = *shard, .epoch = *epoch, .from = *leader, .to = *next, .unclean = from.unclean()};
}

std::optional<ShardTransfer> Take(const proto::ControlTransferOfShard& from) {
  const auto shard = TakeShard(from.shard());
  const auto epoch = TakeEpoch(from.epoch());
  const auto leader = TakeHolder(from.from());
  const auto next = TakeHolder(from.to());
  if (!shard || !epoch || !leader || !next) return std::nullopt;
  return ShardTransfer{.shard = *shard, .epoch = *epoch, .from = *leader, .to = *next};
}

std::optional<InSyncChange> Take(const proto::ControlInSyncChange& from) {
  const auto shard = TakeShard(from.shard());
  const auto epoch = TakeEpoch(from.epoch());
  const auto copy = TakeCopy(from.copy());
  if (!shard || !epoch || !copy || from.session() == 0) return std::nullopt;
  return InSyncChange{.shard = *shard,
                      .epoch = *epoch,
                      .change = from.change(),
                      .session = Session{from.session()},
                      .copy = *copy,
                      .remove = from.remove()};
}

std::optional<Target> Take(const proto::ControlTarget& from) {
  const auto shard = TakeShard(from.shard());
  auto nodes = TakeNodes(from.nodes());
  if (!shard || !nodes || nodes->empty()) return std::nullopt;
  return Target{.shard = *shard, .nodes = *std::move(nodes)};
}

std::optional<ShardId> Take(std::uint32_t from) { return TakeShard(from); }

// False if there are too many, or one is refused.
template <class List, class Item>
bool TakeAll(const List& from, std::vector<Item>& to) {
  if (static_cast<std::size_t>(from.size()) > limits::kShardsMax) return false;
  to.reserve(static_cast<std::size_t>(from.size()));
  for (const auto& part : from) {
    auto item = Take(part);
    if (!item) return false;
    to.push_back(*std::move(item));
  }
  return true;
}

template <class List, class Kind, class Item>
std::optional<Command> TakeList(const List& from, std::vector<Item> Kind::*items) {
  Kind kind;
  if (!TakeAll(from, kind.*items)) return std::nullopt;
  return Command(std::move(kind));
}

template <class Kind>
std::optional<Command> TakeOfHolder(const proto::ControlHolder& from) {
  const auto holder = TakeHolder(from);
  if (!holder) return std::nullopt;
  return Command(Kind{*holder});
}

std::optional<Command> TakeCommand(const proto::ControlCommand& from) {
  using proto::ControlCommand;
  switch (from.kind_case()) {
    case ControlCommand::kBirth:
      if (const auto settings = TakeSettings(from.birth())) return Command(Birth{*settings});
      return std::nullopt;
    case ControlCommand::kRegister:
      if (auto registration = TakeRegister(from.register_())) {
        return Command(*std::move(registration));
      }
      return std::nullopt;
    case ControlCommand::kFence:
      return TakeOfHolder<Fence>(from.fence().holder());
    case ControlCommand::kAssign:
      return TakeList(from.assign().assignments(), &Assign::assignments);
    case ControlCommand::kTransfer:
      return TakeList(from.transfer().transfers(), &Transfer::transfers);
    case ControlCommand::kInSync:
      return TakeList(from.in_sync().changes(), &InSync::changes);
    case ControlCommand::kTargets:
      return TakeList(from.targets().targets(), &Targets::targets);
    case ControlCommand::kLeaving:
      if (const auto holder = TakeHolder(from.leaving().holder())) {
        return Command(Leaving{*holder, from.leaving().given_up()});
      }
      return std::nullopt;
    case ControlCommand::kRemove:
      return TakeOfHolder<Remove>(from.remove().holder());
    case ControlCommand::kQuorumUsed:
      return TakeList(from.quorum_used().shards(), &QuorumUsed::shards);
    case ControlCommand::KIND_NOT_SET:
      break;
  }
  return std::nullopt;
}

}  // namespace

Bytes Encode(const Command& command) {
  proto::ControlCommand out;
  std::visit(Filler{out}, command);
  Bytes encoded = out.SerializeAsString();
  AEGIS_CHECK(encoded.size() <= kCommandSizeMax, "a control command has a limit");
  return encoded;
}

Result<Command> DecodeCommand(ByteView data) {
  proto::ControlCommand from;
  if (!Parse(data, kCommandSizeMax, from)) return Malformed("not a control command");
  auto command = TakeCommand(from);
  if (!command) return Malformed("a control command of no known kind, or beyond its limits");
  return *std::move(command);
}

}  // namespace aegis::control
