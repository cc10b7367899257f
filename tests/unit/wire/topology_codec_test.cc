#include "wire/topology_codec.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "model/limits.h"
#include "model/version.h"
#include "proto/client.pb.h"

namespace aegis::wire {
namespace {

Member MemberNamed(std::uint64_t id, const std::string& name) {
  Member member;
  member.id = NodeId{id};
  member.name = name;
  member.gossip_address = Endpoint{"10.0.0.1", 7701};
  member.client_address = Endpoint{"::1", 7700};
  member.zone = "zone-a";
  member.weight = 2;
  member.software = "0.1.0";
  member.state = MemberState::kSuspect;
  member.incarnation = 42;
  return member;
}

RoutingTable SampleTable() {
  RoutingTable table;
  table.version = 12;
  table.self = NodeId{20};
  table.settings.id = ClusterId{0xfeedU};
  table.settings.num_shards = 2;
  table.settings.replication_factor = 3;
  table.members = {MemberNamed(10, "node1"), MemberNamed(20, "node2"), MemberNamed(30, "node3")};
  table.members[2].state = MemberState::kLeft;
  table.shards = {
      ShardRoute{Epoch{5}, NodeId{10}, {NodeId{10}, NodeId{30}}},
      ShardRoute{Epoch{0}, kNoNode, {}},
  };
  return table;
}

Bytes Encode(const RoutingTable& table) {
  Bytes out;
  AppendTopology(table, out);
  return out;
}

void ExpectEqual(const RoutingTable& a, const RoutingTable& b) {
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.self, b.self);
  EXPECT_EQ(a.settings, b.settings);
  EXPECT_EQ(a.members, b.members);
  EXPECT_EQ(a.shards, b.shards);
}

TEST(TopologyCodecTest, WhatWasEncodedDecodes) {
  const auto decoded = DecodeTopology(Encode(SampleTable()));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  ExpectEqual(decoded.value(), SampleTable());
}

TEST(TopologyCodecTest, ATableBeforeBirthHasNoShards) {
  RoutingTable table = SampleTable();
  table.settings.id = ClusterId{};
  table.shards.clear();
  const auto decoded = DecodeTopology(Encode(table));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  ExpectEqual(decoded.value(), table);
}

TEST(TopologyCodecTest, ProtobufReadsWhatWeWriteAndWritesTheSame) {
  const Bytes bytes = Encode(SampleTable());
  proto::Topology message;
  ASSERT_TRUE(message.ParseFromString(bytes));
  EXPECT_EQ(message.SerializeAsString(), bytes);
  EXPECT_EQ(message.version(), 12U);
  EXPECT_EQ(message.cluster_id(), 0xfeedU);
  EXPECT_EQ(message.num_shards(), 2U);
  EXPECT_EQ(message.replication_factor(), 3U);
  EXPECT_EQ(message.self(), 20U);
  EXPECT_EQ(message.members(0).name(), "node1");
  EXPECT_EQ(message.members(0).client_address(), "[::1]:7700");
  EXPECT_EQ(message.members(0).gossip_address(), "10.0.0.1:7701");
  EXPECT_EQ(message.members(2).state(), 3U);
  EXPECT_EQ(message.shards(0).leader(), 10U);
  EXPECT_EQ(message.shards(0).replicas(1), 30U);
}

TEST(TopologyCodecTest, SecretsAndNodesOwnBusinessStayHome) {
  RoutingTable table = SampleTable();
  const Bytes plain = Encode(table);
  table.settings.hash_seed = 0x5ec4e7U;
  table.settings.virtual_nodes = 1;
  table.members[0].session = Session{77};
  EXPECT_EQ(Encode(table), plain);
}

TEST(TopologyCodecTest, ReplicasAreReadUnpackedToo) {
  proto::Topology message;
  message.ParseFromString(Encode(SampleTable()));
  message.mutable_shards(1)->clear_replicas();
  Bytes bytes = message.SerializeAsString();
  // A third shard, its replicas as two single fixed64 fields, and room for it.
  const std::string ids("\x19\x0a\0\0\0\0\0\0\0\x19\x14\0\0\0\0\0\0\0", 18);
  for (int i = 0; i < 2; ++i) bytes += '\x32' + std::string(1, '\x12') + ids;
  bytes += std::string("\x18\x04", 2);  // num_shards: 4
  const auto decoded = DecodeTopology(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded.value().shards[3].replicas, (std::vector<NodeId>{NodeId{10}, NodeId{20}}));
}

TEST(TopologyCodecTest, EveryTruncationEndsInAnAnswer) {
  const Bytes bytes = Encode(SampleTable());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<char> exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const auto decoded = DecodeTopology(ByteView(exact.data(), exact.size()));
    // Only the last field, replication_factor, may be missing: its two bytes.
    EXPECT_EQ(decoded.ok(), size + 2 == bytes.size()) << size << " of " << bytes.size();
  }
}

TEST(TopologyCodecTest, WhatIsPromisedIsChecked) {
  const struct {
    std::function<void(proto::Topology&)> spoil;
    const char* message;
  } cases[] = {
      {[](auto& t) { t.set_num_shards(3); },
       "num_shards must be a power of two from 1 to 16384, got 3"},
      {[](auto& t) { t.set_num_shards(0); },
       "num_shards must be a power of two from 1 to 16384, got 0"},
      {[](auto& t) { t.set_num_shards(32768); },
       "num_shards must be a power of two from 1 to 16384, got 32768"},
      {[](auto& t) { t.set_num_shards(4); }, "expected 4 shards, got 2"},
      {[](auto& t) { t.clear_shards(); }, "expected 2 shards, got 0"},
      {[](auto& t) { t.set_cluster_id(0); }, "expected 0 shards, got 2"},
      {[](auto& t) { t.set_self(11); }, "self 000000000000000b is not among the members"},
      {[](auto& t) { t.clear_members(); }, "self 0000000000000014 is not among the members"},
      {[](auto& t) { t.mutable_members(0)->set_id(0); },
       "member id 0000000000000000 behind 0000000000000000: ids ascend and are not 0"},
      {[](auto& t) { t.mutable_members(0)->set_id(20); },
       "member id 0000000000000014 behind 0000000000000014: ids ascend and are not 0"},
      {[](auto& t) { t.mutable_members(2)->set_id(15); },
       "member id 000000000000000f behind 0000000000000014: ids ascend and are not 0"},
      {[](auto& t) { t.mutable_members(1)->set_weight(0); },
       "member 0000000000000014 has weight 0"},
      {[](auto& t) { t.mutable_members(1)->set_state(4); },
       "expected member state from 0 to 3, got 4"},
      {[](auto& t) { t.mutable_members(1)->set_client_address("nowhere"); },
       "client_address 'nowhere': expected host:port"},
      {[](auto& t) { t.mutable_members(1)->set_gossip_address("h:99999"); },
       "gossip_address 'h:99999': the port must be a number from 0 to 65535"},
      {[](auto& t) { t.mutable_shards(1)->set_epoch(Version::kEpochMax + 1); },
       "shard 1: epoch 16777216 is over 16777215"},
      {[](auto& t) { t.mutable_shards(0)->add_replicas(0); }, "shard 0: replica id 0"},
      {[](auto& t) { t.mutable_shards(0)->add_replicas(10); },
       "shard 0: replica 000000000000000a twice"},
  };
  for (const auto& c : cases) {
    proto::Topology message;
    ASSERT_TRUE(message.ParseFromString(Encode(SampleTable())));
    c.spoil(message);
    const auto decoded = DecodeTopology(message.SerializeAsString());
    ASSERT_FALSE(decoded.ok()) << c.message;
    EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
    EXPECT_EQ(decoded.error().message, c.message);
  }
}

TEST(TopologyCodecTest, ALeaderWhoWasForgottenIsNoError) {
  RoutingTable table = SampleTable();
  table.shards[0].leader = NodeId{99};
  table.shards[0].replicas = {NodeId{99}, NodeId{10}};
  const auto decoded = DecodeTopology(Encode(table));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded.value().Find(decoded.value().shards[0].leader), nullptr);
}

TEST(TopologyCodecTest, MembersAndShardsAreLimited) {
  RoutingTable table = SampleTable();
  for (std::uint64_t id = 31; table.members.size() < limits::kMembersMax; ++id) {
    table.members.push_back(MemberNamed(id, "more"));
  }
  EXPECT_TRUE(DecodeTopology(Encode(table)).ok());
  table.members.push_back(MemberNamed(9999, "one too many"));
  EXPECT_EQ(DecodeTopology(Encode(table)).error().code, ErrorCode::kTooLarge);

  table = SampleTable();
  table.settings.num_shards = limits::kShardsMax;
  table.shards.resize(limits::kShardsMax);
  EXPECT_TRUE(DecodeTopology(Encode(table)).ok());
  table.shards.emplace_back();
  EXPECT_EQ(DecodeTopology(Encode(table)).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace aegis::wire
