#include "node/core/voter_roll.h"

#include <gtest/gtest.h>

#include <vector>

namespace aegis::node {
namespace {

using namespace std::chrono_literals;

constexpr NodeId kSelf{1};
const std::vector<NodeId> kVoters = {kSelf, NodeId{2}, NodeId{3}};
constexpr TimePoint kStart{std::chrono::hours(1)};

std::vector<Member> Members(std::vector<std::uint64_t> ids) {
  std::vector<Member> members;
  for (const std::uint64_t id : ids) {
    Member member;
    member.id = NodeId{id};
    member.name = "node" + std::to_string(id);
    member.gossip_address = {"10.0.0." + std::to_string(id), 7701};
    members.push_back(member);
  }
  return members;
}

class VoterRollTest : public testing::Test {
 protected:
  VoterRollTest() : roll_(kSelf, kStart) { roll_.Meet(Members({1, 2, 3}), kVoters); }

  VoterRoll::Count Call(Duration since) const { return roll_.Call(kVoters, {}, kStart + since); }

  VoterRoll roll_;
};

TEST_F(VoterRollTest, NobodyIsMissingAtTheStart) {
  EXPECT_TRUE(Call(3s).majority());
  EXPECT_TRUE(Call(3s).absent.empty());
}

TEST_F(VoterRollTest, WhoIsNotHeardIsMissing) {
  roll_.Hear(NodeId{2}, kStart + 10s);
  const VoterRoll::Count count = Call(12s);
  ASSERT_EQ(count.absent.size(), 1U);
  EXPECT_EQ(count.absent[0], (VoterRoll::Absent{.node = NodeId{3},
                                                .name = "node3",
                                                .address = Endpoint{"10.0.0.3", 7701},
                                                .silent = 12s}));
  EXPECT_TRUE(count.majority());
  EXPECT_FALSE(Call(14s).majority());
}

TEST_F(VoterRollTest, WhoHearsTheLeaderHasAMajorityWhomeverElseItHears) {
  roll_.HearLeader(kStart + 10s);
  EXPECT_EQ(Call(12s).absent.size(), 2U);
  EXPECT_TRUE(Call(12s).majority());
  EXPECT_FALSE(Call(14s).majority());
  roll_.HearLeader(kStart + 14s);
  roll_.StartOver(kStart + 15s);
  EXPECT_FALSE(Call(19s).majority());
}

TEST_F(VoterRollTest, ItsOwnPauseIsNotTheOthersSilence) {
  roll_.Look(kStart + 500ms);
  EXPECT_FALSE(roll_.StoodStill(kStart + 1s));
  EXPECT_TRUE(roll_.StoodStill(kStart + 9s));
  roll_.Look(kStart + 9s);
  EXPECT_FALSE(roll_.StoodStill(kStart + 9s));
  EXPECT_TRUE(Call(12s).majority());
  EXPECT_FALSE(Call(13s).majority());
}

TEST_F(VoterRollTest, AMissingVoterIsRememberedWhenGossipForgetsIt) {
  roll_.Hear(NodeId{3}, kStart + 1s);
  roll_.Meet(Members({1}), kVoters);
  EXPECT_EQ(Call(61s).Missing(),
            "1 of 3 voters of the control log are heard, no majority; missing: "
            "node2 (id 0000000000000002, 10.0.0.2:7701, not heard for 61 s), "
            "node3 (id 0000000000000003, 10.0.0.3:7701, not heard for 60 s)");
}

TEST_F(VoterRollTest, OthersAreForgotten) {
  roll_.Meet(Members({1, 2, 3, 4}), kVoters);
  roll_.Meet(Members({1, 2, 3}), kVoters);
  const std::vector<NodeId> other = {NodeId{4}};
  EXPECT_EQ(roll_.Call(other, {}, kStart + 9s).absent[0].address, std::nullopt);
}

TEST_F(VoterRollTest, HalfOfTheVotersIsNoMajority) {
  const std::vector<NodeId> two = {kSelf, NodeId{2}};
  EXPECT_FALSE(roll_.Call(two, {}, kStart + 9s).majority());
  const std::vector<NodeId> alone = {kSelf};
  EXPECT_TRUE(roll_.Call(alone, {}, kStart + 9s).majority());
}

TEST_F(VoterRollTest, WithoutVotersNobodyIsMissing) {
  EXPECT_TRUE(roll_.Call({}, {}, kStart + 9s).majority());
}

}  // namespace
}  // namespace aegis::node
