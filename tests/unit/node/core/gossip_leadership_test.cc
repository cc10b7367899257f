#include "node/core/gossip_leadership.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace aegis::node {
namespace {

using namespace std::chrono_literals;
using replication::ShardReport;
using replication::ShardRole;
using Kind = ShardCommand::Kind;

constexpr TimePoint kStart{100s};
constexpr NodeId kA{1};
constexpr NodeId kB{2};
constexpr NodeId kC{3};

ShardReport Says(ShardRole role, std::uint32_t epoch, NodeId leader, bool whole = true,
                 std::uint64_t seq = 0) {
  ShardReport report;
  report.role = role;
  report.epoch = Epoch{epoch};
  report.leader = leader;
  report.whole = whole;
  if (seq != 0) report.last = {Epoch{epoch}, Seq{seq}};
  return report;
}

// This node is A; B and C are its peers; all three hold the shard, A first.
class GossipLeadershipTest : public ::testing::Test {
 protected:
  ShardDecision Decide(const ShardReport& own, TimePoint now = kStart) {
    ShardSituation situation;
    situation.shard = ShardId{0};
    situation.self = kA;
    situation.own = own;
    situation.placement = placement_;
    situation.peers = peers_;
    situation.successor = successor_;
    situation.successor_in_sync = successor_in_sync_;
    situation.hand_overs_free = hand_overs_free_;
    return rule_.Decide(situation, now);
  }
  PeerView& Peer(NodeId id) {
    return *std::find_if(peers_.begin(), peers_.end(),
                         [&](const PeerView& peer) { return peer.node == id; });
  }
  void Hears(NodeId id, const ShardReport& report) {
    Peer(id).heard = true;
    Peer(id).report = report;
  }

  GossipLeadership rule_;
  std::vector<NodeId> placement_{kA, kB, kC};
  std::vector<PeerView> peers_{{kB, true, false, false, {}}, {kC, true, false, false, {}}};
  NodeId successor_ = kA;
  bool successor_in_sync_ = false;
  std::size_t hand_overs_free_ = 8;
};

const ShardReport kNothing = Says(ShardRole::kNone, 0, kNoNode, /*whole=*/false);

TEST_F(GossipLeadershipTest, NobodyBeginsBeforeEveryLiveNodeHasSaidThatItHoldsNothing) {
  EXPECT_EQ(Decide(kNothing).command.kind, Kind::kNothing);
  Hears(kB, kNothing);
  EXPECT_EQ(Decide(kNothing).command.kind, Kind::kNothing);
  EXPECT_EQ(Decide(kNothing, kStart + 1h).command.kind, Kind::kNothing) << "out of impatience";
  Hears(kC, kNothing);
  const ShardDecision decision = Decide(kNothing);
  EXPECT_EQ(decision.command.kind, Kind::kLead);
  EXPECT_EQ(decision.command.epoch, Epoch{1});
}

TEST_F(GossipLeadershipTest, OnlyTheFirstOfThePlacementBeginsFromNothing) {
  Hears(kB, kNothing);
  Hears(kC, kNothing);
  placement_ = {kB, kA, kC};
  successor_ = kB;
  EXPECT_EQ(Decide(kNothing).command.kind, Kind::kNothing);
}

TEST_F(GossipLeadershipTest, ALiveLeaderIsFollowed) {
  Hears(kB, Says(ShardRole::kLeader, 4, kB));
  const ShardDecision decision = Decide(kNothing);
  EXPECT_EQ(decision.command.kind, Kind::kFollow);
  EXPECT_EQ(decision.command.node, kB);
  EXPECT_EQ(decision.command.epoch, Epoch{4});
  EXPECT_EQ(decision.leader, kB);
}

TEST_F(GossipLeadershipTest, WhoFollowsAlreadyIsToldNothing) {
  Hears(kB, Says(ShardRole::kLeader, 4, kB));
  const ShardDecision decision = Decide(Says(ShardRole::kFollower, 4, kB));
  EXPECT_EQ(decision.command.kind, Kind::kNothing);
  EXPECT_EQ(decision.leader, kB);
}

TEST_F(GossipLeadershipTest, AFollowerOfADeadLeaderIsAnOrphan) {
  Peer(kB).live = false;
  Hears(kC, Says(ShardRole::kFollower, 4, kB));
  const ShardDecision decision = Decide(Says(ShardRole::kFollower, 4, kB));
  EXPECT_EQ(decision.command.kind, Kind::kOrphan);
  EXPECT_EQ(decision.leader, kNoNode);
}

TEST_F(GossipLeadershipTest, ALeaderWhoseLinkIsDownIsStillFollowed) {
  Hears(kC, Says(ShardRole::kFollower, 4, kB));
  const ShardDecision decision = Decide(Says(ShardRole::kFollower, 4, kB));
  EXPECT_EQ(decision.command.kind, Kind::kNothing);
  EXPECT_EQ(decision.leader, kB);
}

TEST_F(GossipLeadershipTest, TheNewestReplicaTakesOverAboveEveryEpochSeen) {
  Peer(kB).live = false;
  Hears(kC, Says(ShardRole::kNone, 6, kNoNode, true, 10));
  const ShardDecision decision = Decide(Says(ShardRole::kNone, 6, kNoNode, true, 11));
  EXPECT_EQ(decision.command.kind, Kind::kLead);
  EXPECT_EQ(decision.command.epoch, Epoch{7});
}

TEST_F(GossipLeadershipTest, ALessRecentReplicaWaitsForTheNewestOne) {
  Peer(kB).live = false;
  Hears(kC, Says(ShardRole::kNone, 6, kNoNode, true, 12));
  EXPECT_EQ(Decide(Says(ShardRole::kNone, 6, kNoNode, true, 11)).command.kind, Kind::kNothing);
}

TEST_F(GossipLeadershipTest, BetweenEqualReplicasThePlacementDecides) {
  Peer(kB).live = false;
  Hears(kC, Says(ShardRole::kNone, 6, kNoNode, true, 11));
  const ShardReport own = Says(ShardRole::kNone, 6, kNoNode, true, 11);
  EXPECT_EQ(Decide(own).command.kind, Kind::kLead);
  placement_ = {kC, kA, kB};
  EXPECT_EQ(Decide(own).command.kind, Kind::kNothing);
}

TEST_F(GossipLeadershipTest, ATakeoverWaitsForWhoStillFollowsButNotForEver) {
  Peer(kB).live = false;
  Hears(kC, Says(ShardRole::kFollower, 6, NodeId{99}));
  const ShardReport own = Says(ShardRole::kNone, 6, kNoNode, true, 11);
  EXPECT_EQ(Decide(own, kStart).command.kind, Kind::kNothing);
  EXPECT_EQ(Decide(own, kStart + 2900ms).command.kind, Kind::kNothing);
  EXPECT_EQ(Decide(own, kStart + 3s).command.kind, Kind::kLead);
}

TEST_F(GossipLeadershipTest, AnIncompleteReplicaNeverTakesOver) {
  Peer(kB).live = false;
  Hears(kC, Says(ShardRole::kNone, 6, kNoNode, true, 3));
  EXPECT_EQ(Decide(Says(ShardRole::kNone, 6, kNoNode, /*whole=*/false)).command.kind,
            Kind::kNothing);
}

TEST_F(GossipLeadershipTest, OfTwoLeadersTheHigherEpochStays) {
  Hears(kB, Says(ShardRole::kLeader, 5, kB));
  EXPECT_EQ(Decide(Says(ShardRole::kLeader, 4, kA)).command.kind, Kind::kFollow);
  EXPECT_EQ(Decide(Says(ShardRole::kLeader, 6, kA)).command.kind, Kind::kNothing);
}

TEST_F(GossipLeadershipTest, AtEqualEpochsTheLowerIdStays) {
  Hears(kB, Says(ShardRole::kLeader, 5, kB));
  EXPECT_EQ(Decide(Says(ShardRole::kLeader, 5, kA)).command.kind, Kind::kNothing);
  Hears(kB, kNothing);
  peers_.insert(peers_.begin(),
                PeerView{NodeId{0}, true, false, true, Says(ShardRole::kLeader, 5, NodeId{0})});
  EXPECT_EQ(Decide(Says(ShardRole::kLeader, 5, kA)).command.kind, Kind::kFollow);
}

TEST_F(GossipLeadershipTest, ALeaderStepsDownForALaterReignWithoutALeader) {
  Hears(kB, Says(ShardRole::kNone, 7, kNoNode, true, 4));
  EXPECT_EQ(Decide(Says(ShardRole::kLeader, 5, kA)).command.kind, Kind::kOrphan);
}

TEST_F(GossipLeadershipTest, ALeaderHandsOverOnceItsSuccessorIsInSync) {
  placement_ = {kB, kA, kC};
  successor_ = kB;
  const ShardReport own = Says(ShardRole::kLeader, 5, kA);
  EXPECT_EQ(Decide(own).command.kind, Kind::kNothing);
  successor_in_sync_ = true;
  hand_overs_free_ = 0;
  EXPECT_EQ(Decide(own).command.kind, Kind::kNothing) << "more at a time than allowed";
  hand_overs_free_ = 1;
  const ShardDecision decision = Decide(own);
  EXPECT_EQ(decision.command.kind, Kind::kHandOver);
  EXPECT_EQ(decision.command.node, kB);
}

TEST_F(GossipLeadershipTest, ADrainedLeaderFollowsItsSuccessorOrTakesItsShardBack) {
  const ShardReport draining = Says(ShardRole::kDraining, 5, kB);
  Hears(kB, Says(ShardRole::kFollower, 5, kA));
  EXPECT_EQ(Decide(draining, kStart).command.kind, Kind::kNothing);
  EXPECT_EQ(Decide(draining, kStart + 3s).command.kind, Kind::kLead);
  Hears(kB, Says(ShardRole::kLeader, 6, kB));
  EXPECT_EQ(Decide(draining, kStart + 1s).command.kind, Kind::kFollow);
  Hears(kB, Says(ShardRole::kFollower, 5, kA));
  Peer(kB).live = false;
  const ShardDecision decision = Decide(draining, kStart + 1s);
  EXPECT_EQ(decision.command.kind, Kind::kLead);
  EXPECT_EQ(decision.command.epoch, Epoch{7}) << "epoch 6 may have been its successor's";
}

TEST_F(GossipLeadershipTest, AFormerReplicaIsReleasedOnlyWhenItsPlacementIsSettled) {
  placement_ = {kB, kC};
  ShardReport leader = Says(ShardRole::kLeader, 5, kB);
  const ShardReport own = Says(ShardRole::kFollower, 5, kB);
  Hears(kB, leader);
  EXPECT_EQ(Decide(own).command.kind, Kind::kNothing);
  leader.settled = kA.value() + kB.value();
  Hears(kB, leader);
  EXPECT_EQ(Decide(own).command.kind, Kind::kNothing) << "settled with other replicas";
  leader.settled = kB.value() + kC.value();
  Hears(kB, leader);
  EXPECT_EQ(Decide(own).command.kind, Kind::kRelease);
}

TEST_F(GossipLeadershipTest, WhoIsNoReplicaRoutesByHearsay) {
  placement_ = {kB, kC};
  Hears(kC, Says(ShardRole::kFollower, 5, kB));
  const ShardDecision decision = Decide(kNothing);
  EXPECT_EQ(decision.command.kind, Kind::kNothing);
  EXPECT_EQ(decision.leader, kB);
  EXPECT_EQ(decision.epoch, Epoch{5});
}

}  // namespace
}  // namespace aegis::node
