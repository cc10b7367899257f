#include "gossip/member_list.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <vector>

#include "test_members.h"

namespace aegis::gossip {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow{1s};

class MemberListTest : public testing::Test {
 protected:
  // Self is m1; m2 to m<count> are there too.
  void Fill(std::uint8_t count) {
    for (std::uint8_t id = 2; id <= count; ++id) list_.Add(TestMember(id), kNow);
  }

  Rng rng_{1};
  MemberList list_{TestMember(1), rng_, kNow};
};

TEST_F(MemberListTest, EveryOtherMemberIsProbedOncePerRound) {
  Fill(8);
  for (int round = 0; round < 20; ++round) {
    std::set<NodeId> probed;
    for (int turn = 0; turn < 7; ++turn) probed.insert(list_.NextToProbe()->id);
    EXPECT_EQ(probed.size(), 7U);
    EXPECT_FALSE(probed.contains(list_.self().id));
  }
}

TEST_F(MemberListTest, RoundsDifferInOrder) {
  Fill(8);
  std::set<std::vector<NodeId>> orders;
  for (int round = 0; round < 10; ++round) {
    std::vector<NodeId> order;
    for (int turn = 0; turn < 7; ++turn) order.push_back(list_.NextToProbe()->id);
    orders.insert(order);
  }
  EXPECT_GE(orders.size(), 9U);
}

TEST_F(MemberListTest, OnlyLiveMembersAreProbed) {
  Fill(4);
  list_.Find(NodeId{2})->member.state = MemberState::kDead;
  list_.Find(NodeId{3})->member.state = MemberState::kLeft;
  list_.Find(NodeId{4})->member.state = MemberState::kSuspect;
  for (int turn = 0; turn < 5; ++turn) EXPECT_EQ(list_.NextToProbe()->id, NodeId{4});
  list_.Find(NodeId{4})->member.state = MemberState::kDead;
  EXPECT_EQ(list_.NextToProbe(), nullptr);
}

TEST_F(MemberListTest, LonelyNodeHasNobodyToProbe) { EXPECT_EQ(list_.NextToProbe(), nullptr); }

TEST_F(MemberListTest, ComingAndGoingCostsNobodyItsTurn) {
  Fill(20);
  std::set<NodeId> probed;
  for (int turn = 0; turn < 10; ++turn) probed.insert(list_.NextToProbe()->id);
  list_.Remove(*probed.begin());
  list_.Add(TestMember(21), kNow);
  for (int turn = 0; turn < 10; ++turn) probed.insert(list_.NextToProbe()->id);
  for (std::uint8_t id = 2; id <= 20; ++id) EXPECT_TRUE(probed.contains(NodeId{id}));
}

TEST_F(MemberListTest, PickReturnsDistinctWantedMembersAndNeverSelf) {
  Fill(10);
  list_.Find(NodeId{5})->member.state = MemberState::kDead;
  const auto alive = [](const MemberList::Entry& entry) { return IsLive(entry.member); };
  std::map<NodeId, int> picked;
  for (int i = 0; i < 1000; ++i) {
    const auto members = list_.Pick(3, alive);
    std::set<NodeId> distinct;
    for (const Member* member : members) distinct.insert(member->id);
    EXPECT_EQ(distinct.size(), 3U);
    for (const NodeId id : distinct) ++picked[id];
  }
  EXPECT_EQ(picked.size(), 8U);
  EXPECT_FALSE(picked.contains(NodeId{5}));
  // 3000 picks over 8 members: 375 each.
  for (const auto& [id, count] : picked) EXPECT_NEAR(count, 375, 75) << id.value();
}

TEST_F(MemberListTest, PickReturnsFewerWhereThereAreNoMore) {
  Fill(3);
  EXPECT_EQ(list_.Pick(5, [](const MemberList::Entry&) { return true; }).size(), 2U);
}

}  // namespace
}  // namespace aegis::gossip
