#include "client/core/cluster_view.h"

#include <gtest/gtest.h>

#include "harness.h"

namespace aegis::client {
namespace {

constexpr char kA[] = "a:1";
constexpr char kB[] = "b:1";

TEST(ClusterViewTest, LeaderIsUnknownBeforeTheFirstTable) {
  ClusterView view;
  EXPECT_EQ(view.LeaderOf("k"), "");
  view.LearnLeader("k", kA);
  EXPECT_EQ(view.LeaderOf("k"), "") << "without a table nothing is known about shards";
}

TEST(ClusterViewTest, LeaderIsFoundByTheKeysShard) {
  RoutingTable table = TableOf({kA, kB}, 1);
  table.shards[ring::ShardOf("k", 16).value()].leader = NodeId{2};
  ClusterView view;
  view.Adopt(table);
  EXPECT_EQ(view.LeaderOf("k"), kB);
  EXPECT_EQ(view.LeaderOf("{k}:other"), kB) << "a hash tag decides";
  EXPECT_EQ(view.members(), (std::vector<std::string>{kA, kB}));
}

TEST(ClusterViewTest, OlderEpochNeverReplacesANewerOne) {
  ClusterView view;
  view.Adopt(TableOf({kA, kB}, 2, 5));
  view.Adopt(TableOf({kA, kB}, 1, 4));
  EXPECT_EQ(view.LeaderOf("k"), kB);
  view.Adopt(TableOf({kA, kB}, 1, 6));
  EXPECT_EQ(view.LeaderOf("k"), kA);
}

TEST(ClusterViewTest, TableOfAnotherClusterChangesNothing) {
  ClusterView view;
  EXPECT_TRUE(view.Adopt(TableOf({kA, kB}, 2, 5)));
  RoutingTable other = TableOf({kA}, 1, 6);
  other.settings.id = ClusterId{100};
  EXPECT_FALSE(view.Adopt(other));
  EXPECT_EQ(view.LeaderOf("k"), kB);
  EXPECT_EQ(view.members(), (std::vector<std::string>{kA, kB}));
}

TEST(ClusterViewTest, TableOfNoClusterIsNoTable) {
  RoutingTable unborn = TableOf({kA}, 1);
  unborn.settings.id = ClusterId{};
  unborn.shards.clear();
  ClusterView view;
  EXPECT_FALSE(view.Adopt(unborn));
  EXPECT_TRUE(view.Adopt(TableOf({kA}, 1)));
}

TEST(ClusterViewTest, FirstNodeDecidesWhichClusterThisIs) {
  ClusterView view;
  EXPECT_EQ(view.Objection(kB, {ClusterId{7}, NodeId{2}, "two"}, true), std::nullopt);
  EXPECT_EQ(view.Objection(kA, {ClusterId{0xabc}, NodeId{1}, "one"}, true),
            "expected a node of cluster 0000000000000007, but node one of cluster "
            "0000000000000abc answered");
  EXPECT_FALSE(view.Adopt(TableOf({kA, kB}, 1))) << "nor does a table change that";
}

TEST(ClusterViewTest, LearntAddressIsOfItsMembersOnly) {
  ClusterView view;
  view.Adopt(TableOf({kA, kB}, 1));
  EXPECT_EQ(view.Objection(kA, NodeAt(kA), false), std::nullopt);
  EXPECT_EQ(view.Objection(kA, NodeAt(kB), false),
            "expected node node1 of cluster 0000000000000063, but node node2 of cluster "
            "0000000000000063 answered");
  EXPECT_EQ(view.Objection(kA, NodeAt(kB), true), std::nullopt) << "given: any of the cluster";
  EXPECT_EQ(view.Objection("new:1", NodeAt(kB), false), std::nullopt) << "a redirect named it";
}

TEST(ClusterViewTest, MembersThatShareAnAddressMayAllAnswerThere) {
  RoutingTable table = TableOf({kA, kB, "c:1"}, 1);
  table.members[1].client_address = table.members[0].client_address;
  table.members[0].state = MemberState::kSuspect;
  ClusterView view;
  view.Adopt(table);
  EXPECT_EQ(view.members(), (std::vector<std::string>{kA, "c:1"}));
  EXPECT_TRUE(view.Expects(kA, NodeId{1}));
  EXPECT_TRUE(view.Expects(kA, NodeId{2}));
  EXPECT_FALSE(view.Expects(kA, NodeId{3}));
}

TEST(ClusterViewTest, LearntLeaderStandsUntilATableNamesOne) {
  ClusterView view;
  view.Adopt(TableOf({kA, kB}, 1, 5));
  view.LearnLeader("k", kB);
  EXPECT_EQ(view.LeaderOf("k"), kB);
  view.Adopt(TableOf({kA, kB}, 2, 6));
  EXPECT_EQ(view.LeaderOf("k"), kB);
}

TEST(ClusterViewTest, DeadMembersNeitherLeadNorCount) {
  RoutingTable table = TableOf({kA, kB}, 2);
  table.members[1].state = MemberState::kDead;
  ClusterView view;
  view.Adopt(table);
  EXPECT_EQ(view.LeaderOf("k"), "");
  EXPECT_EQ(view.members(), std::vector<std::string>{kA});

  table.members[1].state = MemberState::kSuspect;
  view.Adopt(table);
  EXPECT_EQ(view.LeaderOf("k"), kB) << "a suspect may still refute";
}

}  // namespace
}  // namespace aegis::client
