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

TEST(ClusterViewTest, TableOfAnotherClusterReplacesEverything) {
  ClusterView view;
  view.Adopt(TableOf({kA, kB}, 2, 5));
  RoutingTable other = TableOf({kA, kB}, 1, 1);
  other.settings.id = ClusterId{100};
  view.Adopt(other);
  EXPECT_EQ(view.LeaderOf("k"), kA);
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
