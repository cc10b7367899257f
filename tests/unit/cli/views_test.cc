#include "cli/views.h"

#include <gtest/gtest.h>

namespace aegis::cli {
namespace {

NodeInfo Node(std::uint64_t id, const std::string& name, const std::string& state) {
  NodeInfo node;
  node.id = id;
  node.name = name;
  node.state = state;
  node.client_address = name + ":7700";
  node.gossip_address = name + ":7701";
  node.software = "0.1.0";
  return node;
}

ClusterInfo Cluster() {
  ClusterInfo cluster;
  cluster.cluster_id = 0xabc;
  cluster.version = 12;
  cluster.self = 1;
  cluster.replication_factor = 2;
  cluster.nodes = {Node(2, "node2", "suspect"), Node(1, "node1", "alive")};
  cluster.shards = {{.epoch = 1, .leader = 1, .replicas = {1, 2}},
                    {.epoch = 3, .leader = 2, .replicas = {2, 9}},
                    {.epoch = 3, .leader = 0, .replicas = {}}};
  return cluster;
}

TEST(ViewsTest, MembersComeByNameWithTheirShare) {
  EXPECT_EQ(MembersTable(Cluster()),
            "NODE   STATE    CLIENTS     GOSSIP      ZONE  WEIGHT  LEADS  PLACED  VERSION\n"
            "node1  alive    node1:7700  node1:7701  -          1      1       1  0.1.0\n"
            "node2  suspect  node2:7700  node2:7701  -          1      1       2  0.1.0\n");
  const Json json = MembersJson(Cluster());
  EXPECT_EQ(json["answered_by"], "node1");
  EXPECT_EQ(json["members"][1]["name"], "node2");
  EXPECT_EQ(json["members"][1]["placed"], 2);
}

TEST(ViewsTest, ShardsNameTheirNodesAndStrangersById) {
  EXPECT_EQ(ShardsTable(Cluster(), {}),
            "SHARD  EPOCH  LEADER  REPLICAS\n"
            "    0      1  node1   node1, node2\n"
            "    1      3  node2   node2, 0000000000000009\n"
            "    2      3  none\n"
            "2 of 3 shards have a leader; 0 on the move, 0 to follow, 0 have moved\n");
  const Json json = ShardsJson(Cluster(), {});
  EXPECT_EQ(json["shards"][0]["leader"], "node1");
  EXPECT_TRUE(json["shards"][2]["leader"].is_null());
}

TEST(ViewsTest, SummaryCountsPerNode) {
  EXPECT_EQ(ShardsSummary(Cluster(), {}),
            "NODE   STATE    LEADS  PLACED\n"
            "node1  alive        1       1\n"
            "node2  suspect      1       2\n"
            "2 of 3 shards have a leader; 0 on the move, 0 to follow, 0 have moved\n");
}

TEST(ViewsTest, TheClusterShowsWhoDecidesAndWhoMayLead) {
  const Json voter = {{"role", "voter"}, {"leader", "node9"}, {"term", 3}, {"lease", true}};
  const Json leader = {{"role", "leader"},    {"leader", "node2"},
                       {"term", 4},           {"voters", {"node2", "node1"}},
                       {"fences", {"node3"}}, {"shards_moving", 2},
                       {"shards_to_move", 5}, {"shards_moved", 7},
                       {"lease", false}};
  const StatsOfNodes stats = {{1, {{"control", voter}}}, {2, {{"control", leader}}}};
  EXPECT_EQ(ClusterTable(Cluster(), stats),
            "NODE   STATE    CONTROL  LEASE  LEADS  PLACED\n"
            "node1  alive    voter    holds      1       1\n"
            "node2  suspect  leader   none       1       2\n"
            "control log   led by node2, term 4; voters: node1, node2\n"
            "fenced        node3\n"
            "2 of 3 shards have a leader; 2 on the move, 5 to follow, 7 have moved\n");
  const Json json = ClusterJson(Cluster(), stats);
  EXPECT_EQ(json["control_leader"], "node2");
  EXPECT_EQ(json["voters"], Json::array({"node1", "node2"}));
  EXPECT_EQ(json["nodes"][0]["lease"], true);
}

TEST(ViewsTest, OfNodesThatDoNotAnswerTheClusterSaysSo) {
  const StatsOfNodes stats = {{1, Json("no object")}};
  EXPECT_NE(ClusterTable(Cluster(), stats).find("node1  alive    ?        ?  "), std::string::npos);
  EXPECT_NE(ClusterTable(Cluster(), {}).find("led by nobody, term 0; voters: none"),
            std::string::npos);
  EXPECT_TRUE(ClusterJson(Cluster(), stats)["control_leader"].is_null());
  EXPECT_FALSE(ClusterJson(Cluster(), stats)["nodes"][0]["answered"]);
}

TEST(ViewsTest, WhoIsGoneHoldsNothing) {
  for (const char* const state : {"dead", "left"}) {
    ClusterInfo cluster = Cluster();
    cluster.nodes[0].state = state;
    EXPECT_NE(MembersTable(cluster).find("1       -  0.1.0"), std::string::npos);
    EXPECT_TRUE(MembersJson(cluster)["members"][1]["placed"].is_null());
    EXPECT_NE(ShardsSummary(cluster, {}).find("1       -\n"), std::string::npos);
    EXPECT_TRUE(ShardsSummaryJson(cluster, {})["nodes"][1]["placed"].is_null());
  }
}

TEST(ViewsTest, ReplicasAndLeadersThatAreGoneAreMarked) {
  ClusterInfo cluster = Cluster();
  cluster.nodes[0].state = "dead";
  EXPECT_EQ(ShardsTable(cluster, {}),
            "SHARD  EPOCH  LEADER        REPLICAS\n"
            "    0      1  node1         node1, node2 (dead)\n"
            "    1      3  node2 (dead)  node2 (dead), 0000000000000009\n"
            "    2      3  none\n"
            "2 of 3 shards have a leader; 0 on the move, 0 to follow, 0 have moved\n");
  const Json json = ShardsJson(cluster, {});
  EXPECT_EQ(json["shards"][0]["replicas"], Json({"node1", "node2"}));
  EXPECT_EQ(json["shards"][0]["replicas_gone"], Json({"node2"}));
  EXPECT_EQ(ShardsJson(Cluster(), {})["shards"][0]["replicas_gone"], Json::array());
}

TEST(ViewsTest, SummaryInJsonHasTheSameFigures) {
  EXPECT_EQ(ShardsSummaryJson(Cluster(), {}).dump(),
            R"({"topology_version":12,"shards":3,"shards_led":2,"nodes":[)"
            R"({"name":"node1","state":"alive","leads":1,"placed":1},)"
            R"({"name":"node2","state":"suspect","leads":1,"placed":2}],)"
            R"("shards_moving":0,"shards_to_move":0,"shards_moved":0})");
}

TEST(ViewsTest, StatsAreFlattened) {
  EXPECT_EQ(StatsTable(R"({"node":"n","memory":{"used":5,"limit":10},"list":[1,2],"none":{}})"),
            "NAME          VALUE\n"
            "node          n\n"
            "memory.used   5\n"
            "memory.limit  10\n"
            "list.0        1\n"
            "list.1        2\n"
            "none          {}\n");
  EXPECT_EQ(StatsTable("no json"), "no json\n");
}

TEST(ViewsTest, BytesThatAreNoTextTravelInBase64) {
  Json json = Json::object();
  PutBytes(json, "value", "text");
  PutBytes(json, "key", "\xff\xfe");
  EXPECT_EQ(json.dump(), R"({"value":"text","key_base64":"//4="})");
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace aegis::cli
