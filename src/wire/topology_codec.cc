#include "wire/topology_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/protobuf_fields.h"
#include "model/limits.h"
#include "model/version.h"

namespace aegis::wire {
namespace {

using protobuf::Field;
using protobuf::FieldWriter;
using protobuf::Guarded;
using protobuf::kFixed64;
using protobuf::kLengthDelimited;
using protobuf::kVarint;
using protobuf::ReadBytes;
using protobuf::ReadEnum;
using protobuf::ReadU32;
using protobuf::RefuseMalformed;
using protobuf::RefuseTooLarge;
using protozero::pbf_reader;

// Field numbers of proto/client.proto.
enum class TopologyTag : protozero::pbf_tag_type {
  kVersion = 1,
  kClusterId = 2,
  kNumShards = 3,
  kSelf = 4,
  kMembers = 5,
  kShards = 6,
  kReplicationFactor = 7,
};
enum class MemberTag : protozero::pbf_tag_type {
  kId = 1,
  kName = 2,
  kClientAddress = 3,
  kGossipAddress = 4,
  kZone = 5,
  kWeight = 6,
  kState = 7,
  kSoftware = 8,
  kIncarnation = 9,
};
enum class ShardTag : protozero::pbf_tag_type { kEpoch = 1, kLeader = 2, kReplicas = 3 };

void WriteMember(const Member& member, Bytes& out) {
  using Tag = MemberTag;
  FieldWriter<Tag> fields(out);
  fields.Fixed(Tag::kId, member.id.value());
  fields.String(Tag::kName, member.name);
  fields.String(Tag::kClientAddress, member.client_address.ToString());
  fields.String(Tag::kGossipAddress, member.gossip_address.ToString());
  fields.String(Tag::kZone, member.zone);
  fields.Unsigned(Tag::kWeight, member.weight);
  fields.Enumerator(Tag::kState, member.state);
  fields.String(Tag::kSoftware, member.software);
  fields.Unsigned(Tag::kIncarnation, member.incarnation);
}

void WriteShard(const ShardRoute& shard, Bytes& out) {
  using Tag = ShardTag;
  FieldWriter<Tag> fields(out);
  fields.Unsigned(Tag::kEpoch, shard.epoch.value());
  fields.Fixed(Tag::kLeader, shard.leader.value());
  std::vector<std::uint64_t> ids;
  for (const NodeId id : shard.replicas) ids.push_back(id.value());
  fields.PackedFixed(Tag::kReplicas, ids);
}

Endpoint ReadEndpoint(pbf_reader& from, const char* what) {
  const auto endpoint = ParseEndpoint(ReadBytes(from));
  if (!endpoint.ok()) RefuseMalformed(fmt::format("{} {}", what, endpoint.error().message));
  return endpoint.value();
}

Member ReadMember(pbf_reader from) {
  using Tag = MemberTag;
  Member member;
  member.weight = 0;  // Its absence must show.
  while (from.next()) {
    switch (from.tag_and_type()) {
      case Field(Tag::kId, kFixed64):
        member.id = NodeId{from.get_fixed64()};
        break;
      case Field(Tag::kName, kLengthDelimited):
        member.name = ReadBytes(from);
        break;
      case Field(Tag::kClientAddress, kLengthDelimited):
        member.client_address = ReadEndpoint(from, "client_address");
        break;
      case Field(Tag::kGossipAddress, kLengthDelimited):
        member.gossip_address = ReadEndpoint(from, "gossip_address");
        break;
      case Field(Tag::kZone, kLengthDelimited):
        member.zone = ReadBytes(from);
        break;
      case Field(Tag::kWeight, kVarint):
        member.weight = ReadU32(from);
        break;
      case Field(Tag::kState, kVarint):
        member.state = ReadEnum(from, "member state", MemberState::kAlive, MemberState::kLeft);
        break;
      case Field(Tag::kSoftware, kLengthDelimited):
        member.software = ReadBytes(from);
        break;
      case Field(Tag::kIncarnation, kVarint):
        member.incarnation = from.get_uint64();
        break;
      default:
        from.skip();
    }
  }
  return member;
}

ShardRoute ReadShard(pbf_reader from) {
  using Tag = ShardTag;
  ShardRoute shard;
  while (from.next()) {
    switch (from.tag_and_type()) {
      case Field(Tag::kEpoch, kVarint):
        shard.epoch = Epoch{ReadU32(from)};
        break;
      case Field(Tag::kLeader, kFixed64):
        shard.leader = NodeId{from.get_fixed64()};
        break;
      case Field(Tag::kReplicas, kLengthDelimited):
        for (const std::uint64_t id : from.get_packed_fixed64()) {
          shard.replicas.push_back(NodeId{id});
        }
        break;
      case Field(Tag::kReplicas, kFixed64):  // Not packed: protobuf readers take both.
        shard.replicas.push_back(NodeId{from.get_fixed64()});
        break;
      default:
        from.skip();
    }
  }
  return shard;
}

RoutingTable ReadTopology(pbf_reader from) {
  using Tag = TopologyTag;
  RoutingTable table;
  table.settings.num_shards = 0;  // Their absence must show.
  table.settings.replication_factor = 0;
  while (from.next()) {
    switch (from.tag_and_type()) {
      case Field(Tag::kVersion, kVarint):
        table.version = from.get_uint64();
        break;
      case Field(Tag::kClusterId, kFixed64):
        table.settings.id = ClusterId{from.get_fixed64()};
        break;
      case Field(Tag::kNumShards, kVarint):
        table.settings.num_shards = ReadU32(from);
        break;
      case Field(Tag::kSelf, kFixed64):
        table.self = NodeId{from.get_fixed64()};
        break;
      case Field(Tag::kMembers, kLengthDelimited):
        if (table.members.size() == limits::kMembersMax) {
          RefuseTooLarge(fmt::format("more than {} members", limits::kMembersMax));
        }
        table.members.push_back(ReadMember(from.get_message()));
        break;
      case Field(Tag::kShards, kLengthDelimited):
        if (table.shards.size() == limits::kShardsMax) {
          RefuseTooLarge(fmt::format("more than {} shards", limits::kShardsMax));
        }
        table.shards.push_back(ReadShard(from.get_message()));
        break;
      case Field(Tag::kReplicationFactor, kVarint):
        table.settings.replication_factor = ReadU32(from);
        break;
      default:
        from.skip();
    }
  }
  return table;
}

void ValidateMembers(const RoutingTable& table) {
  NodeId previous = kNoNode;
  for (const Member& member : table.members) {
    if (member.id <= previous) {
      RefuseMalformed(fmt::format("member id {:016x} behind {:016x}: ids ascend and are not 0",
                                  member.id.value(), previous.value()));
    }
    if (member.weight == 0) {
      RefuseMalformed(fmt::format("member {:016x} has weight 0", member.id.value()));
    }
    previous = member.id;
  }
  if (table.Find(table.self) == nullptr) {
    RefuseMalformed(fmt::format("self {:016x} is not among the members", table.self.value()));
  }
}

void ValidateShard(std::size_t index, const ShardRoute& shard) {
  if (shard.epoch.value() > Version::kEpochMax) {
    RefuseMalformed(fmt::format("shard {}: epoch {} is over {}", index, shard.epoch.value(),
                                Version::kEpochMax));
  }
  std::vector<NodeId> ids = shard.replicas;
  std::sort(ids.begin(), ids.end());
  if (!ids.empty() && ids.front() == kNoNode) {
    RefuseMalformed(fmt::format("shard {}: replica id 0", index));
  }
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) {
    RefuseMalformed(fmt::format("shard {}: replica {:016x} twice", index, twice->value()));
  }
}

void ValidateShards(const RoutingTable& table) {
  const std::uint32_t count = table.settings.num_shards;
  if (!std::has_single_bit(count) || count > limits::kShardsMax) {
    RefuseMalformed(fmt::format("num_shards must be a power of two from {} to {}, got {}",
                                limits::kShardsMin, limits::kShardsMax, count));
  }
  const std::size_t expected = table.settings.born() ? count : 0;
  if (table.shards.size() != expected) {
    RefuseMalformed(fmt::format("expected {} shards, got {}", expected, table.shards.size()));
  }
  for (std::size_t i = 0; i < table.shards.size(); ++i) ValidateShard(i, table.shards[i]);
}

}  // namespace

void AppendTopology(const RoutingTable& table, Bytes& out) {
  using Tag = TopologyTag;
  FieldWriter<Tag> fields(out);
  fields.Unsigned(Tag::kVersion, table.version);
  fields.Fixed(Tag::kClusterId, table.settings.id.value());
  fields.Unsigned(Tag::kNumShards, table.settings.num_shards);
  fields.Fixed(Tag::kSelf, table.self.value());
  for (const Member& member : table.members) {
    fields.Message(Tag::kMembers, [&](Bytes& body) { WriteMember(member, body); });
  }
  for (const ShardRoute& shard : table.shards) {
    fields.Message(Tag::kShards, [&](Bytes& body) { WriteShard(shard, body); });
  }
  fields.Unsigned(Tag::kReplicationFactor, table.settings.replication_factor);
}

Result<RoutingTable> DecodeTopology(ByteView input) {
  return Guarded("Topology", [&] {
    RoutingTable table = ReadTopology(pbf_reader(input.data(), input.size()));
    ValidateMembers(table);
    ValidateShards(table);
    return table;
  });
}

}  // namespace aegis::wire
