#include "client/core/cluster_info.h"

#include <gtest/gtest.h>

#include "harness.h"

namespace aegis::client {
namespace {

TEST(ClusterInfoTest, TopologyIsShownInPublicWords) {
  RoutingTable table = TableOf({"a:1", "b:1"}, 2, 7);
  table.members[1].state = MemberState::kSuspect;
  table.members[1].zone = "z";
  const Expected<ClusterInfo> info = ToClusterInfo(Encoded(table));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->cluster_id, 99U);
  EXPECT_EQ(info->self, 1U);
  ASSERT_EQ(info->nodes.size(), 2U);
  EXPECT_EQ(info->nodes[0].state, "alive");
  EXPECT_EQ(info->nodes[1].state, "suspect");
  EXPECT_EQ(info->nodes[1].client_address, "b:1");
  EXPECT_EQ(info->nodes[1].zone, "z");
  ASSERT_EQ(info->shards.size(), 16U);
  EXPECT_EQ(info->shards[0].epoch, 7U);
  EXPECT_EQ(info->shards[0].leader, 2U);
  EXPECT_EQ(info->shards[0].replicas, std::vector<std::uint64_t>{2});
}

TEST(ClusterInfoTest, NonsenseIsAProtocolError) {
  EXPECT_TRUE(ToClusterInfo("\xff\xff").Is(Errc::kProtocol));
}

}  // namespace
}  // namespace aegis::client
