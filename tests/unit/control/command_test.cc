#include "control/command.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "base/rng.h"
#include "control/proto_fields.h"
#include "model/limits.h"
#include "model/version.h"
#include "proto/control.pb.h"
#include "unit/control/written_log.h"

namespace aegis::control {
namespace {

// One of each kind, with a different value in every field.
std::vector<Command> OneOfEach() {
  Register registration = RegisterOf(1, 2);
  registration.weight = 7;
  registration.lease = std::chrono::milliseconds(1'500);
  return {BirthOf(64),
          registration,
          Fence{HolderOf(3)},
          Assign{{{ShardId{0}, Epoch{0}, kNobody, HolderOf(4), false},
                  {ShardId{5}, Epoch{9}, HolderOf(5), HolderOf(6), true}}},
          Transfer{{{ShardId{1}, Epoch{2}, HolderOf(7), HolderOf(8)},
                    {ShardId{3}, Epoch{4}, HolderOf(9), HolderOf(9)}}},
          InSync{{{ShardId{2}, Epoch{3}, 4, SessionOf(5), CopyOf(6), false},
                  {ShardId{7}, Epoch{8}, 0, SessionOf(9), CopyOf(10), true}}},
          Targets{{{ShardId{2}, {NodeId{3}, NodeId{1}, NodeId{2}}}, {ShardId{3}, {NodeId{9}}}}},
          Leaving{HolderOf(11), true},
          Remove{HolderOf(12)},
          QuorumUsed{{ShardId{0}, ShardId{300}, ShardId{limits::kShardsMax - 1}}}};
}

proto::ControlCommand AsProto(const Command& command) {
  proto::ControlCommand message;
  EXPECT_TRUE(message.ParseFromString(Encode(command)));
  return message;
}

// The decoder's verdict on a command that `change` was made to.
template <class Change>
bool Accepts(const Command& command, const Change& change) {
  proto::ControlCommand message = AsProto(command);
  change(message);
  const auto decoded = DecodeCommand(message.SerializeAsString());
  EXPECT_TRUE(decoded.ok() || decoded.error().code == ErrorCode::kMalformed);
  return decoded.ok();
}

using Message = proto::ControlCommand;

TEST(CommandTest, EveryKindSurvivesItsEncoding) {
  const std::vector<Command> commands = OneOfEach();
  ASSERT_EQ(commands.size(), std::variant_size_v<Command>);
  for (std::size_t kind = 0; kind < commands.size(); ++kind) {
    SCOPED_TRACE(kind);
    ASSERT_EQ(commands[kind].index(), kind);
    const auto decoded = DecodeCommand(Encode(commands[kind]));
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(decoded.value().index(), kind);
    EXPECT_EQ(Encode(decoded.value()), Encode(commands[kind]));
  }
}

TEST(CommandTest, EveryFieldOfARegistrationSurvives) {
  const Register sent = std::get<Register>(OneOfEach()[1]);
  const auto decoded = DecodeCommand(Encode(sent));
  ASSERT_TRUE(decoded.ok());
  const Register& got = std::get<Register>(decoded.value());
  EXPECT_EQ(got.node, sent.node);
  EXPECT_EQ(got.session, sent.session);
  EXPECT_EQ(got.previous, sent.previous);
  EXPECT_EQ(got.memory, sent.memory);
  EXPECT_EQ(got.server, sent.server);
  EXPECT_EQ(got.name, sent.name);
  EXPECT_EQ(got.zone, sent.zone);
  EXPECT_EQ(got.weight, sent.weight);
  EXPECT_EQ(got.lease, sent.lease);
}

TEST(CommandTest, EveryFieldOfAListSurvives) {
  const auto assign = DecodeCommand(Encode(OneOfEach()[3]));
  ASSERT_TRUE(assign.ok());
  const Assignment& first = std::get<Assign>(assign.value()).assignments.at(0);
  EXPECT_EQ(first.from, kNobody);
  const Assignment& second = std::get<Assign>(assign.value()).assignments.at(1);
  EXPECT_EQ(second.shard, ShardId{5});
  EXPECT_EQ(second.epoch, Epoch{9});
  EXPECT_EQ(second.from, HolderOf(5));
  EXPECT_EQ(second.to, HolderOf(6));
  EXPECT_TRUE(second.unclean);

  const auto in_sync = DecodeCommand(Encode(OneOfEach()[5]));
  ASSERT_TRUE(in_sync.ok());
  const InSyncChange& change = std::get<InSync>(in_sync.value()).changes.at(0);
  EXPECT_EQ(change.change, 4U);
  EXPECT_EQ(change.session, SessionOf(5));
  EXPECT_EQ(change.copy, CopyOf(6));
  EXPECT_FALSE(change.remove);
  EXPECT_TRUE(std::get<InSync>(in_sync.value()).changes.at(1).remove);

  const auto targets = DecodeCommand(Encode(OneOfEach()[6]));
  ASSERT_TRUE(targets.ok());
  EXPECT_EQ(std::get<Targets>(targets.value()).targets.at(0).nodes,
            (std::vector<NodeId>{NodeId{3}, NodeId{1}, NodeId{2}}));
}

TEST(CommandTest, NoKindOrAnUnknownOneIsRefused) {
  EXPECT_FALSE(DecodeCommand("").ok());
  EXPECT_FALSE(DecodeCommand(Bytes("\xfa\x01\x00", 3)).ok());  // Field 31, empty.
  EXPECT_FALSE(DecodeCommand("not a command").ok());
}

TEST(CommandTest, HoldersAreSomebody) {
  const auto no_node = [](auto* holder) { holder->set_node(0); };
  const auto no_session = [](auto* holder) { holder->set_session(0); };
  for (const auto& change : std::vector<std::function<void(proto::ControlHolder*)>>{
           no_node, no_session, [](auto* holder) { holder->Clear(); }}) {
    EXPECT_FALSE(Accepts(Fence{HolderOf(1)},
                         [&](Message& m) { change(m.mutable_fence()->mutable_holder()); }));
    EXPECT_FALSE(Accepts(Leaving{HolderOf(1)},
                         [&](Message& m) { change(m.mutable_leaving()->mutable_holder()); }));
    EXPECT_FALSE(Accepts(Remove{HolderOf(1)},
                         [&](Message& m) { change(m.mutable_remove()->mutable_holder()); }));
    EXPECT_FALSE(Accepts(AssignOf(0, 1, HolderOf(1), HolderOf(2)), [&](Message& m) {
      change(m.mutable_assign()->mutable_assignments(0)->mutable_to());
    }));
    for (const bool from : {true, false}) {
      EXPECT_FALSE(Accepts(TransferOf(0, 1, HolderOf(1), HolderOf(2)), [&](Message& m) {
        auto* const item = m.mutable_transfer()->mutable_transfers(0);
        change(from ? item->mutable_from() : item->mutable_to());
      }));
    }
  }
  const auto half_of_from = [](Message& m) {
    m.mutable_assign()->mutable_assignments(0)->mutable_from()->set_node(0);
  };
  EXPECT_FALSE(Accepts(AssignOf(0, 1, HolderOf(1), HolderOf(2)), half_of_from));
}

TEST(CommandTest, AChangeNamesSomeCopyAndSomeSession) {
  const InSync command{{{ShardId{2}, Epoch{3}, 4, SessionOf(5), CopyOf(6), false}}};
  const auto accepts = [&](const std::function<void(proto::ControlInSyncChange*)>& change) {
    return Accepts(command, [&](Message& m) { change(m.mutable_in_sync()->mutable_changes(0)); });
  };
  EXPECT_TRUE(accepts([](auto*) {}));
  EXPECT_FALSE(accepts([](auto* change) { change->set_session(0); }));
  EXPECT_FALSE(accepts([](auto* change) { change->mutable_copy()->set_node(0); }));
  EXPECT_FALSE(accepts([](auto* change) { change->mutable_copy()->set_memory(0); }));
  EXPECT_FALSE(accepts([](auto* change) { change->clear_copy(); }));
}

TEST(CommandTest, ARegistrationIsWithinTheLimits) {
  const auto accepts = [&](const std::function<void(proto::ControlRegister*)>& change) {
    return Accepts(RegisterOf(1), [&](Message& m) { change(m.mutable_register_()); });
  };
  const std::string longest(limits::kNameSizeMax, 'x');
  EXPECT_TRUE(accepts([&](auto* node) { node->set_name(longest); }));
  EXPECT_TRUE(accepts([&](auto* node) { node->set_zone(longest); }));
  EXPECT_FALSE(accepts([&](auto* node) { node->set_name(longest + "x"); }));
  EXPECT_FALSE(accepts([&](auto* node) { node->set_zone(longest + "x"); }));
  EXPECT_FALSE(accepts([](auto* node) { node->set_node(0); }));
  EXPECT_FALSE(accepts([](auto* node) { node->set_session(0); }));
  EXPECT_FALSE(accepts([](auto* node) { node->set_memory(0); }));
  EXPECT_FALSE(accepts([](auto* node) { node->set_weight(0); }));
  EXPECT_FALSE(accepts([](auto* node) { node->set_lease_ms(0); }));
  EXPECT_TRUE(accepts([](auto* node) { node->set_lease_ms(3'600'000); }));
  EXPECT_FALSE(accepts([](auto* node) { node->set_lease_ms(3'600'001); }));
}

TEST(CommandTest, ABirthIsOfAPossibleCluster) {
  const auto accepts = [&](const std::function<void(proto::ControlBirth*)>& change) {
    return Accepts(BirthOf(16), [&](Message& m) { change(m.mutable_birth()); });
  };
  EXPECT_TRUE(accepts([](auto* birth) { birth->set_num_shards(limits::kShardsMax); }));
  EXPECT_FALSE(accepts([](auto* birth) { birth->set_num_shards(2 * limits::kShardsMax); }));
  EXPECT_FALSE(accepts([](auto* birth) { birth->set_num_shards(0); }));
  EXPECT_FALSE(accepts([](auto* birth) { birth->set_num_shards(3); }));
  EXPECT_TRUE(accepts([](auto* birth) { birth->set_replication_factor(kCopiesMax); }));
  EXPECT_FALSE(accepts([](auto* birth) { birth->set_replication_factor(kCopiesMax + 1); }));
  EXPECT_FALSE(accepts([](auto* birth) { birth->set_replication_factor(0); }));
  EXPECT_FALSE(accepts([](auto* birth) { birth->set_virtual_nodes(0); }));
  EXPECT_FALSE(accepts([](auto* birth) { birth->set_cluster(0); }));
}

TEST(CommandTest, ShardsAndEpochsAreWithinTheLimits) {
  const auto assign = [](const std::function<void(proto::ControlAssignment*)>& change) {
    return Accepts(AssignOf(0, 1, HolderOf(1), HolderOf(2)),
                   [&](Message& m) { change(m.mutable_assign()->mutable_assignments(0)); });
  };
  EXPECT_TRUE(assign([](auto* item) { item->set_shard(limits::kShardsMax - 1); }));
  EXPECT_FALSE(assign([](auto* item) { item->set_shard(limits::kShardsMax); }));
  EXPECT_TRUE(assign([](auto* item) { item->set_epoch(Version::kEpochMax - 1); }));
  EXPECT_FALSE(assign([](auto* item) { item->set_epoch(Version::kEpochMax); }));

  const auto transfer = [](const std::function<void(proto::ControlTransferOfShard*)>& change) {
    return Accepts(TransferOf(0, 1, HolderOf(1), HolderOf(2)),
                   [&](Message& m) { change(m.mutable_transfer()->mutable_transfers(0)); });
  };
  EXPECT_FALSE(transfer([](auto* item) { item->set_shard(limits::kShardsMax); }));
  EXPECT_FALSE(transfer([](auto* item) { item->set_epoch(Version::kEpochMax); }));

  const InSync in_sync{{{ShardId{2}, Epoch{3}, 4, SessionOf(5), CopyOf(6), false}}};
  EXPECT_FALSE(Accepts(in_sync, [](Message& m) {
    m.mutable_in_sync()->mutable_changes(0)->set_shard(limits::kShardsMax);
  }));
  EXPECT_FALSE(Accepts(in_sync, [](Message& m) {
    m.mutable_in_sync()->mutable_changes(0)->set_epoch(Version::kEpochMax);
  }));
  EXPECT_FALSE(Accepts(TargetOf(0, {1}), [](Message& m) {
    m.mutable_targets()->mutable_targets(0)->set_shard(limits::kShardsMax);
  }));
  EXPECT_FALSE(Accepts(
      QuorumUsed{}, [](Message& m) { m.mutable_quorum_used()->add_shards(limits::kShardsMax); }));
}

TEST(CommandTest, ATargetHasAFewNodes) {
  const auto accepts = [](int nodes, std::uint64_t id) {
    return Accepts(TargetOf(0, {1}), [&](Message& m) {
      auto* const list = m.mutable_targets()->mutable_targets(0)->mutable_nodes();
      list->Clear();
      for (int i = 0; i < nodes; ++i) list->Add(id);
    });
  };
  EXPECT_FALSE(accepts(0, 1));
  EXPECT_TRUE(accepts(1, 1));
  EXPECT_FALSE(accepts(1, 0));
  EXPECT_TRUE(accepts(kCopiesMax, 1));
  EXPECT_FALSE(accepts(kCopiesMax + 1, 1));
}

TEST(CommandTest, AListHasAnItemOfEveryShardAtMost) {
  QuorumUsed used;
  for (std::uint32_t i = 0; i < limits::kShardsMax; ++i) used.shards.emplace_back(i);
  EXPECT_TRUE(DecodeCommand(Encode(used)).ok());
  used.shards.emplace_back(0);
  EXPECT_FALSE(DecodeCommand(Encode(used)).ok());
}

TEST(CommandTest, TheLongestCommandFits) {
  Targets targets;
  for (std::uint32_t shard = 0; shard < limits::kShardsMax; ++shard) {
    targets.targets.push_back({ShardId{shard}, std::vector<NodeId>(kCopiesMax, NodeId{~0ULL})});
  }
  EXPECT_TRUE(DecodeCommand(Encode(targets)).ok());
  EXPECT_FALSE(DecodeCommand(Bytes(kCommandSizeMax + 1, '\0')).ok());
}

// What is accepted is a command that can be written, and read again as the same.
void ExpectHarmless(ByteView bytes) {
  const auto decoded = DecodeCommand(bytes);
  if (!decoded.ok()) return;
  const Bytes again = Encode(decoded.value());
  const auto twice = DecodeCommand(again);
  ASSERT_TRUE(twice.ok());
  EXPECT_EQ(Encode(twice.value()), again);
}

TEST(CommandTest, EveryTruncationIsRefusedOrHarmless) {
  for (const Command& command : OneOfEach()) {
    const Bytes whole = Encode(command);
    // A truncated list can be a shorter one only at the end of the message around it, which is
    // counted: no part of a command is a command.
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(DecodeCommand(whole.substr(0, size)).ok()) << command.index() << " " << size;
    }
  }
}

TEST(CommandTest, EveryFlippedBitIsRefusedOrHarmless) {
  for (const Command& command : OneOfEach()) {
    Bytes bytes = Encode(command);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      const auto mask = static_cast<char>(1U << bit % 8);
      bytes[bit / 8] ^= mask;
      ExpectHarmless(bytes);
      bytes[bit / 8] ^= mask;
    }
  }
}

TEST(CommandTest, RandomBytesAreRefusedOrHarmless) {
  Rng rng(1);
  const std::vector<Command> commands = OneOfEach();
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = Encode(commands[rng.Below(commands.size())]);
    for (std::uint64_t flips = 1 + rng.Below(4); flips > 0; --flips) {
      bytes[rng.Below(bytes.size())] = static_cast<char>(rng.Next());
    }
    ExpectHarmless(bytes);
  }
}

}  // namespace
}  // namespace aegis::control
