#include "node/core/node_reporter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <variant>
#include <vector>

#include "control/command.h"

namespace aegis::node {
namespace {

using namespace std::chrono_literals;

constexpr NodeId kSelf{1};
constexpr NodeId kPeer{2};
constexpr NodeId kOther{3};
constexpr Session kMemory{10};
constexpr Holder kHolder{kSelf, Session{11}};
constexpr Holder kGone{kPeer, Session{21}};

// What a node reports of itself.
class NodeReportOfTest : public ::testing::Test {
 protected:
  NodeReportOfTest() {
    self_.id = kSelf;
    self_.name = "node1";
    self_.weight = 2;
    for (std::uint32_t id = 0; id < 2; ++id) {
      ShardReport shard;
      shard.shard = ShardId{id};
      shard.whole = true;
      shard.last = {Epoch{1}, Seq{5 + id}};
      shards_.push_back(shard);
    }
  }

  void Apply(const control::Command& command) { state_.Apply({++index_, 1}, command); }
  void BeBorn() {
    Apply(control::Birth{{.id = ClusterId{5}, .num_shards = 2, .replication_factor = 1}});
  }
  void Register(const Holder& holder, Session memory) {
    Apply(control::Register{.node = holder.node,
                            .session = holder.session,
                            .previous = {},
                            .memory = memory,
                            .server = holder.node.value(),
                            .name = "node",
                            .zone = "",
                            .weight = 1});
  }
  NodeReport Report() const {
    return NodeReporter::ReportOf({.state = state_,
                                   .self = self_,
                                   .holder = kHolder,
                                   .memory = kMemory,
                                   .server = consensus::ServerId{9},
                                   .lease = 600ms + 1us,
                                   .shards = shards_});
  }

  std::uint64_t index_ = 0;
  control::State state_;
  Member self_;
  std::vector<ShardReport> shards_;
};

TEST_F(NodeReportOfTest, BeforeTheBirthThereIsNothingToAskFor) {
  EXPECT_EQ(Report(), NodeReport{});
}

TEST_F(NodeReportOfTest, AnUnknownNodeAsksToBeRegistered) {
  BeBorn();
  const NodeReport report = Report();
  EXPECT_EQ(report.applied, state_.applied());
  ASSERT_TRUE(report.wants.has_value());
  EXPECT_EQ(report.wants->node, kSelf);
  EXPECT_EQ(report.wants->session, kHolder.session);
  EXPECT_EQ(report.wants->previous, Session{});
  EXPECT_EQ(report.wants->memory, kMemory);
  EXPECT_EQ(report.wants->server, 9U);
  EXPECT_EQ(report.wants->weight, 2U);
  EXPECT_EQ(report.wants->lease, 601ms) << "not less than it asks for";
}

TEST_F(NodeReportOfTest, ANodeUnderAnotherSessionAsksToFollowTheOldOne) {
  BeBorn();
  Register({kSelf, Session{7}}, kMemory);
  ASSERT_TRUE(Report().wants.has_value());
  EXPECT_EQ(Report().wants->previous, Session{7});
}

TEST_F(NodeReportOfTest, ARegisteredNodeAsksForNothing) {
  BeBorn();
  Register(kHolder, kMemory);
  EXPECT_FALSE(Report().wants.has_value());
}

TEST_F(NodeReportOfTest, OfShardsWhoseLeaderIsFencedItTellsWhatItHoldsWhole) {
  BeBorn();
  Register(kHolder, kMemory);
  Register(kGone, Session{20});
  Apply(control::Assign{
      {{ShardId{0}, Epoch{}, kNobody, kGone}, {ShardId{1}, Epoch{}, kNobody, kGone}}});
  ASSERT_EQ(state_.shards()[0].leader, kGone);
  EXPECT_TRUE(Report().held.empty());
  Apply(control::Fence{kGone});
  EXPECT_EQ(Report().held,
            (std::vector<std::pair<ShardId, Version>>{{ShardId{0}, {Epoch{1}, Seq{5}}},
                                                      {ShardId{1}, {Epoch{1}, Seq{6}}}}));
  shards_[0].whole = false;
  EXPECT_EQ(Report().held.size(), 1U);
}

class NodeReporterTest : public ::testing::Test {
 protected:
  // To whom it goes.
  std::vector<NodeId> Tell(NodeId leader, const NodeReport& report = {}) {
    AgreementEffects effects;
    reporter_.Tell(leader, links_, report, now_, effects);
    std::vector<NodeId> told;
    for (const ControlLetter& letter : effects.letters) {
      EXPECT_EQ(std::get<NodeReport>(letter.message), report);
      told.push_back(letter.to);
    }
    return told;
  }

  TimePoint now_{1h};
  std::set<NodeId> links_ = {kPeer, kOther};
  NodeReporter reporter_{kSelf};
};

TEST_F(NodeReporterTest, TellsTheLeaderNowAndThen) {
  EXPECT_EQ(Tell(kPeer), std::vector{kPeer});
  EXPECT_TRUE(Tell(kPeer).empty());
  EXPECT_EQ(reporter_.next(), now_ + NodeReporter::kEvery);
  now_ = reporter_.next();
  EXPECT_EQ(Tell(kPeer), std::vector{kPeer});
}

TEST_F(NodeReporterTest, TellsNewsAndANewLeaderAtOnce) {
  Tell(kPeer);
  NodeReport report;
  report.held.emplace_back(ShardId{1}, Version{});
  EXPECT_EQ(Tell(kPeer, report), std::vector{kPeer});
  EXPECT_TRUE(Tell(kPeer, report).empty());
  EXPECT_EQ(Tell(kOther, report), std::vector{kOther});
  report.applied = {7, 1};
  EXPECT_TRUE(Tell(kOther, report).empty()) << "how far it has come is no news";
}

TEST_F(NodeReporterTest, TellsEverybodyWhereNobodyIsKnownToLead) {
  EXPECT_EQ(Tell(kNoNode), (std::vector{kPeer, kOther}));
  NodeReport report;
  report.held.emplace_back(ShardId{1}, Version{});
  EXPECT_TRUE(Tell(kNoNode, report).empty()) << "not so soon";
  links_ = {kOther};
  EXPECT_EQ(Tell(kPeer), std::vector{kOther}) << "it may know a way";
}

TEST_F(NodeReporterTest, TellsNobodyWhileThisNodeLeads) { EXPECT_TRUE(Tell(kSelf).empty()); }

TEST_F(NodeReporterTest, WhatABrokenLinkLostIsToldAgainAtOnce) {
  Tell(kPeer);
  reporter_.OnLinkDown(kOther);
  EXPECT_TRUE(Tell(kPeer).empty());
  reporter_.OnLinkDown(kPeer);
  EXPECT_EQ(Tell(kPeer), std::vector{kPeer});
}

TEST_F(NodeReporterTest, InAnotherLogItStartsOver) {
  Tell(kPeer);
  reporter_.StartOver(now_);
  EXPECT_EQ(Tell(kPeer), std::vector{kPeer});
}

}  // namespace
}  // namespace aegis::node
